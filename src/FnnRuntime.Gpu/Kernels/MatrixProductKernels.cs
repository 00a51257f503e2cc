using System.ComponentModel;
using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>
/// The sizes of a matrix product and how its operands lie: C[b, m, n] = Σ_k A[b, m, k] · B[b, n, k], where an element is at batch * its stride + row *
/// its stride + column * its stride.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct ProductSizes
{
    /// <summary>Products side by side.</summary>
    public int Batch;

    /// <summary>Rows of the result.</summary>
    public int M;

    /// <summary>Columns of the result.</summary>
    public int N;

    /// <summary>What is summed over.</summary>
    public int K;

    /// <summary>From one product's left matrix to the next.</summary>
    public int LeftBatch;

    /// <summary>From m to m + 1.</summary>
    public int LeftRow;

    /// <summary>From k to k + 1.</summary>
    public int LeftColumn;

    /// <summary>From one product's right matrix to the next.</summary>
    public int RightBatch;

    /// <summary>From n to n + 1.</summary>
    public int RightRow;

    /// <summary>From k to k + 1.</summary>
    public int RightColumn;
}

/// <summary>Stores a product.</summary>
internal readonly struct StoreTile(ArrayView<float> result, int columns) : IElementKernel
{
    public void Run(int row, int column, float tile) => result[(row * columns) + column] = tile;
}

/// <summary>Stores a product and hands it on.</summary>
internal readonly struct StoreTileThen<TNext>(ArrayView<float> result, int columns, TNext next) : IElementKernel where TNext : struct, IElementKernel
{
    public void Run(int row, int column, float tile)
    {
        result[(row * columns) + column] = tile;
        next.Run(row, column, tile);
    }
}

/// <summary>
/// The matrix product: a group computes a square of the result, 8 or 16 of each operand's columns at a time through shared memory, with 8 x 8 or 4 x 4 sums a thread in registers. The numbers of the next
/// columns are read while these are multiplied, and rounded to the operands' format when they are written to shared memory, once for all multiplications. The finished square goes through shared memory
/// once more, in parts, so that the epilogue is compiled once, runs over neighbouring columns, and what it is made of does not matter.
/// </summary>
/// <remarks>
/// Each sum has its products in the order of the columns, whatever the square, so that all squares give the same bits. Floor: 8 x 8 sums read 16 numbers for 64 multiply-adds from shared memory, one byte
/// for each, and 4 x 4 twice as many; docs/gpu.md has the registers, and what they leave room for. Barriers stand at the top of what they protect.
/// </remarks>
internal static class MatrixProductKernels
{
    public static void Tiled<TTile, TPlaces, TOperands, TLeft, TRight, TKernel>(ArrayView<float> left, ArrayView<float> right, ProductSizes sizes, TPlaces places, TKernel epilogue)
        where TTile : struct, IProductTile
        where TPlaces : struct, IProductPlaces
        where TOperands : struct, IOperandFormat
        where TLeft : struct, IOperandLie
        where TRight : struct, IOperandLie
        where TKernel : struct, IElementKernel
    {
        var rows = SharedMemory.Allocate<int>(2 * TTile.Side);
        // Of the tile that is multiplied and of the next, for each operand.
        var columns = SharedMemory.Allocate<int>(4 * TTile.Depth);
        // The operands' tiles, then a part of the finished square.
        var tiles = SharedMemory.Allocate<Four<float>>(TTile.Side * TTile.Side / TTile.Passes / 4);
        var leftTile = tiles.SubView(0);
        var rightTile = tiles.SubView(TTile.Depth * TTile.Side / 4);
        var thread = Group.IdxX;
        var x = TTile.X(thread);
        var y = TTile.Y(thread);
        // Along the grid's first axis there are all squares of rows of the first matrix, then those of the next.
        var squares = (sizes.M + TTile.Side - 1) >> TTile.SideBits;
        var batch = Grid.IdxX / squares;
        var firstRow = (Grid.IdxX - (batch * squares)) * TTile.Side;
        var firstColumn = Grid.IdxY * TTile.Side;

        // Where rows and columns lie takes divisions where they are windows: a thread does one of them for all.
        if (thread < TTile.Side) rows[thread] = (batch * sizes.LeftBatch) + places.LeftRow(Math.Min(firstRow + thread, TLeft.Last(sizes.M)));
        else if (thread < 2 * TTile.Side) rows[thread] = (batch * sizes.RightBatch) + places.RightRow(Math.Min(firstColumn + thread - TTile.Side, TRight.Last(sizes.N)));
        if (thread < 2 * TTile.Depth) columns[thread] = places.LeftColumn(thread);
        else if (thread < 4 * TTile.Depth) columns[thread] = places.RightColumn(thread - (2 * TTile.Depth));
        Group.Barrier();
        var leftRow = rows[TLeft.Row<TTile>(thread)];
        var rightRow = rows[TTile.Side + TRight.Row<TTile>(thread)];
        var nextLeft = TLeft.Load<TTile>(left, leftRow, columns.SubView(0), sizes.K, thread);
        var nextRight = TRight.Load<TTile>(right, rightRow, columns.SubView(2 * TTile.Depth), sizes.K, thread);
        var sums = default(TTile);
        var present = 0;
        for (var rest = sizes.K; rest > 0; rest -= TTile.Depth)
        {
            Group.Barrier();
            TLeft.Store<TTile, TOperands>(leftTile, nextLeft, thread);
            TRight.Store<TTile, TOperands>(rightTile, nextRight, thread);

            // In the place of these columns, those of the tile behind the next.
            var behind = sizes.K - rest + (2 * TTile.Depth) + (thread & (TTile.Depth - 1));
            if (thread < TTile.Depth) columns[present + thread] = places.LeftColumn(behind);
            else if (thread < 2 * TTile.Depth) columns[present + TTile.Depth + thread] = places.RightColumn(behind);
            Group.Barrier();
            present = TTile.Depth - present;
            nextLeft = TLeft.Load<TTile>(left, leftRow, columns.SubView(present), rest - TTile.Depth, thread);
            nextRight = TRight.Load<TTile>(right, rightRow, columns.SubView(present + (2 * TTile.Depth)), rest - TTile.Depth, thread);
            for (var column = 0; column < TTile.Depth; column += 2)
            {
                // Two columns whose rows are moved alike.
                var a = leftTile.SubView(ProductTile.Place<TTile>(4 * y, column) >> 2);
                var b = rightTile.SubView(ProductTile.Place<TTile>(4 * x, column) >> 2);
                sums.Add(a, b, 0);
                sums.Add(a, b, TTile.Side / 4);
            }
        }

        var part = tiles.Cast<float>();
        for (var pass = 0; pass < TTile.Passes; pass++)
        {
            Group.Barrier();
            if (y >> TTile.PassBits == pass) sums.Store(tiles, x, y & ((1 << TTile.PassBits) - 1));
            Group.Barrier();
            for (var element = thread; element < TTile.Side * TTile.Side / TTile.Passes; element += TTile.Readers)
            {
                var row = firstRow + TTile.RowOf(pass, element >> TTile.SideBits);
                var column = firstColumn + (element & (TTile.Side - 1));
                if (row < sizes.M && column < sizes.N) epilogue.Run((batch * sizes.M) + row, column, part[element]);
            }
        }
    }

    /// <summary>The product in float64, for networks that are checked in it: one element a thread, nothing shared.</summary>
    public static void Double(ArrayView<double> left, ArrayView<double> right, ArrayView<double> result, ProductSizes sizes)
    {
        var count = sizes.Batch * sizes.M * sizes.N;
        for (var element = (Grid.IdxX * Group.DimX) + Group.IdxX; element < count; element += Grid.DimX * Group.DimX)
        {
            var row = element / sizes.N;
            var column = element - (row * sizes.N);
            var batch = row / sizes.M;
            var a = (batch * sizes.LeftBatch) + ((row - (batch * sizes.M)) * sizes.LeftRow);
            var b = (batch * sizes.RightBatch) + (column * sizes.RightRow);
            var sum = 0.0;
            for (var k = 0; k < sizes.K; k++) sum += left[a + (k * sizes.LeftColumn)] * right[b + (k * sizes.RightColumn)];
            result[element] = sum;
        }
    }
}
