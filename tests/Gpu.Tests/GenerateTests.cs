using Tales;

namespace FeedbackNN.Gpu.Tests;

/// <summary>What a generate keeps stays on the device; what it says is what the processor says.</summary>
public sealed class GenerateTests
{
    [SkippableFact]
    public async Task Words_are_those_of_the_processor()
    {
        using var here = new Teller(seed: 4);
        using var there = new Teller(Pocl.Require());
        TakeTwiceTheWeights(here, there);
        using var tell = new Tell(here);
        using var tellThere = new Tell(there);
        using var prompt = new Tensor<int, Batch, Given>(new[,] { { 1, 5, 7 }, { 29, 0, 3 } });
        foreach (var (temperature, seed) in new[] { (0f, 1UL), (1f, 1UL), (0.7f, 2UL) })
        {
            var expected = tell.Run(prompt, temperature, seed: seed);
            var actual = tellThere.Run(prompt, temperature, seed: seed);
            Assert.Equal(expected.Words.ToArray(), actual.Words.ToArray());
            Assert.Equal(expected.Taken.ToArray(), actual.Taken.ToArray());
        }
        var whole = tell.Run(prompt, 1f, seed: 3).Words;
        var t = 3;
        await foreach (var next in tellThere.Stream(prompt, 1f, seed: 3)) Assert.Equal([whole[0, t], whole[1, t++]], next.ToArray());
        Assert.Equal(9, t);
        // A sample ends, and then all.
        var stop = whole[0, 4];
        Assert.Equal(tell.Run(prompt, 1f, stop, seed: 3).Words.ToArray(), tellThere.Run(prompt, 1f, stop, seed: 3).Words.ToArray());
    }

    [SkippableFact]
    public void Attention_by_hand_grows_there_too()
    {
        using var here = new Scribe(seed: 4);
        using var there = new Scribe(Pocl.Require());
        TakeTwiceTheWeights(here, there);
        using var copy = new Copy(here);
        using var copyThere = new Copy(there);
        using var prompt = new Tensor<int, Batch, Given>(new[,] { { 1, 5, 7 }, { 29, 0, 3 } });
        var words = copy.Run(prompt).ToArray();
        Assert.Equal(words, copyThere.Run(prompt).ToArray());
        Assert.True(words.Distinct().Count() > 6, "a network that says one word only shows little");
    }

    [SkippableFact]
    public void A_loop_over_a_network_draws_the_same()
    {
        using var here = new Point(seed: 4);
        using var there = new Point(Pocl.Require(), seed: 4);
        using var noise = new Noise(here);
        using var noiseThere = new Noise(there);
        foreach (var (a, b) in noise.Run(5, seed: 3).ToArray().Zip(noiseThere.Run(5, seed: 3).ToArray())) Assert.Equal(a, b, 1e-5f);
    }

    // As they are drawn first, they would say one word only.
    private static void TakeTwiceTheWeights(Model here, Model there)
    {
        foreach (var (from, to) in here.AllParameters.Zip(there.AllParameters))
        {
            foreach (ref var value in from.Value) value *= 2;
            from.Value.CopyTo(to.Value);
        }
    }
}
