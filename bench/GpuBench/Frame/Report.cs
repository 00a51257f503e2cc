using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace GpuBench.Frame;

/// <summary>Rows as they come: each a line of JSON in a file, and of a table for people.</summary>
/// <param name="output">Where the tables go.</param>
/// <param name="file">Where the JSON goes.</param>
/// <param name="only">Part of the names of the rows that are wanted.</param>
internal sealed class Report(TextWriter output, TextWriter file, string only)
{
    private string _part = "";
    private string[] _columns = [];

    /// <summary>Rows so far.</summary>
    public int Rows { get; private set; }

    /// <summary>Rows that say that something failed.</summary>
    public int Failures { get; private set; }

    /// <summary>Whether somebody wants to see a row of this name.</summary>
    public bool Wants(string name) => name.Contains(only, StringComparison.OrdinalIgnoreCase);

    public void Begin(string part) => (_part, _columns) = (part, []);

    /// <summary>Adds a row, at once.</summary>
    /// <param name="name">What it is of.</param>
    /// <param name="fields">Numbers and texts, in their order.</param>
    /// <param name="isAlways">Whatever rows are wanted.</param>
    public void Add(string name, Fields fields, bool isAlways = false)
    {
        if (!isAlways && !Wants(name)) return;
        Rows++;
        var line = new JsonObject { ["part"] = _part, ["name"] = name };
        foreach (var (key, value) in fields) line[key] = value?.DeepClone();
        file.WriteLine(line.ToJsonString(new JsonSerializerOptions()));
        file.Flush();
        var columns = fields.Select(field => field.Key).ToArray();
        if (!columns.SequenceEqual(_columns))
        {
            _columns = columns;
            output.WriteLine();
            output.WriteLine($"| {_part} | {string.Join(" | ", columns.Select(column => column.Replace('_', ' ')))} |");
            output.WriteLine($"| --- |{string.Concat(columns.Select(_ => " --- |"))}");
        }
        output.WriteLine($"| {name} | {string.Join(" | ", fields.Select(field => Text(field.Value)))} |");
        output.Flush();
    }

    /// <summary>Adds a row that says what did not work.</summary>
    public void Fail(string name, string reason)
    {
        if (!Wants(name)) return;
        Failures++;
        Add(name, new() { ["failed"] = reason.ReplaceLineEndings(" ") });
    }

    /// <summary>Runs what makes rows; where it throws, that is the row.</summary>
    public void Try(string name, Action rows)
    {
        if (!Wants(name)) return;
        try
        {
            rows();
        }
        catch (Exception failure)
        {
            // One row's failure is a finding about it, not about the others.
            Fail(name, failure.Message);
        }
    }

    public void End() => output.Flush();

    // Four digits say what a measurement can.
    private static string Text(JsonNode? value) => value switch
    {
        null => "",
        JsonValue number when number.TryGetValue<double>(out var real) => Math.Abs(real) >= 1000 ? real.ToString("F0", CultureInfo.InvariantCulture) : real.ToString("G4", CultureInfo.InvariantCulture),
        // A pipe would end the cell.
        _ => value.ToString().Replace("|", @"\|", StringComparison.Ordinal),
    };
}
