using FeedbackNN;
using Spectre.Console;

namespace Digits;

/// <summary>
/// Shows a run while it lasts: a bar with loss, accuracy, rate and the time left. Writes nothing when the output goes to a file or another program.
/// </summary>
internal static class TrainingDisplay
{
    public static void Show(string title, TrainingCurve curve, Action<IProgress<TrainingProgress<FitSimpleNN.Report>>> run)
    {
        if (Console.IsOutputRedirected)
        {
            run(new Listener(curve.Add));
            return;
        }

        AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                var task = context.AddTask(title, autoStart: true, maxValue: 1);
                var lastShown = TimeSpan.MinValue;
                run(new Listener(progress =>
                {
                    curve.Add(progress);
                    task.Value = (progress.Epoch - 1 + (double)progress.Batch / progress.Batches) / progress.Epochs;
                    // A step takes microseconds and a line of text is read in tenths of a second.
                    if (!progress.IsEndOfEpoch && progress.Elapsed - TimeSpan.FromMilliseconds(100) < lastShown)
                        return;
                    lastShown = progress.Elapsed;
                    task.Description =
                        $"{title}, epoch {progress.Epoch,3}/{progress.Epochs}  loss {progress.EpochReport.Loss:F4}  accuracy {progress.EpochReport.Accuracy:F4}  {progress.SamplesPerSecond:N0} samples/s";
                }));
            });
    }

    /// <summary>Hears each report at once, on the thread that trains (<see cref="Progress{T}"/> would post it elsewhere).</summary>
    private sealed class Listener(Action<TrainingProgress<FitSimpleNN.Report>> listen) : IProgress<TrainingProgress<FitSimpleNN.Report>>
    {
        public void Report(TrainingProgress<FitSimpleNN.Report> value) => listen(value);
    }
}
