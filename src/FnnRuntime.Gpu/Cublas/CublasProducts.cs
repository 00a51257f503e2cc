using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace FeedbackNN.Gpu;

/// <summary>
/// A device's connection to cuBLAS. Products go to the device's stream and use memory that is there from the beginning, so that nothing is allocated while a graph is captured, and the same product has the
/// same bits each time.
/// </summary>
internal sealed class CublasProducts : IDisposable
{
    // What NVIDIA recommends for Hopper; older ones need less.
    private const long WorkspaceBytes = 32 << 20;

    private readonly GpuDevice _device;
    private MemoryBuffer1D<float, Stride1D.Dense>? _workspace;
    private nint _handle;

    /// <exception cref="CublasException">The library does not work with this driver or device.</exception>
    /// <exception cref="DeviceMemoryException">There is no room for its workspace.</exception>
    public CublasProducts(GpuDevice device)
    {
        _device = device;
        device.Accelerator.Bind();
        CublasException.ThrowIfFailed(CublasLibrary.Create(out _handle));
        try
        {
            CublasException.ThrowIfFailed(CublasLibrary.SetMathMode(_handle, CublasLibrary.DefaultMath));
            CublasException.ThrowIfFailed(CublasLibrary.SetStream(_handle, ((CudaStream)device.Stream).StreamPtr));
            _workspace = device.AllocateFloats(WorkspaceBytes, "the workspace of cuBLAS");
            CublasException.ThrowIfFailed(CublasLibrary.SetWorkspace(_handle, _workspace.NativePtr, (nuint)WorkspaceBytes));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Hands a product over.</summary>
    /// <exception cref="CublasException">It was refused.</exception>
    public void Multiply(CublasGemm gemm, ArrayView<float> left, ArrayView<float> right, ArrayView<float> result)
    {
        // What was noted may be handed over by another thread.
        _device.Accelerator.Bind();
        CublasException.ThrowIfFailed(gemm.Call(_handle, left.LoadEffectiveAddressAsPtr(), right.LoadEffectiveAddressAsPtr(), result.LoadEffectiveAddressAsPtr()));
    }

    public void Dispose()
    {
        if (_handle == 0) return;
        _device.Accelerator.Bind();
        // A device that has failed refuses even that; what failed has been told where it did.
        _ = CublasLibrary.Destroy(_handle);
        _handle = 0;
        _device.Free(_workspace);
        _workspace = null;
    }
}
