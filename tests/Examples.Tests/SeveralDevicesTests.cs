using Devices;

namespace FeedbackNN.Examples.Tests;

/// <summary>A training on several devices is the training on one, up to rounding. Here they are processors with threads of their own.</summary>
public sealed class SeveralDevicesTests : IDisposable
{
    private const int Length = 3;
    private readonly string _folder = Directory.CreateTempSubdirectory("fnn-devices").FullName;
    private readonly Device[] _devices = [Device.CpuWithThreads(2), Device.CpuWithThreads(1), Device.CpuWithThreads(1)];

    public void Dispose()
    {
        foreach (var device in _devices) device.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    public static TheoryData<string, int> Trainings
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var name in (string[])["Plain", "Clipped", "Masked", "Sum", "Two", "LowRank"])
            {
                foreach (var count in (int[])[2, 3]) data.Add(name, count);
            }
            return data;
        }
    }

    /// <summary>Losses and metrics of ten steps, then all weights.</summary>
    [Theory]
    [MemberData(nameof(Trainings))]
    public void Ten_steps_are_those_of_one_device(string training, int count)
    {
        // 23 and 7 samples are no multiples of the devices, and the last batches have fewer than there are devices.
        int[] sizes = [23, 7, 24, 23, 5, 23, 1, 23, 2, 23];
        var one = Train(training, devices: null, sizes);
        var several = Train(training, _devices[..count], sizes);
        AssertClose(one, several);
        Assert.NotEqual(one, several);
        Assert.Equal(several, Train(training, _devices[..count], sizes));
    }

    /// <summary>Losses and metrics of all kinds over batches that don't divide, with the average where there is one.</summary>
    [Theory]
    [MemberData(nameof(Trainings))]
    public void Evaluations_are_those_of_one_device(string training, int count)
    {
        var one = Evaluate(training, devices: null);
        var several = Evaluate(training, _devices[..count]);
        AssertClose(one, several);
        Assert.NotEqual(one, several);
        Assert.Equal(several, Evaluate(training, _devices[..count]));
    }

    private static void AssertClose(double[] one, double[] several)
    {
        for (var i = 0; i < one.Length; i++)
        {
            if (!(Math.Abs(one[i] - several[i]) <= 2e-5 * Math.Max(1, Math.Abs(one[i])))) Assert.Fail(FormattableString.Invariant($"number {i}: {several[i]} instead of {one[i]}"));
        }
    }

    [Theory]
    [InlineData("Plain")]
    [InlineData("Clipped")]
    public void A_list_of_one_device_is_no_list(string training) => Assert.Equal(Train(training, devices: null, [23, 24, 5]), Train(training, _devices[..1], [23, 24, 5]));

    [Fact]
    public void Bits_do_not_depend_on_threads()
    {
        using Device first = Device.CpuWithThreads(1), second = Device.CpuWithThreads(3);
        Assert.Equal(Train("Plain", _devices[..2], [64, 23]), Train("Plain", [first, second], [64, 23]));
    }

    [Fact]
    public void Gradients_are_those_of_the_whole_batch()
    {
        using var one = new Net(seed: 1);
        using var two = new Net(_devices[0], seed: 1);
        using var alone = new Plain(one);
        using var shared = new Plain(two, devices: _devices);
        var batch = new Plain.MiniBatch(X(19), Words(19), Labels(19));
        alone.Step(batch);
        shared.Step(batch);
        foreach (var (expected, actual) in one.AllParameters.Zip(two.AllParameters))
        {
            Assert.All(expected.Gradient.ToArray().Zip(actual.Gradient.ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
        }
    }

    [Fact]
    public void Runs_go_on_after_an_interruption_and_keep_a_folder()
    {
        using var straight = new Net(_devices[0], seed: 2);
        using var expected = new Clipped(straight, seed: 3, devices: _devices[..2]);
        var options = new RunOptions(Path.Combine(_folder, "straight")) { Metric = "loss" };
        var report = expected.Run(Samples(50), epochs: 3, batchSize: 8, options, Samples(20)).Report;
        Assert.Contains($"\"device\": \"{_devices[0]}; {_devices[1]}\"", File.ReadAllText(Path.Combine(_folder, "straight", "config.json")));

        using var net = new Net(_devices[0], seed: 2);
        var interrupted = options with { Folder = Path.Combine(_folder, "interrupted") };
        using (var first = new Clipped(net, seed: 3, devices: _devices[..2]))
        {
            using var stop = new CancellationTokenSource();
            Assert.Throws<OperationCanceledException>(() => first.Run(Samples(50), 3, 8, interrupted, Samples(20), new Stopper(stop, atStep: 9), stop.Token));
        }
        using var other = new Net(_devices[0], seed: 2);
        other.Initialize(9);
        using var second = new Clipped(other, seed: 3, devices: _devices[..2]);
        Assert.Equal(report, second.Run(Samples(50), 3, 8, interrupted, Samples(20)).Report);
        Assert.Equal(Weights(straight), Weights(other));
        Assert.Equal(Weights(expected.Average), Weights(second.Average));
    }

    [Fact]
    public void Running_statistics_are_those_of_the_first_device()
    {
        using var net = new Normed(_devices[0], seed: 1);
        using var shared = new FitNormed(net, devices: _devices[..2]);
        using var half = new Normed(seed: 1);
        using var alone = new FitNormed(half);
        for (var step = 0; step < 3; step++)
        {
            half.CopyFrom(net);
            // Of 15 samples the first device has 8.
            alone.Step(new(X(15, count: 8), Labels(15, count: 8)));
            shared.Step(new(X(15), Labels(15)));
            Assert.Equal(half.AllBuffers.SelectMany(buffer => buffer.Value.ToArray()), net.AllBuffers.SelectMany(buffer => buffer.Value.ToArray()));
        }
    }

    [Fact]
    public void Each_device_draws_numbers_of_its_own()
    {
        using var net = new Dropped(_devices[0], seed: 1);
        using var trainer = new FitDropped(net, seed: 4, devices: _devices);
        // One sample, three times: what differs is what is dropped.
        var x = X(3);
        for (var i = 1; i < 3; i++) x.Slice(0).CopyTo(x.Slice(i));
        var report = trainer.Step(new(x, new Tensor<int, Batch>([1, 1, 1])));
        Assert.NotEqual(report.Smallest, report.Largest);
        Assert.NotInRange(report.Loss, report.Largest, double.MaxValue);

        using var again = new FitDropped(net, seed: 4, devices: _devices);
        Assert.Equal(report, again.Step(new(x, new Tensor<int, Batch>([1, 1, 1]))));
        Assert.NotEqual(report.Loss, again.Step(new(x, new Tensor<int, Batch>([1, 1, 1]))).Loss);
    }

    [Fact]
    public void Weights_that_the_program_changes_reach_every_device()
    {
        var batch = new Plain.MiniBatch(X(24), Words(24), Labels(24));
        using var one = new Net(seed: 1);
        using var two = new Net(_devices[0], seed: 1);
        using var alone = new Plain(one);
        using var shared = new Plain(two, devices: _devices);
        foreach (var trainer in (Plain[])[alone, shared])
        {
            var bias = trainer.Net.Parameters.Head.Bias.Value;
            trainer.Step(batch);
            bias[0] = 3;
        }
        Assert.Equal(alone.Step(batch).Loss, shared.Step(batch).Loss, 1e-5);
    }

    [Fact]
    public void A_loss_that_is_not_finite_on_any_device_changes_nothing_and_names_its_line()
    {
        for (var bad = 0; bad < 9; bad += 4)
        {
            using var net = new Net(_devices[0], seed: 1);
            using var trainer = new Two(net, devices: _devices);
            var x = X(9);
            trainer.Step(new(x, Words(9), Labels(9)));
            trainer.Step(new(x, Words(9), Labels(9)));
            var before = Weights(net);
            using var broken = X(9);
            broken[bad, 0] = -2;
            var failure = Assert.Throws<TrainingDivergedException>(() => trainer.Step(new(broken, Words(9), Labels(9))));
            Assert.Contains("the loss 'size'", failure.Message);
            Assert.Contains("devices.fnn(", failure.SourceLine);
            Assert.Equal(before, Weights(net));
            Assert.Equal(2, trainer.StepCount);
            Assert.True(double.IsFinite(trainer.Step(new(x, Words(9), Labels(9))).Size));
        }
    }

    [Fact]
    public void What_a_program_throws_on_another_device_is_thrown_and_says_where_it_counts_from()
    {
        using var net = new Pick(_devices[0], seed: 1);
        using var trainer = new FitPick(net, devices: _devices[..2]);
        var before = Weights(net);
        var failure = Assert.Throws<ArgumentOutOfRangeException>(() => trainer.Step(new(new Tensor<float, Batch>([0, 1, 2, 3, 2, 9]))));
        Assert.Contains("element 2 is 9", failure.Message);
        Assert.Contains("counted from sample 3 of the batch", failure.Message);
        Assert.Equal(before, Weights(net));
        Assert.True(double.IsFinite(trainer.Step(new(new Tensor<float, Batch>([0, 1, 2, 3, 2, 1]))).Loss));
    }

    [Fact]
    public void A_stage_of_a_pipeline_whose_batches_cannot_be_divided_runs_on_the_first_device()
    {
        var rows = DataSource.From(Rows(24)).Select(row => new Odd.Sample(row.X, row.Label));
        using var net = new Dropped(_devices[0], seed: 1);
        var pipeline = new BothPipeline(net, seed: 2) { Rows = rows, BatchSize = 8, Devices = _devices };
        pipeline.Run();
        using var expected = new Dropped(_devices[0], seed: 1);
        using (var divided = new Odd(expected, pipeline.SeedOf(0), _devices)) divided.Run(rows, epochs: 1, batchSize: 8);
        using (var whole = new Even(expected, pipeline.SeedOf(1))) whole.Run(rows.Select(row => new Even.Sample(row.X, row.Label)), epochs: 1, batchSize: 8);
        Assert.Equal(Weights(expected), Weights(net));
    }

    [Fact]
    public void Lists_that_cannot_be_used_are_refused()
    {
        using var net = new Net(_devices[0], seed: 1);
        Assert.Contains("is empty", Refused([]));
        Assert.Contains("is twice", Refused([_devices[0], _devices[1], _devices[1]]));
        Assert.Contains($"are on {_devices[0]}, which must be the first", Refused([_devices[1], _devices[0]]));
        Assert.Contains("Device 1 of the list is null", Refused([_devices[0], null!]));
        using var trainer = new Plain(net, devices: _devices[..2]);
        Assert.Contains("of one device", Assert.Throws<NotSupportedException>(() => trainer.Profile(new Plain.MiniBatch(X(4), Words(4), Labels(4)))).Message);

        // Parts of a batch would not meet the condition.
        Assert.DoesNotContain(typeof(Even).GetConstructors(), constructor => constructor.GetParameters().Any(parameter => parameter.Name == "devices"));
        Assert.Contains(typeof(Plain).GetConstructors(), constructor => constructor.GetParameters().Any(parameter => parameter.Name == "devices"));

        string Refused(Device[] devices)
        {
            var refused = Assert.Throws<ArgumentException>(() => new Plain(net, devices: devices));
            Assert.Equal("devices", refused.ParamName);
            return refused.Message;
        }
    }

    // ---- Trainings ---------------------------------------------------------------------------------------------------

    private static double[] Train(string training, Device[]? devices, int[] sizes)
    {
        using var net = new Net(devices?[0], seed: 1);
        List<double> numbers = [];
        switch (training)
        {
            case "Plain":
                using (var trainer = new Plain(net, 5, devices)) Steps(i => trainer.Step(new(X(i), Words(i), Labels(i))) is var report ? [report.Loss, report.Accuracy, report.Worst, report.Hits] : []);
                break;
            case "Clipped":
                using (var trainer = new Clipped(net, 5, devices))
                {
                    Steps(i => [trainer.Step(new(X(i), Words(i), Labels(i))).Loss]);
                    numbers.AddRange(Weights(trainer.Average).Select(weight => (double)weight));
                }
                break;
            case "Masked":
                using (var trainer = new Masked(net, 5, devices)) Steps(i => [trainer.Step(new(X(i), Words(i), Labels(i))).Loss]);
                break;
            case "Sum":
                using (var trainer = new Sum(net, 5, devices)) Steps(i => [trainer.Step(new(X(i), Words(i), Labels(i))).Loss]);
                break;
            case "Two":
                using (var trainer = new Two(net, 5, devices)) Steps(i => trainer.Step(new(X(i), Words(i), Labels(i))) is var report ? [report.Loss, report.Size] : []);
                break;
            default:
                using (var trainer = new LowRank(net, 5, devices))
                {
                    Steps(i => [trainer.Step(new(X(i), Words(i), Labels(i))).Loss]);
                    numbers.AddRange(Weights(trainer.Adapters).Concat(Weights(trainer.Average)).Concat(Weights(trainer.AverageAdapters)).Select(weight => (double)weight));
                }
                break;
        }
        return [.. numbers, .. Weights(net).Select(weight => (double)weight)];

        void Steps(Func<int, double[]> step)
        {
            foreach (var size in sizes) numbers.AddRange(step(size));
        }
    }

    // Two steps, then an evaluation of 50 samples: 16 at a time, and 2 are left.
    private static double[] Evaluate(string training, Device[]? devices)
    {
        using var net = new Net(devices?[0], seed: 1);
        var rows = Rows(50);
        switch (training)
        {
            case "Plain":
                using (var trainer = new Plain(net, 5, devices))
                {
                    Steps(i => trainer.Step(new(X(i), Words(i), Labels(i))).Loss);
                    var report = trainer.Evaluate(DataSource.From(rows).Select(row => new Plain.Sample(row.X, row.Words, row.Label)), batchSize: 16);
                    Assert.InRange(report.F1, 0.01, 0.99);
                    return [report.Loss, report.Accuracy, report.Worst, report.Hits, report.Perplexity, report.F1, report.Smallest];
                }
            case "Clipped":
                using (var trainer = new Clipped(net, 5, devices))
                {
                    Steps(i => trainer.Step(new(X(i), Words(i), Labels(i))).Loss);
                    return InBatches(size => trainer.Evaluate(Samples(50), size).Loss);
                }
            case "Masked":
                using (var trainer = new Masked(net, 5, devices))
                {
                    Steps(i => trainer.Step(new(X(i), Words(i), Labels(i))).Loss);
                    return InBatches(size => trainer.Evaluate(DataSource.From(rows).Select(row => new Masked.Sample(row.X, row.Words, row.Label)), size).Loss);
                }
            case "Sum":
                using (var trainer = new Sum(net, 5, devices))
                {
                    Steps(i => trainer.Step(new(X(i), Words(i), Labels(i))).Loss);
                    return InBatches(size => trainer.Evaluate(DataSource.From(rows).Select(row => new Sum.Sample(row.X, row.Words, row.Label)), size).Loss);
                }
            case "Two":
                using (var trainer = new Two(net, 5, devices))
                {
                    Steps(i => trainer.Step(new(X(i), Words(i), Labels(i))).Loss);
                    var report = trainer.Evaluate(DataSource.From(rows).Select(row => new Two.Sample(row.X, row.Words, row.Label)), batchSize: 16);
                    return [report.Loss, report.Size];
                }
            default:
                using (var trainer = new LowRank(net, 5, devices))
                {
                    Steps(i => trainer.Step(new(X(i), Words(i), Labels(i))).Loss);
                    return InBatches(size => trainer.Evaluate(DataSource.From(rows).Select(row => new LowRank.Sample(row.X, row.Words, row.Label)), size).Loss);
                }
        }

        static void Steps(Func<int, double> step)
        {
            foreach (var size in (int[])[23, 24]) step(size);
        }

        // One number alone may be the same by chance.
        static double[] InBatches(Func<int, double> loss) => [loss(16), loss(7), loss(29)];
    }

    private static float[] Weights(Model net) => [.. net.AllParameters.SelectMany(parameter => parameter.Value.ToArray())];

    // ---- Data --------------------------------------------------------------------------------------------------------

    private static Tensor<float, Batch, Features> X(int seed, int? count = null)
    {
        var x = new Tensor<float, Batch, Features>(count ?? seed, Features.Size);
        var random = new Random(seed);
        foreach (ref var value in x.Span) value = random.NextSingle() - 0.5f;
        return x;
    }

    private static Tensor<int, Batch, Devices.Length> Words(int count)
    {
        var words = new Tensor<int, Batch, Devices.Length>(count, Length);
        var random = new Random(count + 1);
        foreach (ref var value in words.Span) value = random.Next(9);
        return words;
    }

    // The first is one that 'Masked' counts: a batch of which nothing counts has no loss, on one device neither.
    private static Tensor<int, Batch> Labels(int seed, int? count = null)
    {
        var labels = new Tensor<int, Batch>(count ?? seed);
        var random = new Random(seed + 2);
        foreach (ref var value in labels.Span) value = random.Next(5);
        labels[0] = 3;
        return labels;
    }

    private static (float[] X, int[] Words, int Label)[] Rows(int count)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(_ =>
            (Enumerable.Range(0, Features.Size).Select(_ => random.NextSingle() - 0.5f).ToArray(), Enumerable.Range(0, Length).Select(_ => random.Next(9)).ToArray(), random.Next(5)))];
    }

    private static IDataSource<Clipped.Sample> Samples(int count) => DataSource.From(Rows(count)).Select(row => new Clipped.Sample(row.X, row.Words, row.Label));

    private sealed class Stopper(CancellationTokenSource source, long atStep) : IProgress<TrainingProgress<Clipped.Report>>
    {
        public void Report(TrainingProgress<Clipped.Report> progress)
        {
            if (progress.Step == atStep) source.Cancel();
        }
    }
}
