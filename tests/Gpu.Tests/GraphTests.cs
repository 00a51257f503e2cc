using FeedbackNN.Gpu.Nets;

namespace FeedbackNN.Gpu.Tests;

/// <summary>
/// Steps whose work is noted and then handed over in one piece have the same bits as those that go to the device kernel by kernel. On CUDA the pieces are graphs; elsewhere what is
/// noted goes to the stream in the end.
/// </summary>
public sealed class GraphTests
{
    private const int Rows = 9, Length = 3;

    [SkippableFact]
    public void With_momentum_dropout_and_running_statistics() => AssertSame(device =>
    {
        using var net = new Mixed(device, seed: 3);
        using var trainer = new FitMixedSgd(net, seed: 5);
        for (var step = 0; step < 8; step++) trainer.RunStep(new(X(step), Words(step), Labels(step)), isAsked: step == 5);
        trainer.Settle();
        return [.. Bits(net), (float)trainer.Step(new(X(8), Words(8), Labels(8))).Loss];
    });

    [SkippableFact]
    public void With_clipping_and_gradients_that_are_added_up() => AssertSame(device =>
    {
        using var net = new Mixed(device, seed: 3);
        using var trainer = new FitMixedAdamW(net, seed: 5);
        for (var step = 0; step < 8; step++) trainer.RunStep(new(X(step), Words(step), Labels(step)), isAsked: false);
        return [(float)trainer.Step(new(X(8), Words(8), Labels(8))).Loss, .. Bits(net)];
    });

    [SkippableFact]
    public void With_two_losses() => AssertSame(device =>
    {
        using var first = new Line(device, seed: 3);
        using var second = new Line(device, seed: 4);
        using var trainer = new FitPair(first, second, seed: 5);
        for (var step = 0; step < 7; step++) trainer.RunStep(new(X(step), new(Rows, 1)), isAsked: false);
        trainer.Settle();
        return [.. Bits(first), .. Bits(second)];
    });

    [SkippableFact]
    public void With_a_loss_that_is_scaled_and_overflows() => AssertSame(device =>
    {
        using var net = new Line(device, seed: 3);
        using var trainer = new FitSteep(net, seed: 5);
        for (var step = 0; step < 10; step++) trainer.Step(new(X(step), new(Rows, 1)));
        return Bits(net);
    });

    [SkippableFact]
    public void With_rounds_that_the_host_waits_for() => AssertSame(device =>
    {
        using var net = new Settled(device, seed: 3);
        using var trainer = new FitSettled(net, seed: 5);
        for (var step = 0; step < 10; step++) trainer.RunStep(new(X(step), new(Rows, 1)), isAsked: false);
        trainer.Settle();
        return Bits(net);
    }, isGraph: false);

    [SkippableFact]
    public void With_a_loss_that_is_not_finite_and_a_run_that_goes_on() => AssertSame(device =>
    {
        using var net = new Line(device, seed: 3);
        using var trainer = new FitLine(net, seed: 5) { Shuffle = false };
        var random = new Random(7);
        var samples = new FitLine.Sample[60];
        for (var i = 0; i < samples.Length; i++) samples[i] = new(Enumerable.Range(0, Features.Size).Select(_ => random.NextSingle()).ToArray(), new[] { random.NextSingle() });
        var bad = samples.ToArray();
        bad[37] = new(samples[37].X, new[] { -100f });
        var failure = Assert.Throws<TrainingDivergedException>(() => trainer.Run(DataSource.From(bad), epochs: 1, batchSize: 5));
        Assert.Equal(7, failure.Step);
        Assert.Contains("nets.fnn(", failure.SourceLine);
        trainer.Run(DataSource.From(samples), epochs: 1, batchSize: 5);
        return Bits(net);
    });

    private static void AssertSame(Func<GpuDevice, float[]> training, bool isGraph = true)
    {
        var device = (GpuDevice)Pocl.Require();
        var expected = training(device);
        var before = device.GraphLaunches;
        try
        {
            device.UsesGraphs = true;
            Assert.Equal(expected.Select(BitConverter.SingleToInt32Bits), training(device).Select(BitConverter.SingleToInt32Bits));
        }
        finally
        {
            device.UsesGraphs = false;
        }
        Assert.Equal(isGraph && device.Kind == "CUDA", device.GraphLaunches > before);
    }

    private static Tensor<float, Batch, Features> X(int step)
    {
        var random = new Random(step);
        var x = new Tensor<float, Batch, Features>(Rows, Features.Size);
        foreach (ref var value in x.Span) value = random.NextSingle() - 0.5f;
        return x;
    }

    private static Tensor<int, Batch, Nets.Length> Words(int step)
    {
        var words = new Tensor<int, Batch, Nets.Length>(Rows, Length);
        for (var i = 0; i < words.Length; i++) words.Span[i] = (i * 7 + step) % 30;
        return words;
    }

    private static Tensor<int, Batch> Labels(int step)
    {
        var labels = new Tensor<int, Batch>(Rows);
        for (var i = 0; i < labels.Length; i++) labels.Span[i] = (i + step) % Classes.Size;
        return labels;
    }

    private static float[] Bits(Model net) => [.. net.AllParameters.SelectMany(parameter => parameter.Value.ToArray()), .. net.AllBuffers.SelectMany(buffer => buffer.Value.ToArray())];
}
