using FeedbackNN.Gpu.Nets;

namespace FeedbackNN.Gpu.Tests;

/// <summary>
/// A training on a GPU is the training on the processor: losses, gradients, weights, running statistics and dropout. On PoCL, so the
/// networks are small.
/// </summary>
public sealed class TrainingTests
{
    private const int Rows = 19, Length = 4;

    [SkippableTheory]
    [InlineData("sgd")]
    [InlineData("adamw")]
    public void Ten_steps_are_those_of_the_processor(string optimizer)
    {
        var device = Pocl.Require();
        using var here = new Mixed(seed: 3);
        using var there = new Mixed(device, seed: 3);
        var (ours, theirs) = (Steps(here, optimizer, 10), Steps(there, optimizer, 10));
        for (var step = 0; step < ours.Length; step++) Assert.True(Math.Abs(ours[step] - theirs[step]) <= 1e-5 * Math.Abs(ours[step]), $"step {step}: {theirs[step]} instead of {ours[step]}");
        foreach (var (a, b) in here.AllParameters.Zip(there.AllParameters))
        {
            AssertClose(a.Gradient, b.Gradient, 2e-4, "gradient of " + a.Path);
            AssertClose(a.Value, b.Value, 1e-5, a.Path);
        }
        foreach (var (a, b) in here.AllBuffers.Zip(there.AllBuffers)) AssertClose(a.Value, b.Value, 1e-5, a.Path);
    }

    private static double[] Steps(Mixed net, string optimizer, int count)
    {
        var random = new Random(7);
        var losses = new double[count + 1];
        using var sgd = new FitMixedSgd(net, seed: 5);
        using var adamw = new FitMixedAdamW(net, seed: 5);
        var (x, word, label) = Batch(random);
        for (var step = 0; step < count; step++)
        {
            losses[step] = optimizer == "sgd" ? sgd.Step(new(x, word, label)).Loss : adamw.Step(new(x, word, label)).Loss;
        }
        losses[count] = sgd.Evaluate(new FitMixedSgd.MiniBatch(x, word, label)).Loss;
        return losses;
    }

    [SkippableFact]
    public void Updates_of_low_rank_are_those_of_the_processor_and_merge_into_its_weights()
    {
        var device = Pocl.Require();
        using var here = new Mixed(seed: 3);
        using var there = new Mixed(device, seed: 3);
        using var ours = new FitMixedLowRank(here, seed: 5);
        using var theirs = new FitMixedLowRank(there, seed: 5);
        var (x, word, label) = Batch(new Random(7));
        var before = there.AllParameters[0].Value.ToArray();
        for (var step = 0; step < 6; step++) Assert.Equal(ours.Step(new(x, word, label)).Loss, theirs.Step(new(x, word, label)).Loss, 1e-5);
        foreach (var (a, b) in ours.Adapters.AllParameters.Zip(theirs.Adapters.AllParameters)) AssertClose(a.Value, b.Value, 1e-5, a.Path);
        foreach (var (a, b) in ours.AverageAdapters.AllParameters.Zip(theirs.AverageAdapters.AllParameters)) AssertClose(a.Value, b.Value, 1e-5, a.Path);
        foreach (var (a, b) in ours.Average.AllParameters.Zip(theirs.Average.AllParameters)) AssertClose(a.Value, b.Value, 1e-5, a.Path);
        Assert.NotEqual(Bits(theirs.Adapters), Bits(theirs.AverageAdapters));
        Assert.Equal(ours.Evaluate(new FitMixedLowRank.MiniBatch(x, word, label)).Loss, theirs.Evaluate(new FitMixedLowRank.MiniBatch(x, word, label)).Loss, 1e-5);
        Assert.Equal(before, there.AllParameters[0].Value.ToArray());
        ours.Adapters.Merge();
        theirs.Adapters.Merge();
        using var logits = here.Forward(x, word);
        using var others = there.Forward(x, word);
        AssertClose(logits.Span, others.Span, 1e-4, "logits");
        theirs.Adapters.Unmerge();
        Assert.Equal(before, there.AllParameters[0].Value.ToArray());
    }

    [SkippableFact]
    public void A_profile_times_every_step_and_changes_nothing()
    {
        var device = Pocl.Require();
        using var net = new Mixed(device, seed: 3);
        using var trainer = new FitMixedSgd(net, seed: 5);
        var (x, word, label) = Batch(new Random(7));
        trainer.Step(new(x, word, label));
        var before = Bits(net);
        var profile = trainer.Profile(new FitMixedSgd.MiniBatch(x, word, label));
        Assert.Equal(before, Bits(net));
        Assert.Equal(device.ToString(), profile.Device);
        Assert.True(profile.PeakGigaflops > 0 && profile.PeakGigabytes > 0 && profile.WallMicroseconds > 0);
        Assert.All(profile.Rows, row => Assert.True(row.Microseconds > 0 && row.Rounds == 1, row.ToString()));

        // The same work as on the processor, where one more thing may be done at once.
        using var here = new Mixed(seed: 3);
        using var ours = new FitMixedSgd(here, seed: 5);
        var expected = ours.Profile(new FitMixedSgd.MiniBatch(x, word, label));
        Assert.Equal(expected.Rows.Select(row => (row.Source, row.Sizes, row.Flops)).SkipLast(1), profile.Rows.Select(row => (row.Source, row.Sizes, row.Flops)).SkipLast(1));
        Assert.Equal("the update of 'loss'", profile.Rows[^1].Source);
        Assert.Contains(net.Profile(x, word).Rows, row => row.Kernel.StartsWith("product", StringComparison.Ordinal) && row.Gigaflops > 0);
    }

    [SkippableFact]
    public void A_run_that_nobody_watches_gives_the_bits_of_one_that_is_watched()
    {
        var device = Pocl.Require();
        var data = Samples(61, (x, word, label) => new FitMixedSgd.Sample(x, word, label));
        using var watched = new Mixed(device, seed: 1);
        using var alone = new Mixed(device, seed: 1);
        using var watchedTrainer = new FitMixedSgd(watched, seed: 2);
        using var aloneTrainer = new FitMixedSgd(alone, seed: 2);
        var reports = new List<TrainingProgress<FitMixedSgd.Report>>();
        var a = watchedTrainer.Run(data, epochs: 2, batchSize: 8, new Collector<TrainingProgress<FitMixedSgd.Report>>(reports));
        var b = aloneTrainer.Run(data, epochs: 2, batchSize: 8);
        Assert.Equal(a, b);
        Assert.Equal(16, reports.Count);
        Assert.Equal(reports[^1].Step, b.Step);
        Assert.Equal(Bits(watched), Bits(alone));
    }

    [SkippableFact]
    public void A_run_goes_on_to_the_same_bits_after_it_was_saved_and_resumed()
    {
        var device = Pocl.Require();
        var data = Samples(40, (x, word, label) => new FitMixedAdamW.Sample(x, word, label));
        var path = Path.Combine(Directory.CreateTempSubdirectory("fnn-gpu").FullName, "state.safetensors");
        using var whole = new Mixed(device, seed: 1);
        using var first = new Mixed(device, seed: 1);
        using var second = new Mixed(device, seed: 9);
        using var wholeTrainer = new FitMixedAdamW(whole, seed: 2);
        using var firstTrainer = new FitMixedAdamW(first, seed: 2);
        using var secondTrainer = new FitMixedAdamW(second, seed: 8);
        var expected = wholeTrainer.Run(data, epochs: 2, batchSize: 8);
        using var stop = new CancellationTokenSource();
        var stopper = new Callback<TrainingProgress<FitMixedAdamW.Report>>(progress =>
        {
            if (progress.Step == 7) stop.Cancel();
        });
        Assert.Throws<OperationCanceledException>(() => firstTrainer.Run(data, 2, 8, stopper, stop.Token));
        firstTrainer.Save(path);
        secondTrainer.Resume(path);
        Assert.Equal(expected, secondTrainer.Run(data, 2, 8));
        Assert.Equal(Bits(whole), Bits(second));
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_loss_that_is_not_finite_changes_nothing_and_names_its_line(bool isWatched)
    {
        var device = Pocl.Require();
        var data = LineSamples(60, badAt: 42);
        using var net = new Line(device, seed: 1);
        using var trainer = new FitLine(net, seed: 2) { Shuffle = false };
        var progress = isWatched ? new Collector<TrainingProgress<FitLine.Report>>([]) : null;

        // Batch 8 of the first epoch has the bad sample: eight steps were made.
        var failure = Assert.Throws<TrainingDivergedException>(() => trainer.Run(data, epochs: 2, batchSize: 5, progress));
        Assert.Equal(8, failure.Step);
        Assert.Equal(8, trainer.StepCount);
        Assert.True(double.IsNaN(failure.Value));
        Assert.Contains("nets.fnn(", failure.SourceLine);

        using var expected = new Line(device, seed: 1);
        using var steps = new FitLine(expected, seed: 2);
        for (var step = 0; step < 8; step++) steps.Step(LineBatch(data, step * 5, 5));
        Assert.Equal(Bits(expected), Bits(net));

        // What was bad is mended: the run goes on where it was, and Adam counts its steps as if nothing had been.
        var report = trainer.Run(LineSamples(60, badAt: -1), epochs: 1, batchSize: 5);
        for (var step = 8; step < 12; step++) steps.Step(LineBatch(LineSamples(60, badAt: -1), step * 5, 5));
        Assert.Equal(12, report.Step);
        Assert.Equal(Bits(expected), Bits(net));
    }

    [SkippableFact]
    public void A_later_loss_that_fails_takes_back_what_an_earlier_one_of_its_step_has_done()
    {
        var device = Pocl.Require();
        var data = LineSamples(60, badAt: 32);
        using var first = new Line(device, seed: 1);
        using var second = new Line(device, seed: 2);
        using var trainer = new FitPair(first, second) { Shuffle = false };

        // Batch 6: the second loss is due, and fails after the first was applied.
        var failure = Assert.Throws<TrainingDivergedException>(() => trainer.Run(data.Select(sample => new FitPair.Sample(sample.X, sample.Y)), epochs: 1, batchSize: 5));
        Assert.Equal(6, failure.Step);
        Assert.Contains("second_loss", failure.Message);

        using var expectedFirst = new Line(device, seed: 1);
        using var expectedSecond = new Line(device, seed: 2);
        using var steps = new FitPair(expectedFirst, expectedSecond);
        for (var step = 0; step < 6; step++) steps.Step(new(X(data, step * 5, 5), Y(data, step * 5, 5)));
        Assert.Equal(Bits(expectedFirst), Bits(first));
        Assert.Equal(Bits(expectedSecond), Bits(second));
    }

    // ---- Data --------------------------------------------------------------------------------------------------------

    private static (Tensor<float, Batch, Features> X, Tensor<int, Batch, Length> Word, Tensor<int, Batch> Label) Batch(Random random)
    {
        var x = new Tensor<float, Batch, Features>(Rows, Features.Size);
        var word = new Tensor<int, Batch, Nets.Length>(Rows, Length);
        var label = new Tensor<int, Batch>(Rows);
        foreach (ref var value in x.Span) value = random.NextSingle() - 0.5f;
        // Few words, so that they come again.
        foreach (ref var value in word.Span) value = random.Next(9);
        foreach (ref var value in label.Span) value = random.Next(5);
        return (x, word, label);
    }

    private static IDataSource<TSample> Samples<TSample>(int count, Func<float[], int[], int, TSample> make)
    {
        var random = new Random(4);
        return DataSource.From(Enumerable.Range(0, count).Select(_ => make(
            Enumerable.Range(0, 12).Select(_ => random.NextSingle() - 0.5f).ToArray(), Enumerable.Range(0, Length).Select(_ => random.Next(9)).ToArray(), random.Next(5))).ToArray());
    }

    private static IDataSource<FitLine.Sample> LineSamples(int count, int badAt)
    {
        var random = new Random(6);
        return DataSource.From(Enumerable.Range(0, count).Select(i =>
        {
            var x = Enumerable.Range(0, 12).Select(_ => random.NextSingle() - 0.5f).ToArray();
            return new FitLine.Sample(x, new[] { i == badAt ? -100f : x.Sum() });
        }).ToArray());
    }

    private static FitLine.MiniBatch LineBatch(IDataSource<FitLine.Sample> data, int start, int count) => new(X(data, start, count), Y(data, start, count));

    private static Tensor<float, Batch, Features> X(IDataSource<FitLine.Sample> data, int start, int count)
    {
        var x = new Tensor<float, Batch, Features>(count, Features.Size);
        for (var i = 0; i < count; i++) data[start + i].X.Span.CopyTo(x.Slice(i));
        return x;
    }

    private static Tensor<float, Batch, N1> Y(IDataSource<FitLine.Sample> data, int start, int count)
    {
        var y = new Tensor<float, Batch, N1>(count, 1);
        for (var i = 0; i < count; i++) y.Span[i] = data[start + i].Y.Span[0];
        return y;
    }

    private static int[] Bits(Model net) =>
        [.. net.AllParameters.SelectMany(parameter => parameter.Value.ToArray()).Concat(net.AllBuffers.SelectMany(buffer => buffer.Value.ToArray())).Select(BitConverter.SingleToInt32Bits)];

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance, string what)
    {
        double difference = 0, norm = 0;
        for (var i = 0; i < expected.Length; i++)
        {
            difference += Math.Pow((double)expected[i] - actual[i], 2);
            norm += Math.Pow(expected[i], 2);
        }
        Assert.True(Math.Sqrt(difference) <= tolerance * Math.Max(Math.Sqrt(norm), 1e-3), FormattableString.Invariant($"{what}: {Math.Sqrt(difference):E2} of {Math.Sqrt(norm):E2}"));
    }

    private sealed class Collector<T>(List<T> reports) : IProgress<T>
    {
        public void Report(T value) => reports.Add(value);
    }

    private sealed class Callback<T>(Action<T> call) : IProgress<T>
    {
        public void Report(T value) => call(value);
    }
}
