using CharGpt;

namespace FeedbackNN.Examples.Tests;

/// <summary>A short training of the example's GPT on the project's own text, and that it writes on and on.</summary>
public sealed class CharGptTests
{
    [Fact]
    public async Task It_learns_from_the_projects_own_text_and_writes()
    {
        var text = Corpus.Encode(Corpus.OwnText());
        Assert.True(text.Length > 100_000);
        using var net = new Speaker(seed: 1);
        using var trainer = new Fit(net, seed: 1);
        var windows = Corpus.Windows(text, 32).Shuffle(seed: 2);
        trainer.Run(windows.Take(640), epochs: 1, batchSize: 16);
        // Letters by themselves have more than 5 bits; how often each comes is what is learned first.
        var bits = trainer.Evaluate(windows.Skip(640).Take(64)).Bits;
        Assert.True(bits < 4.9, $"{bits} bits");

        using var write = new Write(net);
        using var beginning = new Tensor<int, Batch, Given>(Corpus.Encode("/// "), 1, 4);
        var letters = new List<int>();
        // More than the context has room for.
        await foreach (var next in write.Stream(beginning, count: 100, seed: 1)) letters.Add(next[0]);
        Assert.Equal(100, letters.Count);
        Assert.Equal(letters[^20..], write.Run(beginning, count: 100, seed: 1).ToArray()[^20..]);
    }
}
