using System.Runtime.CompilerServices;

namespace FeedbackNN.Cpu;

/// <content>
/// Products of matrices whose rows or columns run through several axes, such as the windows of a convolution. The right matrix is packed into slivers. A tile of the left one
/// is read where it lies when its rows are a stride apart and its columns come in long runs: an image whose channels come last is convolved without any copy. Else each
/// tile is packed just before it is used, by the thread that uses it.
/// </content>
/// <remarks>
/// A tile that is read in place goes from one run of the columns to the next, which costs a few additions; packing costs a load and a store for each element of the tile. Where a stretch of the depth ends within
/// a run, each run is added to the sums that are there, which costs two loads and two stores a row. See docs/performance.md.
/// </remarks>
public static unsafe partial class MatrixProduct
{
    // Tiles that end with the innermost row axis should not have fewer rows: their sums would not hide the latency of a multiply-add.
    private const nint FewestRowsInPlace = 5;

    // Columns in one run from which on a tile is read where it lies, though runs are cut.
    private const nint ShortestRunInPlace = 16;

    // What the next stretch of a part's depth reads of memory that this one has not read is fetched meanwhile, if it is not more than this: 128 kilobytes. More is no image whose channels come last. So is what the
    // next tile reads, if it is a page: within one, the processor goes ahead by itself (64 images of 16 x 16 x 64, 3 x 3 windows: 2% less time; of 16 x 16 x 32: 1% more).
    private const nint LongestAhead = 32_768;

    // Of a right matrix with axes, one block of all slivers should stay in the second-level cache.
    private const nint LongestDepthOfAxes = 1024;

    private static void AlongAxes<TTile>(WorkerPool? pool, MatrixProductArguments a, in TTile epilogue, nint firstRow)
        where TTile : struct, ITileKernel
    {
        var depth = a.IsPart ? DepthOfPart : a.RightColumns != null ? LongestDepthOfAxes : LongestDepth;
        var leftRows = MatrixAxes.Of(a.LeftRows, a.M, a.LeftRow);
        var leftColumns = MatrixAxes.Of(a.LeftColumns, a.FirstK + a.K, a.LeftColumn);
        var rightRows = MatrixAxes.Of(a.RightRows, a.N, a.RightRow);
        var rightColumns = MatrixAxes.Of(a.RightColumns, a.FirstK + a.K, a.RightColumn);
        a.LeftRows = &leftRows;
        a.LeftColumns = &leftColumns;
        a.RightRows = &rightRows;
        a.RightColumns = &rightColumns;
        var plan = new AxesPlan(a, depth, pool?.Threads ?? 1);
        using var scratch = Scratch.Borrow(plan.ScratchLength);
        var behindSlivers = scratch.Pointer + (plan.Slivers * plan.SliverLength);
        var starts = (nint*)behindSlivers;
        var sums = a.Result != null ? a.Result : plan.DepthBlocks > 1 ? behindSlivers + plan.StartsLength : null;
        for (nint block = 0; block < plan.DepthBlocks; block++)
        {
            var part = new AxesPart(a, plan, scratch.Pointer, starts, sums, firstRow, block);
            part.FindStretches();
            part.FindAhead();
            if (!plan.ReadsRightInPlace)
            {
                var packing = new SliverPackingKernel(part);
                if (pool is null) packing.Run(0, plan.Slivers);
                else pool.For(packing, plan.Slivers, Math.Max(1, 16384 / (MatrixTile.Columns * Math.Max(1, part.Depth))));
            }

            var tiles = new AxesTileKernel<TTile>(part, epilogue);
            if (pool is null) tiles.Run(0, plan.Blocks);
            else pool.For(tiles, plan.Blocks, 1);
        }
    }

    // Where the first and the last of some rows and columns lie, and all between them where axes are in memory's order.
    private static (nint Begin, nint End) Between(MatrixAxes* rows, nint firstRow, nint endRow, MatrixAxes* columns, nint firstColumn, nint endColumn)
    {
        var (top, bottom) = (rows->Offset(firstRow), rows->Offset(endRow - 1));
        var (left, right) = (columns->Offset(firstColumn), columns->Offset(endColumn - 1));
        return (Math.Min(top, bottom) + Math.Min(left, right), Math.Max(top, bottom) + Math.Max(left, right) + 1);
    }

    // What lies behind what is read now, if it is neither too little nor too much.
    private static RowsAhead Behind(float* matrix, (nint Begin, nint End) now, (nint Begin, nint End) next, nint shortest)
    {
        var begin = Math.Max(now.End, next.Begin);
        return next.End - begin < shortest || next.End - begin > LongestAhead ? default : new(matrix + begin, Simd.Lanes, Divide(next.End - begin, Simd.Lanes), Simd.Lanes);
    }

    // How one product is cut. Nothing but the grid of blocks depends on the number of threads.
    private readonly struct AxesPlan
    {
        public readonly nint Slivers, SliverLength, DepthBlocks, Depth, RowTiles, RowsOfRun, TilesOfRun, LeftTileLength, TilesInGroup, TilesInBlock, SliversInBlock, Blocks, StartsLength, ScratchLength;
        public readonly bool ReadsInPlace;

        // The left matrix is larger than what a second-level cache has beside all else.
        public readonly bool FetchesLeft;

        // For one or two tiles, packing the right matrix costs more than it saves.
        public readonly bool ReadsRightInPlace;

        // Columns of the left matrix that lie a stride apart, where a tile's columns are whole stretches of so many; else 0.
        public readonly nint Stretch;

        public AxesPlan(in MatrixProductArguments a, nint longestDepth, int threads)
        {
            Slivers = Divide(a.N, MatrixTile.Columns);
            DepthBlocks = Math.Max(1, Divide(a.K, longestDepth));
            Depth = Divide(a.K, DepthBlocks);
            var (begin, end) = Between(a.LeftRows, 0, a.M, a.LeftColumns, a.FirstK, a.FirstK + Math.Max(1, a.K));
            FetchesLeft = end - begin >= LargeResult && a.K >= LeastDepthAhead;
            var stretch = a.LeftColumns->RunLength;
            if (stretch > 0 && stretch <= Depth && a.FirstK % stretch == 0 && a.K % stretch == 0)
            {
                Stretch = stretch;
                Depth = Divide(Depth, stretch) * stretch;
                DepthBlocks = Math.Max(1, Divide(a.K, Depth));
            }

            // Tiles end where a run of rows ends, if that leaves them large enough.
            RowsOfRun = Math.Max(1, a.LeftRows->RunLength);
            TilesOfRun = Divide(RowsOfRun, MatrixTile.MaximumRows);
            ReadsInPlace = a.K > 0 && RowsOfRun / TilesOfRun >= Math.Min(FewestRowsInPlace, a.M) && (Stretch > 0 || stretch >= ShortestRunInPlace);
            if (!ReadsInPlace) (RowsOfRun, TilesOfRun) = (a.M, Divide(a.M, MatrixTile.MaximumRows));
            RowTiles = a.M / RowsOfRun * TilesOfRun;
            LeftTileLength = ReadsInPlace ? 0 : ((Depth + 16) * MatrixTile.MaximumRows) + 16;
            ReadsRightInPlace = a.RightRows->Count == 1 && a.RightColumns->Count == 1 && a.RightRows->RunStride == 1 && RowTiles <= 2;
            TilesInGroup = Math.Max(1, BlockOfLeft / Math.Max(1, Depth) / MatrixTile.MaximumRows);

            // A tile is packed once for each panel of slivers that it meets: there are several only where there are few tiles.
            SliverLength = ReadsRightInPlace ? 0 : (Depth + 16) * MatrixTile.Columns;
            var wanted = threads == 1 ? 1 : Math.Min(4 * threads, Math.Max(1, a.M * a.N * Depth / Grain));
            var panels = Math.Clamp(Divide(wanted, RowTiles), 1, Slivers);
            SliversInBlock = Divide(Slivers, panels);
            panels = Divide(Slivers, SliversInBlock);
            TilesInBlock = Math.Max(1, RowTiles / Divide(wanted, panels));
            TilesInGroup = Math.Min(TilesInGroup, TilesInBlock);
            Blocks = Divide(RowTiles, TilesInBlock) * panels;
            StartsLength = ReadsInPlace && Stretch > 0 ? Divide(Depth / Stretch * (sizeof(nint) / sizeof(float)), Simd.Lanes) * Simd.Lanes : 0;
            ScratchLength = (Slivers * SliverLength) + StartsLength + (DepthBlocks > 1 && a.Result == null ? (a.M * a.N) + 16 : 0);
        }

        public nint Panels => Divide(Slivers, SliversInBlock);

        // Tiles of a run differ by at most one row.
        public nint RowOfTile(nint tile)
        {
            var (run, within) = Math.DivRem(tile, TilesOfRun);
            return (run * RowsOfRun) + (RowsOfRun * within / TilesOfRun);
        }
    }

    // What all blocks of one stretch of the depth share.
    private struct AxesPart(in MatrixProductArguments a, in AxesPlan plan, float* right, nint* starts, float* sums, nint firstRow, nint block)
    {
        public readonly MatrixProductArguments A = a;
        public readonly AxesPlan Plan = plan;
        public readonly float* Right = right, Sums = sums;
        public readonly nint* Starts = starts;
        public readonly nint FirstRow = firstRow, DepthStart = a.FirstK + (block * plan.Depth), Depth = Math.Min(plan.Depth, a.K - (block * plan.Depth));
        public readonly bool IsFirst = block == 0, IsLast = block == plan.DepthBlocks - 1;

        // What a part's next stretch of the depth reads.
        public RowsAhead NextLeft { get; private set; }

        public RowsAhead NextRight { get; private set; }

        public void FindAhead()
        {
            if (!A.IsPart || !Plan.FetchesLeft || IsLast) return;
            var (end, endOfNext) = (DepthStart + Depth, Math.Min(DepthStart + Depth + Plan.Depth, A.FirstK + A.K));
            NextLeft = Behind(A.Left, Between(A.LeftRows, 0, A.M, A.LeftColumns, DepthStart, end), Between(A.LeftRows, 0, A.M, A.LeftColumns, end, endOfNext), 1);
            NextRight = Behind(A.Right, Between(A.RightRows, 0, A.N, A.RightColumns, DepthStart, end), Between(A.RightRows, 0, A.N, A.RightColumns, end, endOfNext), 1);
        }

        // Where the stretches of the left matrix begin, the same for all rows of all tiles.
        public readonly void FindStretches()
        {
            if (Plan.StartsLength == 0) return;
            var runs = new MatrixAxes.Runs(A.LeftColumns, DepthStart, Depth);
            for (var to = Starts; runs.Next(out var offset, out _); to++) *to = offset;
        }
    }

    private readonly struct SliverPackingKernel(AxesPart part) : IRangeKernel
    {
        public void Run(nint begin, nint end)
        {
            ref readonly var a = ref part.A;
            for (var sliver = begin; sliver < end; sliver++)
            {
                var column = sliver * MatrixTile.Columns;
                MatrixPacking.Pack(a.Right, a.RightRows, column, Math.Min(MatrixTile.Columns, a.N - column), a.RightColumns, part.DepthStart, part.Depth, MatrixTile.Columns, part.Right + (sliver * part.Plan.SliverLength));
            }
        }
    }

    private readonly struct AxesTileKernel<TTile>(AxesPart part, TTile epilogue) : IRangeKernel
        where TTile : struct, ITileKernel
    {
        public void Run(nint begin, nint end)
        {
            using var scratch = Scratch.Borrow(part.Plan.TilesInGroup * part.Plan.LeftTileLength);
            for (var block = begin; block < end; block++)
            {
                var (rowBlock, panel) = Math.DivRem(block, part.Plan.Panels);
                var firstSliver = panel * part.Plan.SliversInBlock;
                var endSliver = Math.Min(part.Plan.Slivers, firstSliver + part.Plan.SliversInBlock);
                var endTile = Math.Min(part.Plan.RowTiles, (rowBlock + 1) * part.Plan.TilesInBlock);
                for (var tile = rowBlock * part.Plan.TilesInBlock; tile < endTile; tile += part.Plan.TilesInGroup)
                {
                    RunGroup(tile, Math.Min(endTile, tile + part.Plan.TilesInGroup), firstSliver, endSliver, scratch.Pointer);
                }
            }
        }

        [SkipLocalsInit]
        private void RunGroup(nint firstTile, nint endTile, nint firstSliver, nint endSliver, float* packed)
        {
            var memory = stackalloc float[TileSums.LocalLength];
            var local = TileSums.Aligned(memory);
            ref readonly var a = ref part.A;
            var fetches = FetchesAround(a, part.Depth);
            if (!part.Plan.ReadsInPlace)
            {
                for (var tile = firstTile; tile < endTile; tile++)
                {
                    var row = part.Plan.RowOfTile(tile);
                    var rows = part.Plan.RowOfTile(tile + 1) - row;
                    MatrixPacking.Pack(a.Left, a.LeftRows, row, rows, a.LeftColumns, part.DepthStart, part.Depth, rows, packed + ((tile - firstTile) * part.Plan.LeftTileLength));
                }
            }

            for (var sliver = firstSliver; sliver < endSliver; sliver++)
            {
                var column = sliver * MatrixTile.Columns;
                var columns = Math.Min(MatrixTile.Columns, a.N - column);
                var rightColumn = part.Plan.ReadsRightInPlace ? a.RightColumns->RunStride : MatrixTile.Columns;
                var right = part.Plan.ReadsRightInPlace ? a.Right + column + (part.DepthStart * rightColumn) : part.Right + (sliver * part.Plan.SliverLength);
                for (var tile = firstTile; tile < endTile; tile++)
                {
                    var row = part.Plan.RowOfTile(tile);
                    var rows = part.Plan.RowOfTile(tile + 1) - row;
                    var sums = new TileSums(part.Sums == null ? null : part.Sums + (row * a.N) + column, a.N, rows, columns, local, !part.IsFirst);
                    if (fetches) FetchAround(sums, part.IsFirst, part.IsLast, epilogue, part.FirstRow + row, rows, column, columns);
                    if (a.IsPart) FetchNextDepth((firstTile * part.Plan.Slivers) + (sliver * (endTile - firstTile)) + tile - firstTile);
                    else if (sliver == firstSliver && part.Plan.FetchesLeft && tile + 1 < part.Plan.RowTiles) FetchNextTile(tile);
                    if (part.Plan.ReadsInPlace) MultiplyInPlace(row, rows, columns, right, rightColumn, sums.Start, sums.Stride);
                    else MatrixTile.Run(rows, columns, part.Depth, packed + ((tile - firstTile) * part.Plan.LeftTileLength), 1, rows, right, rightColumn, sums.Start, sums.Stride, !part.IsFirst);
                    sums.Keep();
                    if (part.IsLast) epilogue.Run(sums.Start, sums.Stride, part.FirstRow + row, rows, column, columns);
                }
            }
        }

        private void FetchNextDepth(nint call)
        {
            var calls = part.Plan.RowTiles * part.Plan.Slivers;
            part.NextLeft.Fetch(call, calls);
            part.NextRight.Fetch(call, calls);
        }

        private void FetchNextTile(nint tile)
        {
            ref readonly var a = ref part.A;
            var (row, next, end) = (part.Plan.RowOfTile(tile), part.Plan.RowOfTile(tile + 1), part.Plan.RowOfTile(tile + 2));
            var (first, last) = (part.DepthStart, part.DepthStart + part.Depth);
            Behind(a.Left, Between(a.LeftRows, row, next, a.LeftColumns, first, last), Between(a.LeftRows, next, end, a.LeftColumns, first, last), PageOfFloats).Fetch(0, 1);
        }

        // A run of the columns after the other; with none the sums are zeros.
        private void MultiplyInPlace(nint row, nint rows, nint columns, float* right, nint rightColumn, float* to, nint stride)
        {
            ref readonly var a = ref part.A;
            var left = a.Left + a.LeftRows->Offset(row);
            var (leftRow, leftColumn) = (a.LeftRows->RunStride, a.LeftColumns->RunStride);
            if (part.Plan.Stretch is > 0 and var stretch)
            {
                MatrixTile.RunStretches(rows, columns, stretch, part.Starts, part.Depth / stretch, left, leftRow, leftColumn, right, rightColumn, to, stride, !part.IsFirst);
                return;
            }

            var runs = new MatrixAxes.Runs(a.LeftColumns, part.DepthStart, part.Depth);
            var adds = !part.IsFirst;
            while (runs.Next(out var offset, out var length))
            {
                MatrixTile.Run(rows, columns, length, left + offset, leftRow, leftColumn, right, rightColumn, to, stride, adds);
                right += length * rightColumn;
                adds = true;
            }
        }
    }
}
