using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace FeedbackNN.Cpu;

/// <summary>
/// A few rows by four columns of dot products at once, along k, for matrices that both lie along k: a vector of each of the four columns
/// is multiplied with one of each row, and the vectors of partial sums stay in registers. As in <see cref="MatrixTile"/>, the tile's
/// shape follows the machine and the size of the type argument is the number of rows.
/// </summary>
/// <remarks>
/// 32 registers, of 512 bits or of 128: 6 x 4, 24 sums, six vectors of rows and one of a column; 16 of 256 bits: 3 x 4; 16 of 128 bits: 2 x 4. One row
/// alone would have four sums, too few to hide the latency of the multiply-add, so there each sum is several vectors where a register is short.
/// With 3 x 4 on Zen 3, 16 to 64 rows x 784 x 128 reach 86% of the peak with one thread.
/// </remarks>
internal static unsafe class DotTile
{
    /// <summary>The columns of a tile.</summary>
    public const int Columns = 4;

    private const int LongestRest = 16;

    /// <summary>The most rows a tile has.</summary>
    public static int MaximumRows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.IsHardwareAccelerated || AdvSimd.IsSupported ? 6 : Vector256.IsHardwareAccelerated ? 3 : 2;
    }

    /// <summary><c>c[r * cRow + j] = Σ_k a[r * aRow + k] * b[j * bRow + k]</c> for four columns j.</summary>
    public static void Run(nint rows, nint depth, float* a, nint aRow, float* b, nint bRow, float* c, nint cRow)
    {
        if (Vector512.IsHardwareAccelerated) Run<OneOf512, OneOf512, Vector512<float>>(rows, depth, a, aRow, b, bRow, c, cRow);
        else if (Vector256.IsHardwareAccelerated) Run<Two<OneOf256, Vector256<float>>, OneOf256, Vector256<float>>(rows, depth, a, aRow, b, bRow, c, cRow);
        else Run<Two<Two<OneOf128, Vector128<float>>, Vector128<float>>, OneOf128, Vector128<float>>(rows, depth, a, aRow, b, bRow, c, cRow);
    }

    /// <summary>One dot product, summed up in the same order as in a tile of as many rows.</summary>
    public static float RunSingle(nint rows, nint depth, float* a, float* b)
    {
        if (Vector512.IsHardwareAccelerated) return Single<OneOf512, Vector512<float>>(depth, a, b);
        if (Vector256.IsHardwareAccelerated) return rows == 1 ? Single<Two<OneOf256, Vector256<float>>, Vector256<float>>(depth, a, b) : Single<OneOf256, Vector256<float>>(depth, a, b);
        return rows == 1 ? Single<Two<Two<OneOf128, Vector128<float>>, Vector128<float>>, Vector128<float>>(depth, a, b) : Single<OneOf128, Vector128<float>>(depth, a, b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Run<TOneRow, TRow, TVector>(nint rows, nint depth, float* a, nint aRow, float* b, nint bRow, float* c, nint cRow)
        where TOneRow : unmanaged, IDotVectors<TOneRow, TVector>
        where TRow : unmanaged, IDotVectors<TRow, TVector>
    {
        switch (rows)
        {
            case 1: Multiply<RowCount1, TOneRow, TVector>(depth, a, aRow, b, bRow, c, cRow); break;
            case 2: Multiply<RowCount2, TRow, TVector>(depth, a, aRow, b, bRow, c, cRow); break;
            case 3: Multiply<RowCount3, TRow, TVector>(depth, a, aRow, b, bRow, c, cRow); break;
            case 4: Multiply<RowCount4, TRow, TVector>(depth, a, aRow, b, bRow, c, cRow); break;
            case 5: Multiply<RowCount5, TRow, TVector>(depth, a, aRow, b, bRow, c, cRow); break;
            case 6: Multiply<RowCount6, TRow, TVector>(depth, a, aRow, b, bRow, c, cRow); break;
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TRows, TVectors, TVector>(nint depth, float* a0, nint aRow, float* b0, nint bRow, float* c, nint cRow)
        where TRows : unmanaged
        where TVectors : unmanaged, IDotVectors<TVectors, TVector>
    {
        var lanes = sizeof(TVectors) / sizeof(float);
        var rest = stackalloc float[10 * LongestRest];
        if (depth % lanes != 0) Clear(rest, 10);
        float* b1 = b0 + bRow, b2 = b1 + bRow, b3 = b2 + bRow;
        float* a1 = a0 + aRow, a2 = a1 + aRow, a3 = a2 + aRow, a4 = a3 + aRow, a5 = a4 + aRow;
        TVectors x0 = default, x1 = default, x2 = default, x3 = default, x4 = default, x5 = default, y = default;
        TVectors s00 = default, s01 = default, s02 = default, s03 = default;
        TVectors s10 = default, s11 = default, s12 = default, s13 = default;
        TVectors s20 = default, s21 = default, s22 = default, s23 = default;
        TVectors s30 = default, s31 = default, s32 = default, s33 = default;
        TVectors s40 = default, s41 = default, s42 = default, s43 = default;
        TVectors s50 = default, s51 = default, s52 = default, s53 = default;
        while (true)
        {
            for (; depth >= lanes; depth -= lanes)
            {
                x0.Load(a0);
                if (sizeof(TRows) > 1) x1.Load(a1);
                if (sizeof(TRows) > 2) x2.Load(a2);
                if (sizeof(TRows) > 3) x3.Load(a3);
                if (sizeof(TRows) > 4) x4.Load(a4);
                if (sizeof(TRows) > 5) x5.Load(a5);
                y.Load(b0);
                s00.Add(x0, y);
                if (sizeof(TRows) > 1) s10.Add(x1, y);
                if (sizeof(TRows) > 2) s20.Add(x2, y);
                if (sizeof(TRows) > 3) s30.Add(x3, y);
                if (sizeof(TRows) > 4) s40.Add(x4, y);
                if (sizeof(TRows) > 5) s50.Add(x5, y);
                y.Load(b1);
                s01.Add(x0, y);
                if (sizeof(TRows) > 1) s11.Add(x1, y);
                if (sizeof(TRows) > 2) s21.Add(x2, y);
                if (sizeof(TRows) > 3) s31.Add(x3, y);
                if (sizeof(TRows) > 4) s41.Add(x4, y);
                if (sizeof(TRows) > 5) s51.Add(x5, y);
                y.Load(b2);
                s02.Add(x0, y);
                if (sizeof(TRows) > 1) s12.Add(x1, y);
                if (sizeof(TRows) > 2) s22.Add(x2, y);
                if (sizeof(TRows) > 3) s32.Add(x3, y);
                if (sizeof(TRows) > 4) s42.Add(x4, y);
                if (sizeof(TRows) > 5) s52.Add(x5, y);
                y.Load(b3);
                s03.Add(x0, y);
                if (sizeof(TRows) > 1) s13.Add(x1, y);
                if (sizeof(TRows) > 2) s23.Add(x2, y);
                if (sizeof(TRows) > 3) s33.Add(x3, y);
                if (sizeof(TRows) > 4) s43.Add(x4, y);
                if (sizeof(TRows) > 5) s53.Add(x5, y);
                b0 += lanes;
                b1 += lanes;
                b2 += lanes;
                b3 += lanes;
                a0 += lanes;
                if (sizeof(TRows) > 1) a1 += lanes;
                if (sizeof(TRows) > 2) a2 += lanes;
                if (sizeof(TRows) > 3) a3 += lanes;
                if (sizeof(TRows) > 4) a4 += lanes;
                if (sizeof(TRows) > 5) a5 += lanes;
            }

            if (depth == 0) break;

            // What is left of the sums goes the same way once more, with zeros behind it.
            b0 = Rest(b0, depth, rest + 96);
            b1 = Rest(b1, depth, rest + 112);
            b2 = Rest(b2, depth, rest + 128);
            b3 = Rest(b3, depth, rest + 144);
            a0 = Rest(a0, depth, rest + 0);
            if (sizeof(TRows) > 1) a1 = Rest(a1, depth, rest + 16);
            if (sizeof(TRows) > 2) a2 = Rest(a2, depth, rest + 32);
            if (sizeof(TRows) > 3) a3 = Rest(a3, depth, rest + 48);
            if (sizeof(TRows) > 4) a4 = Rest(a4, depth, rest + 64);
            if (sizeof(TRows) > 5) a5 = Rest(a5, depth, rest + 80);
            depth = lanes;
        }

        Sums(s00.Quarter(), s01.Quarter(), s02.Quarter(), s03.Quarter()).Store(c);
        if (sizeof(TRows) > 1) Sums(s10.Quarter(), s11.Quarter(), s12.Quarter(), s13.Quarter()).Store(c + cRow);
        if (sizeof(TRows) > 2) Sums(s20.Quarter(), s21.Quarter(), s22.Quarter(), s23.Quarter()).Store(c + (2 * cRow));
        if (sizeof(TRows) > 3) Sums(s30.Quarter(), s31.Quarter(), s32.Quarter(), s33.Quarter()).Store(c + (3 * cRow));
        if (sizeof(TRows) > 4) Sums(s40.Quarter(), s41.Quarter(), s42.Quarter(), s43.Quarter()).Store(c + (4 * cRow));
        if (sizeof(TRows) > 5) Sums(s50.Quarter(), s51.Quarter(), s52.Quarter(), s53.Quarter()).Store(c + (5 * cRow));
    }

    // One dot product, summed up in the same order as in a tile.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Single<TVectors, TVector>(nint depth, float* a, float* b)
        where TVectors : unmanaged, IDotVectors<TVectors, TVector>
    {
        var lanes = sizeof(TVectors) / sizeof(float);
        var rest = stackalloc float[2 * LongestRest];
        if (depth % lanes != 0) Clear(rest, 2);
        TVectors x = default, y = default, sum = default;
        while (true)
        {
            for (; depth >= lanes; depth -= lanes, a += lanes, b += lanes)
            {
                x.Load(a);
                y.Load(b);
                sum.Add(x, y);
            }

            if (depth == 0) break;
            a = Rest(a, depth, rest);
            b = Rest(b, depth, rest + LongestRest);
            depth = lanes;
        }

        var quarter = sum.Quarter();
        return Sums(quarter, quarter, quarter, quarter).ToScalar();
    }

    // The next numbers, fewer than a step takes, with zeros behind them that are there already. One by one and as integers: the sums hold all vector registers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* Rest(float* from, nint count, float* to)
    {
        for (nint i = 0; i < count; i++) ((int*)to)[i] = ((int*)from)[i];
        return to;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Clear(float* rest, int rows)
    {
        for (var row = 0; row < rows; row++) Vector512<float>.Zero.Store(rest + (row * LongestRest));
    }

    // The four vectors' sums, each added up as Simd.Sum does: halves, quarters, then (0 + 2) + (1 + 3).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Sums(Vector128<float> q0, Vector128<float> q1, Vector128<float> q2, Vector128<float> q3)
    {
        if (!Sse.IsSupported) return Vector128.Create(Sum(q0), Sum(q1), Sum(q2), Sum(q3));
        var even01 = Sse.UnpackLow(q0, q1) + Sse.UnpackHigh(q0, q1);
        var even23 = Sse.UnpackLow(q2, q3) + Sse.UnpackHigh(q2, q3);
        return Sse.MoveLowToHigh(even01, even23) + Sse.MoveHighToLow(even23, even01);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum(Vector128<float> q) => (q[0] + q[2]) + (q[1] + q[3]);
}
