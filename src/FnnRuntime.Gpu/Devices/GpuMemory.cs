using ILGPU;
using ILGPU.Runtime;

namespace FeedbackNN.Gpu;

/// <summary>Memory of a GPU with a copy in the host's, which is made when the host first looks. Each side knows whether the other has written since.</summary>
internal sealed unsafe class GpuMemory : DeviceMemory
{
    private readonly GpuDevice _device;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> _buffer;
    private readonly nint _handle;
    private NativeBuffer? _host;
    private bool _isHostStale;
    private bool _isDeviceStale;
    private bool _isDisposed;

    public GpuMemory(GpuDevice device, long byteLength, string purpose) : base(byteLength)
    {
        _device = device;
        lock (device.Gate) _buffer = device.AllocateFloats(byteLength, purpose);
        _handle = device.Register(this);
    }

    public ArrayView<float> View => _buffer.View;

    public override void* ForProgram(bool writes)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, typeof(Model));
        if (_isDeviceStale)
        {
            lock (_device.Gate) _device.Upload(new ReadOnlySpan<float>(_host!.Pointer, (int)Floats), View.SubView(0, Floats));
            _isDeviceStale = false;
        }
        if (writes)
        {
            _isHostStale = true;
            Version++;
        }
        return (void*)_handle;
    }

    public override void* ForReading()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, typeof(Model));
        // Both are zeros at first.
        _host ??= new NativeBuffer(ByteLength);
        if (_isHostStale)
        {
            lock (_device.Gate) _device.Download(View.SubView(0, Floats), new Span<float>(_host.Pointer, (int)Floats));
            _isHostStale = false;
        }
        return _host.Pointer;
    }

    public override void* ForWriting()
    {
        var pointer = ForReading();
        _isDeviceStale = true;
        Version++;
        return pointer;
    }

    public override void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _device.Unregister(_handle);
        lock (_device.Gate) _device.Free(_buffer);
        _host?.Dispose();
    }

    private long Floats => ByteLength / sizeof(float);
}
