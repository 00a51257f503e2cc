using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace FeedbackNN.Gpu;

/// <content>Large matrix products by cuBLAS, where that is asked for and found; our kernels do without.</content>
internal sealed partial class GpuDevice
{
    private CublasProducts? _cublas;
    private bool _isCublasRefused;

    /// <summary>Large products go to cuBLAS, where it is found (<see cref="CublasGemm"/> says which). The environment variable <c>FNN_GPU_CUBLAS</c> asks for it.</summary>
    public bool UsesCublas { get; set; } = Environment.GetEnvironmentVariable("FNN_GPU_CUBLAS") == "1";

    /// <summary>The file of cuBLAS; null where there is none for this device, or none that works.</summary>
    public string? CublasFile => device.AcceleratorType == AcceleratorType.Cuda && !_isCublasRefused ? CublasLibrary.File : null;

    /// <summary>Products that went to cuBLAS, ever; they are among <see cref="Launches"/>.</summary>
    public long CublasLaunches { get; private set; }

    /// <summary>Hands a product over to cuBLAS.</summary>
    /// <returns>False where it is one for our kernels.</returns>
    public bool IsMultiplied(ArrayView<float> left, ArrayView<float> right, ProductSizes sizes, ArrayView<float> result, OperandFormat operands)
    {
        if (!UsesCublas || !CublasGemm.TryOf(sizes, operands, out var gemm) || !gemm.IsLarge || Cublas() is not { } cublas) return false;
        BeginLaunch();
        CublasLaunches++;
        if (_noted is null) cublas.Multiply(gemm, left, right, result);
        else _noted.Add(nameof(CublasGemm), Later(cublas, gemm, left, right, result));
        return true;
    }

    private CublasProducts? Cublas()
    {
        if (_cublas is not null || CublasFile is null) return _cublas;
        try
        {
            return _cublas = new CublasProducts(this);
        }
        catch (Exception failure) when (failure is CublasException or DeviceMemoryException)
        {
            // The kernels compute the same, and the device's name says which of both it is.
            _isCublasRefused = true;
            return null;
        }
    }

    // What is noted is put on the stream that cuBLAS has been given.
    private static Action<AcceleratorStream> Later(CublasProducts cublas, CublasGemm gemm, ArrayView<float> left, ArrayView<float> right, ArrayView<float> result) =>
        _ => cublas.Multiply(gemm, left, right, result);
}
