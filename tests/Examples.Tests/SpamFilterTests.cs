using SpamFilter;

namespace FeedbackNN.Examples.Tests;

/// <summary>The pipeline of the example on messages of its grammar: what it has read without labels helps.</summary>
public sealed class SpamFilterTests
{
    private static readonly Messages Written = new(Grammar.Write(1_200, seed: 1), labels: 60, seed: 1);

    [Fact]
    public void The_pipeline_finds_spam_by_few_labels()
    {
        var stages = new List<string>();
        var pipeline = Filtering.Make(Written, seed: 1);
        pipeline.Run(new Stages(stages));
        Assert.Equal(["pretrain", "transfer", "finetune", "check"], stages.Take(4));
        var found = Filtering.Measure(pipeline.Net, Written.Test);
        Assert.True(found.F1 > 0.85, $"F1 {found.F1} after {string.Join(", ", stages)}");
        var spam = Filtering.Likely(pipeline.Net, Written.Classified(new Message("you have won a prize of 900 pounds claim your prize now call 1234", true)));
        var ham = Filtering.Likely(pipeline.Net, Written.Classified(new Message("hi anna can we meet at the pub tonight", false)));
        Assert.True(spam > 0.7 && ham < 0.3, $"spam {spam}, ham {ham}");
    }

    [Fact]
    public void No_message_is_in_two_parts()
    {
        var parts = new[] { Written.Labelled, Written.HeldOut, Written.Test };
        var all = parts.SelectMany(part => part.ToArray()).Select(sample => string.Join(' ', sample.Message.ToArray())).ToArray();
        Assert.All(parts.Take(2), part => Assert.Equal(60, part.Count));
        Assert.Equal(all.Length, all.Distinct().Count());
    }

    private sealed class Stages(List<string> stages) : IProgress<PipelineProgress>
    {
        public void Report(PipelineProgress value)
        {
            if (value.IsEndOfStep) stages.Add(value.Stage);
        }
    }
}
