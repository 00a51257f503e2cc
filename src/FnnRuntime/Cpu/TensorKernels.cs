using System.ComponentModel;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <summary>Kernels that move elements about: fill, copy, gather, scatter; and checks of whole tensors.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static unsafe class TensorKernels
{
    // In bytes: what one thread moves in a few microseconds.
    private const nint Grain = 65536;

    /// <summary>Sets <paramref name="n"/> elements to <paramref name="value"/>.</summary>
    public static void Fill(WorkerPool pool, float* p, nint n, float value) => FillAll(pool, p, n, value);

    /// <inheritdoc cref="Fill(WorkerPool, float*, nint, float)"/>
    public static void Fill(WorkerPool pool, int* p, nint n, int value) => FillAll(pool, p, n, value);

    /// <inheritdoc cref="Fill(WorkerPool, float*, nint, float)"/>
    public static void Fill(WorkerPool pool, double* p, nint n, double value) => FillAll(pool, p, n, value);

    /// <inheritdoc cref="Fill(WorkerPool, float*, nint, float)"/>
    public static void Fill(WorkerPool pool, long* p, nint n, long value) => FillAll(pool, p, n, value);

    /// <inheritdoc cref="Fill(WorkerPool, float*, nint, float)"/>
    public static void Fill(WorkerPool pool, byte* p, nint n, byte value) => FillAll(pool, p, n, value);

    /// <summary>Copies <paramref name="bytes"/> bytes. The two places must not overlap.</summary>
    public static void Copy(WorkerPool pool, void* from, void* to, nint bytes) => pool.For(new CopyKernel((byte*)from, (byte*)to), bytes, Grain);

    /// <summary>
    /// <c>result[p, j, q] = source[p, index[j], q]</c>: source is [outer, axisLength, inner], result [outer, indexCount, inner], both
    /// contiguous. Indices must be in range: see <see cref="FirstOutOfRange"/>.
    /// </summary>
    public static void Gather<T>(WorkerPool pool, T* source, int* index, T* result, nint outer, nint axisLength, nint indexCount, nint inner)
        where T : unmanaged =>
        pool.For(new GatherKernel<T>(source, index, result, axisLength, indexCount, inner), outer * indexCount, RowsOfGrain(inner * sizeof(T)));

    /// <summary>
    /// <c>result[p, index[j], q] += values[p, j, q]</c> for all j in their order, after result is set to zero: values is [outer, indexCount,
    /// inner], result [outer, axisLength, inner], both contiguous. Threads share out p and q, so that the order of additions is fixed.
    /// </summary>
    public static void ScatterAdd<T>(WorkerPool pool, T* values, int* index, T* result, nint outer, nint axisLength, nint indexCount, nint inner)
        where T : unmanaged, INumberBase<T>
    {
        // A few columns of one p are a unit: whole cache lines, so that two threads don't write to one line.
        var unit = Math.Min(inner, 64 / sizeof(T));
        if (outer <= 0 || axisLength <= 0 || inner <= 0) return;
        var unitsInRow = (inner + unit - 1) / unit;
        pool.For(new ScatterKernel<T>(values, index, result, axisLength, indexCount, inner, unit, unitsInRow), outer * unitsInRow, RowsOfGrain((axisLength + indexCount) * unit * sizeof(T)));
    }

    /// <summary>The position of the first element that isn't in [0, <paramref name="bound"/>), or -1.</summary>
    public static nint FirstOutOfRange<T>(T* p, nint n, long bound)
        where T : unmanaged, IBinaryInteger<T>
    {
        // As unsigned numbers, negative ones are out of range too.
        var limit = (ulong)Math.Max(bound, 0);
        nint i = 0;
        if (typeof(T) == typeof(int))
        {
            var limits = Vector512.Create((uint)Math.Min(limit, 1u << 31));
            for (; i + Simd.Lanes <= n; i += Simd.Lanes)
            {
                if (Vector512.GreaterThanOrEqualAny(Vector512.Load((uint*)p + i), limits)) break;
            }
        }

        for (; i < n; i++)
        {
            if ((ulong)long.CreateTruncating(p[i]) >= limit) return i;
        }

        return -1;
    }

    /// <summary>The position of the first NaN or infinity, or -1.</summary>
    public static nint FirstNonFinite(float* p, nint n)
    {
        nint i = 0;
        for (; i + Simd.Lanes <= n; i += Simd.Lanes)
        {
            if (!Vector512.LessThanAll(Vector512.Abs(Vector512.Load(p + i)), Vector512.Create(float.PositiveInfinity))) break;
        }

        for (; i < n; i++)
        {
            if (!float.IsFinite(p[i])) return i;
        }

        return -1;
    }

    private static nint RowsOfGrain(nint bytesOfRow) => Math.Max(1, Grain / Math.Max(1, bytesOfRow));

    private static void FillAll<T>(WorkerPool pool, T* p, nint n, T value)
        where T : unmanaged =>
        pool.For(new FillKernel<T>(p, value), n, Grain / sizeof(T));

    private readonly struct FillKernel<T>(T* p, T value) : IRangeKernel
        where T : unmanaged
    {
        public void Run(nint begin, nint end)
        {
            const int Longest = 1 << 30; // a span counts in int
            for (; begin < end; begin += Longest) new Span<T>(p + begin, (int)Math.Min(Longest, end - begin)).Fill(value);
        }
    }

    private readonly struct CopyKernel(byte* from, byte* to) : IRangeKernel
    {
        public void Run(nint begin, nint end) => Buffer.MemoryCopy(from + begin, to + begin, end - begin, end - begin);
    }

    private readonly struct GatherKernel<T>(T* source, int* index, T* result, nint axisLength, nint indexCount, nint inner) : IRangeKernel
        where T : unmanaged
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(nint begin, nint end)
        {
            var (p, j) = (begin / indexCount, begin % indexCount);
            for (var row = begin; row < end; row++)
            {
                var from = source + (((p * axisLength) + index[j]) * inner);
                var to = result + (row * inner);
                if (inner == 1) *to = *from;
                else Unsafe.CopyBlockUnaligned(to, from, checked((uint)(inner * sizeof(T))));
                if (++j == indexCount) (p, j) = (p + 1, 0);
            }
        }
    }

    private readonly struct ScatterKernel<T>(T* values, int* index, T* result, nint axisLength, nint indexCount, nint inner, nint unit, nint unitsInRow) : IRangeKernel
        where T : unmanaged, INumberBase<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(nint begin, nint end)
        {
            while (begin < end)
            {
                // Units of one p that lie side by side, together.
                var (p, first) = (begin / unitsInRow, begin % unitsInRow);
                var units = Math.Min(end - begin, unitsInRow - first);
                var column = first * unit;
                var columns = Math.Min(units * unit, inner - column);
                Add(values + (p * indexCount * inner) + column, result + (p * axisLength * inner) + column, columns);
                begin += units;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Add(T* from, T* to, nint columns)
        {
            for (nint i = 0; i < axisLength; i++) Unsafe.InitBlockUnaligned(to + (i * inner), 0, checked((uint)(columns * sizeof(T))));
            for (nint j = 0; j < indexCount; j++, from += inner)
            {
                var row = to + (index[j] * inner);
                nint q = 0;
                for (; q + Vector256<T>.Count <= columns; q += Vector256<T>.Count) (Vector256.Load(row + q) + Vector256.Load(from + q)).Store(row + q);
                for (; q < columns; q++) row[q] += from[q];
            }
        }
    }
}
