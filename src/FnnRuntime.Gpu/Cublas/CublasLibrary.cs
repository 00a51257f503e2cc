using System.Runtime.InteropServices;

namespace FeedbackNN.Gpu;

/// <summary>
/// NVIDIA's library of matrix products. It comes with the CUDA toolkit, not with the driver, so it may be missing. <see cref="DriverLibraries"/> finds it.
/// </summary>
internal static unsafe partial class CublasLibrary
{
    /// <summary>The name under which <see cref="DriverLibraries"/> knows it.</summary>
    public const string Library = "cublas";

    /// <summary>For <see cref="SetMathMode"/>: each call says itself what it rounds.</summary>
    public const int DefaultMath = 0;

    /// <summary>An element of a matrix is float32.</summary>
    public const int Float32 = 0;

    /// <summary>Products and sums in float32.</summary>
    public const int ComputeFloat32 = 68;

    /// <summary>Operands may be rounded to tf32; sums in float32.</summary>
    public const int ComputeTensorFloat32 = 77;

    /// <summary>The library chooses how.</summary>
    public const int DefaultAlgorithm = -1;

    private static readonly string[] Functions = ["cublasCreate_v2", "cublasDestroy_v2", "cublasSetStream_v2", "cublasSetMathMode", "cublasSetWorkspace_v2", "cublasGemmStridedBatchedEx"];

    private static readonly Lazy<string?> Found = new(() => DriverLibraries.TryLoad(Library, out var library, out var file) && HasAll(library) ? file : null);

    /// <summary>The file that has been found and has all that is needed; null where none has.</summary>
    public static string? File => Found.Value;

    [LibraryImport(Library, EntryPoint = "cublasCreate_v2")]
    public static partial int Create(out nint handle);

    [LibraryImport(Library, EntryPoint = "cublasDestroy_v2")]
    public static partial int Destroy(nint handle);

    /// <summary>Where products are put from now on. It takes the workspace away.</summary>
    [LibraryImport(Library, EntryPoint = "cublasSetStream_v2")]
    public static partial int SetStream(nint handle, nint stream);

    [LibraryImport(Library, EntryPoint = "cublasSetMathMode")]
    public static partial int SetMathMode(nint handle, int mode);

    /// <summary>Memory of the device for sums in parts, in place of the library's own.</summary>
    [LibraryImport(Library, EntryPoint = "cublasSetWorkspace_v2")]
    public static partial int SetWorkspace(nint handle, nint workspace, nuint bytes);

    /// <summary>c = alpha op(a) op(b) + beta c for each of a batch; matrices lie column by column, op may transpose.</summary>
    [LibraryImport(Library, EntryPoint = "cublasGemmStridedBatchedEx")]
    public static partial int Gemm(
        nint handle, int transposeA, int transposeB, int m, int n, int k, float* alpha, nint a, int typeA, int leadingA, long strideA, nint b, int typeB, int leadingB, long strideB, float* beta, nint c, int typeC,
        int leadingC, long strideC, int batch, int compute, int algorithm);

    // The first of CUDA 11 set no workspace.
    private static bool HasAll(nint library) => Functions.All(function => NativeLibrary.TryGetExport(library, function, out _));
}
