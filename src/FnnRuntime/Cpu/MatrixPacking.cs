using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FeedbackNN.Cpu;

/// <summary>
/// Copies parts of a matrix into the order in which <see cref="MatrixTile"/> reads them: k outermost, the elements of one k side by side.
/// </summary>
internal static unsafe partial class MatrixPacking
{
    /// <summary>
    /// <c>to[k * width + i] = from[i * stride + k * depthStride]</c> for i below <paramref name="count"/>. What lies between count and width
    /// holds numbers that mean nothing: zeros or copies, so that they are no slower to multiply. Up to 15 elements behind the last one are
    /// overwritten unless width is that of a tile of columns, 16, 32 or 48, and with stride 1 as many are read.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(float* from, nint stride, nint depthStride, nint depth, nint count, nint width, float* to)
    {
        if (stride == 1) PackContiguous(from, depthStride, depth, count, width, to);
        else if (depthStride == 1 && Avx512F.IsSupported) PackTransposed(from, stride, depth, count, width, to);
        else if (depthStride == 1 && Avx.IsSupported) PackTransposed256(from, stride, depth, count, width, to);
        else PackAny(from, stride, depthStride, depth, 0, count, width, to);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackContiguous(float* from, nint depthStride, nint depth, nint count, nint width, float* to)
    {
        if (count == 32 && width == 32)
        {
            for (nint k = 0; k < depth; k++, from += depthStride, to += 32)
            {
                Vector512.Load(from).Store(to);
                Vector512.Load(from + 16).Store(to + 16);
            }

            return;
        }

        if (count == 48 && width == 48)
        {
            for (nint k = 0; k < depth; k++, from += depthStride, to += 48)
            {
                Vector512.Load(from).Store(to);
                Vector512.Load(from + 16).Store(to + 16);
                Vector512.Load(from + 32).Store(to + 32);
            }

            return;
        }

        // The surplus lanes of a store are overwritten by the next k.
        if (width <= 8)
        {
            for (nint k = 0; k < depth; k++, from += depthStride, to += width) Vector256.Load(from).Store(to);
            return;
        }

        for (nint k = 0; k < depth; k++, from += depthStride, to += width)
        {
            if (width <= Simd.Lanes)
            {
                (count < width ? Simd.Keep(Vector512.Load(from), count, 0) : Vector512.Load(from)).Store(to);
                continue;
            }

            for (nint i = 0; i < width; i += Simd.Lanes) (count > i ? Simd.Keep(Vector512.Load(from + i), count - i, 0) : default).Store(to + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackTransposed(float* from, nint stride, nint depth, nint count, nint width, float* to)
    {
        var whole = depth & ~15;
        var rows = stackalloc nint[48];
        for (nint i = 0; i < 48; i++) rows[i] = Math.Min(i, count - 1) * stride;
        TransposeBlocks(from, rows, whole, width, to);
        PackAny(from, stride, 1, depth, whole, count, width, to);
    }

    // Blocks of sixteen i, one after the other, so that a k's stores stay in order and surplus lanes are overwritten in time.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransposeBlocks(float* from, nint* rows, nint depth, nint width, float* to)
    {
        for (nint k = 0; k < depth; k += 16)
        {
            Transpose(from + k, rows, to + (k * width), width);
            if (width > Simd.Lanes) Transpose(from + k, rows + Simd.Lanes, to + (k * width) + Simd.Lanes, width);
            if (width > 2 * Simd.Lanes) Transpose(from + k, rows + (2 * Simd.Lanes), to + (k * width) + (2 * Simd.Lanes), width);
        }
    }

    // The same with vectors of eight i and blocks of four k: tiles are at most sixteen wide here.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackTransposed256(float* from, nint stride, nint depth, nint count, nint width, float* to)
    {
        var whole = depth & ~3;
        var rows = stackalloc nint[16];
        for (nint i = 0; i < 16; i++) rows[i] = Math.Min(i, count - 1) * stride;
        TransposeBlocks256(from, rows, whole, width, to);
        PackAny(from, stride, 1, depth, whole, count, width, to);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransposeBlocks256(float* from, nint* rows, nint depth, nint width, float* to)
    {
        for (nint k = 0; k < depth; k += 4)
        {
            Transpose256(from + k, rows, to + (k * width), width);
            if (width > 8) Transpose256(from + k, rows + 8, to + (k * width) + 8, width);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackAny(float* from, nint stride, nint depthStride, nint depth, nint begin, nint count, nint width, float* to)
    {
        for (var k = begin; k < depth; k++)
        {
            var p = from + (k * depthStride);
            var q = to + (k * width);
            for (nint i = 0; i < count; i++, p += stride) q[i] = *p;
            for (var i = count; i < width; i++) q[i] = 0;
        }
    }

    // to[k * width + i] = from[rows[i] + k] for i and k below 16. Four rows that are four apart go into one register, a quarter each; then
    // four such registers are transposed within their quarters.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(float* from, nint* rows, float* to, nint width)
    {
        for (var k = 0; k < 16; k += 4, from += 4, to += 4 * width)
        {
            var r0 = Quarters(from, rows);
            var r1 = Quarters(from, rows + 1);
            var r2 = Quarters(from, rows + 2);
            var r3 = Quarters(from, rows + 3);
            var low01 = Avx512F.UnpackLow(r0, r1);
            var high01 = Avx512F.UnpackHigh(r0, r1);
            var low23 = Avx512F.UnpackLow(r2, r3);
            var high23 = Avx512F.UnpackHigh(r2, r3);
            Avx512F.Shuffle(low01, low23, 0x44).Store(to);
            Avx512F.Shuffle(low01, low23, 0xEE).Store(to + width);
            Avx512F.Shuffle(high01, high23, 0x44).Store(to + (2 * width));
            Avx512F.Shuffle(high01, high23, 0xEE).Store(to + (3 * width));
        }
    }

    // to[k * width + i] = from[rows[i] + k] for i below 8 and k below 4, with halves instead of quarters.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose256(float* from, nint* rows, float* to, nint width)
    {
        var r0 = Vector256.Create(Vector128.Load(from + rows[0]), Vector128.Load(from + rows[4]));
        var r1 = Vector256.Create(Vector128.Load(from + rows[1]), Vector128.Load(from + rows[5]));
        var r2 = Vector256.Create(Vector128.Load(from + rows[2]), Vector128.Load(from + rows[6]));
        var r3 = Vector256.Create(Vector128.Load(from + rows[3]), Vector128.Load(from + rows[7]));
        var low01 = Avx.UnpackLow(r0, r1);
        var high01 = Avx.UnpackHigh(r0, r1);
        var low23 = Avx.UnpackLow(r2, r3);
        var high23 = Avx.UnpackHigh(r2, r3);
        Avx.Shuffle(low01, low23, 0x44).Store(to);
        Avx.Shuffle(low01, low23, 0xEE).Store(to + width);
        Avx.Shuffle(high01, high23, 0x44).Store(to + (2 * width));
        Avx.Shuffle(high01, high23, 0xEE).Store(to + (3 * width));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Quarters(float* from, nint* rows) => Vector512.Create(
        Vector256.Create(Vector128.Load(from + rows[0]), Vector128.Load(from + rows[4])),
        Vector256.Create(Vector128.Load(from + rows[8]), Vector128.Load(from + rows[12])));
}
