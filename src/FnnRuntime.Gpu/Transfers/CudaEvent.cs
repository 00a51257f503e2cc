using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using static ILGPU.Runtime.Cuda.CudaAPI;

namespace FeedbackNN.Gpu;

/// <summary>A mark in a stream, for which other streams and the host can wait. One that was never recorded is never waited for.</summary>
internal sealed class CudaEvent : IDisposable
{
    // It takes no times, which makes it cheap.
    private const CudaEventFlags NoTiming = (CudaEventFlags)2;

    private readonly Accelerator _accelerator;
    private nint _event;

    public CudaEvent(Accelerator accelerator)
    {
        _accelerator = accelerator;
        CudaException.ThrowIfFailed(CurrentAPI.CreateEvent(out _event, NoTiming));
    }

    /// <summary>The driver's handle.</summary>
    public nint Pointer => _event;

    /// <summary>Marks what has been put on a stream so far.</summary>
    public void Record(AcceleratorStream stream) => CudaException.ThrowIfFailed(CurrentAPI.RecordEvent(_event, ((CudaStream)stream).StreamPtr));

    /// <summary>What is put on a stream from now on waits for what was marked.</summary>
    public void LetWait(AcceleratorStream stream) => CudaException.ThrowIfFailed(CudaDriver.WaitEvent(((CudaStream)stream).StreamPtr, _event, 0));

    /// <summary>The host waits for what was marked.</summary>
    public void Synchronize() => CudaException.ThrowIfFailed(CurrentAPI.SynchronizeEvent(_event));

    public void Dispose()
    {
        if (_event == 0 || _accelerator.IsDisposed) return;
        _ = CurrentAPI.DestroyEvent(_event);
        _event = 0;
    }
}
