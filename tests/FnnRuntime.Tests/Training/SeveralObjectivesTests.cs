namespace FeedbackNN.Runtime.Tests.Training;

/// <summary>Two networks, each with its own objective and targets.</summary>
public sealed unsafe class SeveralObjectivesTests
{
    private sealed class FitPair(Linear first, Linear second, int every) : Trainer<FitPair.MiniBatch, FitPair.Report>(Setup(first, second, every), 0)
    {
        public readonly record struct MiniBatch(Tensor<float, Batch, N2> X, Tensor<float, Batch> Y, Tensor<float, Batch> Z);

        public readonly record struct Report(double First, double Second);

        protected override void Bind(MiniBatch batch, nint* sizes, void** inputs)
        {
            sizes[0] = batch.X.Shape[0];
            inputs[0] = batch.X.Pointer;
            inputs[1] = batch.Y.Pointer;
            inputs[2] = batch.Z.Pointer;
        }

        protected override Report MakeReport(long step, ReadOnlySpan<double> scalars) => new(scalars[0] / scalars[1], scalars[3] / scalars[4]);

        protected override Report MakeEvaluationReport(long step, ReadOnlySpan<double> scalars) => new(scalars[0] / scalars[1], double.NaN);

        protected override string[] ReportNames() => ["one", "two"];

        protected override double[] ReportValues(Report report) => [report.First, report.Second];

        private static TrainingSetup Setup(Linear first, Linear second, int every) => new()
        {
            Name = "Tests.FitPair",
            Nets = [("first", first), ("second", second)],
            Objectives = [Objective("one", new Adam(0.1), 1, 0), Objective("two", new Sgd(0.1) { Momentum = 0.5 }, every, 1)],
            Evaluation = Program(0),
            AxisCount = 1,
            InputCount = 3,
        };

        private static Objective Objective(string name, Optimizer optimizer, int every, int net) => new(name, Program(net), optimizer, every, [(net, 0), (net, 1)]);

        private static TrainingProgram Program(int net) =>
            new(new LinearProgram(Device.Cpu.Pool, true, net, 1 + net), [Accumulation.Sum, Accumulation.Sum, Accumulation.Max], [0]);
    }

    private static FitPair.MiniBatch Some() => new(
        new Tensor<float, Batch, N2>(new float[,] { { 1, 2 }, { 3, -1 }, { 0, 1 } }), new Tensor<float, Batch>([1f, 2f, 3f]), new Tensor<float, Batch>([3f, 1f, -2f]));

    private static float[] Weights(params Linear[] nets) => [.. nets.SelectMany(net => net.AllParameters).SelectMany(parameter => parameter.Value.ToArray()), .. nets.Select(net => net.Runs.Value[0])];

    [Fact]
    public void Each_objective_has_its_network_optimizer_and_rhythm()
    {
        Linear first = new(seed: 1), second = new(seed: 2);
        using var trainer = new FitPair(first, second, every: 3);
        var changed = new List<bool>();
        var losses = new List<double>();
        for (var step = 0; step < 7; step++)
        {
            var before = Weights(second);
            losses.Add(trainer.Step(Some()).Second);
            changed.Add(!before.SequenceEqual(Weights(second)));
        }
        Assert.Equal([true, false, false, true, false, false, true], changed);
        Assert.Equal([true, true, false, true, true, false], losses.Zip(losses.Skip(1), (a, b) => a == b));
        Assert.Equal(7, first.Runs.Value[0]);
    }

    [Fact]
    public void When_the_second_fails_the_first_is_taken_back()
    {
        Linear first = new(seed: 1), second = new(seed: 2);
        using var trainer = new FitPair(first, second, every: 1);
        var batch = Some();
        trainer.Step(batch);
        Linear expectedFirst = new(seed: 1), expectedSecond = new(seed: 2);
        using var expected = new FitPair(expectedFirst, expectedSecond, every: 1);
        expected.Step(batch);

        var broken = batch with { Z = new Tensor<float, Batch>([1f, float.PositiveInfinity, 2f]) };
        var before = Weights(first, second);
        Assert.Contains("the loss 'two'", Assert.Throws<TrainingDivergedException>(() => trainer.Step(broken)).Message);
        Assert.Equal(before, Weights(first, second));

        // What Adam remembers has been taken back too: the next steps are those of a training without the failure.
        for (var step = 0; step < 3; step++) Assert.Equal(expected.Step(batch), trainer.Step(batch));
        Assert.Equal(Weights(expectedFirst, expectedSecond), Weights(first, second));
    }

    [Fact]
    public void One_object_cannot_be_two_networks()
    {
        var net = new Linear();
        Assert.Contains("'first' and 'second' are the same object", Assert.Throws<ArgumentException>(() => new FitPair(net, net, 1)).Message);
        using var device = Device.CpuWithThreads(2);
        Assert.Contains("different devices", Assert.Throws<ArgumentException>(() => new FitPair(net, new Linear(device), 1)).Message);
    }
}
