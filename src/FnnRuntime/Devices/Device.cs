using System.ComponentModel;
using System.Globalization;
using FeedbackNN.Cpu;

namespace FeedbackNN;

/// <summary>
/// Where a model computes. Models are constructed with a device; a trainer computes where its models do.
/// </summary>
/// <remarks>
/// May be shared by any number of models and threads. Programs that run at the same time on one device take turns: on a GPU one waits for the other, on
/// the processor whoever comes second computes on its own thread alone. GPUs are there in programs that reference the package
/// <c>FeedbackNN.Runtime.Gpu</c>.
/// </remarks>
public abstract class Device : IDisposable
{
    private protected Device() { }

    /// <summary>The processor with all cores that the process may use (the environment variable <c>FNN_THREADS</c> says otherwise).</summary>
    public static Device Cpu { get; } = new CpuDevice(WorkerPool.Shared, ownsPool: false);

    /// <summary>Every device of this machine: the processor first, then the GPUs. One that only the name of a GPU driver stands for is among them, too.</summary>
    public static IReadOnlyList<Device> All => [Cpu, .. DeviceProvider.Cuda, .. DeviceProvider.OpenCL];

    /// <summary>
    /// The device that computes fastest, by kind: a GPU through CUDA, else one through OpenCL, else the processor. (The same GPU may offer itself both ways; the first is
    /// taken. Drivers that compute on the processor are never chosen.)
    /// </summary>
    public static Device Best() => AllBest()[0];

    /// <summary>
    /// All devices as good as <see cref="Best"/>: the GPUs of CUDA, else those of OpenCL, else the processor alone. A training takes them as its <c>devices</c>, with
    /// networks on the first.
    /// </summary>
    public static IReadOnlyList<Device> AllBest()
    {
        foreach (var devices in (IReadOnlyList<Device>[])[DeviceProvider.Cuda, DeviceProvider.OpenCL])
        {
            Device[] gpus = [.. devices.Where(device => device.IsGpu)];
            if (gpus.Length > 0) return gpus;
        }
        return [Cpu];
    }

    /// <summary>A GPU of NVIDIA's, through CUDA.</summary>
    /// <param name="index">Which, from 0 on.</param>
    /// <exception cref="DeviceException">There is none with this number; the message says which there are.</exception>
    public static Device Cuda(int index = 0) => DeviceProvider.Find(DeviceProvider.Cuda, "CUDA", index);

    /// <summary>A device with an OpenCL driver.</summary>
    /// <param name="index">Which, from 0 on.</param>
    /// <exception cref="DeviceException">There is none with this number; the message says which there are.</exception>
    public static Device OpenCL(int index = 0) => DeviceProvider.Find(DeviceProvider.OpenCL, "OpenCL", index);

    /// <summary>A device by a name, as a command line or a settings file has it: <c>cpu</c>, <c>best</c>, <c>cuda</c>, <c>cuda:1</c>, <c>opencl:0</c>.</summary>
    /// <exception cref="DeviceException">There is no such name, or no such device.</exception>
    public static Device Parse(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var parts = name.ToLowerInvariant().Split(':');
        var index = 0;
        var isIndexed = parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out index);
        return (parts[0], parts.Length) switch
        {
            ("cpu", 1) => Cpu,
            ("best", 1) => Best(),
            ("cuda", 1) or ("cuda", 2) when parts.Length == 1 || isIndexed => Cuda(index),
            ("opencl", 1) or ("opencl", 2) when parts.Length == 1 || isIndexed => OpenCL(index),
            _ => throw new DeviceException($"There is no device called '{name}'. Devices are 'cpu', 'best', 'cuda', 'opencl', the last two with a number where there are several: 'cuda:1'."),
        };
    }

    /// <summary>The processor with a number of threads of its own. Results do not depend on the number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is not at least one thread.</exception>
    public static Device CpuWithThreads(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        return new CpuDevice(new WorkerPool(threads), ownsPool: true);
    }

    /// <summary>What the maker calls it.</summary>
    public abstract string Name { get; }

    /// <summary>Programs run as machine code of the processor; otherwise as kernels that a driver compiles.</summary>
    public abstract bool IsCpu { get; }

    /// <summary>It is a GPU. (An OpenCL driver may also compute on the processor.)</summary>
    public abstract bool IsGpu { get; }

    /// <summary>How many threads of this process compute: 1 for a GPU, whose work one thread hands over.</summary>
    public abstract int Threads { get; }

    /// <summary>The threads that kernels run on; for generated code, on the processor.</summary>
    /// <exception cref="InvalidOperationException">The device is no processor: the program was compiled without the GPU backend.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public abstract WorkerPool Pool { get; }

    /// <summary>Ends what the device owns: threads, or the connection to a driver. <see cref="Cpu"/> stays: for it this does nothing.</summary>
    public abstract void Dispose();

    /// <summary>Through what it is used: <c>CPU</c>, <c>CUDA</c>, <c>OpenCL</c>. One GPU may offer itself in two ways, as two devices.</summary>
    internal abstract string Kind { get; }

    /// <param name="byteLength">How much.</param>
    /// <param name="purpose">What for, as a message would say it: <c>the parameters of Digits.SimpleNN</c>.</param>
    internal abstract DeviceMemory Allocate(long byteLength, string purpose);

    internal abstract DeviceUpdates CreateUpdates();

    /// <summary>Waits until all that was handed over has been done; on the processor it has.</summary>
    internal abstract void Finish();

    /// <summary>What it can do at best, measured once.</summary>
    internal abstract MachineSpeed Speed { get; }
}
