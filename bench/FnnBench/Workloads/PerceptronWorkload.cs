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
        .. from batch in BatchSizes from rule in (Rule[])[Rule.Sgd, Rule.AdamW] select new StepCase(batch, rule),
    ];

    private enum Rule
    {
        Sgd,
        AdamW,
    }

    private sealed record StepCase(int BatchSize, Rule Rule) : ICase
    {
        public string Name => FormattableString.Invariant($"{(Rule == Rule.Sgd ? "sgd" : "adamw")}, batch {BatchSize}");

        public IContest Open(Device device) => new Contest(this, device);
    }

    private sealed class Contest : IContest
    {
        private const int ComparedSteps = 10;

        // Ten steps of float32 on both sides, whose sums are added up in different orders.
        private const double Limit = 1e-4;

        // Small enough to leave the weights where they are: training one batch to the end would time denormal numbers.
        private const double StandingStill = 1e-7;

        private readonly Func<double, Pair> _makePair;
        private readonly Pair _timed;

        public Contest(StepCase item, Device device)
        {
            var random = new Random(11);
            var pixels = Enumerable.Range(0, item.BatchSize * Pixels.Size).Select(_ => random.NextSingle()).ToArray();
            var labels = Enumerable.Range(0, item.BatchSize).Select(_ => random.Next(Classes.Size)).ToArray();
            _makePair = learningRate => new Pair(item.Rule, device, pixels, labels, learningRate);
            _timed = _makePair(StandingStill);
        }

        public Agreement Compare()
        {
            using var pair = _makePair(NormalRate(_timed.Rule));
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

        private static double NormalRate(Rule rule) => rule == Rule.Sgd ? 0.01 : 0.001;
    }

    /// <summary>Both networks with the same weights, and the same batch for both.</summary>
    private sealed class Pair : IDisposable
    {
        private readonly Perceptron _model;
        private readonly IDisposable _trainer;
        private readonly nn.Module<Tensor, Tensor> _net;
        private readonly optim.Optimizer _optimizer;
        private readonly Tensor _input;
        private readonly Tensor _target;

        public Pair(Rule rule, Device device, float[] pixels, int[] labels, double learningRate)
        {
            Rule = rule;
            _model = new Perceptron(device, seed: 3);
            var x = new Tensor<float, Batch, Pixels>(pixels, labels.Length, Pixels.Size);
            var label = new Tensor<int, Batch>(labels, labels.Length);
            _net = nn.Sequential(nn.Linear(Pixels.Size, Hidden.Size), nn.ReLU(), nn.Linear(Hidden.Size, Classes.Size));
            TorchWeights.Copy(_model, _net);
            _input = tensor(pixels, [labels.Length, Pixels.Size]);
            using var narrow = tensor(labels, [labels.Length]);
            _target = narrow.to(int64);

            // Everything that has a default is given: TorchSharp's defaults of AdamW are not PyTorch's.
            switch (rule)
            {
                case Rule.Sgd:
                {
                    var trainer = new PerceptronSgd(_model);
                    trainer.Optimizer.LearningRate = learningRate;
                    var batch = new PerceptronSgd.MiniBatch(x, label);
                    (_trainer, StepOurs) = (trainer, () => trainer.Step(batch).Loss);
                    _optimizer = optim.SGD(_net.parameters(), learningRate, momentum: 0, dampening: 0, weight_decay: 0, nesterov: false);
                    break;
                }
                default:
                {
                    var trainer = new PerceptronAdamW(_model);
                    trainer.Optimizer.LearningRate = learningRate;
                    var batch = new PerceptronAdamW.MiniBatch(x, label);
                    (_trainer, StepOurs) = (trainer, () => trainer.Step(batch).Loss);
                    _optimizer = optim.AdamW(_net.parameters(), learningRate, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01, amsgrad: false);
                    break;
                }
            }
        }

        public Rule Rule { get; }

        /// <summary>Our step, with its loss.</summary>
        public Func<double> StepOurs { get; }

        /// <summary>The other side's step. Its loss is not read: ours is a by-product, theirs would be one more call.</summary>
        public void StepTorch() => TorchLossTensor().Dispose();

        public double TorchLoss()
        {
            using var loss = TorchLossTensor();
            return loss.item<float>();
        }

        public void Dispose()
        {
            _trainer.Dispose();
            _model.Dispose();
            _optimizer.Dispose();
            _net.Dispose();
            _input.Dispose();
            _target.Dispose();
        }

        private Tensor TorchLossTensor()
        {
            _optimizer.zero_grad();
            using var logits = _net.call(_input);
            var loss = nn.functional.cross_entropy(logits, _target);
            loss.backward();
            _optimizer.step();
            return loss;
        }
    }
}
