using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace FeedbackNN.Cpu;

/// <summary>Rows that will be read or written soon, asked for while something else is computed, a share at a time, so that they are in the second-level cache by then. Nothing is read, whatever lies there.</summary>
/// <param name="start">The first row; null where there is nothing to fetch.</param>
/// <param name="stride">Elements from one row to the next.</param>
/// <param name="rows">Number of rows.</param>
/// <param name="width">Elements of a row, which lie side by side.</param>
internal readonly unsafe struct RowsAhead(float* start, nint stride, nint rows, nint width)
{
    /// <summary>Asks for one share of so many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Fetch(nint share, nint shares)
    {
        if (start == null || !Sse.IsSupported) return;
        var first = rows * share / shares;
        var p = start + (first * stride);
        for (var left = (rows * (share + 1) / shares) - first; left > 0; left--, p += stride) FetchRow(p, width);
    }

    /// <summary>Asks for a single row, on a machine that has <see cref="Sse"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FetchRow(float* row, nint width)
    {
        for (var line = row; line < row + width; line += Simd.Lanes) Sse.Prefetch1(line);
    }
}
