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

    public IReadOnlyList<ICase> Cases { get; } = [new StepCase("sgd, batch 64", NormalRate: 0.01, Sgd), new StepCase("adamw, batch 64", NormalRate: 0.001, AdamW)];

    /// <summary>Our trainer and a step with its loss, and the other side's optimizer.</summary>
    private sealed record Rule(IDisposable Trainer, Func<double> StepOurs, optim.Optimizer Optimizer);

    private sealed record Pictures(float[] Pixels, int[] Labels)
    {
        public static Pictures Random()
        {
            var random = new Random(13);
            return new Pictures([.. Enumerable.Range(0, BatchSize * Side.Size * Side.Size).Select(_ => random.NextSingle())], [.. Enumerable.Range(0, BatchSize).Select(_ => random.Next(Classes.Size))]);
        }

        public Tensor<float, Batch, N1, Side, Side> Input => new(Pixels, BatchSize, 1, Side.Size, Side.Size);

        public Tensor<int, Batch> Target => new(Labels, BatchSize);
    }

    private sealed record StepCase(string Name, double NormalRate, Func<Convolutional, Pictures, nn.Module, double, Rule> MakeRule) : ICase
    {
        public IContest Open(Device device) => new Contest(this, device);
    }

    private sealed class Contest(StepCase item, Device device) : IContest
    {
        private const int ComparedSteps = 10;

        // Ten steps of float32 on both sides, whose sums are added up in different orders.
        private const double Limit = 1e-4;

        // Small enough to leave the weights where they are: training one batch to the end would time denormal numbers.
        private const double StandingStill = 1e-7;

        private readonly Pair _timed = new(item, device, StandingStill);

        public Agreement Compare()
        {
            using var pair = new Pair(item, device, item.NormalRate);
            double[] ours = new double[ComparedSteps], theirs = new double[ComparedSteps];
            for (var step = 0; step < ComparedSteps; step++)
            {
                ours[step] = pair.StepOurs();
                theirs[step] = pair.TorchLoss();
            }
            return Agreement.OfLosses(ours, theirs, Limit);
        }

        public void StepOurs() => _timed.StepOurs();

        public void StepTorch() => _timed.StepTorch();

        public void Dispose() => _timed.Dispose();
    }

    /// <summary>Both networks with the same weights, and the same batch for both.</summary>
    private sealed class Pair : IDisposable
    {
        private readonly Convolutional _model;
        private readonly Rule _rule;
        private readonly nn.Module<Tensor, Tensor> _net;
        private readonly Tensor _input;
        private readonly Tensor _target;

        public Pair(StepCase item, Device device, double learningRate)
        {
            var pictures = Pictures.Random();
            _model = new Convolutional(device, seed: 3);
            _net = nn.Sequential(
                nn.Conv2d(1, 32, 3, padding: 1), nn.ReLU(), nn.MaxPool2d(2),
                nn.Conv2d(32, 64, 3, padding: 1), nn.ReLU(), nn.MaxPool2d(2),
                nn.Flatten(), nn.Linear(64 * 7 * 7, Classes.Size));
            TorchWeights.Copy(_model, _net);
            _input = tensor(pictures.Pixels, [BatchSize, 1, Side.Size, Side.Size]);
            using var narrow = tensor(pictures.Labels, [BatchSize]);
            _target = narrow.to(int64);
            _rule = item.MakeRule(_model, pictures, _net, learningRate);
        }

        public double StepOurs() => _rule.StepOurs();

        /// <summary>The other side's step. Its loss is not read: ours is a by-product, theirs would be one more call.</summary>
        public void StepTorch() => TorchLossTensor().Dispose();

        public double TorchLoss()
        {
            using var loss = TorchLossTensor();
            return loss.item<float>();
        }

        public void Dispose()
        {
            _rule.Trainer.Dispose();
            _rule.Optimizer.Dispose();
            _model.Dispose();
            _net.Dispose();
            _input.Dispose();
            _target.Dispose();
        }

        private Tensor TorchLossTensor()
        {
            _rule.Optimizer.zero_grad();
            using var logits = _net.call(_input);
            var loss = nn.functional.cross_entropy(logits, _target);
            loss.backward();
            _rule.Optimizer.step();
            return loss;
        }
    }

    // Everything that has a default is given: TorchSharp's defaults of AdamW are not PyTorch's.
    private static Rule Sgd(Convolutional model, Pictures pictures, nn.Module net, double learningRate)
    {
        var trainer = new ConvolutionalSgd(model);
        trainer.Optimizer.LearningRate = learningRate;
        var batch = new ConvolutionalSgd.MiniBatch(pictures.Input, pictures.Target);
        return new Rule(trainer, () => trainer.Step(batch).Loss, optim.SGD(net.parameters(), learningRate, momentum: 0, dampening: 0, weight_decay: 0, nesterov: false));
    }

    private static Rule AdamW(Convolutional model, Pictures pictures, nn.Module net, double learningRate)
    {
        var trainer = new ConvolutionalAdamW(model);
        trainer.Optimizer.LearningRate = learningRate;
        var batch = new ConvolutionalAdamW.MiniBatch(pictures.Input, pictures.Target);
        return new Rule(trainer, () => trainer.Step(batch).Loss, optim.AdamW(net.parameters(), learningRate, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01, amsgrad: false));
    }
}
