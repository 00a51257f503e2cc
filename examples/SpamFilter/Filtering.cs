using FeedbackNN;

namespace SpamFilter;

/// <summary>Runs the pipelines and counts what they find.</summary>
internal static class Filtering
{
    public static FilterPipeline Make(Messages messages, ulong seed, string? folder = null) => new(seed: seed)
    {
        Messages = messages.All, Labelled = messages.Labelled, HeldOut = messages.HeldOut, Folder = folder, BatchSize = 16,
    };

    /// <summary>The classifier that has seen nothing but the labelled messages.</summary>
    public static PlainPipeline MakePlain(Messages messages, ulong seed) => new(seed: seed) { Labelled = messages.Labelled, BatchSize = 16 };

    /// <summary>A classifier that learns with few weights from what a reader knows.</summary>
    public static AdaptedPipeline MakeAdapted(Messages messages, MessageModel reader, ulong seed) =>
        new(reader, new Classifier(seed: seed), seed) { Labelled = messages.Labelled.Select(sample => new FitAdapters.Sample(sample.Message, sample.Label)), BatchSize = 16 };

    public static FitClassifier.Report Measure(Classifier net, IDataSource<FitClassifier.Sample> messages)
    {
        using var trainer = new FitClassifier(net);
        return trainer.Evaluate(messages);
    }

    /// <summary>How likely a message is spam.</summary>
    public static double Likely(Classifier net, FitClassifier.Sample message)
    {
        using var logits = net.Forward(new(message.Message.Span, 1, message.Message.Length));
        return 1 / (1 + Math.Exp(logits[0, 0] - logits[0, 1]));
    }
}
