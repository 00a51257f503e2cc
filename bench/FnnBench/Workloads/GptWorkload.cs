using FeedbackNN;
using FnnBench.Frame;
using FnnBench.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace FnnBench.Workloads;

/// <summary>Whole training steps of a small GPT over characters, forward, loss, backward, AdamW: 4 layers, 4 heads, width 128, 16 texts of 128 of 65 characters.</summary>
internal sealed class GptWorkload : IWorkload
{
    public string Name => "gpt";

    public string Summary => "Training steps of a GPT of 4 layers, 4 heads and width 128 over 128 characters, batch 16, AdamW.";

    public IReadOnlyList<ICase> Cases { get; } = [new StepCase()];

    private sealed class StepCase : ICase
    {
        private const int BatchSize = 16;

        public string Name => "batch 16, adamw";

        // AdamW's first steps go by the sign of each gradient, be it ever so small.
        public IContest Open(Device device) => new TrainingContest(learningRate => MakePair(device, learningRate), normalRate: 1e-3, limit: 1e-3);

        private static TrainingPair MakePair(Device device, double learningRate)
        {
            var random = new Random(19);
            var text = Enumerable.Range(0, BatchSize * (Context.Size + 1)).Select(_ => random.Next(Letters.Size)).ToArray();
            int[] given = Columns(text, 0), following = Columns(text, 1);
            var model = new Gpt(device, seed: 3);
            var trainer = new GptAdamW(model);
            trainer.Optimizer.LearningRate = learningRate;
            var batch = new GptAdamW.MiniBatch(new(given, BatchSize, Context.Size), new(following, BatchSize, Context.Size));
            var net = new TorchGpt(Context.Size);
            TorchWeights.Copy(model, net);
            var token = tensor(given, [BatchSize, Context.Size], int64);
            var next = tensor(following, [BatchSize * Context.Size], int64);
            return new TrainingPair(() => trainer.Step(batch).Loss, TorchOptimizers.AdamW(net, learningRate), Loss, trainer, model, net, token, next);

            Tensor Loss()
            {
                using var scope = NewDisposeScope();
                return nn.functional.cross_entropy(net.call(token).view(-1, Letters.Size), next).MoveToOuterDisposeScope();
            }
        }

        private static int[] Columns(int[] text, int shift) =>
            Enumerable.Range(0, BatchSize).SelectMany(row => text.Skip((row * (Context.Size + 1)) + shift).Take(Context.Size)).ToArray();
    }
}
