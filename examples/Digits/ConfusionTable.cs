using System.Globalization;
using FeedbackNN;
using Spectre.Console;

namespace Digits;

/// <summary>Draws a confusion matrix: a row for each true class, a column for each predicted one.</summary>
internal static class ConfusionTable
{
    private const int First = 12;
    private const int Width = 5;

    public static void Draw(ConfusionMatrix matrix)
    {
        var classes = Enumerable.Range(0, matrix.Classes).ToArray();
        AnsiConsole.MarkupLine("[bold]confusion matrix[/]: rows are what it is, columns what the network says");
        AnsiConsole.MarkupLine("".PadLeft(First) + string.Concat(classes.Select(label => Cell($"{label}", "bold"))) + "  recall %");
        foreach (var actual in classes)
        {
            var cells = classes.Select(predicted => Cell(Count(matrix[actual, predicted]), (matrix[actual, predicted], actual == predicted) switch
            {
                (0, _) => "grey",
                (_, true) => "green",
                _ => "red",
            }));
            AnsiConsole.MarkupLine($"[bold]{$"{actual}".PadLeft(First)}[/]{string.Concat(cells)}{Percent(matrix.Recall(actual)).PadLeft(10)}");
        }
        AnsiConsole.MarkupLine("precision %".PadLeft(First) + string.Concat(classes.Select(label => Cell(Percent(matrix.Precision(label)), "default"))));
        AnsiConsole.WriteLine();
    }

    private static string Cell(string text, string style) => $"[{style}]{text.PadLeft(Width)}[/]";

    private static string Count(long count) => count == 0 ? "·" : count.ToString(CultureInfo.InvariantCulture);

    private static string Percent(double share) => double.IsNaN(share) ? "-" : (100 * share).ToString("F0", CultureInfo.InvariantCulture);
}
