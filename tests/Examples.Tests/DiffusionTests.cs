using Diffusion;

namespace FeedbackNN.Examples.Tests;

/// <summary>A quarter of the example's training: noise becomes points of the spiral, of all its parts, and the same ones with the same seed.</summary>
public sealed class DiffusionTests : IDisposable
{
    private readonly Denoiser _net = new(seed: 1);

    public void Dispose() => _net.Dispose();

    [Fact]
    public void Noise_becomes_points_of_the_whole_spiral()
    {
        using var trainer = new Fit(_net, seed: 1);
        trainer.Optimizer.LearningRate = Schedule.Cosine(3e-3, total: 1_500);
        trainer.Run(Spiral.Points(12_800, new Random(1)), epochs: 15, batchSize: 128);

        // The average is slower than so short a training.
        using var draw = new Draw(_net);
        using var points = draw.Run(n: 500, seed: 1);
        // Of points spread evenly over the same disc 28 % would be so near.
        Assert.InRange(Spiral.Near(points, 0.2f), 275, 500);
        Assert.All(Spiral.Spread(points), count => Assert.InRange(count, 15, 110));

        using var again = draw.Run(n: 500, seed: 1);
        using var others = draw.Run(n: 500, seed: 2);
        Assert.Equal(points.ToArray(), again.ToArray());
        Assert.NotEqual(points.ToArray(), others.ToArray());
    }
}
