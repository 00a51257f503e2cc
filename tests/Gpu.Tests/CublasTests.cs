using FeedbackNN.Gpu.Nets;

namespace FeedbackNN.Gpu.Tests;

/// <summary>Products are the same where cuBLAS is asked for: on CUDA, where it is found, large ones are its; elsewhere all are our kernels'.</summary>
public sealed class CublasTests
{
    [SkippableTheory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void Large_products(bool isLeftAlongK, bool isRightAlongK) => Asked((device, isFound) =>
    {
        var product = new ProductCase(1, 200, 330, 260) { IsLeftAlongK = isLeftAlongK, IsRightAlongK = isRightAlongK };
        product.AssertRight(device);
        (product with { Operands = OperandFormat.TensorFloat32 }).AssertRight(device);
        (product with { Batch = 3, M = 100, Gap = 5, SharesRight = true }).AssertRight(device);
        return isFound ? 3 : 0;
    });

    [SkippableFact]
    public void Small_products() => Asked((device, _) =>
    {
        new ProductCase(1, 200, 330, 240).AssertRight(device);
        new ProductCase(1, 31, 2048, 300).AssertRight(device);
        return 0;
    });

    [SkippableFact]
    public void A_training_and_its_graphs() => Asked((device, isFound) =>
    {
        device.UsesCublas = false;
        var expected = Train(device);
        device.UsesCublas = true;
        var actual = Train(device);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-5f);
        device.UsesGraphs = true;
        Assert.Equal(actual, Train(device));
        return isFound ? null : 0;
    });

    // Runs with cuBLAS asked for; gives how many products must have been its, null where that is any number above 0.
    private static void Asked(Func<GpuDevice, bool, int?> work)
    {
        var device = (GpuDevice)Pocl.Require();
        var (before, uses, graphs) = (device.CublasLaunches, device.UsesCublas, device.UsesGraphs);
        try
        {
            device.UsesCublas = true;
            var expected = work(device, device.CublasFile is not null);
            if (expected is { } count) Assert.Equal(count, device.CublasLaunches - before);
            else Assert.True(device.CublasLaunches > before);
        }
        finally
        {
            (device.UsesCublas, device.UsesGraphs) = (uses, graphs);
        }
    }

    private static float[] Train(GpuDevice device)
    {
        const int rows = 64;
        using var net = new Wide(device, seed: 1);
        using var trainer = new FitWide(net, seed: 2);
        var random = new Random(3);
        var (x, y) = (new Tensor<float, Batch, Breadth>(rows, Breadth.Size), new Tensor<float, Batch, Breadth>(rows, Breadth.Size));
        for (var step = 0; step < 4; step++)
        {
            foreach (ref var value in x.Span) value = random.NextSingle() - 0.5f;
            foreach (ref var value in y.Span) value = random.NextSingle() - 0.5f;
            trainer.RunStep(new(x, y), isAsked: false);
        }
        trainer.Settle();
        return [.. net.AllParameters.SelectMany(parameter => parameter.Value.ToArray())];
    }
}
