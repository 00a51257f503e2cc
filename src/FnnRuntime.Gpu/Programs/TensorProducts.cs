namespace FeedbackNN.Gpu;

/// <summary>Which products go to tensor cores.</summary>
internal static class TensorProducts
{
    /// <summary>Of a thinner product most of a square would be computed for nothing. An estimate until a device has measured it.</summary>
    public const int LeastSide = 32;

    // As for the portable kernel; half of a warp's loads from shared memory serve the smaller square's multiplications as well. Estimates until a device has measured them.
    private static readonly (int Side, double Cost)[] Sizes = [(128, 128 * 128), (64, 64 * 64 * 1.5)];

    /// <summary>A product of these sizes in this format is one for them.</summary>
    public static bool AreFor(ProductSizes sizes, OperandFormat operands) =>
        operands != OperandFormat.Float32 && Math.Min(sizes.M, sizes.N) >= LeastSide && sizes.K >= TensorPlaces.Depth;

    /// <inheritdoc cref="ProductTiles.Side"/>
    public static int Side(ProductSizes sizes, int multiprocessors) => ProductTiles.Cheapest(Sizes, sizes, multiprocessors);
}
