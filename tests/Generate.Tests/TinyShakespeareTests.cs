using System.Globalization;
using FeedbackNN.Examples.Tests;
using FeedbackNN.Feedback.Tests;
using FeedbackNN.Tests;
using Shakespeare;

namespace FeedbackNN.Generate.Tests;

/// <summary>nanoGPT's small setting on Tiny Shakespeare: 4 layers, 4 heads, 128 wide, 64 characters, batches of 12, 2,000 steps. Its README says 1.88. Runs with FNN_SLOW=1.</summary>
public sealed class TinyShakespeareTests
{
    private const int Context = 64, BatchSize = 12, Steps = 2_000;

    [SkippableFact]
    public void A_small_Gpt_reaches_the_loss_of_nanoGPT()
    {
        SlowRun.Require();
        var text = File.ReadAllText(Path.Combine(SharedData.Find("tinyshakespeare"), "input.txt"));
        var letters = text.Distinct().Order().ToArray();
        Assert.Equal(65, letters.Length);
        var tokens = text.Select(letter => Array.IndexOf(letters, letter)).ToArray();
        var (read, held) = (tokens[..(tokens.Length * 9 / 10)], tokens[(tokens.Length * 9 / 10)..]);

        using var net = new NanoGpt(seed: 1);
        using var trainer = new FitNanoGpt(net, seed: 1);
        var random = new Random(1);
        var curve = new List<string>();
        for (var step = 1; step <= Steps; step++)
        {
            trainer.Step(Batch(read, Enumerable.Range(0, BatchSize).Select(_ => random.Next(read.Length - Context - 1))));
            if (step % 500 == 0) curve.Add(string.Create(CultureInfo.InvariantCulture, $"{Loss(trainer, held):F2}"));
        }
        var loss = Loss(trainer, held);
        ResultsTable.Write("nanoGPT's small setting on Tiny Shakespeare (Karpathy)", "validation loss after 500, 1000, 1500 and 2000 steps", $"{string.Join(", ", curve)}", "at most 1.88 at the end");
        Assert.True(loss <= 1.88, string.Create(CultureInfo.InvariantCulture, $"validation loss {loss}: {string.Join(", ", curve)}"));
    }

    // Over all of the text that is held back, window by window.
    private static double Loss(FitNanoGpt trainer, int[] held)
    {
        const int many = 60;
        var starts = Enumerable.Range(0, (held.Length - 1) / Context).Select(k => k * Context).ToArray();
        return starts.Chunk(many).Where(chunk => chunk.Length == many).Average(chunk => (double)trainer.Evaluate(Batch(held, chunk)).Loss);
    }

    private static FitNanoGpt.MiniBatch Batch(int[] text, IEnumerable<int> starts)
    {
        var rows = starts.ToArray();
        return new(new([.. rows.SelectMany(start => text.AsSpan(start, Context).ToArray())], rows.Length, Context), new([.. rows.SelectMany(start => text.AsSpan(start + 1, Context).ToArray())], rows.Length, Context));
    }
}
