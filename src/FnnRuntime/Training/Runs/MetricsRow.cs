using System.Text.Json;

namespace FeedbackNN;

/// <summary>One line of a run's <c>metrics.jsonl</c>: losses and metrics at a step.</summary>
/// <param name="Kind"><c>train</c>: means over the steps since the line before, while the weights moved; <c>validation</c>: an evaluation.</param>
/// <param name="Step">Steps of the trainer so far.</param>
/// <param name="Epoch">The epoch of the step, from 1.</param>
/// <param name="Seconds">How long the run had taken, pauses left out.</param>
/// <param name="Values">By name. What is not finite is NaN.</param>
public sealed record MetricsRow(string Kind, long Step, int Epoch, double Seconds, IReadOnlyDictionary<string, double> Values)
{
    internal const string Train = "train";
    internal const string Validation = "validation";

    private static readonly byte[] LineEnd = "\n"u8.ToArray();

    /// <summary>Reads a run's metrics. A last line that was cut short, by a process that was killed while it wrote, is left out.</summary>
    /// <param name="path">The file <c>metrics.jsonl</c>, or the run's folder.</param>
    /// <exception cref="DataException">A line other than the last one is no such line.</exception>
    /// <exception cref="IOException">The file can't be read.</exception>
    public static IReadOnlyList<MetricsRow> Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = Directory.Exists(path) ? Path.Combine(path, RunFolder.MetricsName) : path;
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return Read(stream, file).Rows;
    }

    /// <summary>All whole lines, and where the last of them ends.</summary>
    internal static (List<MetricsRow> Rows, long End) Read(Stream stream, string file)
    {
        var bytes = new byte[stream.Length - stream.Position];
        stream.ReadExactly(bytes);
        var rows = new List<MetricsRow>();
        var start = 0;
        while (bytes.AsSpan(start).IndexOf((byte)'\n') is var length and >= 0)
        {
            rows.Add(Parse(bytes.AsMemory(start, length), file, rows.Count + 1));
            start += length + 1;
        }
        return (rows, start);
    }

    internal void WriteTo(Stream stream)
    {
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("kind", Kind);
            json.WriteNumber("step", Step);
            json.WriteNumber("epoch", Epoch);
            json.WriteNumber("seconds", Math.Round(Seconds, 3));
            foreach (var (name, value) in Values)
            {
                // JSON has no NaN and no infinity.
                if (double.IsFinite(value)) json.WriteNumber(name, value);
                else json.WriteNull(name);
            }
            json.WriteEndObject();
        }
        stream.Write(LineEnd);
    }

    private static MetricsRow Parse(ReadOnlyMemory<byte> line, string file, int number)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            var values = new Dictionary<string, double>(StringComparer.Ordinal);
            foreach (var property in root.EnumerateObject())
            {
                if (property.Name is "kind" or "step" or "epoch" or "seconds") continue;
                values[property.Name] = property.Value.ValueKind == JsonValueKind.Null ? double.NaN : property.Value.GetDouble();
            }
            return new MetricsRow(
                root.GetProperty("kind").GetString()!, root.GetProperty("step").GetInt64(), root.GetProperty("epoch").GetInt32(), root.GetProperty("seconds").GetDouble(), values);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw DataException.AtLine(file, number, "it is no line of a run's metrics", "Take the line out, or give the run a new folder", error);
        }
    }
}
