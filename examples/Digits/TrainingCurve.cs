using FeedbackNN;
using Spectre.Console;

namespace Digits;

/// <summary>Remembers the loss of each epoch and draws it over the epochs, on a logarithmic scale.</summary>
internal sealed class TrainingCurve
{
    private const int Height = 10;
    private const int Width = 60;
    private const string Eighths = " ▁▂▃▄▅▆▇█";

    private readonly List<double> _losses = [];
    private TrainingProgress<FitSimpleNN.Report> _last;

    public void Add(TrainingProgress<FitSimpleNN.Report> progress)
    {
        _last = progress;
        if (progress.IsEndOfEpoch)
            _losses.Add(progress.EpochReport.Loss);
    }

    public void Draw()
    {
        // A run that was finished before has no epoch more.
        if (_losses.Count == 0) return;

        // Columns of the picture share the epochs evenly; each shows its last one.
        var columns = Math.Min(Width, _losses.Count);
        var heights = new double[columns];
        var low = Math.Log(_losses.Min());
        var high = Math.Log(_losses.Max());
        for (var column = 0; column < columns; column++)
        {
            var loss = Math.Log(_losses[(column + 1) * _losses.Count / columns - 1]);
            heights[column] = high > low ? (loss - low) / (high - low) * Height : 0;
        }

        AnsiConsole.MarkupLineInterpolated($"{_losses.Count} epochs in {_last.Elapsed.TotalSeconds:F1} s, {_last.SamplesPerSecond:N0} samples/s");
        AnsiConsole.MarkupLine("[bold]training loss[/], epoch by epoch (logarithmic)");
        for (var row = Height - 1; row >= 0; row--)
        {
            var axis = row == Height - 1 ? $"{Math.Exp(high),8:F4}" : row == 0 ? $"{Math.Exp(low),8:F4}" : "        ";
            var bars = string.Concat(heights.Select(height => Eighths[(int)Math.Clamp(Math.Round((height - row) * 8) + (row == 0 ? 1 : 0), 0, 8)]));
            AnsiConsole.MarkupLineInterpolated($"{axis} [blue]{bars}[/]");
        }
        AnsiConsole.MarkupLineInterpolated($"         1{_losses.Count.ToString().PadLeft(Math.Max(columns - 1, 1))}");
        AnsiConsole.WriteLine();
    }
}
