using FeedbackNN.Cpu;

namespace FeedbackNN.Runtime.Tests.Training;

/// <summary>How a step on several devices runs: on all of them at once, and without garbage.</summary>
public sealed unsafe class SeveralDevicesTests : IDisposable
{
    private readonly Device[] _devices = [Device.CpuWithThreads(1), Device.CpuWithThreads(1), Device.CpuWithThreads(1)];

    public void Dispose()
    {
        foreach (var device in _devices) device.Dispose();
    }

    private sealed class FitShared(Linear net, Device[] devices, Action[] begun) : Trainer<FitLinear.MiniBatch, FitLinear.Report>(Setup(net, devices, begun), 0)
    {
        protected override void Bind(FitLinear.MiniBatch batch, nint* sizes, void** inputs)
        {
            sizes[0] = batch.X.Shape[0];
            inputs[0] = batch.X.Pointer;
            inputs[1] = batch.Y.Pointer;
        }

        protected override void MeasureSamples(nint* sizes, nint* bytes) => (bytes[0], bytes[1]) = (2 * sizeof(float), sizeof(float));

        protected override FitLinear.Report MakeReport(long step, ReadOnlySpan<double> scalars) => new(step, scalars[0] / scalars[1], scalars[2]);

        protected override FitLinear.Report MakeEvaluationReport(long step, ReadOnlySpan<double> scalars) => new(step, scalars[0] / scalars[1], scalars[2]);

        protected override string[] ReportNames() => ["loss", "worst"];

        protected override double[] ReportValues(FitLinear.Report report) => [report.Loss, report.Worst];

        private static TrainingSetup Setup(Linear net, Device[] devices, Action[] begun) => new()
        {
            Name = "Tests.FitShared",
            Nets = [("net", net)],
            Objectives = [new Objective("loss", Program(new LinearProgram(net.Device.Pool, true, begun: begun[0])), new AdamW(0.1), 1, [(0, 0), (0, 1)])],
            Evaluation = Program(new LinearProgram(net.Device.Pool, false, begun: begun[0])),
            Devices = devices,
            Programs = device => [new LinearProgram(device.Pool, true, begun: begun[Array.IndexOf(devices, device)]), new LinearProgram(device.Pool, false, begun: begun[Array.IndexOf(devices, device)])],
            AxisCount = 1,
            InputCount = 2,
            Clip = GradientClip.GlobalNorm,
            ClipLimit = 0.1,
        };

        private static TrainingProgram Program(LinearProgram program) => new(program, [Accumulation.Sum, Accumulation.Sum, Accumulation.Max], [0]);
    }

    private static FitLinear.MiniBatch Some() => new(
        new Tensor<float, Batch, N2>(new float[,] { { 1, 2 }, { 3, -1 }, { 0, 1 }, { 2, 2 } }), new Tensor<float, Batch>([1f, 2f, 3f, -1f]));

    [Fact]
    public void Devices_compute_at_the_same_time()
    {
        using var meeting = new Barrier(_devices.Length);
        Action meet = () => Assert.True(meeting.SignalAndWait(TimeSpan.FromSeconds(60)), "the programs did not run at the same time");
        var net = new Linear(_devices[0], seed: 1);
        using var trainer = new FitShared(net, _devices, [meet, meet, meet]);
        var batch = Some();
        for (var step = 0; step < 5; step++) trainer.Step(batch);
        Assert.Equal(5, meeting.CurrentPhaseNumber);
        Assert.Equal(5, net.Runs.Value[0]);
        var shared = trainer.Evaluate(batch);
        Assert.Equal(6, meeting.CurrentPhaseNumber);
        Assert.Equal(5, net.Runs.Value[0]);

        using var alone = new FitLinear(net, new Sgd(0.1));
        var expected = alone.Evaluate(new FitLinear.MiniBatch(batch.X, batch.Y));
        Assert.Equal(expected.Loss, shared.Loss, 1e-6);
        Assert.Equal(expected.Worst, shared.Worst);
    }

    [Fact]
    public void Steps_and_evaluations_allocate_nothing_on_any_thread()
    {
        const int steps = 200;
        var allocated = new long[_devices.Length][];
        var begun = new Action[_devices.Length];
        for (var i = 0; i < begun.Length; i++)
        {
            var (numbers, next) = (allocated[i] = new long[2 * steps], 0);
            begun[i] = () => numbers[next++] = GC.GetAllocatedBytesForCurrentThread();
        }
        using var trainer = new FitShared(new Linear(_devices[0]), _devices, begun);
        var batch = Some();
        for (var step = 0; step < steps; step++)
        {
            trainer.Step(batch);
            trainer.Evaluate(batch);
        }
        Assert.All(allocated, numbers => Assert.Equal(numbers[steps], numbers[^1]));
        Assert.All(allocated, numbers => Assert.NotEqual(0, numbers[^1]));
    }

    [Fact]
    public void A_failure_on_one_device_is_thrown_when_all_have_ended_and_leaves_the_training_as_it_was()
    {
        var (fails, ended) = (true, 0);
        Action pass = () => Interlocked.Increment(ref ended);
        Action fail = () => { if (fails) throw new InvalidDataException("broken"); };
        var net = new Linear(_devices[0], seed: 1);
        using var trainer = new FitShared(net, _devices, [pass, fail, pass]);
        var before = net.Weight.Value.ToArray();
        Assert.Equal("broken", Assert.Throws<InvalidDataException>(() => trainer.Step(Some())).Message);
        Assert.Equal(2, ended);
        Assert.Equal(before, net.Weight.Value.ToArray());
        fails = false;
        Assert.Equal(1, trainer.Step(Some()).Step);
        Assert.NotEqual(before, net.Weight.Value.ToArray());
    }

    [Fact]
    public void Devices_of_two_kinds_are_refused_and_so_are_batches_that_cannot_be_divided()
    {
        using var other = new OtherDevice();
        var net = new Linear(_devices[0]);
        Action[] none = [() => { }, () => { }, () => { }];
        Assert.Contains("devices of different kinds", Assert.Throws<ArgumentException>(() => new FitShared(net, [_devices[0], other], none)).Message);
        Assert.Contains("cannot be divided by samples", Assert.Throws<ArgumentException>(() => new FitUndivided(net, _devices)).Message);
    }

    [Fact]
    public void A_first_device_that_only_has_the_name_of_the_networks_is_told_apart()
    {
        using Device own = Device.CpuWithThreads(1), namesake = Device.CpuWithThreads(1);
        var error = Assert.Throws<ArgumentException>(() => new FitShared(new Linear(own), [namesake, own], [() => { }, () => { }]));
        Assert.Contains($"on {own}, which must be the first of the devices; the first is another device of that name", error.Message);
    }

    private sealed class FitUndivided(Linear net, Device[] devices) : Trainer<FitLinear.MiniBatch, FitLinear.Report>(
        new TrainingSetup
        {
            Name = "Tests.FitUndivided",
            Nets = [("net", net)],
            Objectives = [new Objective("loss", new TrainingProgram(new LinearProgram(net.Device.Pool, true), [Accumulation.Sum, Accumulation.Sum, Accumulation.Max], [0]), new Sgd(0.1), 1, [(0, 0)])],
            Evaluation = new TrainingProgram(new LinearProgram(net.Device.Pool, false), [Accumulation.Sum, Accumulation.Sum, Accumulation.Max], [0]),
            Devices = devices,
            AxisCount = 1,
            InputCount = 2,
        }, 0)
    {
        protected override void Bind(FitLinear.MiniBatch batch, nint* sizes, void** inputs) => throw new NotSupportedException();

        protected override FitLinear.Report MakeReport(long step, ReadOnlySpan<double> scalars) => default;

        protected override FitLinear.Report MakeEvaluationReport(long step, ReadOnlySpan<double> scalars) => default;

        protected override string[] ReportNames() => [];

        protected override double[] ReportValues(FitLinear.Report report) => [];
    }

    private sealed class OtherDevice : Device
    {
        public override string Name => "other";

        public override bool IsCpu => false;

        public override bool IsGpu => true;

        public override int Threads => 1;

        public override WorkerPool Pool => throw new InvalidOperationException();

        internal override string Kind => "other";

        public override void Dispose() { }

        internal override DeviceMemory Allocate(long byteLength, string purpose) => throw new InvalidOperationException();

        internal override DeviceUpdates CreateUpdates() => throw new InvalidOperationException();

        internal override void Finish() { }

        internal override MachineSpeed Speed => throw new InvalidOperationException();
    }
}
