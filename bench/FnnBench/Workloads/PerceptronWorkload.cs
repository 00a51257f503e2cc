using FeedbackNN;
using FnnBench.Frame;
using FnnBench.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace FnnBench.Workloads;

/// <summary>Whole training steps of a 784-128-10 network: forward, loss, backward, optimizer. The smaller the batch, the more a step's overhead counts.</summary>
internal sealed class PerceptronWorkload : IWorkload
{
    private static readonly int[] BatchSizes = [1, 32, 100, 1000];

    public string Name => "mlp";

    public string Summary => "Training steps of a 784-128-10 relu network with cross entropy.";

    public IReadOnlyList<ICase> Cases { get; } =
    [
        .. from batch in BatchSizes from rule in (Rule[])[Sgd, AdamW] select new StepCase(batch, rule),
    ];

    private static Rule Sgd { get; } = new("sgd", NormalRate: 0.01, TorchOptimizers.Sgd, (model, x, label, learningRate) =>
    {
        var trainer = new PerceptronSgd(model);
        trainer.Optimizer.LearningRate = learningRate;
        var batch = new PerceptronSgd.MiniBatch(x, label);
        return (trainer, () => trainer.Step(batch).Loss);
    });

    private static Rule AdamW { get; } = new("adamw", NormalRate: 0.001, TorchOptimizers.AdamW, (model, x, label, learningRate) =>
    {
        var trainer = new PerceptronAdamW(model);
        trainer.Optimizer.LearningRate = learningRate;
        var batch = new PerceptronAdamW.MiniBatch(x, label);
        return (trainer, () => trainer.Step(batch).Loss);
    });

    private delegate (IDisposable Trainer, Func<double> Step) MakeOurs(Perceptron model, Tensor<float, Batch, Pixels> x, Tensor<int, Batch> label, double learningRate);

    private sealed record Rule(string Name, double NormalRate, Func<nn.Module, double, optim.Optimizer> Torch, MakeOurs Ours);

    private sealed record StepCase(int BatchSize, Rule Rule) : ICase
    {
        public string Name => FormattableString.Invariant($"{Rule.Name}, batch {BatchSize}");

        public IContest Open(Device device)
        {
            var random = new Random(11);
            var pixels = Enumerable.Range(0, BatchSize * Pixels.Size).Select(_ => random.NextSingle()).ToArray();
            var labels = Enumerable.Range(0, BatchSize).Select(_ => random.Next(Classes.Size)).ToArray();
            return new TrainingContest(learningRate => MakePair(device, pixels, labels, learningRate), Rule.NormalRate, limit: 1e-4);
        }

        private TrainingPair MakePair(Device device, float[] pixels, int[] labels, double learningRate)
        {
            var model = new Perceptron(device, seed: 3);
            var (trainer, step) = Rule.Ours(model, new(pixels, BatchSize, Pixels.Size), new(labels, BatchSize), learningRate);
            var net = nn.Sequential(nn.Linear(Pixels.Size, Hidden.Size), nn.ReLU(), nn.Linear(Hidden.Size, Classes.Size));
            TorchWeights.Copy(model, net);
            var input = tensor(pixels, [BatchSize, Pixels.Size]);
            using var narrow = tensor(labels, [BatchSize]);
            var target = narrow.to(int64);
            return new TrainingPair(step, Rule.Torch(net, learningRate), Loss, trainer, model, net, input, target);

            Tensor Loss()
            {
                using var logits = net.call(input);
                return nn.functional.cross_entropy(logits, target);
            }
        }
    }
}
