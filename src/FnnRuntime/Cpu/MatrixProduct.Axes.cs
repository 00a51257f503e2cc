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

    // Of a right matrix with axes, one block of all slivers should stay in the second-level cache.
    private const nint LongestDepthOfAxes = 1024;

    private static void AlongAxes<TTile>(WorkerPool? pool, MatrixProductArguments a, in TTile epilogue, nint firstRow)
        where TTile : struct, ITileKernel
    {
        var depth = a.IsPart ? DepthOfPart : a.RightColumns != null ? LongestDepthOfAxes : LongestDepth;
        var leftRows = AxesOf(a.LeftRows, a.M, a.LeftRow);
        var leftColumns = AxesOf(a.LeftColumns, a.FirstK + a.K, a.LeftColumn);
        var rightRows = AxesOf(a.RightRows, a.N, a.RightRow);
        var rightColumns = AxesOf(a.RightColumns, a.FirstK + a.K, a.RightColumn);
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

    private static MatrixAxes AxesOf(MatrixAxes* axes, nint length, nint stride) => axes != null ? *axes : new MatrixAxes([length, stride]);

    // How one product is cut. Nothing but the grid of blocks depends on the number of threads.
    private readonly struct AxesPlan
    {
        public readonly nint Slivers, SliverLength, DepthBlocks, Depth, RowTiles, RowsOfRun, TilesOfRun, LeftTileLength, TilesInGroup, TilesInBlock, SliversInBlock, Blocks, StartsLength, ScratchLength;
        public readonly bool ReadsInPlace;

        // For one or two tiles, packing the right matrix costs more than it saves.
        public readonly bool ReadsRightInPlace;

        // Columns of the left matrix that lie a stride apart, where a tile's columns are whole stretches of so many; else 0.
        public readonly nint Stretch;

        public AxesPlan(in MatrixProductArguments a, nint longestDepth, int threads)
        {
            Slivers = Divide(a.N, MatrixTile.Columns);
            DepthBlocks = Math.Max(1, Divide(a.K, longestDepth));
            Depth = Divide(a.K, DepthBlocks);
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
    private readonly struct AxesPart(in MatrixProductArguments a, in AxesPlan plan, float* right, nint* starts, float* sums, nint firstRow, nint block)
    {
        public readonly MatrixProductArguments A = a;
        public readonly AxesPlan Plan = plan;
        public readonly float* Right = right, Sums = sums;
        public readonly nint* Starts = starts;
        public readonly nint FirstRow = firstRow, DepthStart = a.FirstK + (block * plan.Depth), Depth = Math.Min(plan.Depth, a.K - (block * plan.Depth));
        public readonly bool IsFirst = block == 0, IsLast = block == plan.DepthBlocks - 1;

        // Where the stretches of the left matrix begin, the same for all rows of all tiles.
        public void FindStretches()
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
                    if (part.Plan.ReadsInPlace) MultiplyInPlace(row, rows, columns, right, rightColumn, sums.Start, sums.Stride);
                    else MatrixTile.Run(rows, columns, part.Depth, packed + ((tile - firstTile) * part.Plan.LeftTileLength), 1, rows, right, rightColumn, sums.Start, sums.Stride, !part.IsFirst);
                    sums.Keep();
                    if (part.IsLast) epilogue.Run(sums.Start, sums.Stride, part.FirstRow + row, rows, column, columns);
                }
            }
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
