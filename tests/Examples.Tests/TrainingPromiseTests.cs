using Mixed;

namespace FeedbackNN.Examples.Tests;

/// <summary>What every training promises, on a network with norms, running statistics, dropout and two losses.</summary>
public sealed class TrainingPromiseTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fnn-promise").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static IDataSource<Fit.Sample> Data(int count = 203)
    {
        var random = new Random(4);
        return DataSource.From(Enumerable.Range(0, count).Select(_ =>
        {
            var x = Enumerable.Range(0, 20).Select(_ => random.NextSingle() - 0.5f).ToArray();
            var label = Array.IndexOf(x[..7], x[..7].Max());
            return new Fit.Sample(x, label);
        }).ToArray());
    }

    private static Fit.MiniBatch Batch(int size)
    {
        var random = new Random(5);
        var x = new Tensor<float, Mixed.Batch, Features>(size, 20);
        var label = new Tensor<int, Mixed.Batch>(size);
        for (var i = 0; i < x.Span.Length; i++) x.Span[i] = random.NextSingle() - 0.5f;
        for (var i = 0; i < label.Span.Length; i++) label.Span[i] = random.Next(7);
        return new Fit.MiniBatch(x, label);
    }

    [Fact]
    public void A_step_allocates_nothing()
    {
        using var net = new Net(seed: 1);
        using var trainer = new Fit(net, seed: 1);
        var (full, last) = (Batch(32), Batch(11));
        for (var i = 0; i < 3; i++)
        {
            trainer.Step(full);
            trainer.Step(last);
        }
        // A lock that another test's thread holds at that moment allocates what it waits with, once.
        Assert.Contains(0, Enumerable.Range(0, 5).Select(_ => AllocatedBySteps()));

        long AllocatedBySteps()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 10; i++)
            {
                trainer.Step(full);
                trainer.Step(last);
            }
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void The_same_seed_gives_the_same_bits_on_any_number_of_threads(int threads)
    {
        Assert.Equal(Weights(Device.CpuWithThreads(1)), Weights(Device.CpuWithThreads(threads)));
        Assert.NotEqual(Weights(Device.CpuWithThreads(1)), Weights(Device.CpuWithThreads(1), seed: 2));
    }

    private static int[] Weights(Device device, ulong seed = 1)
    {
        using var net = new Net(device, seed);
        using var trainer = new Fit(net, seed: seed);
        trainer.Run(Data(), epochs: 3, batchSize: 32);
        return Bits(net);
    }

    private static int[] Bits(Model net) =>
        net.AllParameters.SelectMany(parameter => parameter.Value.ToArray()).Concat(net.AllBuffers.SelectMany(buffer => buffer.Value.ToArray())).Select(BitConverter.SingleToInt32Bits).ToArray();

    [Fact]
    public void An_interrupted_run_ends_with_the_bits_of_one_that_was_not()
    {
        using var whole = new Net(seed: 3);
        using (var trainer = new Fit(whole, seed: 3)) trainer.Run(Data(), epochs: 4, batchSize: 32);

        using var first = new Net(seed: 3);
        var path = Path.Combine(_folder, "state.safetensors");
        using (var trainer = new Fit(first, seed: 3))
        {
            using var stop = new CancellationTokenSource();
            var seen = 0;
            var progress = new Reports(_ => { if (++seen == 10) stop.Cancel(); });
            Assert.ThrowsAny<OperationCanceledException>(() => trainer.Run(Data(), epochs: 4, batchSize: 32, progress, stop.Token));
            trainer.Save(path);
        }
        using var second = new Net(seed: 77);
        using (var trainer = new Fit(second, seed: 77))
        {
            trainer.Resume(path);
            trainer.Run(Data(), epochs: 4, batchSize: 32);
        }
        Assert.Equal(Bits(whole), Bits(second));
    }

    [Fact]
    public void A_run_with_a_folder_that_is_interrupted_ends_with_the_bits_of_one_that_was_not()
    {
        using var whole = new Net(seed: 3);
        using (var trainer = new Fit(whole, seed: 3)) trainer.Run(Data(), epochs: 4, batchSize: 32);

        // Killed in the middle: what was done since the last save is gone, draws and running statistics included.
        var options = new RunOptions(Path.Combine(_folder, "run")) { SaveEvery = 3, EvaluateEvery = 4, LogEvery = 2, Metric = "accuracy", Maximize = true };
        using var first = new Net(seed: 3);
        using (var trainer = new Fit(first, seed: 3))
        {
            var seen = 0;
            var progress = new Reports(_ => { if (++seen == 17) throw new TimeoutException(); });
            Assert.Throws<TimeoutException>(() => trainer.Run(Data(), epochs: 4, batchSize: 32, options, Data(50), progress));
        }
        // Whatever it begins with, the checkpoint replaces.
        using var second = new Net(seed: 3);
        second.Initialize(77);
        using (var trainer = new Fit(second, seed: 3))
        {
            var steps = 0;
            var result = trainer.Run(Data(), epochs: 4, batchSize: 32, options, Data(50), new Reports(_ => steps++));
            Assert.Equal((28, 13), (result.Steps, steps));
            Assert.Equal(result.Metrics.Where(row => row.Kind == "validation").Max(row => row.Values["accuracy"]), result.BestValue);
            Assert.Equal(["loss", "copy", "accuracy", "perplexity"], result.Metrics.Last().Values.Keys.Take(4));
        }
        Assert.Equal(Bits(whole), Bits(second));
    }

    [Fact]
    public void It_learns()
    {
        using var net = new Net(seed: 1);
        using var trainer = new Fit(net, seed: 1);
        var data = Data(600);
        var before = trainer.Evaluate(data);
        trainer.Run(data, epochs: 30, batchSize: 32);
        var after = trainer.Evaluate(data);
        Assert.True(after.Accuracy > 0.7 && after.Accuracy > before.Accuracy, $"{before.Accuracy} → {after.Accuracy}");
        Assert.Equal(Math.Exp(after.Loss), after.Perplexity, 4);
        Assert.True(after.Copy < before.Copy);
    }

    [Fact]
    public void A_label_that_is_no_class_is_refused_by_name()
    {
        using var net = new Net(seed: 1);
        using var trainer = new Fit(net, seed: 1);
        var before = Bits(net);
        var batch = Batch(8);
        batch.Label.Span[3] = 7;
        var error = Assert.ThrowsAny<ArgumentException>(() => trainer.Step(batch));
        Assert.Contains("label", error.Message);
        Assert.Contains("7", error.Message);
        Assert.Equal(before, Bits(net));
    }

    [Fact]
    public void A_loss_that_is_not_a_number_names_the_line_and_changes_nothing()
    {
        using var net = new Net(seed: 1);
        using var trainer = new Fit(net, seed: 1);
        var before = Bits(net);
        var batch = Batch(8);
        batch.X.Span[5] = float.NaN;
        var error = Assert.Throws<TrainingDivergedException>(() => trainer.Step(batch));
        Assert.Contains("mixed.fnn(", error.Message);
        Assert.Equal(before, Bits(net));
    }

    private sealed class Reports(Action<TrainingProgress<Fit.Report>> report) : IProgress<TrainingProgress<Fit.Report>>
    {
        public void Report(TrainingProgress<Fit.Report> value) => report(value);
    }
}
