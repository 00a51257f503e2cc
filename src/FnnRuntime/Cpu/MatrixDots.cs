using System.Runtime.CompilerServices;

namespace FeedbackNN.Cpu;

/// <summary>
/// Products with few rows whose matrices both lie along k, such as a layer's with a batch of one: packing the right matrix would cost
/// more than the product, so each element is a dot product along k, several at a time.
/// </summary>
internal static unsafe class MatrixDots
{
    // More rows pay for packing.
    private const nint MaximumRows = 64;

    // Adding up the lanes costs about as much for one element of the result as packing does for twelve of the right matrix.
    private const nint PackedForOneSum = 12;

    // With several tiles of rows, a block's part of the right matrix is read once for each: it must stay in the second-level cache.
    private const nint LargestReadAgain = 2048 * ColumnsOfBlock;

    private const nint ColumnsOfBlock = 32;
    private const nint Grain = 65_536;

    /// <summary>Whether this way suits the product: both matrices lie along k, and packing the right one costs more than adding up lanes.</summary>
    public static bool Suits(in MatrixProductArguments a) =>
        a.LeftColumn == 1 && a.RightColumn == 1 && a.K >= Simd.Lanes && a.M <= MaximumRows && a.M * PackedForOneSum <= a.K
        && (a.M <= DotTile.MaximumRows || a.K * Math.Min(a.N, ColumnsOfBlock) <= LargestReadAgain);

    /// <summary>Computes the product and hands it on, a block of columns at a time.</summary>
    public static void Run<TTile>(WorkerPool pool, in MatrixProductArguments a, in TTile epilogue)
        where TTile : struct, ITileKernel
    {
        // Tiles of rows of one block of columns after the other.
        var blocks = (a.N + ColumnsOfBlock - 1) / ColumnsOfBlock;
        var tiles = (a.M + DotTile.MaximumRows - 1) / DotTile.MaximumRows;
        var work = Math.Min(a.M, DotTile.MaximumRows) * Math.Min(a.N, ColumnsOfBlock) * a.K;
        pool.For(new Kernel<TTile>(a, epilogue, blocks, tiles), a.Batch * blocks * tiles, Math.Max(1, Grain / 2 / work));
    }

    private readonly struct Kernel<TTile>(MatrixProductArguments a, TTile epilogue, nint blocks, nint tiles) : IRangeKernel
        where TTile : struct, ITileKernel
    {
        [SkipLocalsInit]
        public void Run(nint begin, nint end)
        {
            var tile = stackalloc float[(int)((DotTile.MaximumRows * ColumnsOfBlock) + Simd.Lanes)];
            for (var unit = begin; unit < end; unit++)
            {
                var (block, t) = Math.DivRem(unit, tiles);
                (var batch, block) = Math.DivRem(block, blocks);
                var column = block * ColumnsOfBlock;
                var columns = Math.Min(ColumnsOfBlock, a.N - column);
                var row = a.M * t / tiles;
                var rows = (a.M * (t + 1) / tiles) - row;
                Columns(rows, a.K, a.Left + (batch * a.LeftBatch) + (row * a.LeftRow), a.LeftRow, a.Right + (batch * a.RightBatch) + (column * a.RightRow), a.RightRow, columns, tile);
                row += batch * a.M;
                if (a.Result != null)
                {
                    var result = a.Result + (row * a.N) + column;
                    for (nint r = 0; r < rows; r++)
                    {
                        for (nint c = 0; c < columns; c += Simd.Lanes) Simd.Store(result + (r * a.N) + c, Simd.Load(tile + (r * ColumnsOfBlock) + c), columns - c);
                    }
                }

                epilogue.Run(tile, ColumnsOfBlock, row, rows, column, columns);
            }
        }
    }

    // The order in which an element is summed up is the same in both: which columns share a call doesn't matter.
    private static void Columns(nint rows, nint depth, float* left, nint leftRow, float* right, nint rightRow, nint columns, float* tile)
    {
        nint c = 0;
        for (; c + DotTile.Columns <= columns; c += DotTile.Columns) DotTile.Run(rows, depth, left, leftRow, right + (c * rightRow), rightRow, tile + c, ColumnsOfBlock);
        if (c == columns) return;
        if (columns >= DotTile.Columns)
        {
            // Some columns once more: less than one by one.
            c = columns - DotTile.Columns;
            DotTile.Run(rows, depth, left, leftRow, right + (c * rightRow), rightRow, tile + c, ColumnsOfBlock);
            return;
        }

        for (; c < columns; c++)
        {
            for (nint r = 0; r < rows; r++) tile[(r * ColumnsOfBlock) + c] = DotTile.RunSingle(rows, depth, left + (r * leftRow), right + (c * rightRow));
        }
    }
}
