namespace FeedbackNN.Gpu.Tests;

/// <summary>
/// A product computed by the arithmetic of places that the kernels for tensor cores have, with <c>ldmatrix</c> and <c>mma</c> as NVIDIA describes them (PTX ISA, "Matrix fragments for mma.m16n8k16" and "m16n8k8", "ldmatrix"):
/// every number is where the instructions look for it, and every sum is written to its place.
/// </summary>
public sealed class TensorPlacesTests
{
    private const int Depth = TensorPlaces.Depth, Lanes = 32;

    [Fact]
    public void Of_16_bits() => AssertRight<TensorBFloat16>();

    [Fact]
    public void Of_tf32() => AssertRight<TensorFloat32>();

    private static void AssertRight<TFormat>() where TFormat : struct, ITensorFormat
    {
        AssertRight<LargeTensorTile, TFormat, QuadsOfColumns, QuadsOfRows>();
        AssertRight<LargeTensorTile, TFormat, QuadsOfRows, QuadsOfColumns>();
        AssertRight<MediumTensorTile, TFormat, SinglesOfColumns, SinglesOfRows>();
        AssertRight<MediumTensorTile, TFormat, SinglesOfRows, SinglesOfColumns>();
    }

    private static void AssertRight<TTile, TFormat, TLeft, TRight>()
        where TTile : struct, ITensorTile
        where TFormat : struct, ITensorFormat
        where TLeft : struct, IOperandLie
        where TRight : struct, IOperandLie
    {
        var random = new Random(1);
        var left = Enumerable.Range(0, TTile.Side * Depth).Select(_ => random.Next(-9, 10)).ToArray();
        var right = Enumerable.Range(0, TTile.Side * Depth).Select(_ => random.Next(-9, 10)).ToArray();
        var (leftTile, rightTile) = (Stored<TTile, TFormat, TLeft>(left), Stored<TTile, TFormat, TRight>(right));
        var finished = new int?[TTile.Side * TTile.Side];
        for (var warp = 0; warp < TTile.Threads / Lanes; warp++)
        {
            var (firstRow, firstColumn) = ((warp >> TTile.WarpBits) * TTile.Side / 2, (warp & ((1 << TTile.WarpBits) - 1)) * 32);
            for (var block = 0; block < TTile.Side / 2 / TensorPlaces.Rows; block++)
            {
                var sums = new int[4, Lanes, 4];
                for (var step = 0; step < Depth * TFormat.ElementBytes / TensorPlaces.StepBytes; step++)
                {
                    var a = Load(leftTile, lane => TensorOperand.Left<TTile, TFormat, TLeft>(0, firstRow + (TensorPlaces.Rows * block), step, lane), TensorOperand.IsTurned<TFormat, TLeft>(), TFormat.ElementBytes);
                    int[][][] b =
                    [
                        .. Load(rightTile, lane => TensorOperand.Right<TTile, TFormat, TRight>(0, firstColumn, step, lane), TensorOperand.IsTurned<TFormat, TRight>(), TFormat.ElementBytes),
                        .. Load(rightTile, lane => TensorOperand.Right<TTile, TFormat, TRight>(0, firstColumn + TensorPlaces.Rows, step, lane), TensorOperand.IsTurned<TFormat, TRight>(), TFormat.ElementBytes),
                    ];
                    for (var column = 0; column < 4; column++) Multiply(sums, column, a, b[2 * column], b[(2 * column) + 1]);
                }
                for (var column = 0; column < 4; column++)
                {
                    for (var lane = 0; lane < Lanes; lane++)
                    {
                        for (var i = 0; i < 4; i++)
                        {
                            var row = firstRow + (TensorPlaces.Rows * block) + TensorPlaces.SumRow(lane) + (8 * (i / 2));
                            var place = TensorPlaces.Finished(row, firstColumn + (TensorPlaces.Columns * column) + TensorPlaces.SumColumn(lane), TTile.Side) + (i % 2);
                            Assert.Null(finished[place]);
                            finished[place] = sums[column, lane, i];
                        }
                    }
                }
            }
        }
        for (var row = 0; row < TTile.Side; row++)
        {
            for (var column = 0; column < TTile.Side; column++)
            {
                var expected = Enumerable.Range(0, Depth).Sum(k => left[(row * Depth) + k] * right[(column * Depth) + k]);
                Assert.Equal(expected, finished[TensorPlaces.Finished(row, column, TTile.Side)]);
            }
        }
    }

    /// <summary>A tile as its readers write it: numbers by their byte.</summary>
    private static int?[] Stored<TTile, TFormat, TLie>(int[] numbers)
        where TTile : struct, ITensorTile
        where TFormat : struct, ITensorFormat
        where TLie : struct, IOperandLie
    {
        var tile = new int?[numbers.Length * TFormat.ElementBytes];
        for (var reader = 0; reader < TTile.Readers; reader++)
        {
            var row = TLie.Row<TTile>(reader);
            for (var i = 0; i < 4; i++)
            {
                // Four columns of a row; four rows of a column; or columns of a row that other readers lie between.
                var (r, column) = (row + (TLie.Step<TTile>() == 0 ? i : 0), TLie.Column<TTile>(reader) + (i * TLie.Step<TTile>()));
                var first = TLie.Step<TTile>() > 1 ? 0 : i;
                var size = TFormat.ElementBytes;
                // What is written at once lies side by side from its first number on.
                var place = TensorOperand.IsTurned<TFormat, TLie>() ? TensorPlaces.Turned(r - first, column, TTile.Side) + (first * size)
                    : TLie.IsOfRows ? TensorPlaces.Straight(r, column, size) : TensorPlaces.Straight(r, column - first, size) + (first * size);
                Assert.Null(tile[place]);
                tile[place] = numbers[(r * Depth) + column];
            }
        }
        return tile;
    }

    /// <summary>Four matrices of 8 rows of 16 bytes: for each of them each lane's numbers, two of 16 bits or one of 32.</summary>
    private static int[][][] Load(int?[] tile, Func<int, int> named, bool isTurned, int size)
    {
        var places = Enumerable.Range(0, Lanes).Select(named).ToArray();
        return [.. Enumerable.Range(0, 4).Select(matrix =>
        {
            var rows = places.AsSpan(8 * matrix, 8).ToArray();
            // Eight rows in eight different sets of banks.
            Assert.All(rows, place => Assert.Equal(0, place % 16));
            Assert.Equal(8, rows.Select(place => place / 16 % 8).Distinct().Count());
            return Enumerable.Range(0, Lanes).Select(lane => Enumerable.Range(0, 4 / size).Select(i =>
                isTurned ? tile[rows[(2 * (lane % 4)) + i] + (size * (lane / 4))]!.Value : tile[rows[lane / 4] + (4 * (lane % 4)) + (size * i)]!.Value).ToArray()).ToArray();
        })];
    }

    /// <summary>mma.m16n8k16 of 16-bit numbers, or m16n8k8 of tf32.</summary>
    private static void Multiply(int[,,] sums, int column, int[][][] a, int[][] b0, int[][] b1)
    {
        var perRegister = b0[0].Length;
        var (left, right) = (new int[16, 8 * perRegister], new int[8, 8 * perRegister]);
        for (var lane = 0; lane < Lanes; lane++)
        {
            var (group, thread) = (lane / 4, lane % 4);
            for (var i = 0; i < perRegister; i++)
            {
                var k = (thread * perRegister) + i;
                (left[group, k], left[group + 8, k], left[group, k + (4 * perRegister)], left[group + 8, k + (4 * perRegister)]) = (a[0][lane][i], a[1][lane][i], a[2][lane][i], a[3][lane][i]);
                (right[group, k], right[group, k + (4 * perRegister)]) = (b0[lane][i], b1[lane][i]);
            }
        }
        for (var lane = 0; lane < Lanes; lane++)
        {
            for (var i = 0; i < 4; i++)
            {
                var (row, n) = ((lane / 4) + (8 * (i / 2)), (2 * (lane % 4)) + (i % 2));
                for (var k = 0; k < 8 * perRegister; k++) sums[column, lane, i] += left[row, k] * right[n, k];
            }
        }
    }
}
