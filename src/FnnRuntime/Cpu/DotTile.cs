using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FeedbackNN.Cpu;

/// <summary>
/// A few rows by four columns of dot products at once, along k, for matrices that both lie along k: a vector of each of the four columns
/// is multiplied with one of each row, and the vectors of partial sums stay in registers. As in <see cref="MatrixTile"/>, the tile's
/// shape follows the machine and the size of the type argument is the number of rows.
/// </summary>
internal static unsafe partial class DotTile
{
    /// <summary>The columns of a tile.</summary>
    public const int Columns = 4;

    /// <summary>The most rows a tile has.</summary>
    public static int MaximumRows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.IsHardwareAccelerated ? 6 : 3;
    }

    /// <summary><c>c[r * cRow + j] = Σ_k a[r * aRow + k] * b[j * bRow + k]</c> for four columns j.</summary>
    public static void Run(nint rows, nint depth, float* a, nint aRow, float* b, nint bRow, float* c, nint cRow)
    {
        if (UsesHalves(rows))
        {
            if (rows == 2) Multiply256<RowCount2>(depth, a, aRow, b, bRow, c, cRow);
            else Multiply256<RowCount3>(depth, a, aRow, b, bRow, c, cRow);
            return;
        }

        switch (rows)
        {
            case 1: Multiply512<RowCount1>(depth, a, aRow, b, bRow, c, cRow); break;
            case 2: Multiply512<RowCount2>(depth, a, aRow, b, bRow, c, cRow); break;
            case 3: Multiply512<RowCount3>(depth, a, aRow, b, bRow, c, cRow); break;
            case 4: Multiply512<RowCount4>(depth, a, aRow, b, bRow, c, cRow); break;
            case 5: Multiply512<RowCount5>(depth, a, aRow, b, bRow, c, cRow); break;
            case 6: Multiply512<RowCount6>(depth, a, aRow, b, bRow, c, cRow); break;
        }
    }

    /// <summary>One dot product, summed up in the same order as in a tile of as many rows.</summary>
    public static float RunSingle(nint rows, nint depth, float* a, float* b) => UsesHalves(rows) ? Single256(depth, a, b) : Single512(depth, a, b);

    // Without 512-bit vectors, one row still takes the loop for them: its four sums are then eight, enough to hide the latency.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool UsesHalves(nint rows) => !Vector512.IsHardwareAccelerated && rows > 1;

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
