using System.Globalization;
using FeedbackNN.Examples.Tests;
using FeedbackNN.Tests;
using SpamFilter;

namespace FeedbackNN.Feedback.Tests;

/// <summary>The pipeline of examples/SpamFilter on the SMS Spam Collection with 100 labels, and what reading before is worth.</summary>
public sealed class SpamTests
{
    [SkippableFact]
    public void Reading_messages_without_labels_helps()
    {
        SlowRun.Require();
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

    /// <summary>Rate and epochs of each way are those with the best mean F1 on the messages that are held out; the test messages decide nothing.</summary>
    [SkippableFact]
    public void Updates_of_low_rank_do_nearly_as_well_as_all_weights()
    {
        SlowRun.Require();
        var path = Path.Combine(SharedData.Find("sms-spam"), "sms.tsv");
        var choices = new (double Rate, int Epochs)[] { (3e-3, 30), (3e-3, 60), (1e-2, 30), (1e-2, 60) };
        var whole = choices.ToDictionary(choice => choice, _ => new List<(double HeldOut, double Test)>());
        var adapted = choices.ToDictionary(choice => choice, _ => new List<(double HeldOut, double Test)>());
        var share = 0.0;
        for (var seed = 1UL; seed <= 5; seed++)
        {
            var messages = new Messages(Messages.Read(path), labels: 100, seed);
            using var reader = new MessageModel(seed: seed);
            using (var trainer = new FitLanguage(reader, seed)) trainer.Run(messages.All, 4, 16);
            foreach (var choice in choices)
            {
                using var net = Made(reader, seed);
                using (var trainer = new FitClassifier(net, seed))
                {
                    trainer.Optimizer.LearningRate = choice.Rate;
                    trainer.Run(messages.Labelled, choice.Epochs, 16);
                }
                whole[choice].Add(Measured(net, messages));

                using var other = Made(reader, seed);
                using (var trainer = new FitAdapters(other, seed))
                {
                    trainer.Optimizer.LearningRate = choice.Rate;
                    trainer.Run(messages.Labelled.Select(sample => new FitAdapters.Sample(sample.Message, sample.Label)), choice.Epochs, 16);
                    trainer.Adapters.Merge();
                    var head = other.AllParameters.Where(parameter => parameter.Path.StartsWith("head.", StringComparison.Ordinal)).Sum(parameter => parameter.Length);
                    share = (trainer.Adapters.ParameterCount + head) / (double)other.ParameterCount;
                }
                adapted[choice].Add(Measured(other, messages));
            }
        }
        var (all, few) = (Best(whole), Best(adapted));
        const string experiment = "spam among text messages, 100 labels, 5 seeds (examples/SpamFilter)";
        ResultsTable.Write(experiment, "F1 of all weights fine-tuned after pre-training", $"{Bootstrap.Mean(all)}", "");
        ResultsTable.Write(experiment, string.Create(CultureInfo.InvariantCulture, $"F1 of updates of low rank and a head, {100 * share:F1}% of the weights, after pre-training"), $"{Bootstrap.Mean(few)}", "within 0.01 of all weights");
        Assert.InRange(share, 0.001, 0.05);
        Assert.True(few.Average() >= all.Average() - 0.01, $"{string.Join(", ", few)}; {string.Join(", ", all)}");

        static Classifier Made(MessageModel reader, ulong seed)
        {
            var net = new Classifier(seed: seed);
            net.Transfer(reader, from: "encoder", to: "encoder");
            return net;
        }

        static (double HeldOut, double Test) Measured(Classifier net, Messages messages) => (Filtering.Measure(net, messages.HeldOut).F1, Filtering.Measure(net, messages.Test).F1);

        static double[] Best<TChoice>(Dictionary<TChoice, List<(double HeldOut, double Test)>> found) where TChoice : notnull =>
            [.. found.Values.MaxBy(runs => runs.Average(run => run.HeldOut))!.Select(run => run.Test)];
    }

    private sealed class EndOfSteps(Action<string> ended) : IProgress<PipelineProgress>
    {
        public void Report(PipelineProgress value)
        {
            if (value.IsEndOfStep) ended(value.Stage);
        }
    }
}
