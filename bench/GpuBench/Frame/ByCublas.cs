using FeedbackNN.Gpu;

namespace GpuBench.Frame;

/// <summary>Times work whose large products go to cuBLAS.</summary>
internal static class ByCublas
{
    /// <summary>As <see cref="DeviceTimer.Microseconds"/>; null where no product of it went there.</summary>
    public static double? Microseconds(GpuDevice device, Action<int> work)
    {
        var (uses, launches) = (device.UsesCublas, device.CublasLaunches);
        device.UsesCublas = true;
        try
        {
            work(1);
            return device.CublasLaunches == launches ? null : DeviceTimer.Microseconds(device, work);
        }
        finally
        {
            device.UsesCublas = uses;
        }
    }
}
