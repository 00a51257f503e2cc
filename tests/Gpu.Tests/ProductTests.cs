using ILGPU;
using ILGPU.Runtime;

namespace FeedbackNN.Gpu.Tests;

/// <summary>Matrix products in each square and for each lie of their operands, with tails of every kind; and which of them a product gets. On PoCL.</summary>
public sealed class ProductTests
{
    // A square and a bit more of it in each direction, for squares of 128.
    private const int Rows = 132, Columns = 140, Depth = 44;

    private static readonly int[] AllSides = [128, 64, 32];

    public static TheoryData<int> Sides => new(AllSides);

    [SkippableTheory]
    [MemberData(nameof(Sides))]
    public void Every_lie_is_right(int side)
    {
        var product = new ProductCase(2, Rows, Columns, Depth);
        AssertRight<QuadsOfColumns, QuadsOfRows>(side, product with { IsRightAlongK = false });
        AssertRight<QuadsOfColumns, QuadsOfRows>(side, product with { IsRightAlongK = false, Gap = 4, SharesRight = true, K = 4 });
        AssertRight<SinglesOfRows, SinglesOfColumns>(side, new ProductCase(2, Rows - 1, Columns - 3, Depth - 5) { IsLeftAlongK = false });
        AssertRight<SinglesOfRows, SinglesOfColumns>(side, product with { IsLeftAlongK = false, Gap = 1 });
    }

    [SkippableFact]
    public void Operands_are_rounded() => AssertRight<QuadsOfRows, QuadsOfColumns>(32, new ProductCase(1, 36, 40, 20) { IsLeftAlongK = false, Operands = OperandFormat.TensorFloat32, HasFractions = true });

    /// <summary>Each sum has its products in the same order, whatever the square.</summary>
    [SkippableFact]
    public void All_squares_give_the_same_bits()
    {
        var device = (GpuDevice)Pocl.Require();
        var (sizes, random) = (new ProductCase(1, Rows, Columns, Depth) { IsRightAlongK = false }.Sizes, new Random(5));
        var left = Enumerable.Range(0, Rows * Depth).Select(_ => random.NextSingle() - 0.5f).ToArray();
        var right = Enumerable.Range(0, Columns * Depth).Select(_ => random.NextSingle() - 0.5f).ToArray();
        var results = AllSides.Select(side =>
        {
            using var a = device.Accelerator.Allocate1D(left);
            using var b = device.Accelerator.Allocate1D(right);
            using var c = device.Accelerator.Allocate1D<float>(Rows * Columns);
            Start<QuadsOfColumns, QuadsOfRows>(side, device, a.View, b.View, sizes, c.View, OperandFormat.Float32);
            device.Stream.Synchronize();
            return c.GetAsArray1D().Select(BitConverter.SingleToInt32Bits).ToArray();
        }).ToArray();
        Assert.Equal(results[0], results[1]);
        Assert.Equal(results[0], results[2]);
    }

    [SkippableTheory]
    [InlineData(1, 1)]
    [InlineData(5, 3)]
    [InlineData(8, 1)]
    public void Few_rows(int rows, int batch)
    {
        var device = (GpuDevice)Pocl.Require();
        new ProductCase(batch, rows, 13, 260) { Gap = 4 }.AssertRight(device);
        new ProductCase(batch, rows, 4, 4).AssertRight(device);
    }

    [Fact]
    public void Quads_are_read_where_all_of_them_lie_at_multiples_of_four()
    {
        AssertLies(OperandLie.QuadsOfColumns, OperandLie.QuadsOfColumns, new ProductCase(2, 5, 6, 8).Sizes);
        AssertLies(OperandLie.QuadsOfRows, OperandLie.QuadsOfRows, new ProductCase(2, 8, 12, 7) { IsLeftAlongK = false, IsRightAlongK = false }.Sizes);
        AssertLies(OperandLie.SinglesOfColumns, OperandLie.SinglesOfColumns, new ProductCase(1, 8, 8, 7).Sizes);
        AssertLies(OperandLie.SinglesOfRows, OperandLie.QuadsOfColumns, new ProductCase(1, 6, 8, 8) { IsLeftAlongK = false }.Sizes);
        var sizes = new ProductCase(2, 8, 8, 8).Sizes;
        AssertLies(OperandLie.SinglesOfColumns, OperandLie.QuadsOfColumns, sizes with { LeftBatch = 66 });
        AssertLies(OperandLie.SinglesOfColumns, OperandLie.QuadsOfColumns, sizes with { LeftRow = 9 });
        AssertLies(OperandLie.SinglesOfRows, OperandLie.QuadsOfColumns, sizes with { LeftColumn = 2 });
        Assert.Equal(OperandLie.SinglesOfColumns, new ProductStrides(sizes).LieOfLeft(sizes, 2));

        // Windows of 3 x 3 over a picture of 6 x 6 with 4 channels, last, and with 3: rows and columns of the product may be quads of channels.
        var (positions, window) = (new OperandAxes([2, 144, 4, 24, 4, 4]), new OperandAxes([3, 24, 3, 4, 4, 1]));
        Assert.Equal(OperandLie.QuadsOfColumns, OperandLies.Of(positions, 32, window, 36, 0, 0));
        Assert.Equal(OperandLie.QuadsOfRows, OperandLies.Of(window, 36, positions, 32, 0, 4));
        Assert.Equal(OperandLie.SinglesOfColumns, OperandLies.Of(positions, 32, window, 36, 0, 1));
        Assert.Equal(OperandLie.SinglesOfColumns, OperandLies.Of(new([2, 108, 4, 18, 4, 3]), 32, new([3, 18, 3, 3, 3, 1]), 27, 0, 0));
    }

    [Fact]
    public void A_square_is_the_larger_the_more_there_are_of_it()
    {
        Assert.Equal(128, ProductTiles.Side(new ProductCase(1, 4096, 4096, 64).Sizes, 132));
        Assert.Equal(128, ProductTiles.Side(new ProductCase(64, 256, 256, 64).Sizes, 132));
        Assert.Equal(64, ProductTiles.Side(new ProductCase(1, 512, 1024, 64).Sizes, 132));
        Assert.Equal(32, ProductTiles.Side(new ProductCase(1, 100, 128, 784).Sizes, 132));
        Assert.Equal(32, ProductTiles.Side(new ProductCase(1, 10, 10, 784).Sizes, 2));
        // As far as a grid goes.
        Assert.Equal(32, ProductTiles.Side(new ProductCase(1, 9, 2_000_000, 4).Sizes, 132));
        Assert.Equal(128, ProductTiles.Side(new ProductCase(1, 9, 3_000_000, 4).Sizes, 132));
    }

    private static void AssertLies(OperandLie left, OperandLie right, ProductSizes sizes) =>
        Assert.Equal((left, right), (new ProductStrides(sizes).LieOfLeft(sizes, 0), new ProductStrides(sizes).LieOfRight(sizes, 0)));

    private static void AssertRight<TLeft, TRight>(int side, ProductCase product)
        where TLeft : struct, IOperandLie
        where TRight : struct, IOperandLie
    {
        AssertLies(Enum.Parse<OperandLie>(typeof(TLeft).Name), Enum.Parse<OperandLie>(typeof(TRight).Name), product.Sizes);
        var device = (GpuDevice)Pocl.Require();
        product.AssertRight(device, (left, right, result) => Start<TLeft, TRight>(side, device, left, right, product.Sizes, result, product.Operands));
    }

    private static void Start<TLeft, TRight>(int side, GpuDevice device, ArrayView<float> left, ArrayView<float> right, ProductSizes sizes, ArrayView<float> result, OperandFormat operands)
        where TLeft : struct, IOperandLie
        where TRight : struct, IOperandLie
    {
        var product = new TiledProduct<ProductStrides, StoreTile>(device, left, right, sizes, new ProductStrides(sizes), new StoreTile(result, sizes.N));
        switch (side, operands)
        {
            case (128, _): product.Start<LargeTile, InFloat32, TLeft, TRight>(); break;
            case (64, _): product.Start<MediumTile, InFloat32, TLeft, TRight>(); break;
            case (_, OperandFormat.TensorFloat32): product.Start<SmallTile, InTensorFloat32, TLeft, TRight>(); break;
            default: product.Start<SmallTile, InFloat32, TLeft, TRight>(); break;
        }
    }
}
