namespace FeedbackNN.Tool;

/// <summary>Columns of text that line up: the first ones to the left, the numbers behind them to the right.</summary>
/// <param name="leftColumns">How many columns hold words.</param>
internal sealed class TextTable(int leftColumns)
{
    private readonly List<string[]> _rows = [];

    public void Add(params string[] cells) => _rows.Add(cells);

    /// <summary>A line under the row above.</summary>
    public void AddRule() => _rows.Add([]);

    public void Write(TextWriter output)
    {
        var widths = Enumerable.Range(0, _rows.Max(row => row.Length)).Select(column => _rows.Max(row => column < row.Length ? row[column].Length : 0)).ToArray();
        foreach (var row in _rows)
        {
            output.WriteLine(row.Length == 0
                ? "  " + new string('-', widths.Sum() + 2 * (widths.Length - 1))
                : ("  " + string.Join("  ", row.Select((cell, column) => column < leftColumns ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column])))).TrimEnd());
        }
    }
}
