using TinyStories;

namespace FeedbackNN.Examples.Tests;

/// <summary>stories260K, a trained Llama, says word for word what llama2.c says with it.</summary>
public sealed class TinyStoriesTests
{
    private const int Count = 200;

    [SkippableFact]
    public void Loading_maps_every_tensor()
    {
        using var net = new Storyteller(seed: 3);
        var report = Storytelling.Load(net, Path.Combine(SharedData.Find("stories260K"), "stories260K.bin"));
        Assert.True(report.IsComplete, report.ToString());
        // Of each layer nine, the embedding and the last norm.
        Assert.Equal((5 * 9) + 2, report.Mapped.Count);
        Assert.Equal(net.AllParameters.Select(parameter => parameter.Path).Order(), report.Mapped.Select(weight => weight.Path).Distinct().Order());
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Two_hundred_greedy_tokens_are_the_expected_text(bool keepsMemory)
    {
        var folder = SharedData.Find("stories260K");
        using var net = new Storyteller(seed: 3);
        Storytelling.Load(net, Path.Combine(folder, "stories260K.bin"));
        int[] tokens;
        if (keepsMemory)
        {
            using var tell = new Tell(net);
            using var prompt = new Tensor<int, Batch, StartAxis>([StoryTokens.Begin], 1, 1);
            using var told = tell.Run(prompt, count: Count);
            tokens = told.ToArray();
        }
        else tokens = Storytelling.WriteWithoutMemory(net, [StoryTokens.Begin], Count);

        Assert.Equal(Count + 1, tokens.Length);
        var tokenizer = StoryTokens.Load(Path.Combine(folder, "tok512.bin"));
        Assert.Equal(File.ReadAllText(Path.Combine(folder, "expected-greedy-200.txt")), tokenizer.Decode(tokens.Skip(1)));
    }

    [SkippableFact]
    public void A_beginning_is_cut_into_the_tokens_that_the_network_writes()
    {
        var folder = SharedData.Find("stories260K");
        using var net = new Storyteller(seed: 3);
        Storytelling.Load(net, Path.Combine(folder, "stories260K.bin"));
        var tokens = Storytelling.WriteWithoutMemory(net, [StoryTokens.Begin], 40);
        var tokenizer = StoryTokens.Load(Path.Combine(folder, "tok512.bin"));
        var text = tokenizer.Decode(tokens.Skip(1));
        Assert.StartsWith("Once upon a time, there was a little girl named Lily.", text, StringComparison.Ordinal);
        Assert.Equal(tokens, tokenizer.EncodeToIds(text));
    }
}
