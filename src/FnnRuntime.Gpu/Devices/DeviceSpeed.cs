using System.Diagnostics;
using ILGPU;
using ILGPU.Runtime;

namespace FeedbackNN.Gpu;

/// <summary>What a GPU can do at best, measured by two kernels that do nothing else: copies of memory that no cache holds, and multiply-adds between registers.</summary>
internal static class DeviceSpeed
{
    private const int Runs = 5;

    // Long enough that handing a kernel over is no part of it.
    private const double ShortestSeconds = 0.005;

    public static MachineSpeed Measure(GpuDevice device) => new(MultiplyAdds(device), Copies(device));

    /// <summary>Bytes read and written, GB/s.</summary>
    private static double Copies(GpuDevice device)
    {
        var bytes = device.IsGpu ? 256L << 20 : 16L << 20;
        var (from, to) = (device.AllocateFloats(bytes, "measuring the speed of memory"), device.AllocateFloats(bytes, "measuring the speed of memory"));
        try
        {
            var count = checked((int)(bytes / sizeof(float) / 4));
            var (source, target) = (from.View.BaseView.Cast<Four<float>>(), to.View.BaseView.Cast<Four<float>>());
            return 2e-9 * bytes * PerSecond(device, () => device.Start(SpeedKernels.Copy, Launch.Over(count), source, target, count));
        }
        finally
        {
            device.Free(from);
            device.Free(to);
        }
    }

    /// <summary>Fused multiply-adds, counted as two, GFLOP/s.</summary>
    private static double MultiplyAdds(GpuDevice device)
    {
        // A few groups for each multiprocessor; the driver of a processor counts its cores.
        var groups = 16 * Math.Max(1, device.Accelerator.NumMultiprocessors);
        var result = device.AllocateFloats(groups * KernelTemplates.Threads * sizeof(float), "measuring the speed of arithmetic");
        try
        {
            ArrayView<float> view = result.View;
            return 2e-9 * groups * KernelTemplates.Threads * SpeedKernels.Chains * SpeedKernels.Rounds
                * PerSecond(device, () => device.Start(SpeedKernels.MultiplyAdds, new KernelConfig(groups, KernelTemplates.Threads), view, 0.5f));
        }
        finally
        {
            device.Free(result);
        }
    }

    /// <summary>How often a kernel runs in a second, the best of several runs.</summary>
    private static double PerSecond(GpuDevice device, Action start)
    {
        start();
        device.Finish();
        var best = 0.0;
        for (int run = 0, count = 1; run < Runs;)
        {
            var begin = Stopwatch.GetTimestamp();
            for (var i = 0; i < count; i++) start();
            device.Finish();
            var seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
            best = Math.Max(best, count / seconds);
            if (seconds < ShortestSeconds) count *= 2;
            else run++;
        }
        return best;
    }
}
