using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace FeedbackNN.Cpu;

/// <content>Packing of matrices whose rows or columns run through several axes: <see cref="MatrixAxes"/>.</content>
internal static unsafe partial class MatrixPacking
{
    /// <summary>The most elements of one k that are packed at once.</summary>
    public const int MaximumWidth = 32;

    // Neighbours in memory at least so many on average: then they are copied, else the other way through memory is better.
    private const nint FewestNeighbours = 4;

    /// <summary>
    /// <c>to[k * width + i] = from[row(first + i) + column(start + k)]</c> for i below <paramref name="count"/> and k below <paramref name="depth"/>. What lies between
    /// count and width holds numbers that mean nothing, and so does what is behind the last k: up to 16 widths more are written.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public static void Pack(float* from, MatrixAxes* rows, nint first, nint count, MatrixAxes* columns, nint start, nint depth, nint width, float* to)
    {
        if (depth == 0) return;
        var offsets = stackalloc nint[MaximumWidth];
        var runs = new MatrixAxes.Runs(rows, first, count);
        nint filled = 0;
        while (runs.Next(out var offset, out var length))
        {
            for (nint i = 0; i < length; i++, offset += rows->RunStride) offsets[filled++] = offset;
        }

        for (; filled < MaximumWidth; filled++) offsets[filled] = offsets[count - 1];
        var stretches = Stretches(offsets, count);
        var stride = columns->RunStride;
        var pieces = new MatrixAxes.Runs(columns, start, depth);
        if (stretches * FewestNeighbours <= count)
        {
            while (pieces.Next(out var offset, out var length))
            {
                PackStretches(from + offset, offsets, stride, length, count, width, to);
                to += length * width;
            }
        }
        else if (stride == 1 && Avx.IsSupported)
        {
            // What a whole block writes behind a piece is overwritten by the next.
            while (pieces.Next(out var offset, out var length))
            {
                var block = Avx512F.IsSupported ? 16 : 4;
                var whole = pieces.IsAtEnd ? length / block * block : (length + block - 1) / block * block;
                if (Avx512F.IsSupported) TransposeBlocks(from + offset, offsets, whole, width, to);
                else TransposeBlocks256(from + offset, offsets, whole, width, to);
                PackRest(from + offset, offsets, 1, whole, length, count, width, to);
                to += length * width;
            }
        }
        else
        {
            while (pieces.Next(out var offset, out var length))
            {
                PackRest(from + offset, offsets, stride, 0, length, count, width, to);
                to += length * width;
            }
        }
    }

    // How many stretches of neighbours the offsets are.
    private static nint Stretches(nint* offsets, nint count)
    {
        nint stretches = 1;
        for (nint i = 1; i < count; i++) stretches += offsets[i] == offsets[i - 1] + 1 ? 0 : 1;
        return stretches;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackStretches(float* from, nint* offsets, nint depthStride, nint depth, nint count, nint width, float* to)
    {
        if (offsets[count - 1] == offsets[0] + count - 1)
        {
            PackContiguous(from + offsets[0], depthStride, depth, count, width, to);
            return;
        }

        for (nint first = 0; first < count;)
        {
            var end = first + 1;
            while (end < count && offsets[end] == offsets[end - 1] + 1) end++;
            float* p = from + offsets[first], q = to + first;
            for (nint k = 0; k < depth; k++, p += depthStride, q += width)
            {
                for (nint i = 0; i < end - first; i += Simd.Lanes) Simd.Store(q + i, Simd.Load(p + i), end - first - i);
            }

            first = end;
        }

        Clear(0, depth, count, width, to);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackRest(float* from, nint* offsets, nint depthStride, nint begin, nint depth, nint count, nint width, float* to)
    {
        for (nint i = 0; i < count; i++)
        {
            var p = from + offsets[i] + (begin * depthStride);
            var q = to + (begin * width) + i;
            for (var k = begin; k < depth; k++, p += depthStride, q += width) *q = *p;
        }

        Clear(begin, depth, count, width, to);
    }

    private static void Clear(nint begin, nint depth, nint count, nint width, float* to)
    {
        if (count == width) return;
        for (var k = begin; k < depth; k++) new Span<float>(to + (k * width) + count, (int)(width - count)).Clear();
    }
}
