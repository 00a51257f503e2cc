using FeedbackNN.Gpu.Nets;

namespace FeedbackNN.Gpu.Tests.Stub;

/// <summary>What the host asks the driver for, with kernels that are executed: what comes late, or another way, must not be seen in the numbers.</summary>
internal static class EmulatedScenarios
{
    private const int Rows = 9, Length = 3, OutOfMemory = 2;

    public static void Batches_give_the_same_bits_whichever_way_they_come()
    {
        var expected = Train();
        Assert.NotEmpty(StubDriver.Log.Of("called allocate_host"));
        StubDriver.ClearLog();
        StubDriver.Fail("cuMemAllocHost", OutOfMemory, 0, 1000);
        Assert.Equal(expected, Train());
        Assert.NotEmpty(StubDriver.Log.Of("failed cuMemAllocHost"));
        Assert.Empty(StubDriver.Log.Of("called allocate_host"));
    }

    /// <summary>Parameters after steps that nobody waits for, each with numbers of its own.</summary>
    private static int[] Train()
    {
        using var device = StubDriver.Connect();
        using var net = new Mixed(device, seed: 3);
        using var trainer = new FitMixedSgd(net, seed: 5);
        var random = new Random(1);
        for (var step = 0; step < 8; step++)
        {
            var batch = new FitMixedSgd.MiniBatch(new(Rows, Features.Size), new(Rows, Length), new(Rows));
            foreach (ref var value in batch.X.Span) value = random.NextSingle() - 0.5f;
            foreach (ref var word in batch.Word.Span) word = random.Next(30);
            foreach (ref var label in batch.Label.Span) label = random.Next(Classes.Size);
            trainer.RunStep(batch, isAsked: false);
        }
        trainer.Settle();
        return [.. net.AllParameters.SelectMany(parameter => parameter.Value.ToArray()).Select(BitConverter.SingleToInt32Bits)];
    }
}
