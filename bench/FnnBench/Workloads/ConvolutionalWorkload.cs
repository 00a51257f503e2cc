using FeedbackNN;
using FnnBench.Frame;
using FnnBench.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace FnnBench.Workloads;

/// <summary>Whole training steps of a network of two convolutions over 28x28 pictures: forward, loss, backward, optimizer, 64 pictures a step.</summary>
internal sealed class ConvolutionalWorkload : IWorkload
{
    private const int BatchSize = 64;

    public string Name => "cnn";

    public string Summary => "Training steps of conv 3x3x32, relu, pool, conv 3x3x64, relu, pool, linear on 28x28 pictures, batch 64.";

    public IReadOnlyList<ICase> Cases { get; } =
    [
        new StepCase("sgd, batch 64", NormalRate: 0.01, TorchOptimizers.Sgd, (model, x, label, learningRate) =>
        {
            var trainer = new ConvolutionalSgd(model);
            trainer.Optimizer.LearningRate = learningRate;
            var batch = new ConvolutionalSgd.MiniBatch(x, label);
            return (trainer, () => trainer.Step(batch).Loss);
        }),
        new StepCase("adamw, batch 64", NormalRate: 0.001, TorchOptimizers.AdamW, (model, x, label, learningRate) =>
        {
            var trainer = new ConvolutionalAdamW(model);
            trainer.Optimizer.LearningRate = learningRate;
            var batch = new ConvolutionalAdamW.MiniBatch(x, label);
            return (trainer, () => trainer.Step(batch).Loss);
        }),
    ];

    private delegate (IDisposable Trainer, Func<double> Step) MakeOurs(Convolutional model, Tensor<float, Batch, N1, Side, Side> x, Tensor<int, Batch> label, double learningRate);

    private sealed record StepCase(string Name, double NormalRate, Func<nn.Module, double, optim.Optimizer> Torch, MakeOurs Ours) : ICase
    {
        public IContest Open(Device device)
        {
            var random = new Random(13);
            float[] pixels = [.. Enumerable.Range(0, BatchSize * Side.Size * Side.Size).Select(_ => random.NextSingle())];
            int[] labels = [.. Enumerable.Range(0, BatchSize).Select(_ => random.Next(Classes.Size))];
            return new TrainingContest(learningRate => MakePair(device, pixels, labels, learningRate), NormalRate, limit: 1e-4);
        }

        private TrainingPair MakePair(Device device, float[] pixels, int[] labels, double learningRate)
        {
            var model = new Convolutional(device, seed: 3);
            var (trainer, step) = Ours(model, new(pixels, BatchSize, 1, Side.Size, Side.Size), new(labels, BatchSize), learningRate);
            var net = nn.Sequential(
                nn.Conv2d(1, 32, 3, padding: 1), nn.ReLU(), nn.MaxPool2d(2),
                nn.Conv2d(32, 64, 3, padding: 1), nn.ReLU(), nn.MaxPool2d(2),
                nn.Flatten(), nn.Linear(64 * 7 * 7, Classes.Size));
            TorchWeights.Copy(model, net);
            var input = tensor(pixels, [BatchSize, 1, Side.Size, Side.Size]);
            using var narrow = tensor(labels, [BatchSize]);
            var target = narrow.to(int64);
            return new TrainingPair(step, Torch(net, learningRate), Loss, trainer, model, net, input, target);

            Tensor Loss()
            {
                using var logits = net.call(input);
                return nn.functional.cross_entropy(logits, target);
            }
        }
    }
}
