namespace FeedbackNN.Gpu;

/// <summary>
/// A product of ours as cuBLAS takes one. Its matrices lie column by column, so our result, which lies row by row, is the transpose of what it computes: Cᵀ = B Aᵀ, with the right operand first.
/// </summary>
internal readonly record struct CublasGemm
{
    /// <summary>
    /// Fewer multiply-adds stay with our kernel: 256 x 256 x 256 take a GPU a few microseconds, no longer than it takes to hand anything over. An estimate until a device has measured it.
    /// </summary>
    public const long LeastMultiplyAdds = 1L << 24;

    /// <summary>
    /// Thinner products stay with our kernel: with a side of s, s/2 operations come to each byte of the others, and below 14 or so memory decides on today's GPUs, which the kernel waits for like any other. An
    /// estimate until a device has measured it.
    /// </summary>
    public const int LeastSide = 32;

    // Further than that, libraries have had limits.
    private const int MostBatches = 65535;

    private readonly Operand _left, _right;

    private CublasGemm(ProductSizes sizes, Operand left, Operand right, int compute) => (M, N, K, Batch, _left, _right, Compute) = (sizes.M, sizes.N, sizes.K, sizes.Batch, left, right, compute);

    private int M { get; }

    private int N { get; }

    private int K { get; }

    private int Batch { get; }

    private int Compute { get; }

    /// <summary>Worth a call of cuBLAS.</summary>
    public bool IsLarge => Math.Min(Math.Min(M, N), K) >= LeastSide && (long)M * N * Batch * K >= LeastMultiplyAdds;

    /// <summary>Whether a product is one that cuBLAS can take: each operand's rows or its columns lie side by side and do not overlap, and operands are float32, rounded to tf32 at most.</summary>
    public static bool TryOf(ProductSizes sizes, OperandFormat operands, out CublasGemm gemm)
    {
        gemm = default;
        if (operands is not (OperandFormat.Float32 or OperandFormat.TensorFloat32) || sizes.Batch > MostBatches) return false;
        if (!Operand.TryOf(sizes.LeftRow, sizes.LeftColumn, sizes.LeftBatch, sizes.M, sizes.K, out var left)) return false;
        if (!Operand.TryOf(sizes.RightRow, sizes.RightColumn, sizes.RightBatch, sizes.N, sizes.K, out var right)) return false;
        gemm = new CublasGemm(sizes, left, right, operands == OperandFormat.Float32 ? CublasLibrary.ComputeFloat32 : CublasLibrary.ComputeTensorFloat32);
        return true;
    }

    /// <summary>Puts it on the handle's stream.</summary>
    public unsafe int Call(nint handle, nint left, nint right, nint result)
    {
        float one = 1, zero = 0;
        // The right matrix is [N, K] of it and the left one [K, M]: what lies along k is a column of both, so the right one is the one to transpose.
        return CublasLibrary.Gemm(
            handle, _right.IsAlongK ? 1 : 0, _left.IsAlongK ? 0 : 1, N, M, K, &one, right, CublasLibrary.Float32, _right.Leading, _right.Batch, left, CublasLibrary.Float32, _left.Leading, _left.Batch, &zero,
            result, CublasLibrary.Float32, N, (long)M * N, Batch, Compute, CublasLibrary.DefaultAlgorithm);
    }

    /// <summary>Where one of the matrices lies.</summary>
    /// <param name="IsAlongK">What is summed over lies side by side; otherwise the rows do.</param>
    /// <param name="Leading">From one such line to the next.</param>
    /// <param name="Batch">From one matrix to the next.</param>
    private readonly record struct Operand(bool IsAlongK, int Leading, long Batch)
    {
        public static bool TryOf(int row, int column, int batch, int rows, int columns, out Operand operand)
        {
            var isAlongK = column == 1 && row >= columns;
            operand = new Operand(isAlongK, isAlongK ? row : column, batch);
            return batch >= 0 && (isAlongK || (row == 1 && column >= rows));
        }
    }
}
