using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <content>The loop for vectors of 512 bits: 6 x 4 dot products, 24 vectors of partial sums in 32 registers.</content>
internal static unsafe partial class DotTile
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply512<TRows>(nint depth, float* a, nint aRow, float* b, nint bRow, float* c, nint cRow)
        where TRows : unmanaged
    {
        float* b1 = b + bRow, b2 = b1 + bRow, b3 = b2 + bRow;
        float* a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow, a4 = a3 + aRow, a5 = a4 + aRow;
        Vector512<float> s00 = default, s01 = default, s02 = default, s03 = default;
        Vector512<float> s10 = default, s11 = default, s12 = default, s13 = default;
        Vector512<float> s20 = default, s21 = default, s22 = default, s23 = default;
        Vector512<float> s30 = default, s31 = default, s32 = default, s33 = default;
        Vector512<float> s40 = default, s41 = default, s42 = default, s43 = default;
        Vector512<float> s50 = default, s51 = default, s52 = default, s53 = default;
        for (; depth >= Simd.Lanes; depth -= Simd.Lanes)
        {
            Vector512<float> y0 = Vector512.Load(b), y1 = Vector512.Load(b1), y2 = Vector512.Load(b2), y3 = Vector512.Load(b3);
            {
                var x = Vector512.Load(a);
                s00 = Vector512.FusedMultiplyAdd(x, y0, s00);
                s01 = Vector512.FusedMultiplyAdd(x, y1, s01);
                s02 = Vector512.FusedMultiplyAdd(x, y2, s02);
                s03 = Vector512.FusedMultiplyAdd(x, y3, s03);
            }

            if (sizeof(TRows) > 1)
            {
                var x = Vector512.Load(a1);
                s10 = Vector512.FusedMultiplyAdd(x, y0, s10);
                s11 = Vector512.FusedMultiplyAdd(x, y1, s11);
                s12 = Vector512.FusedMultiplyAdd(x, y2, s12);
                s13 = Vector512.FusedMultiplyAdd(x, y3, s13);
            }

            if (sizeof(TRows) > 2)
            {
                var x = Vector512.Load(a2);
                s20 = Vector512.FusedMultiplyAdd(x, y0, s20);
                s21 = Vector512.FusedMultiplyAdd(x, y1, s21);
                s22 = Vector512.FusedMultiplyAdd(x, y2, s22);
                s23 = Vector512.FusedMultiplyAdd(x, y3, s23);
            }

            if (sizeof(TRows) > 3)
            {
                var x = Vector512.Load(a3);
                s30 = Vector512.FusedMultiplyAdd(x, y0, s30);
                s31 = Vector512.FusedMultiplyAdd(x, y1, s31);
                s32 = Vector512.FusedMultiplyAdd(x, y2, s32);
                s33 = Vector512.FusedMultiplyAdd(x, y3, s33);
            }

            if (sizeof(TRows) > 4)
            {
                var x = Vector512.Load(a4);
                s40 = Vector512.FusedMultiplyAdd(x, y0, s40);
                s41 = Vector512.FusedMultiplyAdd(x, y1, s41);
                s42 = Vector512.FusedMultiplyAdd(x, y2, s42);
                s43 = Vector512.FusedMultiplyAdd(x, y3, s43);
            }

            if (sizeof(TRows) > 5)
            {
                var x = Vector512.Load(a5);
                s50 = Vector512.FusedMultiplyAdd(x, y0, s50);
                s51 = Vector512.FusedMultiplyAdd(x, y1, s51);
                s52 = Vector512.FusedMultiplyAdd(x, y2, s52);
                s53 = Vector512.FusedMultiplyAdd(x, y3, s53);
            }

            b += Simd.Lanes;
            b1 += Simd.Lanes;
            b2 += Simd.Lanes;
            b3 += Simd.Lanes;
            a += Simd.Lanes;
            if (sizeof(TRows) > 1) a1 += Simd.Lanes;
            if (sizeof(TRows) > 2) a2 += Simd.Lanes;
            if (sizeof(TRows) > 3) a3 += Simd.Lanes;
            if (sizeof(TRows) > 4) a4 += Simd.Lanes;
            if (sizeof(TRows) > 5) a5 += Simd.Lanes;
        }

        if (depth > 0)
        {
            Vector512<float> y0 = Simd.Keep(Vector512.Load(b), depth, 0), y1 = Simd.Keep(Vector512.Load(b1), depth, 0), y2 = Simd.Keep(Vector512.Load(b2), depth, 0), y3 = Simd.Keep(Vector512.Load(b3), depth, 0);
            {
                var x = Simd.Keep(Vector512.Load(a), depth, 0);
                s00 = Vector512.FusedMultiplyAdd(x, y0, s00);
                s01 = Vector512.FusedMultiplyAdd(x, y1, s01);
                s02 = Vector512.FusedMultiplyAdd(x, y2, s02);
                s03 = Vector512.FusedMultiplyAdd(x, y3, s03);
            }

            if (sizeof(TRows) > 1)
            {
                var x = Simd.Keep(Vector512.Load(a1), depth, 0);
                s10 = Vector512.FusedMultiplyAdd(x, y0, s10);
                s11 = Vector512.FusedMultiplyAdd(x, y1, s11);
                s12 = Vector512.FusedMultiplyAdd(x, y2, s12);
                s13 = Vector512.FusedMultiplyAdd(x, y3, s13);
            }

            if (sizeof(TRows) > 2)
            {
                var x = Simd.Keep(Vector512.Load(a2), depth, 0);
                s20 = Vector512.FusedMultiplyAdd(x, y0, s20);
                s21 = Vector512.FusedMultiplyAdd(x, y1, s21);
                s22 = Vector512.FusedMultiplyAdd(x, y2, s22);
                s23 = Vector512.FusedMultiplyAdd(x, y3, s23);
            }

            if (sizeof(TRows) > 3)
            {
                var x = Simd.Keep(Vector512.Load(a3), depth, 0);
                s30 = Vector512.FusedMultiplyAdd(x, y0, s30);
                s31 = Vector512.FusedMultiplyAdd(x, y1, s31);
                s32 = Vector512.FusedMultiplyAdd(x, y2, s32);
                s33 = Vector512.FusedMultiplyAdd(x, y3, s33);
            }

            if (sizeof(TRows) > 4)
            {
                var x = Simd.Keep(Vector512.Load(a4), depth, 0);
                s40 = Vector512.FusedMultiplyAdd(x, y0, s40);
                s41 = Vector512.FusedMultiplyAdd(x, y1, s41);
                s42 = Vector512.FusedMultiplyAdd(x, y2, s42);
                s43 = Vector512.FusedMultiplyAdd(x, y3, s43);
            }

            if (sizeof(TRows) > 5)
            {
                var x = Simd.Keep(Vector512.Load(a5), depth, 0);
                s50 = Vector512.FusedMultiplyAdd(x, y0, s50);
                s51 = Vector512.FusedMultiplyAdd(x, y1, s51);
                s52 = Vector512.FusedMultiplyAdd(x, y2, s52);
                s53 = Vector512.FusedMultiplyAdd(x, y3, s53);
            }
        }

        Sums(Quarter(s00), Quarter(s01), Quarter(s02), Quarter(s03)).Store(c);
        if (sizeof(TRows) > 1) Sums(Quarter(s10), Quarter(s11), Quarter(s12), Quarter(s13)).Store(c += cRow);
        if (sizeof(TRows) > 2) Sums(Quarter(s20), Quarter(s21), Quarter(s22), Quarter(s23)).Store(c += cRow);
        if (sizeof(TRows) > 3) Sums(Quarter(s30), Quarter(s31), Quarter(s32), Quarter(s33)).Store(c += cRow);
        if (sizeof(TRows) > 4) Sums(Quarter(s40), Quarter(s41), Quarter(s42), Quarter(s43)).Store(c += cRow);
        if (sizeof(TRows) > 5) Sums(Quarter(s50), Quarter(s51), Quarter(s52), Quarter(s53)).Store(c += cRow);
    }

    // One dot product, summed up in the same order as in a tile.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Single512(nint depth, float* a, float* b)
    {
        Vector512<float> sum = default;
        nint k = 0;
        for (; k + Simd.Lanes <= depth; k += Simd.Lanes) sum = Vector512.FusedMultiplyAdd(Vector512.Load(a + k), Vector512.Load(b + k), sum);
        if (k < depth) sum = Vector512.FusedMultiplyAdd(Simd.Keep(Vector512.Load(a + k), depth - k, 0), Simd.Keep(Vector512.Load(b + k), depth - k, 0), sum);
        return Simd.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Quarter(Vector512<float> s)
    {
        var half = s.GetLower() + s.GetUpper();
        return half.GetLower() + half.GetUpper();
    }
}
