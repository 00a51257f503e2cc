using FeedbackNN;
using FnnBench.Frame;
using FnnBench.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace FnnBench.Workloads;

/// <summary>Whole training steps of a small GPT over characters, forward, loss, backward, AdamW: 4 layers, 4 heads, width 128, 16 texts of 128 of 65 characters, or nanoGPT's small setting, 12 of 64.</summary>
internal sealed class GptWorkload : IWorkload
{
    public string Name => "gpt";

    public string Summary => "Training steps of a GPT of 4 layers, 4 heads and width 128, AdamW: 16 texts of 128 characters, or 12 of 64.";

    public IReadOnlyList<ICase> Cases { get; } = [new StepCase("batch 16, adamw", 16, Context.Size, Long), new StepCase("nanoGPT's setting, adamw", 12, Setting.Size, Short)];

    private static Ours Long(Device device, double learningRate, int[] given, int[] following)
    {
        var model = new Gpt(device, seed: 3);
        var trainer = new GptAdamW(model);
        trainer.Optimizer.LearningRate = learningRate;
        var batch = new GptAdamW.MiniBatch(new(given, given.Length / Context.Size, Context.Size), new(following, given.Length / Context.Size, Context.Size));
        return new(model, trainer, () => trainer.Step(batch).Loss);
    }

    private static Ours Short(Device device, double learningRate, int[] given, int[] following)
    {
        var model = new ShortGpt(device, seed: 3);
        var trainer = new ShortGptAdamW(model);
        trainer.Optimizer.LearningRate = learningRate;
        var batch = new ShortGptAdamW.MiniBatch(new(given, given.Length / Setting.Size, Setting.Size), new(following, given.Length / Setting.Size, Setting.Size));
        return new(model, trainer, () => trainer.Step(batch).Loss);
    }

    private sealed record Ours(Model Net, IDisposable Trainer, Func<double> Step);

    private sealed class StepCase(string name, int batchSize, int length, Func<Device, double, int[], int[], Ours> open) : ICase
    {
        public string Name => name;

        // AdamW's first steps go by the sign of each gradient, be it ever so small.
        public IContest Open(Device device) => new TrainingContest(learningRate => MakePair(device, learningRate), normalRate: 1e-3, limit: 1e-3);

        private TrainingPair MakePair(Device device, double learningRate)
        {
            var random = new Random(19);
            var text = Enumerable.Range(0, batchSize * (length + 1)).Select(_ => random.Next(Letters.Size)).ToArray();
            int[] given = Columns(text, 0), following = Columns(text, 1);
            var ours = open(device, learningRate, given, following);
            var net = new TorchGpt(length);
            TorchWeights.Copy(ours.Net, net);
            var token = tensor(given, [batchSize, length], int64);
            var next = tensor(following, [batchSize * length], int64);
            return new TrainingPair(ours.Step, TorchOptimizers.AdamW(net, learningRate), Loss, ours.Trainer, ours.Net, net, token, next);

            Tensor Loss()
            {
                using var scope = NewDisposeScope();
                return nn.functional.cross_entropy(net.call(token).view(-1, Letters.Size), next).MoveToOuterDisposeScope();
            }
        }

        private int[] Columns(int[] text, int shift) =>
            Enumerable.Range(0, batchSize).SelectMany(row => text.Skip((row * (length + 1)) + shift).Take(length)).ToArray();
    }
}
