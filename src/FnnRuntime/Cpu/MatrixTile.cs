using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <summary>
/// The innermost loop of a matrix product: a tile of a few rows and two vectors of columns whose sums stay in registers while k runs.
/// Each step loads two vectors of the right matrix and broadcasts one number of the left one for each row.
/// </summary>
/// <remarks>
/// The tile's shape follows the machine: 14 x 32 where 512-bit vectors are, which come with 32 registers, and 6 x 16 where there are 16
/// registers of 256 bits. Each shape is written once; the type arguments' sizes are the numbers of rows and vectors, constants to the
/// compiler, which drops what a smaller tile doesn't need. Both sum an element up in the order of k, so its bits don't depend on the shape.
/// </remarks>
internal static unsafe partial class MatrixTile
{
    private static readonly nint[] Kernels = MakeKernels();

    /// <summary>The most rows a tile has.</summary>
    public static int MaximumRows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => IsWide ? 14 : 6;
    }

    /// <summary>The columns of a full tile.</summary>
    public static int Columns
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => IsWide ? 32 : 16;
    }

    // A constant to the compiler, which drops the other shape.
    private static bool IsWide
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.IsHardwareAccelerated;
    }

    /// <summary>
    /// <c>c[r * cRow + j] = Σ_k a[r * aRow + k * aColumn] * b[k * bColumn + j]</c> for all j of a tile, or its first half when
    /// <paramref name="columns"/> are no more; added to c when <paramref name="accumulate"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run(nint rows, nint columns, nint depth, float* a, nint aRow, nint aColumn, float* b, nint bColumn, float* c, nint cRow, bool accumulate) =>
        ((delegate*<nint, float*, nint, nint, float*, nint, float*, nint, bool, void>)Kernels[(rows * 2) + (columns > Columns / 2 ? 1 : 0)])(depth, a, aRow, aColumn, b, bColumn, c, cRow, accumulate);

    private static nint[] MakeKernels()
    {
        var kernels = new nint[(MaximumRows + 1) * 2];
        Add<RowCount1>(kernels);
        Add<RowCount2>(kernels);
        Add<RowCount3>(kernels);
        Add<RowCount4>(kernels);
        Add<RowCount5>(kernels);
        Add<RowCount6>(kernels);
        if (!IsWide) return kernels;
        Add<RowCount7>(kernels);
        Add<RowCount8>(kernels);
        Add<RowCount9>(kernels);
        Add<RowCount10>(kernels);
        Add<RowCount11>(kernels);
        Add<RowCount12>(kernels);
        Add<RowCount13>(kernels);
        Add<RowCount14>(kernels);
        return kernels;
    }

    private static void Add<TRows>(nint[] kernels)
        where TRows : unmanaged
    {
        delegate*<nint, float*, nint, nint, float*, nint, float*, nint, bool, void> half, full;
        if (IsWide)
        {
            half = &Multiply512<TRows, RowCount1>;
            full = &Multiply512<TRows, RowCount2>;
        }
        else
        {
            half = &Multiply256<TRows, RowCount1>;
            full = &Multiply256<TRows, RowCount2>;
        }

        kernels[sizeof(TRows) * 2] = (nint)half;
        kernels[(sizeof(TRows) * 2) + 1] = (nint)full;
    }
}
