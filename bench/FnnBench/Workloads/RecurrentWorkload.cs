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
        public IContest Open(Device device) => new TrainingContest(learningRate => MakePair(device, learningRate), normalRate: 0.1, limit: 1e-4);

        private TrainingPair MakePair(Device device, double learningRate)
        {
            var series = Series.Random();
            var ours = MakeOurs(device, series, learningRate);
            var theirs = MakeTheirs();
            TorchWeights.Copy(ours.Model, theirs.Module);
            var input = tensor(series.X, [BatchSize, Steps, Features.Size]);
            var target = tensor(series.Y, [BatchSize, Steps, Units.Size]);
            return new TrainingPair(ours.Step, TorchOptimizers.Sgd(theirs.Module, learningRate), Loss, ours.Trainer, ours.Model, theirs.Module, input, target);

            Tensor Loss()
            {
                using var scope = NewDisposeScope();
                return nn.functional.mse_loss(theirs.Compute(input), target).MoveToOuterDisposeScope();
            }
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
