using System.Runtime.InteropServices;

namespace FeedbackNN;

/// <summary>
/// Zeroed memory outside the managed heap, aligned to 64 bytes and with at least 64 more bytes behind its end, so that vector loads may
/// run over it. Freed by <see cref="Dispose"/> or, at the latest, by the finaliser.
/// </summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private const int Alignment = 64;
    private const int Slack = 64;
    private void* _pointer;
    private readonly long _pressure;

    /// <exception cref="DeviceMemoryException">That is more than all the memory there is.</exception>
    public NativeBuffer(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ProcessMemory.Require(bytes, "this", "Use smaller batches, or a smaller network.");
        ByteLength = bytes;
        var allocated = checked((nuint)((bytes + Alignment - 1) / Alignment * Alignment + Slack));
        _pointer = NativeMemory.AlignedAlloc(allocated, Alignment);
        NativeMemory.Clear(_pointer, allocated);
        // The collector sees a small object; it should know what hangs on it.
        _pressure = (long)allocated;
        GC.AddMemoryPressure(_pressure);
    }

    ~NativeBuffer() => Free();

    public long ByteLength { get; }

    public bool IsDisposed => _pointer == null;

    /// <exception cref="ObjectDisposedException">The memory has been freed.</exception>
    public void* Pointer => _pointer != null ? _pointer : throw new ObjectDisposedException("Tensor", "The memory of this object has been freed by Dispose.");

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_pointer == null) return;
        NativeMemory.AlignedFree(_pointer);
        _pointer = null;
        GC.RemoveMemoryPressure(_pressure);
    }
}
