using System.Globalization;
using FeedbackNN.Cpu;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace FeedbackNN.Gpu;

/// <summary>
/// A GPU (or whatever else a driver computes on), one queue of work, the kernels it has compiled, and its memory. The driver's connection is made when
/// something is first allocated.
/// </summary>
internal sealed unsafe partial class GpuDevice(Context context, ILGPU.Runtime.Device device, string title, bool isGpu) : Device
{
    private readonly List<GpuMemory?> _memory = [];
    private Accelerator? _accelerator;
    private AcceleratorStream? _stream;
    private AcceleratorStream? _uploadStream;
    private long _allocatedBytes;
    private MachineSpeed? _speed;

    public override string Name => device.Name;

    public override bool IsCpu => false;

    public override bool IsGpu => isGpu;

    public override int Threads => 1;

    public override WorkerPool Pool => throw new InvalidOperationException(
        $"The network was compiled for the processor alone, and {this} is none. Set <FnnBackends>cpu;gpu</FnnBackends> in the project that has the .fnn files, or construct it with Device.Cpu.");

    /// <summary>One program or transfer at a time.</summary>
    public Lock Gate { get; } = new();

    public Accelerator Accelerator => _accelerator ?? Connect();

    /// <summary>Work is done in the order in which it is put here; what is noted comes before.</summary>
    public AcceleratorStream Stream
    {
        get
        {
            if (_stream is null) Connect();
            HandOverNoted();
            return _stream!;
        }
    }

    /// <summary>Where tensors come from the host beside <see cref="Stream"/>; neither waits for the other unless it is told to.</summary>
    public AcceleratorStream UploadStream => _uploadStream ??= Accelerator.CreateStream();

    /// <summary>The way in which a program's tensors come from the host.</summary>
    public GpuUploads CreateUploads() => Accelerator is CudaAccelerator ? new PageLockedUploads(this) : new DirectUploads(this);

    /// <summary>Bytes that may be allocated, for tests; otherwise the driver decides.</summary>
    public long MemoryLimit { get; set; } = long.MaxValue;

    /// <summary>
    /// Each step of a program is waited for before the next is handed over: slow, but one that fails while it runs is known then. The environment variable
    /// <c>FNN_GPU_WAIT</c> asks for it.
    /// </summary>
    public bool WaitsForSteps { get; set; } = Environment.GetEnvironmentVariable("FNN_GPU_WAIT") == "1";

    /// <summary>Bytes that are allocated through this object.</summary>
    public long AllocatedBytes => _allocatedBytes;

    /// <summary>Another connection to the same device, for tests of several.</summary>
    public GpuDevice Twin() => new(context, device, title, isGpu);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{title} ({device.Name}, {device.MemorySize / (1024.0 * 1024 * 1024):0.#} GiB{(UsesCublas ? $", {CublasFile ?? "no cuBLAS"}" : "")}{(UsesTensorCores ? HasTensorCores ? ", tensor cores" : ", no tensor cores" : "")})");

    public override void Dispose()
    {
        lock (Gate)
        {
            _kernels.Clear();
            _noted = null;
            Release(_cublas);
            Release(_uploadStream);
            Release(_stream);
            Release(_accelerator);
            (_cublas, _isCublasRefused, _uploadStream, _stream, _accelerator, _allocatedBytes) = (null, false, null, null, null, 0);
        }
    }

    internal override string Kind => device.AcceleratorType switch
    {
        AcceleratorType.Cuda => "CUDA",
        AcceleratorType.OpenCL => "OpenCL",
        _ => "emulated GPU",
    };

    internal override DeviceMemory Allocate(long byteLength, string purpose) => new GpuMemory(this, byteLength, purpose);

    internal override DeviceUpdates CreateUpdates() => new GpuUpdates(this);

    /// <inheritdoc/>
    /// <exception cref="DeviceException">Something of it failed.</exception>
    internal override void Finish()
    {
        try
        {
            lock (Gate) Stream.Synchronize();
        }
        catch (AcceleratorException failure)
        {
            throw FailedBefore(failure, null);
        }
    }

    /// <summary>Copies something to the host's memory when all that was handed over has been done; called between programs.</summary>
    /// <exception cref="DeviceException">Something of it failed.</exception>
    public void Download<T>(ArrayView<T> source, Span<T> target) where T : unmanaged
    {
        try
        {
            source.CopyToCPU(Stream, target);
        }
        catch (AcceleratorException failure)
        {
            throw FailedBefore(failure, null);
        }
    }

    /// <summary>Copies something from the host's memory; called between programs.</summary>
    /// <exception cref="DeviceException">Something failed that was handed over before.</exception>
    public void Upload<T>(ReadOnlySpan<T> source, ArrayView<T> target) where T : unmanaged
    {
        try
        {
            target.CopyFromCPU(Stream, source);
        }
        catch (AcceleratorException failure)
        {
            throw FailedBefore(failure, null);
        }
    }

    internal override MachineSpeed Speed
    {
        get
        {
            lock (Gate) return _speed ??= DeviceSpeed.Measure(this);
        }
    }

    /// <summary>Something failed that was handed over earlier.</summary>
    /// <param name="failure">As the driver tells it.</param>
    /// <param name="line">The line that was being handed over when the driver told; null where none was.</param>
    public DeviceException FailedBefore(Exception failure, string? line) => new(
        $"{this} failed at {(line is null ? "a step that had been handed over" : $"{line}, or at a step before it")}: {Reason(failure)} With the environment variable FNN_GPU_WAIT=1 each step is waited for, and the message names the line that failed.",
        failure) { SourceLine = line };

    /// <summary>Zeroed memory of the device, aligned for every kind of access.</summary>
    /// <param name="byteLength">At least so much.</param>
    /// <param name="purpose">What for, as a message would say it.</param>
    /// <param name="advice">What would need less; null when nothing is known.</param>
    /// <exception cref="DeviceMemoryException">There is not so much left.</exception>
    public MemoryBuffer1D<float, Stride1D.Dense> AllocateFloats(long byteLength, string purpose, Func<long, string>? advice = null)
    {
        // A buffer of no length is no buffer to a driver.
        var floats = Math.Max(64, (byteLength + sizeof(float) - 1) / sizeof(float));
        var bytes = floats * sizeof(float);
        try
        {
            if (bytes > FreeBytes) throw OutOfMemory(bytes, purpose, advice, null);
            var buffer = Accelerator.Allocate1D<float>(floats);
            buffer.MemSetToZero(Stream);
            _allocatedBytes += bytes;
            return buffer;
        }
        catch (AcceleratorException failure)
        {
            throw OutOfMemory(bytes, purpose, advice, failure);
        }
    }

    public void Free(MemoryBuffer1D<float, Stride1D.Dense>? buffer)
    {
        // After the device has been disposed of, its memory is gone already.
        if (buffer is null || _accelerator is null) return;
        _allocatedBytes -= buffer.LengthInBytes;
        // What is noted may be using it.
        HandOverNoted();
        Release(buffer);
    }

    /// <summary>Gives something of the driver's back. A device that has failed refuses even that; what failed has been told where it did.</summary>
    public static void Release(IDisposable? resource)
    {
        try
        {
            resource?.Dispose();
        }
        catch (AcceleratorException)
        {
            // Thrown from a Dispose, it would take the place of the exception that is under way.
        }
    }

    /// <summary>The number under which programs know some memory.</summary>
    public nint Register(GpuMemory memory)
    {
        lock (Gate)
        {
            var free = _memory.IndexOf(null);
            if (free < 0)
            {
                _memory.Add(memory);
                return _memory.Count;
            }
            _memory[free] = memory;
            return free + 1;
        }
    }

    public void Unregister(nint handle)
    {
        lock (Gate) _memory[(int)handle - 1] = null;
    }

    public ArrayView<float> ViewOf(void* handle) => _memory[(int)(nint)handle - 1]!.View;

    private long FreeBytes
    {
        get
        {
            var driver = Accelerator is CudaAccelerator cuda ? cuda.GetFreeMemory() : device.MemorySize - _allocatedBytes;
            return Math.Min(driver, MemoryLimit - _allocatedBytes);
        }
    }

    /// <summary>What a driver or ILGPU says, with the driver's own name for it.</summary>
    public static string Reason(Exception failure) => failure.GetBaseException() switch
    {
        CudaException cuda => $"{cuda.Error}: {cuda.Message}",
        CLException openCL => $"{openCL.Error}: {openCL.Message}",
        var other => other.Message,
    };

    private DeviceMemoryException OutOfMemory(long bytes, string purpose, Func<long, string>? advice, Exception? inner)
    {
        var free = Math.Max(0, FreeBytes);
        var text = string.Create(CultureInfo.InvariantCulture, $"{this} has no room for {purpose}: {Text(bytes)} are needed in one piece and about {Text(free)} are free.");
        return new DeviceMemoryException(advice is null ? $"{text} Use a smaller network, or dispose of models and trainers that are no longer needed." : $"{text} {advice(free)}", bytes, inner);
    }

    private static string Text(long bytes) => bytes < 10 * 1024 * 1024
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:#,0.#} KiB") : string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024.0 * 1024):#,0.#} MiB");

    /// <summary>What compiles kernels; null for ILGPU's own emulation, which runs C# and takes no repair.</summary>
    private static Backend? BackendOf(Accelerator accelerator) => accelerator switch
    {
        CudaAccelerator cuda => cuda.Backend,
        CLAccelerator openCL => openCL.Backend,
        _ => null,
    };

    private Accelerator Connect()
    {
        try
        {
            _accelerator = device.CreateAccelerator(context);
            if (BackendOf(_accelerator) is { } backend) RepairedCompiler.Repair(backend);
            _stream = _accelerator.CreateStream();
            return _accelerator;
        }
        catch (Exception failure) when (failure is AcceleratorException or NotSupportedException)
        {
            throw new DeviceException($"{this} cannot be used: {Reason(failure)} A newer driver may help.", failure);
        }
    }
}
