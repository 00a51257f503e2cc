using FeedbackNN.Examples.Tests;
using SpamFilter;

namespace FeedbackNN.Feedback.Tests;

/// <summary>The pipeline of examples/SpamFilter on the SMS Spam Collection with 100 labels, and what reading before is worth.</summary>
public sealed class SpamTests
{
    [SkippableFact]
    public void Reading_messages_without_labels_helps()
    {
        ResultsTable.RequireSlow();
        var path = Path.Combine(SharedData.Find("sms-spam"), "sms.tsv");
        List<double> with = [], before = [], without = [];
        for (var seed = 1UL; seed <= 5; seed++)
        {
            var messages = new Messages(Messages.Read(path), labels: 100, seed);
            var pipeline = Filtering.Make(messages, seed);
            var first = double.NaN;
            pipeline.Run(new EndOfSteps(stage =>
            {
                if (stage == "check" && double.IsNaN(first)) first = Filtering.Measure(pipeline.Net, messages.Test).F1;
            }));
            before.Add(first);
            with.Add(Filtering.Measure(pipeline.Net, messages.Test).F1);
            var plain = Filtering.MakePlain(messages, seed);
            plain.Run();
            without.Add(Filtering.Measure(plain.Net, messages.Test).F1);
        }
        const string experiment = "spam among text messages, 100 labels, 5 seeds (examples/SpamFilter)";
        var gain = Bootstrap.Mean([.. before.Zip(without, (one, other) => one - other)]);
        ResultsTable.Write(experiment, "F1 with pre-training on messages without labels", $"{Bootstrap.Mean(before)}", "higher than without");
        ResultsTable.Write(experiment, "F1 with pre-training and the feedback of the hardest", $"{Bootstrap.Mean(with)}", "not lower than before the feedback");
        ResultsTable.Write(experiment, "F1 without", $"{Bootstrap.Mean(without)}", "");
        ResultsTable.Write(experiment, "gain by pre-training", $"{gain}", "above 0");
        Assert.True(gain.Value > 0, $"{gain}: {string.Join(", ", before)}; {string.Join(", ", without)}");
        Assert.True(with.Average() > before.Average() - 0.01, $"{with.Average()} after the feedback, {before.Average()} before");
    }

    private sealed class EndOfSteps(Action<string> ended) : IProgress<PipelineProgress>
    {
        public void Report(PipelineProgress value)
        {
            if (value.IsEndOfStep) ended(value.Stage);
        }
    }
}
