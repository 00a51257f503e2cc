using FeedbackNN.Gpu;

namespace GpuBench.Frame;

/// <summary>A way for work that is off unless it is asked for, and that a driver or a library may refuse.</summary>
internal sealed class OptionalPath
{
    /// <summary>Large products by cuBLAS.</summary>
    public static readonly OptionalPath Cublas = new(device => device.UsesCublas, (device, uses) => device.UsesCublas = uses, device => device.CublasLaunches);

    /// <summary>Training steps as graphs.</summary>
    public static readonly OptionalPath Graphs = new(device => device.UsesGraphs, (device, uses) => device.UsesGraphs = uses, device => device.GraphLaunches);

    /// <summary>Products in tf32, bf16 and f16 on tensor cores.</summary>
    public static readonly OptionalPath TensorCores = new(device => device.UsesTensorCores, (device, uses) => device.UsesTensorCores = uses, device => device.TensorCoreLaunches);

    private readonly Func<GpuDevice, bool> _isUsed;
    private readonly Action<GpuDevice, bool> _use;
    private readonly Func<GpuDevice, long> _launches;

    private OptionalPath(Func<GpuDevice, bool> isUsed, Action<GpuDevice, bool> use, Func<GpuDevice, long> launches) => (_isUsed, _use, _launches) = (isUsed, use, launches);

    /// <summary>As <see cref="DeviceTimer.Microseconds"/>, of work that takes this way; null where none of it did.</summary>
    public double? Microseconds(GpuDevice device, Action<int> work)
    {
        var (isUsed, launches) = (_isUsed(device), _launches(device));
        _use(device, true);
        try
        {
            work(1);
            return _launches(device) == launches ? null : DeviceTimer.Microseconds(device, work);
        }
        finally
        {
            _use(device, isUsed);
        }
    }
}
