namespace FeedbackNN;

/// <summary>
/// Where GPUs come from: the assembly <c>FeedbackNN.Runtime.Gpu</c> registers itself, if the program has it. Drivers are looked for when somebody first
/// asks.
/// </summary>
internal abstract class DeviceProvider
{
    private static readonly Lock Gate = new();
    private static Func<DeviceProvider>? _create;
    private static DeviceProvider? _provider;

    public static IReadOnlyList<Device> Cuda => Provider?.CudaDevices ?? [];

    public static IReadOnlyList<Device> OpenCL => Provider?.OpenCLDevices ?? [];

    /// <summary>GPUs of NVIDIA's, by number.</summary>
    protected abstract IReadOnlyList<Device> CudaDevices { get; }

    /// <summary>Devices with an OpenCL driver, by number.</summary>
    protected abstract IReadOnlyList<Device> OpenCLDevices { get; }

    /// <summary>Why an interface has no devices, as far as that is known: <c>the library libcuda.so.1 is not there</c>.</summary>
    /// <param name="api">CUDA or OpenCL.</param>
    protected abstract string WhyNone(string api);

    private static DeviceProvider? Provider
    {
        get
        {
            lock (Gate) return _provider ??= _create?.Invoke();
        }
    }

    public static void Register(Func<DeviceProvider> create)
    {
        lock (Gate) _create ??= create;
    }

    public static Device Find(IReadOnlyList<Device> devices, string api, int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        if (index < devices.Count) return devices[index];
        if (Provider is not { } provider)
        {
            throw new DeviceException(
                $"This program has no GPU backend, so there is no {api} device. Add the package FeedbackNN.Runtime.Gpu to the project that has the .fnn files (it sets FnnBackends to 'cpu;gpu'), or use Device.Cpu.");
        }
        var found = devices.Count == 0 ? $"There is no {api} device: {provider.WhyNone(api)}." : string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"There is no {api} device {index}; there {(devices.Count == 1 ? "is" : "are")} {devices.Count}, counted from 0.");
        throw new DeviceException($"{found} This machine has: {string.Join("; ", Device.All)}. Device.Best() takes the fastest of them.");
    }
}
