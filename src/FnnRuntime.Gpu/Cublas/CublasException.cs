using System.Globalization;
using ILGPU.Runtime;

namespace FeedbackNN.Gpu;

/// <summary>A call that cuBLAS refused.</summary>
internal sealed class CublasException(int status) : AcceleratorException(string.Create(CultureInfo.InvariantCulture, $"cuBLAS gave {Name(status)} ({status})."))
{
    public override AcceleratorType AcceleratorType => AcceleratorType.Cuda;

    public static void ThrowIfFailed(int status)
    {
        if (status != 0) throw new CublasException(status);
    }

    private static string Name(int status) => status switch
    {
        1 => "CUBLAS_STATUS_NOT_INITIALIZED",
        3 => "CUBLAS_STATUS_ALLOC_FAILED",
        7 => "CUBLAS_STATUS_INVALID_VALUE",
        8 => "CUBLAS_STATUS_ARCH_MISMATCH",
        11 => "CUBLAS_STATUS_MAPPING_ERROR",
        13 => "CUBLAS_STATUS_EXECUTION_FAILED",
        14 => "CUBLAS_STATUS_INTERNAL_ERROR",
        15 => "CUBLAS_STATUS_NOT_SUPPORTED",
        _ => "an error",
    };
}
