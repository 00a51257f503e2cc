using Generates;

namespace FeedbackNN.Generate.Tests;

/// <summary>Generates without a state that grows: loops over networks, and what is drawn by probability.</summary>
public sealed class GenerateTests
{
    [Fact]
    public void ALoopOverANetworkRunsFromASeed()
    {
        using var net = new Denoiser(seed: 3);
        using var paint = new Paint(net);
        var first = paint.Run(n: 4, heat: 0.1f, seed: 7);
        Assert.Equal([4, 6], first.Shape.ToArray());
        Assert.All(first.ToArray(), value => Assert.True(float.IsFinite(value)));
        Assert.Equal(first.ToArray(), paint.Run(n: 4, heat: 0.1f, seed: 7).ToArray());
        Assert.NotEqual(first.ToArray(), paint.Run(n: 4, heat: 0.1f, seed: 8).ToArray());
        Assert.NotEqual(first.ToArray(), paint.Run(n: 4, seed: 7).ToArray());
    }

    [Fact]
    public async Task WhatHasBeenDisposedOfRefusesByName()
    {
        using var net = new Denoiser(seed: 3);
        var paint = new Paint(net);
        paint.Run(n: 4, heat: 0.1f, seed: 7);
        paint.Dispose();
        Assert.Equal("Generates.Paint", Assert.Throws<ObjectDisposedException>(() => paint.Run(n: 4, seed: 7)).ObjectName);
        using var again = new Paint(net);
        net.Dispose();
        Assert.Equal("Generates.Denoiser", Assert.Throws<ObjectDisposedException>(() => again.Run(n: 4, seed: 7)).ObjectName);
        Assert.Equal("Generates.Denoiser", Assert.Throws<ObjectDisposedException>(() => new Paint(net)).ObjectName);

        using var sloped = new Sloped(seed: 3);
        var slope = new Slope(sloped);
        using var prompt = new Tensor<int, Batch, StartAxis>(1, 2);
        var rounds = 0;
        await Assert.ThrowsAsync<ObjectDisposedException>(async () =>
        {
            await foreach (var _ in slope.Stream(prompt, 30))
            {
                if (++rounds == 3) slope.Dispose();
            }
        });
        Assert.Equal(3, rounds);
        Assert.Equal("Generates.Slope", Assert.Throws<ObjectDisposedException>(() => slope.Run(prompt, 30)).ObjectName);
    }

    private static Tensor<float, Batch, Vocab> Logits(int batch, params float[] row) => new([.. Enumerable.Range(0, batch).SelectMany(_ => row)], batch, row.Length);

    private static readonly float[] Row = [0, 1, 2, -1, 0.5f, 3, 3, -2, 1, 0, 2.5f];

    [Fact]
    public void A_number_to_draw_by_that_is_out_of_its_range_is_refused_by_name()
    {
        using var net = new Nothing();
        using var draw = new Draw(net);
        using var teller = new Teller(seed: 1);
        using var write = new Write(teller);
        using var prompt = new Tensor<int, Batch, StartAxis>(new[,] { { 1, 2, 3 } });
        foreach (var (use, told) in new (Action Use, string Told)[]
        {
            (() => draw.Run(Logits(1, Row), temperature: -1), "'temperature' is -1; a sample draws by it as its 'temperature', which must be at least 0."),
            (() => draw.Run(Logits(1, Row), temperature: float.NaN), "'temperature' is NaN;"),
            (() => draw.Run(Logits(1, Row), topK: -3), "'top_k' is -3; a sample draws by it as its 'top_k', which must be at least 0, where 0 is all."),
            (() => draw.Run(Logits(1, Row), topP: 0), "'top_p' is 0;"),
            (() => draw.Run(Logits(1, Row), topP: 1.5f), "which must be above 0 and at most 1."),
            (() => write.Run(prompt, 2, temperature: -1), "'temperature' is -1;"),
            (() => write.Stream(prompt, 2, topK: -1), "'top_k' is -1;"),
        })
        {
            Assert.Contains(told, Assert.Throws<ArgumentException>(use).Message);
        }
        Assert.Contains("make it 0 rounds, and at least one must be run", Assert.Throws<ArgumentException>(() => write.Run(prompt, 0)).Message);
    }

    [Fact]
    public void AtTemperatureZeroTheFirstOfTheLargestIsTaken()
    {
        using var net = new Nothing();
        using var draw = new Draw(net);
        for (var seed = 0UL; seed < 20; seed++) Assert.All(draw.Run(Logits(3, Row), temperature: 0, seed: seed).ToArray(), index => Assert.Equal(5, index));
    }

    [Theory]
    [InlineData(1f, 0, 1f)]
    [InlineData(0.7f, 0, 1f)]
    [InlineData(1f, 4, 1f)]
    [InlineData(1f, 1, 1f)]
    [InlineData(1f, 0, 0.6f)]
    [InlineData(2f, 7, 0.8f)]
    public void DrawsHaveTheirProbabilities(float temperature, int topK, float topP)
    {
        const int count = 20_000;
        using var net = new Nothing();
        using var draw = new Draw(net);
        var drawn = draw.Run(Logits(count, Row), temperature, topK, topP, seed: 5).ToArray();
        var order = Enumerable.Range(0, Row.Length).OrderByDescending(k => Row[k]).ToList();
        if (topK > 0) order = order[..topK];
        var weights = order.Select(k => Math.Exp((Row[k] - Row[order[0]]) / temperature)).ToList();
        var kept = 1;
        while (kept < order.Count && weights.Take(kept).Sum() < topP * weights.Sum()) kept++;
        var total = weights.Take(kept).Sum();
        for (var k = 0; k < Row.Length; k++)
        {
            var place = order.Take(kept).ToList().IndexOf(k);
            var p = place < 0 ? 0 : weights[place] / total;
            // Five standard deviations.
            Assert.InRange(drawn.Count(index => index == k), (count * p) - (5 * Math.Sqrt(count * p * (1 - p))), (count * p) + (5 * Math.Sqrt(count * p * (1 - p))));
        }
    }

    [Fact]
    public void ASamplesDrawIsItsOwnWhateverStandsBesideIt()
    {
        using var net = new Nothing();
        using var draw = new Draw(net);
        for (var seed = 0UL; seed < 10; seed++)
        {
            var alone = draw.Run(Logits(1, Row), seed: seed).ToArray();
            var beside = draw.Run(Logits(9, Row), seed: seed).ToArray();
            Assert.Equal(alone[0], beside[0]);
        }
    }

    [Fact]
    public void ItComputesWhereItsNetworkDoes()
    {
        using var net = new Denoiser();
        using var paint = new Paint(net);
        Assert.Same(net, paint.Net);
        Assert.Same(net.Device, paint.Device);
        Assert.Throws<ArgumentNullException>(() => new Paint(null!));
    }
}
