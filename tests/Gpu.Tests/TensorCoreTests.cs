using FeedbackNN.Gpu.Nets;

namespace FeedbackNN.Gpu.Tests;

/// <summary>
/// Products are the same where tensor cores are asked for, as of their portable twins: on CUDA, where there are any, those of tf32, bf16 and f16 that are large enough go there; elsewhere none do. The numbers are such that
/// all orders of adding them up give the same.
/// </summary>
public sealed class TensorCoreTests
{
    private const string None = "This device has no tensor cores.";

    public static TheoryData<OperandFormat> Formats => new(OperandFormat.TensorFloat32, OperandFormat.BFloat16, OperandFormat.Float16);

    [SkippableTheory]
    [MemberData(nameof(Formats))]
    public void Products_of_every_lie(OperandFormat operands) => Asked(device =>
    {
        Skip.IfNot(device.HasTensorCores, None);
        // More than a square of 64, and than the columns of a tile.
        var product = new ProductCase(2, 68, 72, 20) { Operands = operands, HasFractions = true };
        foreach (var (isLeftAlongK, isRightAlongK) in new[] { (true, true), (true, false), (false, true), (false, false) })
        {
            var laid = product with { IsLeftAlongK = isLeftAlongK, IsRightAlongK = isRightAlongK };
            laid.AssertRight(device);
            // Lines that begin anywhere, so that numbers are read one by one, and as many of them as there are.
            (laid with { M = 67, N = 71, K = 37, Gap = 1, SharesRight = true }).AssertRight(device);
        }
        (product with { IsAlongAxes = true }).AssertRight(device);
        (product with { IsAlongAxes = true, IsLeftAlongK = false, K = 19 }).AssertRight(device);
        return 10;
    });

    [SkippableFact]
    public void Products_in_large_squares() => Asked(device =>
    {
        Skip.IfNot(device.HasTensorCores, None);
        var product = new ProductCase(1, 132, 140, 36) { HasFractions = true };
        InLargeSquares<TensorFloat32, QuadsOfColumns, QuadsOfRows>(device, product with { IsRightAlongK = false, Operands = OperandFormat.TensorFloat32 });
        InLargeSquares<TensorBFloat16, QuadsOfRows, QuadsOfColumns>(device, product with { IsLeftAlongK = false, Operands = OperandFormat.BFloat16 });
        InLargeSquares<TensorFloat16, SinglesOfColumns, SinglesOfRows>(device, product with { M = 131, N = 139, K = 35, IsRightAlongK = false, Operands = OperandFormat.Float16 });
        return 3;
    });

    [SkippableFact]
    public void One_that_is_large_enough() => Asked(device =>
    {
        new ProductCase(1, 32, 32, 16) { Operands = OperandFormat.BFloat16 }.AssertRight(device);
        return 1;
    });

    [SkippableFact]
    public void What_stays_with_the_twins() => Asked(device =>
    {
        new ProductCase(1, 64, 64, 32).AssertRight(device);
        new ProductCase(1, 31, 64, 32) { Operands = OperandFormat.BFloat16 }.AssertRight(device);
        new ProductCase(1, 64, 31, 32) { Operands = OperandFormat.BFloat16 }.AssertRight(device);
        new ProductCase(1, 64, 64, 12) { Operands = OperandFormat.BFloat16 }.AssertRight(device);
        return 0;
    });

    [SkippableFact]
    public void The_device_says_whether_it_has_any() => Asked(device =>
    {
        Assert.EndsWith(device.HasTensorCores ? ", tensor cores)" : ", no tensor cores)", device.ToString());
        device.UsesTensorCores = false;
        Assert.DoesNotContain("tensor cores", device.ToString());
        return 0;
    });

    /// <summary>Where epilogues take the products; with graphs the same bits.</summary>
    [SkippableFact]
    public void A_training_and_its_graphs() => Asked(device =>
    {
        Skip.IfNot(device.HasTensorCores, None);
        device.UsesTensorCores = false;
        var expected = Train(device);
        device.UsesTensorCores = true;
        var actual = Train(device);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-4f);
        device.UsesGraphs = true;
        Assert.Equal(actual, Train(device));
        return null;
    });

    // Runs with tensor cores asked for; gives how many products must have gone there, null where that is any number above 0.
    private static void Asked(Func<GpuDevice, int?> work)
    {
        var device = (GpuDevice)Pocl.Require();
        var (before, uses, graphs) = (device.TensorCoreLaunches, device.UsesTensorCores, device.UsesGraphs);
        try
        {
            device.UsesTensorCores = true;
            var expected = work(device);
            var actual = device.TensorCoreLaunches - before;
            if (expected is { } count) Assert.Equal(device.HasTensorCores ? count : 0, actual);
            else Assert.True(actual > 0);
        }
        finally
        {
            (device.UsesTensorCores, device.UsesGraphs) = (uses, graphs);
        }
    }

    private static void InLargeSquares<TFormat, TLeft, TRight>(GpuDevice device, ProductCase product)
        where TFormat : struct, ITensorFormat
        where TLeft : struct, IOperandLie
        where TRight : struct, IOperandLie =>
        product.AssertRight(device, (left, right, result) => new TiledProduct<ProductStrides, StoreTile>(device, left, right, product.Sizes, new ProductStrides(product.Sizes), new StoreTile(result, product.N))
            .StartOnTensorCores<LargeTensorTile, TFormat, TLeft, TRight>());

    private static float[] Train(GpuDevice device)
    {
        const int rows = 64;
        using var net = new Wide(device, seed: 1);
        using var trainer = new FitWideBf16(net, seed: 2);
        var random = new Random(3);
        var (x, y) = (new Tensor<float, Batch, Breadth>(rows, Breadth.Size), new Tensor<float, Batch, Breadth>(rows, Breadth.Size));
        for (var step = 0; step < 3; step++)
        {
            foreach (ref var value in x.Span) value = random.NextSingle() - 0.5f;
            foreach (ref var value in y.Span) value = random.NextSingle() - 0.5f;
            trainer.RunStep(new(x, y), isAsked: false);
        }
        trainer.Settle();
        return [.. net.AllParameters.SelectMany(parameter => parameter.Value.ToArray())];
    }
}
