using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <summary>
/// The innermost loop of a matrix product: a tile of up to 14 rows and 32 columns whose sums stay in registers (28 of 32) while k
/// runs. Each step loads two vectors of the right matrix and broadcasts one number of the left one for each row.
/// </summary>
/// <remarks>
/// Written once; the type arguments' sizes are the numbers of rows and vectors, constants to the compiler, which drops what a smaller
/// tile doesn't need. 28 sums hide the latency of the multiply-add (4 cycles, 2 a cycle) several times over, and 16 loads for 28
/// multiply-adds leave the load ports free.
/// </remarks>
internal static unsafe class MatrixTile
{
    /// <summary>The most rows a tile has.</summary>
    public const int MaximumRows = 14;

    /// <summary>The columns of a full tile.</summary>
    public const int Columns = 32;

    private static readonly nint[] Kernels = MakeKernels();

    /// <summary>
    /// <c>c[r * cRow + j] = Σ_k a[r * aRow + k * aColumn] * b[k * bColumn + j]</c> for j below 32, or 16 when not <paramref name="wide"/>;
    /// added to c when <paramref name="accumulate"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run(nint rows, bool wide, nint depth, float* a, nint aRow, nint aColumn, float* b, nint bColumn, float* c, nint cRow, bool accumulate) =>
        ((delegate*<nint, float*, nint, nint, float*, nint, float*, nint, bool, void>)Kernels[(rows * 2) + (wide ? 1 : 0)])(depth, a, aRow, aColumn, b, bColumn, c, cRow, accumulate);

    private static nint[] MakeKernels()
    {
        var kernels = new nint[(MaximumRows + 1) * 2];
        Add<RowCount1>(kernels);
        Add<RowCount2>(kernels);
        Add<RowCount3>(kernels);
        Add<RowCount4>(kernels);
        Add<RowCount5>(kernels);
        Add<RowCount6>(kernels);
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
        delegate*<nint, float*, nint, nint, float*, nint, float*, nint, bool, void> narrow = &Multiply<TRows, RowCount1>;
        delegate*<nint, float*, nint, nint, float*, nint, float*, nint, bool, void> wide = &Multiply<TRows, RowCount2>;
        kernels[sizeof(TRows) * 2] = (nint)narrow;
        kernels[(sizeof(TRows) * 2) + 1] = (nint)wide;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TRows, TVectors>(nint depth, float* a, nint aRow, nint aColumn, float* b, nint bColumn, float* c, nint cRow, bool accumulate)
        where TRows : unmanaged
        where TVectors : unmanaged
    {
        Vector512<float> s0 = default, t0 = default;
        Vector512<float> s1 = default, t1 = default;
        Vector512<float> s2 = default, t2 = default;
        Vector512<float> s3 = default, t3 = default;
        Vector512<float> s4 = default, t4 = default;
        Vector512<float> s5 = default, t5 = default;
        Vector512<float> s6 = default, t6 = default;
        Vector512<float> s7 = default, t7 = default;
        Vector512<float> s8 = default, t8 = default;
        Vector512<float> s9 = default, t9 = default;
        Vector512<float> sA = default, tA = default;
        Vector512<float> sB = default, tB = default;
        Vector512<float> sC = default, tC = default;
        Vector512<float> sD = default, tD = default;

        // Three rows share a pointer: row, row + 1 and row + 2 are addressed as p, p + aRow and p + 2 aRow.
        var twoRows = 2 * aRow;
        float* p0 = a, p1 = a + (3 * aRow), p2 = a + (6 * aRow), p3 = a + (9 * aRow), p4 = a + (12 * aRow);
        for (; depth > 0; depth--)
        {
            var b0 = Vector512.Load(b);
            var b1 = sizeof(TVectors) == 2 ? Vector512.Load(b + 16) : default;
            {
                var x = Vector512.Create(p0[0]);
                s0 = Vector512.FusedMultiplyAdd(x, b0, s0);
                if (sizeof(TVectors) == 2) t0 = Vector512.FusedMultiplyAdd(x, b1, t0);
            }

            if (sizeof(TRows) > 1)
            {
                var x = Vector512.Create(p0[aRow]);
                s1 = Vector512.FusedMultiplyAdd(x, b0, s1);
                if (sizeof(TVectors) == 2) t1 = Vector512.FusedMultiplyAdd(x, b1, t1);
            }

            if (sizeof(TRows) > 2)
            {
                var x = Vector512.Create(p0[twoRows]);
                s2 = Vector512.FusedMultiplyAdd(x, b0, s2);
                if (sizeof(TVectors) == 2) t2 = Vector512.FusedMultiplyAdd(x, b1, t2);
            }

            if (sizeof(TRows) > 3)
            {
                var x = Vector512.Create(p1[0]);
                s3 = Vector512.FusedMultiplyAdd(x, b0, s3);
                if (sizeof(TVectors) == 2) t3 = Vector512.FusedMultiplyAdd(x, b1, t3);
            }

            if (sizeof(TRows) > 4)
            {
                var x = Vector512.Create(p1[aRow]);
                s4 = Vector512.FusedMultiplyAdd(x, b0, s4);
                if (sizeof(TVectors) == 2) t4 = Vector512.FusedMultiplyAdd(x, b1, t4);
            }

            if (sizeof(TRows) > 5)
            {
                var x = Vector512.Create(p1[twoRows]);
                s5 = Vector512.FusedMultiplyAdd(x, b0, s5);
                if (sizeof(TVectors) == 2) t5 = Vector512.FusedMultiplyAdd(x, b1, t5);
            }

            if (sizeof(TRows) > 6)
            {
                var x = Vector512.Create(p2[0]);
                s6 = Vector512.FusedMultiplyAdd(x, b0, s6);
                if (sizeof(TVectors) == 2) t6 = Vector512.FusedMultiplyAdd(x, b1, t6);
            }

            if (sizeof(TRows) > 7)
            {
                var x = Vector512.Create(p2[aRow]);
                s7 = Vector512.FusedMultiplyAdd(x, b0, s7);
                if (sizeof(TVectors) == 2) t7 = Vector512.FusedMultiplyAdd(x, b1, t7);
            }

            if (sizeof(TRows) > 8)
            {
                var x = Vector512.Create(p2[twoRows]);
                s8 = Vector512.FusedMultiplyAdd(x, b0, s8);
                if (sizeof(TVectors) == 2) t8 = Vector512.FusedMultiplyAdd(x, b1, t8);
            }

            if (sizeof(TRows) > 9)
            {
                var x = Vector512.Create(p3[0]);
                s9 = Vector512.FusedMultiplyAdd(x, b0, s9);
                if (sizeof(TVectors) == 2) t9 = Vector512.FusedMultiplyAdd(x, b1, t9);
            }

            if (sizeof(TRows) > 10)
            {
                var x = Vector512.Create(p3[aRow]);
                sA = Vector512.FusedMultiplyAdd(x, b0, sA);
                if (sizeof(TVectors) == 2) tA = Vector512.FusedMultiplyAdd(x, b1, tA);
            }

            if (sizeof(TRows) > 11)
            {
                var x = Vector512.Create(p3[twoRows]);
                sB = Vector512.FusedMultiplyAdd(x, b0, sB);
                if (sizeof(TVectors) == 2) tB = Vector512.FusedMultiplyAdd(x, b1, tB);
            }

            if (sizeof(TRows) > 12)
            {
                var x = Vector512.Create(p4[0]);
                sC = Vector512.FusedMultiplyAdd(x, b0, sC);
                if (sizeof(TVectors) == 2) tC = Vector512.FusedMultiplyAdd(x, b1, tC);
            }

            if (sizeof(TRows) > 13)
            {
                var x = Vector512.Create(p4[aRow]);
                sD = Vector512.FusedMultiplyAdd(x, b0, sD);
                if (sizeof(TVectors) == 2) tD = Vector512.FusedMultiplyAdd(x, b1, tD);
            }

            p0 += aColumn;
            if (sizeof(TRows) > 3) p1 += aColumn;
            if (sizeof(TRows) > 6) p2 += aColumn;
            if (sizeof(TRows) > 9) p3 += aColumn;
            if (sizeof(TRows) > 12) p4 += aColumn;
            b += bColumn;
        }

        Put<TVectors>(c, s0, t0, accumulate);
        if (sizeof(TRows) > 1) Put<TVectors>(c += cRow, s1, t1, accumulate);
        if (sizeof(TRows) > 2) Put<TVectors>(c += cRow, s2, t2, accumulate);
        if (sizeof(TRows) > 3) Put<TVectors>(c += cRow, s3, t3, accumulate);
        if (sizeof(TRows) > 4) Put<TVectors>(c += cRow, s4, t4, accumulate);
        if (sizeof(TRows) > 5) Put<TVectors>(c += cRow, s5, t5, accumulate);
        if (sizeof(TRows) > 6) Put<TVectors>(c += cRow, s6, t6, accumulate);
        if (sizeof(TRows) > 7) Put<TVectors>(c += cRow, s7, t7, accumulate);
        if (sizeof(TRows) > 8) Put<TVectors>(c += cRow, s8, t8, accumulate);
        if (sizeof(TRows) > 9) Put<TVectors>(c += cRow, s9, t9, accumulate);
        if (sizeof(TRows) > 10) Put<TVectors>(c += cRow, sA, tA, accumulate);
        if (sizeof(TRows) > 11) Put<TVectors>(c += cRow, sB, tB, accumulate);
        if (sizeof(TRows) > 12) Put<TVectors>(c += cRow, sC, tC, accumulate);
        if (sizeof(TRows) > 13) Put<TVectors>(c += cRow, sD, tD, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<TVectors>(float* c, Vector512<float> first, Vector512<float> second, bool accumulate)
        where TVectors : unmanaged
    {
        if (accumulate) first += Vector512.Load(c);
        first.Store(c);
        if (sizeof(TVectors) != 2) return;
        if (accumulate) second += Vector512.Load(c + 16);
        second.Store(c + 16);
    }
}
