using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <content>
/// Sums along samples, as gradients of weights are: long, for a result of few numbers, which leaves threads few tiles to share. They are cut into parts, and a thread sums up what
/// lies along its own samples, which it has most often computed itself and finds in its cache. The parts are added as a tree.
/// </content>
/// <remarks>How many parts there are depends on sizes only, so that bits don't depend on the number of threads. More threads than parts share out the rows of each.</remarks>
public static unsafe partial class MatrixProduct
{
    /// <summary>The most parts that a sum along samples is cut into.</summary>
    internal const nint MostParts = 8;

    // Shorter sums are not cut, and no part is shorter than the second.
    private const nint ShortestSumInParts = 512;
    private const nint ShortestPart = 125;

    // Floats of all parts' results together, which are written once and read once: a megabyte.
    private const nint LargestParts = 262_144;

    // What is packed of both matrices for so much of a part's depth stays in the second-level cache beside its sums. 160 to 512 were alike.
    private const nint DepthOfPart = 256;

    // Multiply-adds of a product that is worth it.
    private const nint LeastWorkInParts = 8 * Grain;

    private static nint PartsOf(in MatrixProductArguments a)
    {
        if (a is not { Batch: 1, M: > 1, N: > 1, K: >= ShortestSumInParts }) return 1;
        var runsAlongSamples = InnermostStride(a.LeftRows, a.LeftRow) == 1 && InnermostStride(a.RightRows, a.RightRow) == 1;
        if (!runsAlongSamples || a.M * a.N * a.K < LeastWorkInParts) return 1;
        var parts = MostParts;
        while (parts > 1 && (parts * a.M * a.N > LargestParts || a.K < parts * ShortestPart)) parts /= 2;
        return parts;
    }

    private static nint InnermostStride(MatrixAxes* axes, nint stride) => axes != null ? axes->RunStride : stride;

    private static void RunParts<TTile>(WorkerPool pool, in MatrixProductArguments a, nint parts, in TTile epilogue)
        where TTile : struct, ITileKernel
    {
        var length = Divide((a.M * a.N) + 16, Simd.Lanes) * Simd.Lanes;
        var isTransposed = IsTransposed(a);
        using var scratch = Scratch.Borrow((isTransposed && a.Result == null ? parts + 1 : parts) * length);
        var product = isTransposed ? Swapped(a) : a;
        var rowBlocks = product.LeftRows != null ? 1 : Math.Clamp(Divide(pool.Threads, parts), 1, Divide(product.M, MatrixTile.MaximumRows));
        pool.For(new PartKernel(product, parts, rowBlocks, scratch.Pointer, length), parts * rowBlocks, 1);
        if (isTransposed)
        {
            pool.For(new TransposedSums<TTile>(a, epilogue, parts, scratch.Pointer, length), Divide(a.M, Simd.Lanes), Math.Max(1, Grain / (4 * parts * a.N * Simd.Lanes)));
            return;
        }

        var sums = new PartSums<TTile>(a, epilogue, parts, scratch.Pointer, length);
        pool.For(sums, Divide(a.M, MatrixTile.MaximumRows), Math.Max(1, Grain / (4 * parts * a.N * MatrixTile.MaximumRows)));
    }

    // Nine columns fill half of a tile, whose lanes are columns; as rows they fill it. And windows of an image are read where they lie as the left matrix, and packed as the right one.
    private static bool IsTransposed(in MatrixProductArguments a)
    {
        var lanes = MatrixTile.ColumnsAtOnce;
        var isWindows = a.RightRows != null && a.RightRows->Count > 1 && a.RightRows->RunLength >= MatrixTile.MaximumRows;
        if (isWindows && (a.LeftRows == null || a.LeftRows->Count == 1)) return true;
        return a.N < lanes && 4 * a.M * Divide(a.N, lanes) >= 5 * a.N * Divide(a.M, lanes);
    }

    // Some rows of one part: a product of its own, by the thread that takes it.
    private readonly struct PartKernel(MatrixProductArguments a, nint parts, nint rowBlocks, float* results, nint length) : IRangeKernel
    {
        // Parts end with a run of either matrix's columns, if there are many: whether the product is transposed, which a machine's tiles decide, changes no bits.
        private nint Stretch => Math.Max(RunOf(a.LeftColumns), RunOf(a.RightColumns)) is var run && a.K % run == 0 && a.K >= 4 * parts * run ? run : 1;

        private static nint RunOf(MatrixAxes* columns) => columns != null && columns->Count > 1 ? columns->RunLength : 1;

        public void Run(nint begin, nint end)
        {
            var stretch = Stretch;
            for (var unit = begin; unit < end; unit++)
            {
                var (part, rowBlock) = (unit / rowBlocks, unit % rowBlocks);
                var (first, row) = (a.K / stretch * part / parts * stretch, a.M * rowBlock / rowBlocks);
                var one = a;
                one.IsPart = true;
                one.K = (a.K / stretch * (part + 1) / parts * stretch) - first;
                one.M = (a.M * (rowBlock + 1) / rowBlocks) - row;
                one.Left += row * a.LeftRow;
                one.Result = results + (part * length) + (row * a.N);
                if (a.HasAxes)
                {
                    one.FirstK = first;
                }
                else
                {
                    one.Left += first * a.LeftColumn;
                    one.Right += first * a.RightColumn;
                }

                One(null, one, default(NoEpilogue), 0, 0);
            }
        }
    }

    // Adds the parts of a few rows, two and two, and hands the rows on.
    private readonly struct PartSums<TTile>(MatrixProductArguments a, TTile epilogue, nint parts, float* results, nint length) : IRangeKernel
        where TTile : struct, ITileKernel
    {
        public void Run(nint begin, nint end)
        {
            for (var tile = begin; tile < end; tile++)
            {
                var row = tile * MatrixTile.MaximumRows;
                var rows = Math.Min(MatrixTile.MaximumRows, a.M - row);
                var to = (a.Result != null ? a.Result : results) + (row * a.N);
                Add(results + (row * a.N), to, rows * a.N);
                epilogue.Run(to, a.N, row, rows, 0, a.N);
            }
        }

        private void Add(float* from, float* to, nint count)
        {
            for (nint i = 0; i < count; i += Simd.Lanes) Simd.Store(to + i, SumOfParts(from + i, parts, length), count - i);
        }
    }

    // The same of parts of the transpose: a vector has one column of sixteen rows.
    private readonly struct TransposedSums<TTile>(MatrixProductArguments a, TTile epilogue, nint parts, float* results, nint length) : IRangeKernel
        where TTile : struct, ITileKernel
    {
        public void Run(nint begin, nint end)
        {
            var sums = a.Result != null ? a.Result : results + (parts * length);
            for (var tile = begin; tile < end; tile++)
            {
                var row = tile * Simd.Lanes;
                var rows = Math.Min(Simd.Lanes, a.M - row);
                var to = sums + (row * a.N);
                for (nint column = 0; column < a.N; column++) Simd.StoreStrided(to + column, a.N, SumOfParts(results + (column * a.M) + row, parts, length), rows);
                epilogue.Run(to, a.N, row, rows, 0, a.N);
            }
        }
    }

    private static Vector512<float> SumOfParts(float* from, nint parts, nint length)
    {
        var sum = Two(from, 0, length);
        if (parts > 2) sum += Two(from, 2, length);
        if (parts > 4) sum += Two(from, 4, length) + Two(from, 6, length);
        return sum;
    }

    private static Vector512<float> Two(float* from, nint part, nint length) => Simd.Load(from + (part * length)) + Simd.Load(from + ((part + 1) * length));
}
