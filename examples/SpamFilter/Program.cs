using FeedbackNN;
using SpamFilter;

// Messages of the grammar, or the real ones: a path to sms.tsv, or FNN_DATA with the folder sms-spam.
var path = args is [var given] ? given : Environment.GetEnvironmentVariable("FNN_DATA") is { } data ? Path.Combine(data, "sms-spam", "sms.tsv") : null;
if (path is not null && !File.Exists(path))
{
    Console.Error.WriteLine($"There is no file {path}. Pass the SMS Spam Collection, a line a message ('ham' or 'spam', a tab, the text), or nothing for messages of a grammar.");
    return 1;
}
var messages = new Messages(path is null ? Grammar.Write(3_000, seed: 1) : Messages.Read(path), labels: 100, seed: 1);
Console.WriteLine($"{messages.All.Count:N0} messages to read, {messages.Labelled.Count} of them with a label; {messages.Test.Count:N0} to be tested on");

// Stop it when you like: it goes on where it was.
var folder = Path.Combine("output", path is null ? "grammar" : "sms");
var pipeline = Filtering.Make(messages, seed: 1, folder);
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) => (pressed.Cancel = true, stop).stop.Cancel();
try
{
    pipeline.Run(new Steps(), stop.Token);
}
catch (OperationCanceledException)
{
    Console.WriteLine($"Stopped. The next run goes on from {folder}.");
    return 0;
}

var plain = Filtering.MakePlain(messages, seed: 1);
plain.Run();
var adapted = Filtering.MakeAdapted(messages, pipeline.Reader, seed: 1);
adapted.Run();
Console.WriteLine($"test messages: F1 {Filtering.Measure(pipeline.Net, messages.Test).F1:F3}; {Filtering.Measure(plain.Net, messages.Test).F1:F3} without having read others before; "
    + $"{Filtering.Measure(adapted.Net, messages.Test).F1:F3} with updates of low rank of the reader");
foreach (var text in new[] { "Are you free tonight?", "You have won a prize! Call 09061701461 now to claim.", "I won, drinks are on me" })
    Console.WriteLine($"{100 * Filtering.Likely(pipeline.Net, messages.Classified(new Message(text, false))),3:F0}% spam: {text}");
return 0;

internal sealed class Steps : IProgress<PipelineProgress>
{
    public void Report(PipelineProgress progress)
    {
        if (!progress.IsEndOfEpoch && !progress.IsEndOfStep) return;
        Console.WriteLine(progress.Report switch
        {
            FitLanguage.Report report => $"{progress.Stage} {progress.Epoch}: perplexity {report.Perplexity:F1}",
            FitClassifier.Report report when progress.Epochs > 0 => $"{progress.Stage} {progress.Epoch}: F1 {report.F1:F3} while learning",
            FitClassifier.Report report => $"{progress.Stage}: F1 {report.F1:F3}",
            _ => progress.Stage,
        });
    }
}
