using System.Globalization;
using FeedbackNN;
using Spectre.Console;

namespace Digits;

/// <summary>Draws a confusion matrix: a row for each true class, a column for each predicted one.</summary>
internal static class ConfusionTable
{
    public static void Draw(ConfusionMatrix matrix)
    {
        AnsiConsole.MarkupLine("[bold]confusion matrix[/]: rows are what it is, columns what the network says");
        var table = new Table().Border(TableBorder.None);
        table.AddColumn(Column(""));
        for (var label = 0; label < matrix.Classes; label++)
            table.AddColumn(Column($"[bold]{label}[/]"));
        table.AddColumn(Column("recall %"));

        for (var actual = 0; actual < matrix.Classes; actual++)
        {
            var cells = new List<string> { $"[bold]{actual}[/]" };
            for (var predicted = 0; predicted < matrix.Classes; predicted++)
                cells.Add(Cell(matrix[actual, predicted], actual == predicted));
            cells.Add(Share(matrix.Recall(actual)));
            table.AddRow(cells.ToArray());
        }
        table.AddRow([.. new[] { "precision %" }, .. Enumerable.Range(0, matrix.Classes).Select(label => Share(matrix.Precision(label))), ""]);
        AnsiConsole.Write(table);
    }

    // Narrow enough for a terminal of 80 columns.
    private static TableColumn Column(string header) => new TableColumn(header).RightAligned().NoWrap().Padding(2, 0);

    private static string Cell(long count, bool isRight)
    {
        var text = count.ToString(CultureInfo.InvariantCulture);
        return (count, isRight) switch
        {
            (0, _) => "[grey]·[/]",
            (_, true) => $"[green]{text}[/]",
            _ => $"[red]{text}[/]",
        };
    }

    private static string Share(double share) => double.IsNaN(share) ? "-" : (100 * share).ToString("F0", CultureInfo.InvariantCulture);
}
