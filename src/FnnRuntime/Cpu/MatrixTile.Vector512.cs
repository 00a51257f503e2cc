using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <content>
/// The loop for vectors of 512 bits: 14 x 32, 28 sums in 32 registers. They hide the latency of the multiply-add (4 cycles, 2 a cycle)
/// several times over, and 16 loads for 28 multiply-adds leave the load ports free.
/// </content>
internal static unsafe partial class MatrixTile
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply512<TRows, TVectors>(nint depth, float* a, nint aRow, nint aColumn, float* b, nint bColumn, float* c, nint cRow, bool accumulate)
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

        Put512<TVectors>(c, s0, t0, accumulate);
        if (sizeof(TRows) > 1) Put512<TVectors>(c += cRow, s1, t1, accumulate);
        if (sizeof(TRows) > 2) Put512<TVectors>(c += cRow, s2, t2, accumulate);
        if (sizeof(TRows) > 3) Put512<TVectors>(c += cRow, s3, t3, accumulate);
        if (sizeof(TRows) > 4) Put512<TVectors>(c += cRow, s4, t4, accumulate);
        if (sizeof(TRows) > 5) Put512<TVectors>(c += cRow, s5, t5, accumulate);
        if (sizeof(TRows) > 6) Put512<TVectors>(c += cRow, s6, t6, accumulate);
        if (sizeof(TRows) > 7) Put512<TVectors>(c += cRow, s7, t7, accumulate);
        if (sizeof(TRows) > 8) Put512<TVectors>(c += cRow, s8, t8, accumulate);
        if (sizeof(TRows) > 9) Put512<TVectors>(c += cRow, s9, t9, accumulate);
        if (sizeof(TRows) > 10) Put512<TVectors>(c += cRow, sA, tA, accumulate);
        if (sizeof(TRows) > 11) Put512<TVectors>(c += cRow, sB, tB, accumulate);
        if (sizeof(TRows) > 12) Put512<TVectors>(c += cRow, sC, tC, accumulate);
        if (sizeof(TRows) > 13) Put512<TVectors>(c += cRow, sD, tD, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put512<TVectors>(float* c, Vector512<float> first, Vector512<float> second, bool accumulate)
        where TVectors : unmanaged
    {
        if (accumulate) first += Vector512.Load(c);
        first.Store(c);
        if (sizeof(TVectors) != 2) return;
        if (accumulate) second += Vector512.Load(c + 16);
        second.Store(c + 16);
    }
}
