using Streams;

namespace FeedbackNN.Feedback.Tests;

/// <summary>Sessions: step by step they give what Forward gives for the whole, they can be saved and run side by side, and a step allocates nothing.</summary>
public sealed class StreamingTests
{
    private const int BatchSize = 3;
    private const int Steps = 12;

    private static Tensor<float, Batch, Time, N3> Series(int seed, int batch = BatchSize)
    {
        var random = new Random(seed);
        var x = new Tensor<float, Batch, Time, N3>(batch, Steps, 3);
        foreach (ref var value in x.Span) value = random.NextSingle() * 2 - 1;
        return x;
    }

    private static Tensor<float, Batch, N3> At(Tensor<float, Batch, Time, N3> x, int t)
    {
        var batch = x.Shape[0];
        var step = new Tensor<float, Batch, N3>(batch, 3);
        for (var b = 0; b < batch; b++) x.Span.Slice(((b * Steps) + t) * 3, 3).CopyTo(step.Span[(b * 3)..]);
        return step;
    }

    [Fact]
    public void StepByStepIsTheWhole()
    {
        using var net = new Recurrent(seed: 5);
        var x = Series(1);
        var whole = net.Forward(x);
        using var session = net.Start(BatchSize);
        for (var t = 0; t < Steps; t++)
        {
            Assert.Equal(t, session.Position);
            var y = session.Step(At(x, t));
            for (var b = 0; b < BatchSize; b++)
            {
                for (var k = 0; k < 4; k++) Assert.Equal(whole.Span[(((b * Steps) + t) * 4) + k], y.Span[(b * 4) + k], 1e-6f);
            }
        }
    }

    [Fact]
    public void ResultsWithoutTheAxisAreThoseSoFar()
    {
        using var net = new Sum();
        var x = Series(2);
        var first = new Tensor<float, Batch, N3>(BatchSize, 3);
        first.Span.Fill(10);
        var whole = net.Forward(x, first, 0.5f);
        using var session = net.Start(BatchSize);
        for (var t = 0; t < Steps; t++)
        {
            var (total, steps) = session.Step(At(x, t), first, 0.5f);
            Assert.All(steps.ToArray(), n => Assert.Equal(t + 1, n));
            if (t == Steps - 1) Assert.All(whole.Total.ToArray().Zip(total.ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        }
    }

    [Fact]
    public void AStreamGoesOnFromWhereItWasSaved()
    {
        using var net = new Recurrent(seed: 6);
        var x = Series(3);
        using var session = net.Start(BatchSize);
        for (var t = 0; t < 5; t++) session.Step(At(x, t));
        var state = session.SaveState();
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        session.SaveState(path);
        try
        {
            var expected = Rest(session);
            session.RestoreState(state);
            Assert.Equal(5, session.Position);
            Assert.Equal(expected, Rest(session));
            using var other = net.Start(BatchSize);
            other.RestoreState(path);
            Assert.Equal(expected, Rest(other));
            other.Reset();
            Assert.Equal(0, other.Position);
            Assert.NotEqual(expected, Rest(other));

            using var smaller = net.Start(1);
            Assert.Contains("same model and sizes", Assert.Throws<ArgumentException>(() => smaller.RestoreState(state)).Message);
            Assert.Contains("state0", Assert.Throws<CheckpointException>(() => smaller.RestoreState(path)).Message);
            File.WriteAllBytes(path, File.ReadAllBytes(path)[..20]);
            Assert.Throws<CheckpointException>(() => other.RestoreState(path));
        }
        finally
        {
            File.Delete(path);
        }

        float[] Rest(Recurrent.Session stream) => Enumerable.Range(5, Steps - 5).SelectMany(t => stream.Step(At(x, t)).ToArray()).ToArray();
    }

    [Fact]
    public void AStreamThatIsDisposedOfRefuses()
    {
        using var net = new Recurrent(seed: 6);
        var session = net.Start(BatchSize);
        var x = At(Series(3), 0);
        session.Step(x);
        var state = session.SaveState();
        session.Dispose();
        foreach (var use in new Action[] { () => session.Step(x), session.Reset, () => session.SaveState(), () => session.RestoreState(state), () => session.SaveState("state"), () => session.RestoreState("state") })
            Assert.Contains("stream of Streams.Recurrent", Assert.Throws<ObjectDisposedException>(use).Message);
        Assert.False(File.Exists("state"));
        using var other = net.Start(BatchSize);
        net.Dispose();
        Assert.Contains("model Streams.Recurrent", Assert.Throws<ObjectDisposedException>(() => other.Step(x)).Message);
        Assert.Throws<ObjectDisposedException>(() => net.Start(BatchSize));
    }

    [Fact]
    public void SessionsRunSideBySide()
    {
        using var net = new Recurrent(seed: 7);
        var series = Enumerable.Range(0, 8).Select(k => Series(k, 1)).ToArray();
        var expected = series.Select(x => net.Forward(x).ToArray()).ToArray();
        Parallel.For(0, series.Length, k =>
        {
            using var session = net.Start(1);
            for (var round = 0; round < 20; round++)
            {
                session.Reset();
                for (var t = 0; t < Steps; t++)
                {
                    var y = session.Step(At(series[k], t)).ToArray();
                    for (var i = 0; i < 4; i++) Assert.Equal(expected[k][(t * 4) + i], y[i], 1e-6f);
                }
            }
        });
    }

    [Fact]
    public void AStreamThatSeveralThreadsUseAtOnceMakesWholeSteps()
    {
        using var net = new Recurrent(seed: 7);
        using var session = net.Start(BatchSize);
        var x = At(Series(3), 0);
        var made = 0;
        Parallel.For(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ =>
        {
            try
            {
                session.Step(x);
                Interlocked.Increment(ref made);
            }
            catch (InvalidOperationException error)
            {
                Assert.Contains("stream of Streams.Recurrent is being used by another thread", error.Message);
            }
        });
        Assert.Equal(made, session.Position);
        using var alone = net.Start(BatchSize);
        for (var step = 0; step < made; step++) alone.Step(x);
        Assert.Equal(alone.Step(x).ToArray(), session.Step(x).ToArray());
    }

    [Fact]
    public void AStepAllocatesNothing()
    {
        using var net = new Recurrent();
        using var session = net.Start(1);
        var x = At(Series(4, 1), 0);
        for (var i = 0; i < 200; i++) session.Step(x);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) session.Step(x);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void AStepOfAnotherSizeIsRefusedAndTheStreamStaysWhereItWas()
    {
        using var net = new Recurrent();
        using var session = net.Start(2);
        session.Step(At(Series(5, 2), 0));
        var error = Assert.Throws<ArgumentException>(() => session.Step(At(Series(5, 3), 1)));
        Assert.Contains("batch = 2", error.Message);
        Assert.Equal(1, session.Position);
    }

    [Fact]
    public void AStepHoldsToTheConditionsOfTheModel()
    {
        using var net = new FifthLast();
        using var session = net.Start(1, 3);
        using var x = new Tensor<float, Batch, Width>(1, 3);
        Assert.Equal("The condition 'where 5 <= width' does not hold for these sizes: 5 <= 3 is false. 'width' is 3, axis 1 of 'x'.", Assert.Throws<ArgumentException>(() => session.Step(x)).Message);
    }

    [Fact]
    public void AModelThatLooksAheadHasNoStart() => Assert.Null(typeof(Backwards).GetMethod("Start"));
}
