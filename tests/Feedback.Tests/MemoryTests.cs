using Memory;

namespace FeedbackNN.Feedback.Tests;

/// <summary>What the backward pass keeps: nothing of the way to an equilibrium, and of a loop in segments the states between them.</summary>
public sealed class MemoryTests
{
    [Fact]
    public void AnEquilibriumsMemoryDoesNotGrowWithItsRounds()
    {
        using var few = new Short();
        using var many = new Long();
        Assert.Equal(few.TrainingArenaBytes(64), many.TrainingArenaBytes(64));
    }

    [Fact]
    public void ALoopInSegmentsOfTheRootOfItsLengthKeepsAboutAsManyStates()
    {
        using var whole = new Whole();
        using var tens = new Tens();
        using var forties = new Forties();
        // The zeros that are x's gradient are as long as x and no part of the loop.
        const long state = 8 * 32 * sizeof(float);
        static long Kept(long bytes, int time) => (bytes / state) - time;
        var plain = Kept(whole.TrainingArenaBytes(8, 1600), 1600);
        var segments = Kept(forties.TrainingArenaBytes(8, 1600), 1600);
        Assert.True(plain > 1600, $"{plain} states");
        Assert.InRange(segments, 1, 6 * 40);
        // Sixteen times as long, four times as much.
        Assert.InRange(segments / (double)Kept(tens.TrainingArenaBytes(8, 100), 100), 2.5, 5.5);
    }

    [Fact]
    public void TheGradientIsThatOfTheWholeLoop()
    {
        using var whole = new Whole(seed: 3);
        using var tens = new Tens(seed: 3);
        var x = new Tensor<float, Batch, Time, N32>(2, 25, 32);
        var random = new Random(1);
        foreach (ref var value in x.Span) value = random.NextSingle() - 0.5f;
        var seed = new Tensor<float, Batch, N32>(2, 32);
        seed.Span.Fill(1);
        var y = whole.ForwardTraining(x).ToArray();
        whole.Backward(seed);
        Assert.Equal(y, tens.ForwardTraining(x).ToArray());
        tens.Backward(seed);
        for (var i = 0; i < 1024; i++) Assert.Equal(whole.Parameters.Loop.U.Weight.Gradient[i], tens.Parameters.Loop.U.Weight.Gradient[i], 2e-5f);
    }
}
