using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace FeedbackNN.Cpu;

/// <summary>
/// Products of matrices in any layout. Which way is taken depends on sizes and strides only, and every element is summed up in an order
/// that depends on them only, so that bits don't depend on the number of threads.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static unsafe partial class MatrixProduct
{
    // Multiply-adds below which starting a second thread takes longer than it saves, about a microsecond's worth.
    private const nint Grain = 65_536;

    /// <summary>Computes the product into <see cref="MatrixProductArguments.Result"/>.</summary>
    public static void Run(WorkerPool pool, in MatrixProductArguments a) => Run(pool, a, default(NoEpilogue));

    /// <summary>
    /// Computes the product and hands every element to the epilogue exactly once, complete. The product itself is stored only where
    /// <see cref="MatrixProductArguments.Result"/> isn't null.
    /// </summary>
    public static void Run<TTile>(WorkerPool pool, in MatrixProductArguments a, in TTile epilogue)
        where TTile : struct, ITileKernel
    {
        if (a.Batch <= 0 || a.M <= 0 || a.N <= 0) return;
        var copy = epilogue; // on this stack: nothing moves it while workers hold its address
        var tiles = new AnyTileKernel(Unsafe.AsPointer(ref copy), &Hand<TTile>, &Prefetch<TTile>);
        if (a.HasAxes && RunPatches(pool, a, tiles)) return;
        if (PartsOf(a) is > 1 and var parts) RunParts(pool, a, parts, tiles);
        else if (a.HasAxes) RunTiles(pool, a, tiles);
        else if (a.N == 1 && a.M > 1) RunSimplified(pool, Swapped(a), new AsColumn(tiles, a.M));
        else RunSimplified(pool, a, tiles);
    }

    // Convolutions on transformed patches. A method of its own: programs without them don't compile any of it.
    private static bool RunPatches(WorkerPool pool, in MatrixProductArguments a, in AnyTileKernel tiles)
    {
        if (WinogradProduct.Suits(a, out var images, out var strides)) WinogradProduct.Run(pool, a, images, strides, tiles);
        else if (WinogradGradient.Suits(a, out var left, out var right)) WinogradGradient.Run(pool, a, left, right, tiles);
        else return false;
        return true;
    }

    /// <summary>Computes a gradient, whose tiles may change a parameter; then it may be stored or not.</summary>
    public static void Run(WorkerPool pool, in MatrixProductArguments a, in GradientTile update) => Run<GradientTile>(pool, update.Begin(a), update);

    /// <summary>The same bits by this thread alone, for a product of which <see cref="TakesOuter"/> holds.</summary>
    internal static void RunAlone(in MatrixProductArguments a) => MatrixOuter.RunAlone(a, default(NoEpilogue));

    private static void Hand<TTile>(void* epilogue, float* tile, nint stride, nint row, nint rows, nint column, nint columns)
        where TTile : struct, ITileKernel =>
        Unsafe.AsRef<TTile>(epilogue).Run(tile, stride, row, rows, column, columns);

    private static void Prefetch<TTile>(void* epilogue, nint row, nint rows, nint column, nint columns)
        where TTile : struct, ITileKernel =>
        Unsafe.AsRef<TTile>(epilogue).Prefetch(row, rows, column, columns);

    private static void RunSimplified<TTile>(WorkerPool pool, MatrixProductArguments a, in TTile epilogue)
        where TTile : struct, ITileKernel
    {
        // A batch whose left matrices lie one behind the other and that has one right matrix is one tall product.
        if (a.Batch > 1 && a.RightBatch == 0 && (a.LeftBatch == a.M * a.LeftRow || a.M == 1))
        {
            if (a.M == 1) a.LeftRow = a.LeftBatch;
            a.M *= a.Batch;
            a.Batch = 1;
        }

        if (MatrixSmall.Suits(a)) MatrixSmall.Run(a, epilogue);
        else if (MatrixDots.Suits(a)) MatrixDots.Run(pool, a, epilogue);
        else if (MatrixOuter.Suits(a)) MatrixOuter.Run(pool, a, epilogue);
        else RunTiles(pool, a, epilogue);
    }

    private static bool TakesTiles(in MatrixProductArguments a) => IsPlain(a) && !MatrixOuter.Suits(a);

    /// <summary>Whether the product is computed as a sum of outer products.</summary>
    internal static bool TakesOuter(in MatrixProductArguments a) => IsPlain(a) && MatrixOuter.Suits(a);

    private static bool IsPlain(in MatrixProductArguments a) =>
        a is { Batch: 1, M: > 0, N: > 1, K: > 0, HasAxes: false } && !MatrixSmall.Suits(a) && !MatrixDots.Suits(a) && PartsOf(a) == 1;

    // The transpose of the product, into a result of its own; one with one column and one with one row lie in memory alike.
    private static MatrixProductArguments Swapped(in MatrixProductArguments a) => new()
    {
        Batch = a.Batch,
        M = a.N,
        N = a.M,
        K = a.K,
        Left = a.Right,
        LeftBatch = a.RightBatch,
        LeftRow = a.RightRow,
        LeftColumn = a.RightColumn,
        LeftRows = a.RightRows,
        LeftColumns = a.RightColumns,
        Right = a.Left,
        RightBatch = a.LeftBatch,
        RightRow = a.LeftRow,
        RightColumn = a.LeftColumn,
        RightRows = a.LeftRows,
        RightColumns = a.LeftColumns,
        Result = a.Result,
    };

    private readonly struct NoEpilogue : ITileKernel
    {
        public void Run(float* tile, nint stride, nint row, nint rows, nint column, nint columns)
        {
        }

        public void Prefetch(nint row, nint rows, nint column, nint columns)
        {
        }
    }

    // An epilogue without its type. All that is above a tile is then compiled once, not once for each epilogue of a program, at every
    // start of it. The call costs nothing beside a tile.
    private readonly struct AnyTileKernel(void* epilogue, delegate*<void*, float*, nint, nint, nint, nint, nint, void> hand, delegate*<void*, nint, nint, nint, nint, void> prefetch) : ITileKernel
    {
        public void Run(float* tile, nint stride, nint row, nint rows, nint column, nint columns) => hand(epilogue, tile, stride, row, rows, column, columns);

        public void Prefetch(nint row, nint rows, nint column, nint columns) => prefetch(epilogue, row, rows, column, columns);
    }

    // Hands rows of the swapped product on as columns: row b of it is column 0 of product b of the batch.
    private readonly struct AsColumn(AnyTileKernel epilogue, nint m) : ITileKernel
    {
        public void Run(float* tile, nint stride, nint row, nint rows, nint column, nint columns)
        {
            for (nint r = 0; r < rows; r++) epilogue.Run(tile + (r * stride), 1, ((row + r) * m) + column, columns, 0, 1);
        }

        public void Prefetch(nint row, nint rows, nint column, nint columns)
        {
            for (nint r = 0; r < rows; r++) epilogue.Prefetch(((row + r) * m) + column, columns, 0, 1);
        }
    }
}
