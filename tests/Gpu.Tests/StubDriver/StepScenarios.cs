using FeedbackNN.Gpu.Nets;

namespace FeedbackNN.Gpu.Tests.Stub;

/// <summary>What a training asks the driver for.</summary>
internal static class StepScenarios
{
    private const int Rows = 7, Length = 3;

    public static void The_device_is_found_and_named()
    {
        GpuBackend.Register();
        var device = Device.Cuda();
        Assert.Equal("CUDA 0 (Stub GPU, 2 GiB)", device.ToString());
        Assert.Equal("CUDA", device.Kind);
        Assert.True(device.IsGpu);
        Assert.Same(device, Device.Best());
        Assert.Same(device, Device.Parse("cuda:0"));
        Assert.Contains(device, Device.All);
    }

    public static void A_library_that_lacks_a_function_is_as_good_as_none()
    {
        Assert.True(DriverLibraries.TryLoad(CublasLibrary.Library, out _, out var file));
        Assert.Equal("libcublas.so.13", file);
        Assert.Null(CublasLibrary.File);
        Assert.False(DriverLibraries.TryLoad("none", out _, out _));
        using var device = StubDriver.Connect();
        device.UsesCublas = true;
        Assert.Equal("CUDA 0 (Stub GPU, 2 GiB, no cuBLAS)", device.ToString());
        using var net = new Wide(device, seed: 1);
        net.Forward(new(500, Breadth.Size));
        Assert.Equal(0, device.CublasLaunches);
        Assert.Equal(device.Launches, StubDriver.Log.Of("ran launch").Length);
    }

    public static void A_kernel_is_loaded_once_and_a_step_launches_what_is_planned()
    {
        using var device = StubDriver.Connect();
        using var net = new Mixed(device, seed: 1);
        using var trainer = new FitMixedSgd(net, seed: 2);
        for (var step = 0; step < 2; step++) LaunchTests.AssertPlanned("FitMixedSgd", device, () => trainer.Step(MixedSgdBatch()), accumulated: false);
        var first = StubDriver.Log;
        var loads = first.Of("called load");
        Assert.NotEmpty(loads);
        Assert.Equal(loads.Length, loads.Select(load => load["module"]).Distinct().Count());
        Assert.Equal(device.Launches, first.Of("called launch").Length);

        StubDriver.ClearLog();
        var before = device.Launches;
        for (var step = 0; step < 3; step++) LaunchTests.AssertPlanned("FitMixedSgd", device, () => trainer.Step(MixedSgdBatch()), accumulated: false);
        var later = StubDriver.Log;
        Assert.Empty(later.Of("called load"));
        Assert.Empty(later.Of("called allocate"));
        Assert.Equal(device.Launches - before, later.Of("called launch").Length);
        // What was handed over has been done, in the same order: somebody asked for the numbers.
        Assert.Equal(later.Of("called launch").Select(Kernel), later.Of("ran launch").Select(Kernel));
    }

    public static void Nothing_is_copied_to_the_host_or_waited_for_until_a_number_is_asked_for()
    {
        using var device = StubDriver.Connect();
        using var net = new Line(device, seed: 1);
        using var trainer = new FitLine(net, seed: 2);
        for (var step = 0; step < 2; step++) trainer.RunStep(LineBatch(), isAsked: false);
        trainer.Settle();
        StubDriver.ClearLog();
        for (var step = 0; step < 5; step++) trainer.RunStep(LineBatch(), isAsked: false);
        Assert.Empty(ToHost(StubDriver.Log));
        Assert.Empty(StubDriver.Log.Of("called synchronize stream"));
        trainer.RunStep(LineBatch(), isAsked: true);
        // What went wrong, and the numbers of all six.
        Assert.Equal(2, ToHost(StubDriver.Log).Length);
    }

    public static void All_memory_is_freed()
    {
        Assert.Equal(0, StubDriver.LiveMemory());
        using (var device = StubDriver.Connect())
        {
            using (var net = new Mixed(device, seed: 1))
            using (var trainer = new FitMixedAdamW(net, seed: 2))
            {
                for (var step = 0; step < 4; step++) trainer.Step(new(new(Rows, Features.Size), new(Rows, Length), new(Rows)));
                net.Forward(new(Rows, Features.Size), new(Rows, Length));
                Assert.Equal(device.AllocatedBytes, StubDriver.LiveMemory() - StepStatusBytes);
            }
            Assert.Equal(0, StubDriver.LiveMemory());
            Assert.Equal(0, device.AllocatedBytes);
        }
        var log = StubDriver.Log;
        Assert.Equal(Bytes(log.Of("called allocate")), Bytes(log.Of("called free")));
        Assert.Equal(Bytes(log.Of("called allocate_host")), Bytes(log.Of("called free_host")));
        Assert.Equal("memory=0 locked=0", Assert.Single(log.Of("called destroy context")).Line["called destroy context ".Length..]);
        Assert.Equal(log.Of("called create").Select(Handle).Order(), log.Of("called destroy").Select(Handle).Order());
    }

    private static FitMixedSgd.MiniBatch MixedSgdBatch() => new(new(Rows, Features.Size), new(Rows, Length), new(Rows));

    private static FitLine.MiniBatch LineBatch() => new(new(Rows, Features.Size), new(Rows, 1));

    // What a training's updates note is no tensor.
    private static int StepStatusBytes => StepStatus.Length * sizeof(int);

    private static string Kernel(StubEntry launch) => launch["kernel"];

    private static string Handle(StubEntry created) => created.Line.Split(' ')[2];

    private static StubEntry[] ToHost(StubLog log) => [.. log.Of("called copy").Where(copy => copy["kind"] == "DtoH")];

    private static long[] Bytes(StubEntry[] entries) => [.. entries.Select(entry => entry.Number("bytes")).Order()];
}
