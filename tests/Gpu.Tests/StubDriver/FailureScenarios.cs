using FeedbackNN.Gpu.Nets;

namespace FeedbackNN.Gpu.Tests.Stub;

/// <summary>What is said when the driver refuses.</summary>
internal static class FailureScenarios
{
    private const int OutOfMemory = 2, IllegalAddress = 700, LaunchFailed = 719;

    public static void Memory_that_runs_out_is_told_by_what_it_was_for()
    {
        using var device = StubDriver.Connect();
        using var net = new Mixed(device, seed: 1);
        // The driver says that there is room, and then that there is none.
        StubDriver.Fail("cuMemAlloc", OutOfMemory, 0, 1);
        var failure = Assert.Throws<DeviceMemoryException>(() => net.Forward(new(50, Features.Size), new(50, 3)));
        Assert.StartsWith($"{device} has no room for the intermediate values of Mixed_Inference", failure.Message);
        Assert.Contains("batch = 50, length = 3", failure.Message);
        Assert.Contains("are needed in one piece and about", failure.Message);
        net.Forward(new(50, Features.Size), new(50, 3));

        // The driver's own count of what is free is asked.
        try
        {
            StubDriver.SetMemory(StubDriver.LiveMemory() + 4096);
            Assert.Matches("about [0-9.]+ KiB are free", Assert.Throws<DeviceMemoryException>(() => net.Forward(new(500, Features.Size), new(500, 3))).Message);
        }
        finally
        {
            StubDriver.SetMemory(1L << 31);
        }
    }

    public static void A_launch_that_the_driver_refuses_names_its_line()
    {
        using var device = StubDriver.Connect();
        using var net = new Mixed(device, seed: 1);
        net.Forward(new(2, Features.Size), new(2, 3));
        StubDriver.Fail("cuLaunchKernel", LaunchFailed, 0, 1);
        var failure = Assert.Throws<DeviceException>(() => net.Forward(new(2, Features.Size), new(2, 3)));
        Assert.StartsWith("nets.fnn(", failure.SourceLine);
        Assert.StartsWith($"{device} failed at {failure.SourceLine}", failure.Message);
        Assert.Contains("CUDA_ERROR_LAUNCH_FAILED: unspecified launch failure", failure.Message);
        net.Forward(new(2, Features.Size), new(2, 3));
    }

    public static void A_step_is_told_of_whichever_of_its_launches_is_refused()
    {
        using var device = StubDriver.Connect();
        using var net = new Mixed(device, seed: 1);
        using var trainer = new FitMixedAdamW(net, seed: 2);
        void Step() => trainer.Step(new(new(5, Features.Size), new(5, 3), new(5)));
        Step();
        StubDriver.ClearLog();
        Step();
        var launches = StubDriver.Log.Of("called launch").Length;
        for (var failing = 0; failing < launches; failing++)
        {
            StubDriver.Fail("cuLaunchKernel", LaunchFailed, failing, 1);
            Assert.Contains("CUDA_ERROR_LAUNCH_FAILED", Assert.Throws<DeviceException>(Step).Message);
        }
    }

    public static void A_kernel_that_fails_while_it_runs_is_told_when_it_is_waited_for()
    {
        using var device = StubDriver.Connect();
        using var net = new Mixed(device, seed: 1);
        net.Forward(new(2, Features.Size), new(2, 3));
        StubDriver.Fail("cuStreamSynchronize", IllegalAddress, 0, 1);
        var failure = Assert.Throws<DeviceException>(() => net.Forward(new(2, Features.Size), new(2, 3)));
        Assert.Contains("or at a step before it: CUDA_ERROR_ILLEGAL_ADDRESS", failure.Message);
        Assert.Contains("FNN_GPU_WAIT=1", failure.Message);

        // With each step waited for, the line is the one that failed.
        device.WaitsForSteps = true;
        StubDriver.Fail("cuStreamSynchronize", IllegalAddress, 1, 1);
        failure = Assert.Throws<DeviceException>(() => net.Forward(new(2, Features.Size), new(2, 3)));
        Assert.StartsWith($"{device} failed at nets.fnn(10): ", failure.Message);
        Assert.DoesNotContain("or at a step before it", failure.Message);
    }

    public static void What_is_disposed_of_after_a_failure_hides_nothing()
    {
        var device = StubDriver.Connect();
        var failure = Assert.Throws<DeviceException>(() =>
        {
            using var owner = device;
            using var net = new Line(device, seed: 1);
            using var trainer = new FitLine(net);
            trainer.Step(new(new(5, Features.Size), new(5, 1)));
            // As a driver is that has seen a kernel fail.
            StubDriver.Fail("cuStreamSynchronize", IllegalAddress, 0, 1);
            try
            {
                trainer.Step(new(new(5, Features.Size), new(5, 1)));
            }
            finally
            {
                StubDriver.Fail("cuMemFree", IllegalAddress, 0, 1000);
            }
        });
        Assert.Contains("CUDA_ERROR_ILLEGAL_ADDRESS", failure.Message);
        Assert.NotEmpty(StubDriver.Log.Of("failed cuMemFree"));
        // The stub, unlike a GPU, is well again.
        StubDriver.Fail("", 0, 0, 0);
        StubDriver.ForgetMemory();
    }

    public static void A_kernel_that_the_driver_does_not_load_is_told_with_its_line()
    {
        using var device = StubDriver.Connect();
        using var net = new Line(device, seed: 1);
        StubDriver.Fail("cuModuleLoadDataEx", 218, 0, 1);
        var failure = Assert.Throws<DeviceException>(() => net.Forward(new(20, Features.Size)));
        Assert.Contains("does not compile the kernel Tiled(", failure.Message);
        Assert.Contains("CUDA_ERROR_INVALID_PTX", failure.Message);
        Assert.EndsWith($"The kernel is of {failure.SourceLine}", failure.Message);
        net.Forward(new(20, Features.Size));
    }

    public static void A_driver_that_is_too_old_is_no_device_and_says_which_is_needed()
    {
        try
        {
            StubDriver.SetVersion(9020);
            var (devices, whyNone) = GpuProvider.FindCuda();
            Assert.Empty(devices);
            Assert.Contains("'Stub GPU' cannot be used: its driver is for CUDA 9.2, and its kernels need one for CUDA 11.8 or newer", whyNone);
        }
        finally
        {
            StubDriver.SetVersion(12080);
        }
        Assert.Single(GpuProvider.FindCuda().Devices);
    }

    public static void A_context_that_cannot_be_made_is_told()
    {
        using var device = StubDriver.Connect();
        StubDriver.Fail("cuCtxCreate", OutOfMemory, 0, 1);
        var failure = Assert.Throws<DeviceException>(() => new Line(device, seed: 1));
        Assert.StartsWith($"{device} cannot be used: CUDA_ERROR_OUT_OF_MEMORY", failure.Message);
        using var net = new Line(device, seed: 1);
        net.Forward(new(2, Features.Size));
    }
}
