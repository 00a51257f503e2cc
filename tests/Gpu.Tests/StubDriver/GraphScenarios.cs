using FeedbackNN.Gpu.Nets;

namespace FeedbackNN.Gpu.Tests.Stub;

/// <summary>Steps that go to the device as graphs do what they do without: the same kernels and copies in the same order, with the same arguments, to the byte.</summary>
internal static class GraphScenarios
{
    private const int Rows = 7, Length = 3, Steps = 12, Refused = 801;

    public static void Steps_with_momentum_dropout_and_running_statistics_are_the_same_as_graphs() => AssertSame(MixedSgd, graphs: Steps - 2, executables: 1);

    // Steps that add gradients up, and those that use them.
    public static void Steps_that_add_gradients_up_are_the_same_as_graphs() => AssertSame(MixedAdamW, graphs: Steps - 3, executables: 2);

    public static void Steps_with_two_losses_one_every_other_step_are_the_same_as_graphs() => AssertSame(Pair, graphs: Steps - 2, executables: 2);

    public static void Steps_with_a_scaled_loss_are_the_same_as_graphs() => AssertSame(SmallF16, graphs: Steps - 1, executables: 1);

    public static void Batches_of_other_sizes_are_the_same_as_graphs() => AssertSame(device => Sizes(device, [12, 12, 32, 16, 92, 92, 20, 92]), graphs: 7, executables: 1);

    // Few rows and numbers of rows that are no multiples of four have other kernels.
    public static void Batches_of_sizes_that_other_kernels_compute_are_the_same_as_graphs() => AssertSame(device => Sizes(device, [3, 3, 30, 4, 90, 90, 7, 90]), graphs: 7, executables: 3);

    public static void Steps_that_are_waited_for_in_the_middle_are_no_graphs()
    {
        var log = AssertSame(Settled, graphs: 0, executables: 0);
        Assert.Empty(log.Of("called begin_capture"));
    }

    public static void A_driver_that_captures_nothing_is_asked_once() => Assert.Single(AssertRefused("cuStreamBeginCapture").Of("failed cuStreamBeginCapture"));

    public static void A_capture_that_breaks_off_loses_nothing() => Assert.Single(AssertRefused("cuStreamEndCapture").Of("called begin_capture"));

    public static void A_launch_that_cannot_be_captured_is_made_without() => Assert.Single(AssertRefused("cuLaunchKernel", whileCapturing: true).Of("called begin_capture"));

    public static void A_graph_that_cannot_be_made_executable_is_done_without() => Assert.Single(AssertRefused("cuGraphInstantiate").Of("called begin_capture"));

    public static void A_graph_that_cannot_be_launched_is_done_without() => Assert.Single(AssertRefused("cuGraphLaunch").Of("called begin_capture"));

    public static void An_executable_graph_that_takes_no_new_arguments_is_made_anew()
    {
        var log = AssertSame(MixedSgd, graphs: Steps - 2, executables: 2, () => StubDriver.Fail("cuGraphExecUpdate", 910, 3, 1));
        Assert.Single(log.Of("failed cuGraphExecUpdate"));
        Assert.Equal(2, log.Of("called destroy_executable").Length);
    }

    public static void A_batch_comes_while_the_graph_before_it_runs()
    {
        using var device = StubDriver.Connect();
        device.UsesGraphs = true;
        using var net = new Mixed(device, seed: 1);
        using var trainer = new FitMixedSgd(net, seed: 2);
        for (var step = 0; step < 6; step++) trainer.RunStep(MixedSgdBatch(), isAsked: false);
        trainer.Settle();
        StubDriver.ClearLog();
        for (var step = 0; step < 6; step++) trainer.RunStep(MixedSgdBatch(), isAsked: false);
        var log = StubDriver.Log;
        Assert.Empty(log.Of("called synchronize stream"));
        Assert.Empty(log.Of("called launch"));
        var order = new StubOrder(log);
        var uploads = log.Of("called copy").Where(copy => copy["kind"] == "HtoD").ToArray();
        var graphs = log.Of("called launch_graph");
        Assert.Equal((6, 6), (uploads.Length, graphs.Length));
        for (var step = 0; step < 6; step++)
        {
            Assert.True(order.IsBefore(uploads[step], graphs[step]));
            if (step + 1 < 6) Assert.False(order.IsBefore(graphs[step], uploads[step + 1]));
            // The graph reads what came the same way.
            if (step + 2 < 6) Assert.True(order.IsBefore(graphs[step], uploads[step + 2]));
        }
    }

    private static StubLog AssertRefused(string function, bool whileCapturing = false)
    {
        // All launches of the first steps, which make the memory, go to the stream.
        var skip = whileCapturing ? Run(MixedSgd, usesGraphs: true, null, out var plain).Entries.TakeWhile(entry => !entry.Is("called begin_capture")).Count(entry => entry.Is("called launch")) : 0;
        var log = AssertSame(MixedSgd, graphs: 0, function == "cuGraphLaunch" ? 1 : 0, () => StubDriver.Fail(function, Refused, skip, whileCapturing ? 1 : 1000));
        Assert.NotEmpty(log.Of("failed " + function));
        return log;
    }

    /// <summary>A training does the same with graphs and without, and becomes so many.</summary>
    internal static StubLog AssertSame(Action<GpuDevice> training, int graphs, int executables, Action? arrange = null)
    {
        Run(training, usesGraphs: false, null, out var expected);
        var log = Run(training, usesGraphs: true, arrange, out var actual);
        Assert.NotEmpty(expected);
        Assert.Equal(expected, actual);
        Assert.Equal(graphs, log.Of("called launch_graph").Length);
        Assert.Equal(executables, log.Of("called instantiate").Length);
        return log;
    }

    private static StubLog Run(Action<GpuDevice> training, bool usesGraphs, Action? arrange, out string[] done)
    {
        StubDriver.ClearLog();
        Assert.Equal(0, StubDriver.LiveMemory());
        using (var device = StubDriver.Connect())
        {
            device.UsesGraphs = usesGraphs;
            arrange?.Invoke();
            training(device);
            Assert.Equal(device.GraphLaunches, StubDriver.Log.Of("called launch_graph").Length);
        }
        StubDriver.Fail("", 0, 0, 0);
        var log = StubDriver.Log;
        var ran = log.Entries.Where(entry => entry.Is("ran launch") || entry.Is("ran gemm") || entry.Is("ran copy") || entry.Is("ran set")).ToArray();
        var stream = ran.First(entry => entry.Is("ran launch"))["stream"];
        done = [.. ran.Where(entry => entry["stream"] == stream).Select(entry => entry.Line.Replace($" stream={stream}", "", StringComparison.Ordinal))];
        return log;
    }

    private static void MixedSgd(GpuDevice device)
    {
        using var net = new Mixed(device, seed: 1);
        using var trainer = new FitMixedSgd(net, seed: 2);
        for (var step = 0; step < Steps; step++) trainer.RunStep(MixedSgdBatch(), isAsked: step % 5 == 0);
        trainer.Settle();
    }

    private static void MixedAdamW(GpuDevice device)
    {
        using var net = new Mixed(device, seed: 1);
        using var trainer = new FitMixedAdamW(net, seed: 2);
        for (var step = 0; step < Steps; step++) trainer.RunStep(new(new(Rows, Features.Size), new(Rows, Length), new(Rows)), isAsked: step % 5 == 0);
        trainer.Settle();
    }

    private static void Pair(GpuDevice device)
    {
        using var first = new Line(device, seed: 1);
        using var second = new Line(device, seed: 2);
        using var trainer = new FitPair(first, second, seed: 3);
        for (var step = 0; step < Steps; step++) trainer.Step(new(new(Rows, Features.Size), new(Rows, 1)));
    }

    private static void SmallF16(GpuDevice device)
    {
        using var net = new Small(device, seed: 1);
        using var trainer = new FitSmallF16(net, seed: 2);
        for (var step = 0; step < Steps; step++) trainer.Step(new(new(Rows, Features.Size), new(Rows)));
    }

    private static void Sizes(GpuDevice device, int[] batches)
    {
        using var net = new Line(device, seed: 1);
        using var trainer = new FitLine(net, seed: 2);
        foreach (var rows in batches) trainer.RunStep(new(new(rows, Features.Size), new(rows, 1)), isAsked: false);
        trainer.Settle();
    }

    private static void Settled(GpuDevice device)
    {
        using var net = new Settled(device, seed: 1);
        using var trainer = new FitSettled(net, seed: 2);
        for (var step = 0; step < Steps; step++) trainer.Step(new(new(Rows, Features.Size), new(Rows, 1)));
    }

    private static FitMixedSgd.MiniBatch MixedSgdBatch() => new(new(Rows, Features.Size), new(Rows, Length), new(Rows));
}
