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
/// The matrix product: a group of 256 threads computes 64 x 64 elements, 16 of each operand's columns at a time through shared memory, 4 x 4 sums a
/// thread in registers. The finished tile goes through shared memory once more, so that the epilogue is compiled once, runs over neighbouring
/// columns, and what it is made of does not matter. Elements are rounded to the operands' format as they are loaded, once for 64 multiplications.
/// </summary>
/// <remarks>
/// Floor: one 4 x 4 block needs 8 loads from shared memory for 16 multiply-adds, so shared memory, not arithmetic, bounds it on today's GPUs; tensor
/// cores are not used. Barriers stand at the top of what they protect. Measured on PoCL alone so far.
/// </remarks>
internal static class MatrixProductKernels
{
    public const int TileSize = 64;
    public const int Threads = 256;
    private const int Depth = 16;
    private const int Side = 16;

    public static void Tiled<TPlaces, TOperands, TKernel>(ArrayView<float> left, ArrayView<float> right, ProductSizes sizes, TPlaces places, TKernel epilogue)
        where TPlaces : struct, IProductPlaces
        where TOperands : struct, IOperandFormat
        where TKernel : struct, IElementKernel
    {
        var leftRows = SharedMemory.Allocate<int>(TileSize);
        var rightRows = SharedMemory.Allocate<int>(TileSize);
        var leftTile = SharedMemory.Allocate<float>(Depth * TileSize);
        var rightTile = SharedMemory.Allocate<float>(Depth * TileSize);
        var tile = SharedMemory.Allocate<float>(TileSize * TileSize);
        var thread = Group.IdxX;
        var x = thread & (Side - 1);
        var y = thread >> 4;
        var firstRow = Grid.IdxX * TileSize;
        var firstColumn = Grid.IdxY * TileSize;

        // Neighbouring threads load what lies side by side: along k, or along the rows.
        var leftAlongK = sizes.LeftColumn == 1;
        var rightAlongK = sizes.RightColumn == 1;
        for (var batch = Grid.IdxZ; batch < sizes.Batch; batch += Grid.DimZ)
        {
            // Where the rows of both tiles lie: the first barrier below is before anyone reads it.
            if (thread < TileSize)
            {
                leftRows[thread] = (batch * sizes.LeftBatch) + places.LeftRow(firstRow + thread);
                rightRows[thread] = (batch * sizes.RightBatch) + places.RightRow(firstColumn + thread);
            }
            float c00 = 0, c01 = 0, c02 = 0, c03 = 0, c10 = 0, c11 = 0, c12 = 0, c13 = 0;
            float c20 = 0, c21 = 0, c22 = 0, c23 = 0, c30 = 0, c31 = 0, c32 = 0, c33 = 0;
            for (var start = 0; start < sizes.K; start += Depth)
            {
                Group.Barrier();
                for (var i = 0; i < 4; i++)
                {
                    var depth = leftAlongK ? x : (thread >> 6) + (4 * i);
                    var place = leftAlongK ? y + (Side * i) : thread & 63;
                    var (row, k) = (firstRow + place, start + depth);
                    var isInside = row < sizes.M && k < sizes.K;
                    var value = 0f;
                    if (isInside) value = TOperands.Round(left[leftRows[place] + places.LeftColumn(k)]);
                    leftTile[(depth * TileSize) + place] = value;
                }
                for (var i = 0; i < 4; i++)
                {
                    var depth = rightAlongK ? x : (thread >> 6) + (4 * i);
                    var place = rightAlongK ? y + (Side * i) : thread & 63;
                    var (row, k) = (firstColumn + place, start + depth);
                    var isInside = row < sizes.N && k < sizes.K;
                    var value = 0f;
                    if (isInside) value = TOperands.Round(right[rightRows[place] + places.RightColumn(k)]);
                    rightTile[(depth * TileSize) + place] = value;
                }
                Group.Barrier();
                for (var k = 0; k < Depth; k++)
                {
                    var a = (k * TileSize) + y;
                    var b = (k * TileSize) + x;
                    float a0 = leftTile[a], a1 = leftTile[a + 16], a2 = leftTile[a + 32], a3 = leftTile[a + 48];
                    float b0 = rightTile[b], b1 = rightTile[b + 16], b2 = rightTile[b + 32], b3 = rightTile[b + 48];
                    c00 += a0 * b0;
                    c01 += a0 * b1;
                    c02 += a0 * b2;
                    c03 += a0 * b3;
                    c10 += a1 * b0;
                    c11 += a1 * b1;
                    c12 += a1 * b2;
                    c13 += a1 * b3;
                    c20 += a2 * b0;
                    c21 += a2 * b1;
                    c22 += a2 * b2;
                    c23 += a2 * b3;
                    c30 += a3 * b0;
                    c31 += a3 * b1;
                    c32 += a3 * b2;
                    c33 += a3 * b3;
                }
            }

            // Rows y, y + 16, ...; columns x, x + 16, ... of the tile.
            Group.Barrier();
            var c = (y * TileSize) + x;
            tile[c] = c00;
            tile[c + 16] = c01;
            tile[c + 32] = c02;
            tile[c + 48] = c03;
            tile[c + (16 * TileSize)] = c10;
            tile[c + (16 * TileSize) + 16] = c11;
            tile[c + (16 * TileSize) + 32] = c12;
            tile[c + (16 * TileSize) + 48] = c13;
            tile[c + (32 * TileSize)] = c20;
            tile[c + (32 * TileSize) + 16] = c21;
            tile[c + (32 * TileSize) + 32] = c22;
            tile[c + (32 * TileSize) + 48] = c23;
            tile[c + (48 * TileSize)] = c30;
            tile[c + (48 * TileSize) + 16] = c31;
            tile[c + (48 * TileSize) + 32] = c32;
            tile[c + (48 * TileSize) + 48] = c33;
            Group.Barrier();
            for (var element = thread; element < TileSize * TileSize; element += Threads)
            {
                var row = firstRow + (element >> 6);
                var column = firstColumn + (element & 63);
                if (row < sizes.M && column < sizes.N) epilogue.Run((batch * sizes.M) + row, column, tile[element]);
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
