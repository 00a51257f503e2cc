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

    // Rows of the left matrix up to this long are read in place: a tile of them is in the first-level cache, unless all of them fall onto the same sets of it
    // (256 cubed nt: 5% less time than packed, 2048 x 128 x 512 2 to 3%).
    private const nint DepthOfLeftInPlace = 256;
    private const nint PageOfFloats = 1024;

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

    // Each strip reads all slivers of its group: floats of them that stay in the second-level cache meanwhile, and few pages.
    private const nint SliversOfStrips = 65_536;

    // A matrix that each thread packs for itself has at most so many floats, and serves so many rows or columns of the other for each thread, or packing it again costs more
    // than fetching it (256 x 1536 x 384 nt: 11% less time than when all threads packed both, 64 x 128 x 784 nt 23%).
    private const nint LargestPerThread = 524_288;
    private const nint FewestPerThread = 64;

    // Products of so many columns and rows and so much work have wide tiles. Smaller ones end with more of a tile that is not used, and would wait for more kernels to be compiled (GPT of width 128: 2% less time,
    // 128 x 2048 x 512 tt 3%; on cores shared with others up to 6 and 9%).
    private const nint FewestWideColumns = 96;
    private const nint FewestWideRows = 27;
    private const nint WideWork = 16_777_216;

    // Smaller results are shared out by columns, and three wide slivers, the last one narrower, are no even shares for two threads (256 x 784 x 128: 285 to 226 µs with four of 32, 256 cubed 5%).
    private const nint MostSpareColumns = 8;

    // Where sums this long go, and what is read beside them, is fetched while they are computed, if there is so much of it that the second-level cache does not have it: then asking costs 2 to 5% of a product's time.
    private const nint LeastDepthAhead = 32;

    private static long _tickets;

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
        if (plan.Right == Packing.None || plan.DepthBlocks > 1) return default;
        var packed = new PackedMatrix(plan.RightLength);
        pool.For(new RightPackingKernel(a, packed.Pointer, plan.Columns), plan.Slivers, Math.Max(1, 16384 / (plan.Columns * a.K)));
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
        using var scratch = Scratch.Borrow(plan.SharedLeftLength + plan.SharedRightLength + plan.SumsLength);
        var left = scratch.Pointer;
        var behindLeft = left + plan.SharedLeftLength;
        var right = a.PackedRight != null ? a.PackedRight : behindLeft;
        var sums = a.Result != null ? a.Result : plan.DepthBlocks > 1 ? behindLeft + plan.SharedRightLength : null;
        for (nint rowStart = 0; rowStart < a.M; rowStart += plan.RowsAtOnce)
        {
            var part = new TilePart(a, plan, left, right, sums, firstRow, rowStart);
            for (nint depthBlock = 0; depthBlock < plan.DepthBlocks; depthBlock++)
            {
                part.SetDepth(depthBlock);
                if (part.PackingUnits > 0)
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

    private static bool FetchesAround(in MatrixProductArguments a, nint depth) => depth >= LeastDepthAhead && a.M * a.N >= LargeResult;

    // Where a tile's sums go, and what its epilogue reads and writes.
    private static void FetchAround<TTile>(in TileSums sums, bool isFirst, bool isLast, in TTile epilogue, nint row, nint rows, nint column, nint columns)
        where TTile : struct, ITileKernel
    {
        if (isFirst) sums.Prefetch();
        if (isLast) epilogue.Prefetch(row, rows, column, columns);
    }

    /// <summary>a / b, rounded up.</summary>
    internal static nint Divide(nint a, nint b) => (a + b - 1) / b;

    // Who packs a matrix, and when.
    private enum Packing
    {
        // It is read as it lies, or was packed before.
        None,

        // All threads, before tiles begin.
        Shared,

        // Each thread for itself, all of it: a small one takes longer to fetch from where another thread has packed it, and to wait for that.
        PerThread,

        // The block that uses it: its rows of the left matrix before its tiles, a sliver of the right one before that sliver's tiles.
        PerBlock,
    }

    // How one product is cut. The number of threads decides nothing but the grid of blocks, how many rows a tile has, and who packs.
    private readonly struct TilePlan
    {
        public readonly Packing Left, Right;
        public readonly nint Columns, DepthBlocks, Depth, RowsAtOnce, RowsOfTile, Slivers, RowBlocks, Panels, LeftTileLength;

        // Floats of sums that blocks of the depth hand on, where the product itself is not kept.
        public readonly nint SumsLength;
        private readonly nint _leftLength;

        public TilePlan(in MatrixProductArguments a, int threads, bool isRightKept)
        {
            var fillsWide = a.M * a.N > LargeResult || Divide(a.N, MatrixTile.WideColumns) * MatrixTile.WideColumns <= a.N + MostSpareColumns;
            var isWide = fillsWide && a.N >= FewestWideColumns && a.M >= FewestWideRows && a.M * a.N * a.K >= WideWork && !a.IsPart;
            Columns = isWide ? MatrixTile.WideColumns : MatrixTile.Columns;
            nint mostRows = isWide ? MatrixTile.MaximumWideRows : MatrixTile.MaximumRows;
            Slivers = Divide(a.N, Columns);
            DepthBlocks = a.K <= (a.IsPart ? DepthOfPart : isRightKept ? LongestDepthKept : LongestDepth) ? 1 : Divide(a.K, a.IsPart ? DepthOfPart : DepthOfBlock);
            Depth = Divide(a.K, DepthBlocks);
            RowsAtOnce = Math.Min(a.M, Math.Max(mostRows, LargestPackedLeft / Math.Max(1, Depth) / mostRows * mostRows));
            SumsLength = DepthBlocks > 1 && a.Result == null ? (a.M * a.N) + 16 : 0;

            var fullTiles = Divide(RowsAtOnce, mostRows);
            var isReadInPlace = (a.IsPart && Vector512.IsHardwareAccelerated) || fullTiles <= 2 || (Depth <= DepthReadInPlace && a.RightColumn % AliasingStride != 0);
            var packsRight = a.PackedRight == null && (a.RightRow != 1 || !isReadInPlace);
            var isLeftInCache = a.LeftColumn == 1 && Depth <= DepthOfLeftInPlace && a.LeftRow % PageOfFloats != 0;
            var packsLeft = (a.N > 160 && !isLeftInCache) || (a.LeftRow == 1 && a.N > 48) || (a.LeftRow != 1 && a.LeftColumn != 1 && a.N > 32);

            // A right matrix that was packed before a loop serves one round after the other. There each thread has rows of its own, and finds in its
            // cache what it computed of them in the last round. So it has of large results whose rows are samples.
            var evenTiles = Divide(fullTiles, threads) * threads;
            var canShareRows = RowsAtOnce >= FewestRowsOfTile * evenTiles;
            var ownsRows = (a.PackedRight != null || (a.LeftColumn == 1 && a.M * a.N >= LargeResult && RowsAtOnce == a.M)) && threads > 1 && canShareRows;

            // Rows: a block has the width of the result, packs its own rows, and nobody packs them again; each thread packs the right matrix for itself. So parameters that a layer's
            // product reads by their rows are changed by the thread that reads them. Columns: the other way round. Neither, where that is too large to pack more than once: a
            // grid of blocks, of matrices that all threads pack together.
            var byRows = canShareRows && (!packsRight || (a.N * Depth <= LargestPerThread && RowsAtOnce >= FewestPerThread * threads));
            var byColumns = !ownsRows && a.PackedRight == null && Slivers >= threads && (!packsLeft || (RowsAtOnce * Depth <= LargestPerThread && a.N >= FewestPerThread * threads));
            if (byRows && byColumns) byRows = 4 * RowsAtOnce >= 3 * mostRows * evenTiles && (!packsRight || (packsLeft && RowsAtOnce >= a.N));
            if (byRows) byColumns = false;

            // Enough blocks that a thread which is held up doesn't hold up the others, but each with work for some microseconds.
            var wanted = threads == 1 ? 1 : Math.Min(4 * threads, Math.Max(1, RowsAtOnce * a.N * Depth / Grain));
            RowsOfTile = ownsRows || byRows ? Divide(RowsAtOnce, evenTiles) : mostRows;
            var rowTiles = Divide(RowsAtOnce, RowsOfTile);

            var blockOfLeft = packsRight || Vector512.IsHardwareAccelerated ? BlockOfLeft : SmallBlockOfLeft;
            RowBlocks = byColumns ? 1 : Divide(rowTiles, Math.Clamp(blockOfLeft / Math.Max(1, Depth) / mostRows, 1, rowTiles));
            if (byRows) RowBlocks = Math.Max(RowBlocks, Math.Min(wanted, rowTiles / TilesOfStrip));
            if (ownsRows || byRows) RowBlocks = Math.Max(1, Divide(RowBlocks, threads)) * threads;
            Panels = byRows ? 1 : Math.Clamp(Divide(wanted, RowBlocks), 1, Slivers);
            if (!byRows && !byColumns) RowBlocks = Math.Clamp(Divide(wanted, Panels), RowBlocks, rowTiles);

            Left = !packsLeft ? Packing.None : byRows ? Packing.PerBlock : byColumns ? Packing.PerThread : Packing.Shared;
            Right = !packsRight ? Packing.None : byRows ? Packing.PerThread : byColumns ? Packing.PerBlock : Packing.Shared;

            // Packing a tile writes up to 15 elements behind it, so that tiles are kept apart.
            LeftTileLength = (Divide(mostRows * Depth, Simd.Lanes) + 1) * Simd.Lanes;
            _leftLength = rowTiles * LeftTileLength;
        }

        // Floats of the whole right matrix, packed.
        public nint RightLength => (Slivers * Columns * Depth) + 16;

        public nint SharedLeftLength => Left == Packing.Shared ? _leftLength : 0;

        public nint SharedRightLength => Right == Packing.Shared ? RightLength : 0;

        // Floats of what each thread packs for itself.
        public nint PerThreadLength => Left == Packing.PerThread ? _leftLength : Right == Packing.PerThread ? RightLength : 0;
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

        // Says of what a thread has packed for itself whether it is of this part.
        public long Ticket;

        public readonly nint RowTiles => Divide(Rows, Plan.RowsOfTile);

        // The last go may have fewer tiles than the others.
        public readonly nint RowBlocks => Math.Min(Plan.RowBlocks, RowTiles);

        public readonly nint Blocks => RowBlocks * Plan.Panels;

        public readonly nint LeftUnits => Plan.Left == Packing.Shared ? RowTiles : 0;

        public readonly nint RightUnits => Plan.Right == Packing.Shared ? Plan.Slivers : 0;

        public readonly nint PackingUnits => LeftUnits + RightUnits;

        public readonly nint PackingGrain => Math.Max(1, 16384 / (Plan.Columns * Math.Max(1, Depth)));

        public void SetDepth(nint block)
        {
            DepthStart = block * Plan.Depth;
            Depth = Math.Min(Plan.Depth, A.K - DepthStart);
            IsFirst = block == 0;
            IsLast = block == Plan.DepthBlocks - 1;
            Ticket = Interlocked.Increment(ref _tickets);
        }

        // Tiles differ by at most one row: 64 rows are 13 + 13 + 13 + 13 + 12, not 14 + 14 + 14 + 14 + 8.
        public readonly nint RowOfTile(nint tile) => Rows * tile / RowTiles;
    }

    private readonly struct PackingKernel(TilePart part) : IRangeKernel
    {
        public void Run(nint begin, nint end)
        {
            var leftEnd = Math.Min(end, part.LeftUnits);
            if (begin < leftEnd) PackTiles(part, begin, leftEnd, part.PackedLeft + (begin * part.Plan.LeftTileLength));
            if (end > part.LeftUnits) PackSlivers(part.A, part.Plan.Columns, part.DepthStart, part.Depth, Math.Max(begin - part.LeftUnits, 0), end - part.LeftUnits, part.PackedRight);
        }
    }

    // Tiles of rows of the left matrix, one behind the other. The next stripe is fetched meanwhile.
    private static void PackTiles(in TilePart part, nint begin, nint end, float* to)
    {
        ref readonly var a = ref part.A;
        var stripe = a.LeftRow == 1 ? DepthOfStripe : part.Depth;
        for (nint k = 0; k < part.Depth; k += stripe)
        {
            var depth = Math.Min(stripe, part.Depth - k);
            var after = part.DepthStart + k + depth;
            var firstRow = part.RowStart + part.RowOfTile(begin);
            var next = a.LeftRow == 1 ? new RowsAhead(a.Left + firstRow + (after * a.LeftColumn), a.LeftColumn, Math.Min(stripe, a.K - after), part.RowStart + part.RowOfTile(end) - firstRow) : default;
            for (var tile = begin; tile < end; tile++)
            {
                var row = part.RowOfTile(tile);
                var rows = part.RowOfTile(tile + 1) - row;
                var from = a.Left + ((part.RowStart + row) * a.LeftRow) + ((part.DepthStart + k) * a.LeftColumn);
                next.Fetch(tile - begin, end - begin);
                MatrixPacking.Pack(from, a.LeftRow, a.LeftColumn, depth, rows, rows, to + ((tile - begin) * part.Plan.LeftTileLength) + (k * rows));
            }
        }
    }

    // Slivers of the right matrix, each to its place in the whole of it.
    private static void PackSlivers(in MatrixProductArguments a, nint columns, nint depthStart, nint depth, nint begin, nint end, float* to)
    {
        for (var sliver = begin; sliver < end; sliver++) PackSliver(a, columns, depthStart, depth, sliver, to + (sliver * columns * depth));
    }

    private static void PackSliver(in MatrixProductArguments a, nint columns, nint depthStart, nint depth, nint sliver, float* to)
    {
        var column = sliver * columns;
        var from = a.Right + (column * a.RightRow) + (depthStart * a.RightColumn);
        MatrixPacking.Pack(from, a.RightRow, a.RightColumn, depth, Math.Min(columns, a.N - column), columns, to);
    }

    private readonly struct RightPackingKernel(MatrixProductArguments a, float* to, nint columns) : IRangeKernel
    {
        public void Run(nint begin, nint end) => PackSlivers(a, columns, 0, a.K, begin, end, to);
    }

    private readonly struct TileKernel<TTile>(TilePart part, TTile epilogue) : IRangeKernel
        where TTile : struct, ITileKernel
    {
        public void Run(nint begin, nint end)
        {
            using var own = Scratch.Borrow(part.Plan.PerThreadLength, part.Ticket, out var isPacked);
            if (!isPacked && part.Plan.Left == Packing.PerThread) PackTiles(part, 0, part.RowTiles, own.Pointer);
            if (!isPacked && part.Plan.Right == Packing.PerThread) PackSlivers(part.A, part.Plan.Columns, part.DepthStart, part.Depth, 0, part.Plan.Slivers, own.Pointer);
            for (var block = begin; block < end; block++)
            {
                var (rowBlock, panel) = (block / part.Plan.Panels, block % part.Plan.Panels);
                nint tiles = part.RowTiles, blocks = part.RowBlocks, slivers = part.Plan.Slivers, panels = part.Plan.Panels;
                RunBlock(own.Pointer, tiles * rowBlock / blocks, tiles * (rowBlock + 1) / blocks, slivers * panel / panels, slivers * (panel + 1) / panels);
            }
        }

        // A sliver that is packed in the block is packed once: all rows of tiles are one strip then, as they are where strips would read slivers from further away again and again.
        private void RunBlock(float* own, nint firstTile, nint endTile, nint firstSliver, nint endSliver)
        {
            var tiles = endTile - firstTile;
            using var ofBlock = Scratch.Borrow(part.Plan.Left == Packing.PerBlock ? tiles * part.Plan.LeftTileLength : part.Plan.Right == Packing.PerBlock ? part.Plan.Columns * part.Depth : 0);
            if (part.Plan.Left == Packing.PerBlock) PackTiles(part, firstTile, endTile, ofBlock.Pointer);
            var left = part.Plan.Left switch
            {
                Packing.PerBlock => ofBlock.Pointer - (firstTile * part.Plan.LeftTileLength),
                Packing.PerThread => own,
                Packing.Shared => part.PackedLeft,
                _ => null,
            };
            var right = part.Plan.Right switch
            {
                Packing.PerBlock => ofBlock.Pointer,
                Packing.PerThread => own,
                Packing.Shared => part.PackedRight,
                _ => part.A.PackedRight,
            };
            var slivers = endSliver - firstSliver;
            var groups = part.Plan.Right == Packing.PerBlock ? 1 : Math.Clamp(Divide(slivers * part.Plan.Columns * part.Depth, SliversOfStrips), 1, slivers);
            var strips = part.Plan.Right == Packing.PerBlock || groups == slivers ? 1 : Divide(tiles, TilesOfStrip);
            for (nint group = 0; group < groups; group++)
            {
                nint first = firstSliver + (slivers * group / groups), end = firstSliver + (slivers * (group + 1) / groups);
                for (nint strip = 0; strip < strips; strip++)
                {
                    nint tile = firstTile + (tiles * strip / strips), nextTile = firstTile + (tiles * (strip + 1) / strips), endOfNext = firstTile + (tiles * Math.Min(strips, strip + 2) / strips);
                    RunStrip(left, right, tile, nextTile, first, end, left == null && group == 0 ? LeftOf(nextTile, endOfNext) : default);
                }
            }
        }

        // Rows of the left matrix as they lie, of some tiles.
        private RowsAhead LeftOf(nint firstTile, nint endTile)
        {
            ref readonly var a = ref part.A;
            if (firstTile == endTile || a.LeftColumn != 1 || a.M * a.K < LargeResult) return default;
            var row = part.RowOfTile(firstTile);
            return new(a.Left + ((part.RowStart + row) * a.LeftRow) + part.DepthStart, a.LeftRow, part.RowOfTile(endTile) - row, part.Depth);
        }

        // Matrices that are packed, or null where they are read as they lie. What the next strip reads first is fetched meanwhile; so is, where sums are along samples, what the first strip reads of the next sliver: a
        // tile of a single row (1 x 128 x 784) takes less time than asking for it.
        [SkipLocalsInit]
        private void RunStrip(float* packedLeft, float* packedRight, nint firstTile, nint endTile, nint firstSliver, nint endSliver, RowsAhead nextStrip)
        {
            var memory = stackalloc float[TileSums.LocalLength];
            var local = TileSums.Aligned(memory);
            ref readonly var a = ref part.A;
            var fetches = FetchesAround(a, part.Depth);
            for (var sliver = firstSliver; sliver < endSliver; sliver++)
            {
                var column = sliver * part.Plan.Columns;
                var columns = Math.Min(part.Plan.Columns, a.N - column);
                var isPackedHere = part.Plan.Right == Packing.PerBlock;
                if (isPackedHere) PackSliver(a, part.Plan.Columns, part.DepthStart, part.Depth, sliver, packedRight);
                var right = packedRight == null ? a.Right + column + (part.DepthStart * a.RightColumn) : isPackedHere ? packedRight : packedRight + (column * part.Depth);
                var rightColumn = packedRight == null ? a.RightColumn : part.Plan.Columns;
                var nextColumn = column + part.Plan.Columns;
                var nextSliver = packedRight == null && a.IsPart && firstTile == 0 && sliver + 1 < endSliver ? new RowsAhead(right + part.Plan.Columns, rightColumn, part.Depth, Math.Min(part.Plan.Columns, a.N - nextColumn)) : default;
                var calls = (endSliver - firstSliver) * (endTile - firstTile);
                for (var tile = firstTile; tile < endTile; tile++)
                {
                    var row = part.RowOfTile(tile);
                    var rows = part.RowOfTile(tile + 1) - row;
                    var left = packedLeft != null ? packedLeft + (tile * part.Plan.LeftTileLength) : a.Left + ((part.RowStart + row) * a.LeftRow) + (part.DepthStart * a.LeftColumn);
                    var (leftRow, leftColumn) = packedLeft != null ? (1, rows) : (a.LeftRow, a.LeftColumn);
                    row += part.RowStart;

                    var sums = new TileSums(part.Sums == null ? null : part.Sums + (row * a.N) + column, a.N, rows, columns, local, !part.IsFirst);
                    if (fetches) FetchAround(sums, part.IsFirst, part.IsLast, epilogue, part.FirstRow + row, rows, column, columns);
                    nextSliver.Fetch(tile - firstTile, endTile - firstTile);
                    nextStrip.Fetch(((sliver - firstSliver) * (endTile - firstTile)) + tile - firstTile, calls);
                    MatrixTile.Run(rows, columns, part.Depth, left, leftRow, leftColumn, right, rightColumn, sums.Start, sums.Stride, !part.IsFirst);
                    sums.Keep();
                    if (part.IsLast) epilogue.Run(sums.Start, sums.Stride, part.FirstRow + row, rows, column, columns);
                }
            }
        }
    }
}
