using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <content>
/// The general way: the result is cut into tiles of <see cref="MatrixTile"/>. First both matrices are packed where that pays, by all
/// threads; then all threads take blocks of tiles. A batch of small products is shared out by product instead.
/// </content>
public static unsafe partial class MatrixProduct
{
    // Long sums are cut into blocks of the depth, one after the other for all tiles: what is packed of both matrices for one is still in the second-level
    // cache when tiles read it. Sums go on where the block before has left them, so that blocks don't change a bit; each costs two forks, so that
    // sums of a layer's length are not cut.
    private const nint LongestDepth = 896;
    private const nint DepthOfBlock = 512;

    // A right matrix that is packed once for many products is packed in one block.
    private const nint LongestDepthKept = 3072;

    // Rows of the left matrix that one block of tiles uses, in floats: with a sliver of the right one they stay in the second-level cache.
    private const nint BlockOfLeft = 163_840;

    // The same where the right matrix is read in place, on machines without 512-bit vectors, whose second-level caches are small: half
    // a megabyte on Zen 3, where 1000 x 128 x 784 went from 1.28 to 1.15 ms. Smaller blocks of packed matrices were slower.
    private const nint SmallBlockOfLeft = 65_536;

    // A sliver of the right matrix as it lies in memory is read from the first-level cache up to this depth, unless its rows lie a
    // multiple of this many elements apart and so fall onto few cache sets. Parts of a sum along samples have few tiles of rows for what packing costs: with tiles of 512 bits, which take
    // 14 cycles a step, they read it from the second-level cache (128 x 2048 x 512: 5 to 11% faster).
    private const nint DepthReadInPlace = 128;
    private const nint AliasingStride = 256;

    // Rows of the left matrix up to this long are read in place where the right one is packed already: a tile of them is in the first-level cache.
    private const nint DepthOfLeftInPlace = 256;

    // Results from so many floats on are not in the other core's second-level cache beside all else when rows of them are read next: each thread computes rows, which are
    // the rows that the loops over rows after it give to it.
    private const nint LargeResult = 65_536;

    // Tiles with fewer rows read the right matrix too often for what they compute.
    private const nint FewestRowsOfTile = 4;

    // Rows of a left matrix that lie side by side are packed so many steps at a time, all tiles of them: memory is read in its order, and the processor fetches ahead.
    // Tile by tile over the whole depth, each step is a line from another page (384 x 2048 x 128: 6% slower).
    private const nint DepthOfStripe = 16;

    // A block's tiles are taken in strips of so many rows of tiles, a strip's columns from left to right, so that what is read and written beside the product goes along few rows
    // at a time and is fetched ahead. Going down all rows of a sliver instead, 2048 x 128 x 512 with an epilogue that reads and writes three more such matrices took 5.6 ms
    // (this: 4.3, the product alone: 2.6); strips of 8 took 5.1, of 1 4.7.
    private const nint TilesOfStrip = 2;

    // Each strip reads all slivers of its block: floats of them that stay in the second-level cache meanwhile.
    private const nint SliversOfStrips = 131_072;

    // Both matrices packed at once take at most about this many floats; more rows than that are taken in several goes.
    private const nint LargestPackedLeft = 8_388_608;

    /// <summary>
    /// Packs the right matrix for several products with these sizes and strides, of a batch of one, whose left matrices and results may differ:
    /// see <see cref="MatrixProductArguments.PackedRight"/>. They give the same bits as without it. Nothing is packed where the product wouldn't.
    /// </summary>
    public static PackedMatrix Pack(WorkerPool pool, in MatrixProductArguments a)
    {
        if (!TakesTiles(a)) return default;
        var plan = new TilePlan(a, a.M * a.N * a.K <= 2 * Grain ? 1 : pool.Threads, isRightKept: true);
        if (!plan.IsRightPacked || plan.DepthBlocks > 1) return default;
        var packed = new PackedMatrix(plan.RightLength);
        pool.For(new RightPackingKernel(a, packed.Pointer), plan.Slivers, Math.Max(1, 16384 / (MatrixTile.Columns * a.K)));
        return packed;
    }

    private static void RunTiles<TTile>(WorkerPool pool, in MatrixProductArguments a, in TTile epilogue)
        where TTile : struct, ITileKernel
    {
        var work = a.M * a.N * Math.Max(1, a.K);
        if (a.Batch == 1)
        {
            One(work <= 2 * Grain ? null : pool, a, epilogue, 0, 0);
        }
        else if (a.Batch >= 2 * pool.Threads || work <= 2 * Grain)
        {
            pool.For(new EachOfBatch<TTile>(a, epilogue), a.Batch, Math.Max(1, Grain / work));
        }
        else
        {
            for (nint batch = 0; batch < a.Batch; batch++) One(pool, a, epilogue, batch, batch * a.M);
        }
    }

    // One product of the batch, by all threads of the pool, or by this one when that is null.
    private static void One<TTile>(WorkerPool? pool, MatrixProductArguments a, in TTile epilogue, nint batch, nint firstRow)
        where TTile : struct, ITileKernel
    {
        a.Left += batch * a.LeftBatch;
        a.Right += batch * a.RightBatch;
        if (a.Result != null) a.Result += batch * a.M * a.N;
        if (a.HasAxes)
        {
            AlongAxes(pool, a, epilogue, firstRow);
            return;
        }

        var plan = new TilePlan(a, pool?.Threads ?? 1, a.PackedRight != null);
        using var scratch = Scratch.Borrow(plan.ScratchLength);
        var left = scratch.Pointer;
        var behindLeft = left + plan.PackedLeftLength;
        var right = a.PackedRight != null ? a.PackedRight : behindLeft;
        var sums = a.Result != null ? a.Result : plan.DepthBlocks > 1 ? behindLeft + plan.PackedRightLength : null;
        for (nint rowStart = 0; rowStart < a.M; rowStart += plan.RowsAtOnce)
        {
            var part = new TilePart(a, plan, left, right, sums, firstRow, rowStart);
            for (nint depthBlock = 0; depthBlock < plan.DepthBlocks; depthBlock++)
            {
                part.SetDepth(depthBlock);
                if (plan.PackLeft || plan.PackRight)
                {
                    var packing = new PackingKernel(part);
                    if (pool is null) packing.Run(0, part.PackingUnits);
                    else pool.For(packing, part.PackingUnits, part.PackingGrain);
                }

                var tiles = new TileKernel<TTile>(part, epilogue);
                if (pool is null) tiles.Run(0, part.Blocks);
                else pool.For(tiles, part.Blocks, 1);
            }
        }
    }

    private readonly struct EachOfBatch<TTile>(MatrixProductArguments a, TTile epilogue) : IRangeKernel
        where TTile : struct, ITileKernel
    {
        public void Run(nint begin, nint end)
        {
            for (var batch = begin; batch < end; batch++) One(null, a, epilogue, batch, batch * a.M);
        }
    }

    private static nint Divide(nint a, nint b) => (a + b - 1) / b;

    // How one product is cut. The number of threads decides nothing but the grid of blocks and how many rows a tile has.
    private readonly struct TilePlan
    {
        public readonly bool PackLeft, PackRight, PackRightInBlock, IsRightPacked;
        public readonly nint DepthBlocks, Depth, RowsAtOnce, RowsOfTile, Slivers, RowTilesInBlock, SliversInBlock, LeftTileLength, PackedLeftLength, PackedRightLength, ScratchLength;

        // Floats of the whole right matrix, packed.
        public nint RightLength => (Slivers * MatrixTile.Columns * Depth) + 16;

        public TilePlan(in MatrixProductArguments a, int threads, bool isRightKept)
        {
            Slivers = Divide(a.N, MatrixTile.Columns);
            DepthBlocks = a.K <= (a.IsPart ? DepthOfPart : isRightKept ? LongestDepthKept : LongestDepth) ? 1 : Divide(a.K, a.IsPart ? DepthOfPart : DepthOfBlock);
            Depth = Divide(a.K, DepthBlocks);
            RowsAtOnce = Math.Min(a.M, Math.Max(MatrixTile.MaximumRows, LargestPackedLeft / Math.Max(1, Depth) / MatrixTile.MaximumRows * MatrixTile.MaximumRows));

            // A right matrix that was packed before a loop serves one round after the other. There each thread has rows of its own, and finds in its
            // cache what it computed of them in the last round. So it has of large results whose rows are samples.
            var evenTiles = Divide(Divide(RowsAtOnce, MatrixTile.MaximumRows), threads) * threads;
            var ownsRows = (a.PackedRight != null || (a.LeftColumn == 1 && a.M * a.N >= LargeResult && RowsAtOnce == a.M)) && threads > 1 && RowsAtOnce >= FewestRowsOfTile * evenTiles;
            RowsOfTile = ownsRows ? Divide(RowsAtOnce, evenTiles) : MatrixTile.MaximumRows;
            var rowTiles = Divide(RowsAtOnce, RowsOfTile);
            var isReadInPlace = (a.IsPart && Vector512.IsHardwareAccelerated) || rowTiles <= 2 || (Depth <= DepthReadInPlace && a.RightColumn % AliasingStride != 0);
            PackRight = a.RightRow != 1 || !isReadInPlace;
            var isLeftInCache = a.PackedRight != null && a.LeftColumn == 1 && Depth <= DepthOfLeftInPlace;
            PackLeft = (a.N > 160 && !isLeftInCache) || (a.LeftRow == 1 && a.N > 96) || (a.LeftRow != 1 && a.LeftColumn != 1 && a.N > 32);

            var blockOfLeft = PackRight || Vector512.IsHardwareAccelerated ? BlockOfLeft : SmallBlockOfLeft;
            RowTilesInBlock = Math.Clamp(blockOfLeft / Math.Max(1, Depth) / MatrixTile.MaximumRows, 1, rowTiles);
            var rowBlocks = Divide(rowTiles, RowTilesInBlock);
            RowTilesInBlock = Divide(rowTiles, rowBlocks);

            // Enough blocks that a thread which is held up doesn't hold up the others, but each with work for some microseconds.
            var wanted = threads == 1 ? 1 : Math.Min(4 * threads, Math.Max(1, RowsAtOnce * a.N * Depth / Grain));
            if (ownsRows)
            {
                rowBlocks = Divide(rowBlocks, threads) * threads;
                RowTilesInBlock = Divide(rowTiles, rowBlocks);
            }

            var panels = Math.Clamp(Divide(wanted, rowBlocks), 1, Slivers);
            SliversInBlock = Divide(Slivers, panels);
            panels = Divide(Slivers, SliversInBlock);

            // Where one block takes all rows, nobody else needs its slivers: it packs each just before it uses it.
            PackRightInBlock = PackRight && rowBlocks == 1 && panels >= threads;
            if (PackRightInBlock) PackRight = false;
            else if (panels * rowBlocks < wanted) RowTilesInBlock = Math.Max(1, rowTiles / Divide(wanted, panels));
            IsRightPacked = PackRight || PackRightInBlock;
            if (a.PackedRight != null) (PackRight, PackRightInBlock) = (false, false);

            // Packing a tile writes up to 15 elements behind it, so that tiles are kept apart.
            LeftTileLength = (Divide(MatrixTile.MaximumRows * Depth, Simd.Lanes) + 1) * Simd.Lanes;
            PackedLeftLength = PackLeft ? rowTiles * LeftTileLength : 0;
            PackedRightLength = PackRight ? RightLength : 0;
            ScratchLength = PackedLeftLength + PackedRightLength + (DepthBlocks > 1 && a.Result == null ? (a.M * a.N) + 16 : 0);
        }
    }

    // What all blocks of one go share: rows from RowStart on, one block of the depth.
    private struct TilePart(in MatrixProductArguments a, in TilePlan plan, float* left, float* right, float* sums, nint firstRow, nint rowStart)
    {
        public readonly MatrixProductArguments A = a;
        public readonly TilePlan Plan = plan;
        public readonly float* PackedLeft = left, PackedRight = right, Sums = sums;
        public readonly nint FirstRow = firstRow, RowStart = rowStart;
        public readonly nint Rows = Math.Min(plan.RowsAtOnce, a.M - rowStart);
        public nint DepthStart, Depth;
        public bool IsFirst, IsLast;

        public readonly nint RowTiles => Divide(Rows, Plan.RowsOfTile);

        public readonly nint Panels => Divide(Plan.Slivers, Plan.SliversInBlock);

        public readonly nint Blocks => Divide(RowTiles, Plan.RowTilesInBlock) * Panels;

        public readonly nint LeftUnits => Plan.PackLeft ? RowTiles : 0;

        public readonly nint RightUnits => Plan.PackRight ? Plan.Slivers : 0;

        public readonly nint PackingUnits => LeftUnits + RightUnits;

        public readonly nint PackingGrain => Math.Max(1, 16384 / (MatrixTile.Columns * Math.Max(1, Depth)));

        public void SetDepth(nint block)
        {
            DepthStart = block * Plan.Depth;
            Depth = Math.Min(Plan.Depth, A.K - DepthStart);
            IsFirst = block == 0;
            IsLast = block == Plan.DepthBlocks - 1;
        }

        // Tiles differ by at most one row: 64 rows are 13 + 13 + 13 + 13 + 12, not 14 + 14 + 14 + 14 + 8.
        public readonly nint RowOfTile(nint tile) => Rows * tile / RowTiles;
    }

    private readonly struct PackingKernel(TilePart part) : IRangeKernel
    {
        public void Run(nint begin, nint end)
        {
            var leftEnd = Math.Min(end, part.LeftUnits);
            if (begin < leftEnd) PackTiles(begin, leftEnd);
            for (var unit = Math.Max(begin, part.LeftUnits); unit < end; unit++)
            {
                var sliver = unit - part.LeftUnits;
                PackSliver(part, sliver, part.PackedRight + (sliver * MatrixTile.Columns * part.Depth));
            }
        }

        private void PackTiles(nint begin, nint end)
        {
            ref readonly var a = ref part.A;
            var stripe = a.LeftRow == 1 ? DepthOfStripe : part.Depth;
            for (nint k = 0; k < part.Depth; k += stripe)
            {
                var depth = Math.Min(stripe, part.Depth - k);
                for (var tile = begin; tile < end; tile++)
                {
                    var row = part.RowOfTile(tile);
                    var rows = part.RowOfTile(tile + 1) - row;
                    var from = a.Left + ((part.RowStart + row) * a.LeftRow) + ((part.DepthStart + k) * a.LeftColumn);
                    MatrixPacking.Pack(from, a.LeftRow, a.LeftColumn, depth, rows, rows, part.PackedLeft + (tile * part.Plan.LeftTileLength) + (k * rows));
                }
            }
        }
    }

    private static void PackSliver(in TilePart part, nint sliver, float* to) => PackSliver(part.A, part.DepthStart, part.Depth, sliver, to);

    private static void PackSliver(in MatrixProductArguments a, nint depthStart, nint depth, nint sliver, float* to)
    {
        var column = sliver * MatrixTile.Columns;
        var from = a.Right + (column * a.RightRow) + (depthStart * a.RightColumn);
        MatrixPacking.Pack(from, a.RightRow, a.RightColumn, depth, Math.Min(MatrixTile.Columns, a.N - column), MatrixTile.Columns, to);
    }

    private readonly struct RightPackingKernel(MatrixProductArguments a, float* to) : IRangeKernel
    {
        public void Run(nint begin, nint end)
        {
            for (var sliver = begin; sliver < end; sliver++) PackSliver(a, 0, a.K, sliver, to + (sliver * MatrixTile.Columns * a.K));
        }
    }

    private readonly struct TileKernel<TTile>(TilePart part, TTile epilogue) : IRangeKernel
        where TTile : struct, ITileKernel
    {
        public void Run(nint begin, nint end)
        {
            for (var block = begin; block < end; block++)
            {
                var (rowBlock, panel) = (block / part.Panels, block % part.Panels);
                var firstTile = rowBlock * part.Plan.RowTilesInBlock;
                var firstSliver = panel * part.Plan.SliversInBlock;
                RunBlock(
                    firstTile, Math.Min(part.RowTiles, firstTile + part.Plan.RowTilesInBlock),
                    firstSliver, Math.Min(part.Plan.Slivers, firstSliver + part.Plan.SliversInBlock));
            }
        }

        // A sliver that is packed in the block is packed once: all rows of tiles are one strip then, as they are where strips would read slivers from further away again and again.
        private void RunBlock(nint firstTile, nint endTile, nint firstSliver, nint endSliver)
        {
            var tiles = endTile - firstTile;
            var isOne = part.Plan.PackRightInBlock || (endSliver - firstSliver) * MatrixTile.Columns * part.Depth > SliversOfStrips;
            var strips = isOne ? 1 : Divide(tiles, TilesOfStrip);
            for (nint strip = 0; strip < strips; strip++) RunStrip(firstTile + (tiles * strip / strips), firstTile + (tiles * (strip + 1) / strips), firstSliver, endSliver);
        }

        [SkipLocalsInit]
        private void RunStrip(nint firstTile, nint endTile, nint firstSliver, nint endSliver)
        {
            var memory = stackalloc float[TileSums.LocalLength];
            var local = TileSums.Aligned(memory);
            using var scratch = part.Plan.PackRightInBlock ? Scratch.Borrow(MatrixTile.Columns * part.Depth) : default;
            ref readonly var a = ref part.A;
            for (var sliver = firstSliver; sliver < endSliver; sliver++)
            {
                var column = sliver * MatrixTile.Columns;
                var columns = Math.Min(MatrixTile.Columns, a.N - column);
                var right = part.Plan.PackRightInBlock ? scratch.Pointer
                    : part.Plan.IsRightPacked ? part.PackedRight + (column * part.Depth)
                    : a.Right + column + (part.DepthStart * a.RightColumn);
                var rightColumn = part.Plan.IsRightPacked ? MatrixTile.Columns : a.RightColumn;
                if (part.Plan.PackRightInBlock) PackSliver(part, sliver, right);
                for (var tile = firstTile; tile < endTile; tile++)
                {
                    var row = part.RowOfTile(tile);
                    var rows = part.RowOfTile(tile + 1) - row;
                    var left = part.Plan.PackLeft ? part.PackedLeft + (tile * part.Plan.LeftTileLength) : a.Left + ((part.RowStart + row) * a.LeftRow) + (part.DepthStart * a.LeftColumn);
                    var (leftRow, leftColumn) = part.Plan.PackLeft ? (1, rows) : (a.LeftRow, a.LeftColumn);
                    row += part.RowStart;

                    var sums = new TileSums(part.Sums == null ? null : part.Sums + (row * a.N) + column, a.N, rows, columns, local, !part.IsFirst);
                    MatrixTile.Run(rows, columns, part.Depth, left, leftRow, leftColumn, right, rightColumn, sums.Start, sums.Stride, !part.IsFirst);
                    sums.Keep();
                    if (part.IsLast) epilogue.Run(sums.Start, sums.Stride, part.FirstRow + row, rows, column, columns);
                }
            }
        }
    }
}
