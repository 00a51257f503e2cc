using FeedbackNN;

namespace TinyStories;

/// <summary>Loads the network, and lets it write.</summary>
internal static class Storytelling
{
    /// <summary>Reads the weights of a file of llama2.c. Each weight has its tensor and each tensor its weight, or it is an error.</summary>
    public static CheckpointReport Load(Storyteller net, string binary)
    {
        var converted = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".safetensors");
        try
        {
            Llama2File.Convert(binary, converted);
            return net.Load(converted, Storyteller.Checkpoints.Meta);
        }
        finally
        {
            File.Delete(converted);
        }
    }

    /// <summary>The likeliest next token, again and again, with the whole text computed anew each time: what <c>Tell</c> gives at temperature 0, without a memory.</summary>
    public static int[] WriteWithoutMemory(Storyteller net, IEnumerable<int> prompt, int count)
    {
        var tokens = prompt.ToList();
        for (var k = 0; k < count && (k == 0 || tokens[^1] != StoryTokens.Begin); k++)
        {
            using var logits = net.Forward(new(tokens.ToArray(), 1, tokens.Count));
            var last = logits.ToArray()[^512..];
            tokens.Add(Array.IndexOf(last, last.Max()));
        }
        return [.. tokens];
    }
}
