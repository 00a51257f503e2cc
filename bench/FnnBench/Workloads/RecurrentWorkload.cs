using FeedbackNN;
using FnnBench.Frame;
using FnnBench.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace FnnBench.Workloads;

/// <summary>Whole training steps of one recurrent layer, forward, loss, backward, SGD: 32 series of 32 steps of 64 numbers, 128 units.</summary>
internal sealed class RecurrentWorkload : IWorkload
{
    private const int BatchSize = 32, Steps = 32;

    public string Name => "rnn";

    public string Summary => "Training steps of a recurrent layer of 128 units over 32 steps, batch 32: elman beside a loop written by hand and nn.RNN, gru beside nn.GRU, lstm beside nn.LSTM.";

    public IReadOnlyList<ICase> Cases { get; } =
    [
        new StepCase("elman, loop by hand", OursIsElman, Elman(ByHand)),
        new StepCase("elman, nn.RNN", OursIsElman, Elman((rnn, x) => rnn.forward(x, null).Item1)),
        new StepCase("gru, nn.GRU", OursIsGru, Gru),
        new StepCase("lstm, nn.LSTM", OursIsLstm, Lstm),
    ];

    /// <summary>Our model, its trainer, and a step with its loss.</summary>
    private sealed record Ours(Model Model, IDisposable Trainer, Func<double> Step);

    /// <summary>The other side's weights, and what they make of a batch.</summary>
    private sealed record Theirs(nn.Module Module, Func<Tensor, Tensor> Compute);

    private sealed record Series(float[] X, float[] Y)
    {
        public static Series Random()
        {
            var random = new Random(17);
            return new Series(Draw(Features.Size), Draw(Units.Size));
            float[] Draw(int width) => Enumerable.Range(0, BatchSize * Steps * width).Select(_ => (2 * random.NextSingle()) - 1).ToArray();
        }

        public Tensor<float, Batch, Time, Features> Input => new(X, BatchSize, Steps, Features.Size);

        public Tensor<float, Batch, Time, Units> Target => new(Y, BatchSize, Steps, Units.Size);
    }

    private sealed record StepCase(string Name, Func<Device, Series, double, Ours> MakeOurs, Func<Theirs> MakeTheirs) : ICase
    {
        public IContest Open(Device device) => new Contest(this, device);
    }

    private sealed class Contest : IContest
    {
        private const int ComparedSteps = 10;

        // Ten steps of float32 on both sides, whose sums are added up in different orders.
        private const double Limit = 1e-4;

        private const double NormalRate = 0.1;

        // Small enough to leave the weights where they are.
        private const double StandingStill = 1e-7;

        private readonly Func<double, Pair> _makePair;
        private readonly Pair _timed;

        public Contest(StepCase item, Device device)
        {
            _makePair = learningRate => new Pair(item, device, learningRate);
            _timed = _makePair(StandingStill);
        }

        public Agreement Compare()
        {
            using var pair = _makePair(NormalRate);
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

    /// <summary>Both layers with the same weights, and the same batch for both.</summary>
    private sealed class Pair : IDisposable
    {
        private readonly Ours _ours;
        private readonly Theirs _theirs;
        private readonly optim.Optimizer _optimizer;
        private readonly Tensor _input;
        private readonly Tensor _target;

        public Pair(StepCase item, Device device, double learningRate)
        {
            var series = Series.Random();
            _ours = item.MakeOurs(device, series, learningRate);
            _theirs = item.MakeTheirs();
            TorchWeights.Copy(_ours.Model, _theirs.Module);
            _input = tensor(series.X, [BatchSize, Steps, Features.Size]);
            _target = tensor(series.Y, [BatchSize, Steps, Units.Size]);
            _optimizer = optim.SGD(_theirs.Module.parameters(), learningRate, momentum: 0, dampening: 0, weight_decay: 0, nesterov: false);
        }

        public double StepOurs() => _ours.Step();

        /// <summary>The other side's step. Its loss is not read: ours is a by-product, theirs would be one more call.</summary>
        public void StepTorch() => TorchLossTensor().Dispose();

        public double TorchLoss()
        {
            using var loss = TorchLossTensor();
            return loss.item<float>();
        }

        public void Dispose()
        {
            _ours.Trainer.Dispose();
            _ours.Model.Dispose();
            _optimizer.Dispose();
            _theirs.Module.Dispose();
            _input.Dispose();
            _target.Dispose();
        }

        private Tensor TorchLossTensor()
        {
            _optimizer.zero_grad();
            using var scope = NewDisposeScope();
            var loss = nn.functional.mse_loss(_theirs.Compute(_input), _target);
            loss.backward();
            _optimizer.step();
            return loss.MoveToOuterDisposeScope();
        }
    }

    // ---- Ours ---------------------------------------------------------------------------------------------------

    private static Ours OursIsElman(Device device, Series series, double learningRate)
    {
        var model = new ElmanNet(device, seed: 3);
        var trainer = new ElmanSgd(model);
        trainer.Optimizer.LearningRate = learningRate;
        var batch = new ElmanSgd.MiniBatch(series.Input, series.Target);
        return new Ours(model, trainer, () => trainer.Step(batch).Loss);
    }

    private static Ours OursIsGru(Device device, Series series, double learningRate)
    {
        var model = new GruNet(device, seed: 3);
        var trainer = new GruSgd(model);
        trainer.Optimizer.LearningRate = learningRate;
        var batch = new GruSgd.MiniBatch(series.Input, series.Target);
        return new Ours(model, trainer, () => trainer.Step(batch).Loss);
    }

    private static Ours OursIsLstm(Device device, Series series, double learningRate)
    {
        var model = new LstmNet(device, seed: 3);
        var trainer = new LstmSgd(model);
        trainer.Optimizer.LearningRate = learningRate;
        var batch = new LstmSgd.MiniBatch(series.Input, series.Target);
        return new Ours(model, trainer, () => trainer.Step(batch).Loss);
    }

    // ---- TorchSharp's -------------------------------------------------------------------------------------------

    private static Func<Theirs> Elman(Func<TorchSharp.Modules.RNN, Tensor, Tensor> compute) => () =>
    {
        var rnn = nn.RNN(Features.Size, Units.Size, batchFirst: true);
        return new Theirs(rnn, x => compute(rnn, x));
    };

    private static Theirs Gru()
    {
        var gru = nn.GRU(Features.Size, Units.Size, batchFirst: true);
        return new Theirs(gru, x => gru.forward(x, null).Item1);
    }

    private static Theirs Lstm()
    {
        var lstm = nn.LSTM(Features.Size, Units.Size, batchFirst: true);
        return new Theirs(lstm, x => lstm.forward(x, null).Item1);
    }

    /// <summary>The loop that one writes without nn.RNN, over the same weights.</summary>
    private static Tensor ByHand(TorchSharp.Modules.RNN rnn, Tensor x)
    {
        var weights = rnn.parameters().ToArray();
        var h = zeros(BatchSize, Units.Size);
        var states = new List<Tensor>();
        for (var t = 0; t < Steps; t++)
        {
            h = tanh(nn.functional.linear(x.select(1, t), weights[0], weights[2]) + nn.functional.linear(h, weights[1], weights[3]));
            states.Add(h);
        }
        return stack(states, 1);
    }
}
