using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <content>
/// The loop for vectors of 256 bits: 3 x 4 dot products, 12 vectors of partial sums in 16 registers, beside them a vector of each row; a
/// column's is read where it is used. The floor is 6 cycles a step, 12 multiply-adds at 2 a cycle; its 7 loads take 4 of them. On Zen 3
/// 16 to 64 rows x 784 x 128 reach 86% of that with one thread.
/// </content>
internal static unsafe partial class DotTile
{
    private const int HalfLanes = 8;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply256<TRows>(nint depth, float* a, nint aRow, float* b, nint bRow, float* c, nint cRow)
        where TRows : unmanaged
    {
        float* b1 = b + bRow, b2 = b1 + bRow, b3 = b2 + bRow;
        float* a1 = a + aRow, a2 = a1 + aRow;
        Vector256<float> s00 = default, s01 = default, s02 = default, s03 = default;
        Vector256<float> s10 = default, s11 = default, s12 = default, s13 = default;
        Vector256<float> s20 = default, s21 = default, s22 = default, s23 = default;
        for (; depth >= HalfLanes; depth -= HalfLanes)
        {
            var x0 = Vector256.Load(a);
            var x1 = sizeof(TRows) > 1 ? Vector256.Load(a1) : default;
            var x2 = sizeof(TRows) > 2 ? Vector256.Load(a2) : default;
            {
                var y = Vector256.Load(b);
                s00 = Vector256.FusedMultiplyAdd(x0, y, s00);
                if (sizeof(TRows) > 1) s10 = Vector256.FusedMultiplyAdd(x1, y, s10);
                if (sizeof(TRows) > 2) s20 = Vector256.FusedMultiplyAdd(x2, y, s20);
            }

            {
                var y = Vector256.Load(b1);
                s01 = Vector256.FusedMultiplyAdd(x0, y, s01);
                if (sizeof(TRows) > 1) s11 = Vector256.FusedMultiplyAdd(x1, y, s11);
                if (sizeof(TRows) > 2) s21 = Vector256.FusedMultiplyAdd(x2, y, s21);
            }

            {
                var y = Vector256.Load(b2);
                s02 = Vector256.FusedMultiplyAdd(x0, y, s02);
                if (sizeof(TRows) > 1) s12 = Vector256.FusedMultiplyAdd(x1, y, s12);
                if (sizeof(TRows) > 2) s22 = Vector256.FusedMultiplyAdd(x2, y, s22);
            }

            {
                var y = Vector256.Load(b3);
                s03 = Vector256.FusedMultiplyAdd(x0, y, s03);
                if (sizeof(TRows) > 1) s13 = Vector256.FusedMultiplyAdd(x1, y, s13);
                if (sizeof(TRows) > 2) s23 = Vector256.FusedMultiplyAdd(x2, y, s23);
            }

            b += HalfLanes;
            b1 += HalfLanes;
            b2 += HalfLanes;
            b3 += HalfLanes;
            a += HalfLanes;
            if (sizeof(TRows) > 1) a1 += HalfLanes;
            if (sizeof(TRows) > 2) a2 += HalfLanes;
        }

        if (depth > 0)
        {
            var mask = FirstLanes(depth);
            var x0 = Vector256.Load(a) & mask;
            var x1 = sizeof(TRows) > 1 ? Vector256.Load(a1) & mask : default;
            var x2 = sizeof(TRows) > 2 ? Vector256.Load(a2) & mask : default;
            {
                var y = Vector256.Load(b) & mask;
                s00 = Vector256.FusedMultiplyAdd(x0, y, s00);
                if (sizeof(TRows) > 1) s10 = Vector256.FusedMultiplyAdd(x1, y, s10);
                if (sizeof(TRows) > 2) s20 = Vector256.FusedMultiplyAdd(x2, y, s20);
            }

            {
                var y = Vector256.Load(b1) & mask;
                s01 = Vector256.FusedMultiplyAdd(x0, y, s01);
                if (sizeof(TRows) > 1) s11 = Vector256.FusedMultiplyAdd(x1, y, s11);
                if (sizeof(TRows) > 2) s21 = Vector256.FusedMultiplyAdd(x2, y, s21);
            }

            {
                var y = Vector256.Load(b2) & mask;
                s02 = Vector256.FusedMultiplyAdd(x0, y, s02);
                if (sizeof(TRows) > 1) s12 = Vector256.FusedMultiplyAdd(x1, y, s12);
                if (sizeof(TRows) > 2) s22 = Vector256.FusedMultiplyAdd(x2, y, s22);
            }

            {
                var y = Vector256.Load(b3) & mask;
                s03 = Vector256.FusedMultiplyAdd(x0, y, s03);
                if (sizeof(TRows) > 1) s13 = Vector256.FusedMultiplyAdd(x1, y, s13);
                if (sizeof(TRows) > 2) s23 = Vector256.FusedMultiplyAdd(x2, y, s23);
            }
        }

        Sums(Half(s00), Half(s01), Half(s02), Half(s03)).Store(c);
        if (sizeof(TRows) > 1) Sums(Half(s10), Half(s11), Half(s12), Half(s13)).Store(c += cRow);
        if (sizeof(TRows) > 2) Sums(Half(s20), Half(s21), Half(s22), Half(s23)).Store(c += cRow);
    }

    // One dot product, summed up in the same order as in a tile.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Single256(nint depth, float* a, float* b)
    {
        Vector256<float> sum = default;
        for (; depth >= HalfLanes; depth -= HalfLanes, a += HalfLanes, b += HalfLanes) sum = Vector256.FusedMultiplyAdd(Vector256.Load(a), Vector256.Load(b), sum);
        if (depth > 0)
        {
            var mask = FirstLanes(depth);
            sum = Vector256.FusedMultiplyAdd(Vector256.Load(a) & mask, Vector256.Load(b) & mask, sum);
        }

        var half = Half(sum);
        return Sums(half, half, half, half).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> FirstLanes(nint count) =>
        Vector256.LessThan(Vector256.Create(0, 1, 2, 3, 4, 5, 6, 7), Vector256.Create((int)count)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Half(Vector256<float> s) => s.GetLower() + s.GetUpper();
}
