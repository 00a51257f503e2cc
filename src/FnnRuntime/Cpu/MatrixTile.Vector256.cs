using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <content>
/// The loop for vectors of 256 bits: 6 x 16, 12 sums in 16 registers, beside them two vectors of the right matrix and one number of the
/// left one. The floor is 6 cycles a step, 12 multiply-adds at 2 a cycle; its 8 loads take 4 of them. On Zen 3 whole products, packing
/// included, reach 84 to 93% of that with one thread (1000 x 784 x 128: 96 of 104 GFLOP/s). 14 x 32 tiles reached a quarter to a half.
/// </content>
internal static unsafe partial class MatrixTile
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply256<TRows, TVectors>(nint depth, float* a, nint aRow, nint aColumn, float* b, nint bColumn, float* c, nint cRow, bool accumulate)
        where TRows : unmanaged
        where TVectors : unmanaged
    {
        Vector256<float> s0 = default, t0 = default;
        Vector256<float> s1 = default, t1 = default;
        Vector256<float> s2 = default, t2 = default;
        Vector256<float> s3 = default, t3 = default;
        Vector256<float> s4 = default, t4 = default;
        Vector256<float> s5 = default, t5 = default;

        // Three rows share a pointer: row, row + 1 and row + 2 are addressed as p, p + aRow and p + 2 aRow.
        var twoRows = 2 * aRow;
        float* p0 = a, p1 = a + (3 * aRow);
        for (; depth > 0; depth--)
        {
            var b0 = Vector256.Load(b);
            var b1 = sizeof(TVectors) == 2 ? Vector256.Load(b + 8) : default;
            {
                var x = Vector256.Create(p0[0]);
                s0 = Vector256.FusedMultiplyAdd(x, b0, s0);
                if (sizeof(TVectors) == 2) t0 = Vector256.FusedMultiplyAdd(x, b1, t0);
            }

            if (sizeof(TRows) > 1)
            {
                var x = Vector256.Create(p0[aRow]);
                s1 = Vector256.FusedMultiplyAdd(x, b0, s1);
                if (sizeof(TVectors) == 2) t1 = Vector256.FusedMultiplyAdd(x, b1, t1);
            }

            if (sizeof(TRows) > 2)
            {
                var x = Vector256.Create(p0[twoRows]);
                s2 = Vector256.FusedMultiplyAdd(x, b0, s2);
                if (sizeof(TVectors) == 2) t2 = Vector256.FusedMultiplyAdd(x, b1, t2);
            }

            if (sizeof(TRows) > 3)
            {
                var x = Vector256.Create(p1[0]);
                s3 = Vector256.FusedMultiplyAdd(x, b0, s3);
                if (sizeof(TVectors) == 2) t3 = Vector256.FusedMultiplyAdd(x, b1, t3);
            }

            if (sizeof(TRows) > 4)
            {
                var x = Vector256.Create(p1[aRow]);
                s4 = Vector256.FusedMultiplyAdd(x, b0, s4);
                if (sizeof(TVectors) == 2) t4 = Vector256.FusedMultiplyAdd(x, b1, t4);
            }

            if (sizeof(TRows) > 5)
            {
                var x = Vector256.Create(p1[twoRows]);
                s5 = Vector256.FusedMultiplyAdd(x, b0, s5);
                if (sizeof(TVectors) == 2) t5 = Vector256.FusedMultiplyAdd(x, b1, t5);
            }

            p0 += aColumn;
            if (sizeof(TRows) > 3) p1 += aColumn;
            b += bColumn;
        }

        Put256<TVectors>(c, s0, t0, accumulate);
        if (sizeof(TRows) > 1) Put256<TVectors>(c += cRow, s1, t1, accumulate);
        if (sizeof(TRows) > 2) Put256<TVectors>(c += cRow, s2, t2, accumulate);
        if (sizeof(TRows) > 3) Put256<TVectors>(c += cRow, s3, t3, accumulate);
        if (sizeof(TRows) > 4) Put256<TVectors>(c += cRow, s4, t4, accumulate);
        if (sizeof(TRows) > 5) Put256<TVectors>(c += cRow, s5, t5, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put256<TVectors>(float* c, Vector256<float> first, Vector256<float> second, bool accumulate)
        where TVectors : unmanaged
    {
        if (accumulate) first += Vector256.Load(c);
        first.Store(c);
        if (sizeof(TVectors) != 2) return;
        if (accumulate) second += Vector256.Load(c + 8);
        second.Store(c + 8);
    }
}
