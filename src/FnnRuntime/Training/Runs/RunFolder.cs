using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace FeedbackNN;

/// <summary>The files of a run: what they are called, and the folder that holds them.</summary>
/// <remarks>
/// <c>config.json</c>, <c>metrics.jsonl</c>, <c>events.out.tfevents.run</c> (for TensorBoard), <c>last.safetensors</c> (all of the training),
/// <c>best.safetensors</c> (weights; with several networks <c>best.NET.safetensors</c>), <c>samples/</c> and <c>report.html</c>.
/// </remarks>
internal sealed class RunFolder : IDisposable
{
    public const string MetricsName = "metrics.jsonl";

    // TensorBoard takes every file with "tfevents" in its name.
    private const string EventsName = "events.out.tfevents.run";
    private const string SamplesName = "samples";
    private readonly string _folder;

    private readonly FolderLock _lock;

    /// <summary>Makes the folder where there is none, keeps others from writing to it, and takes away what a process that was killed had begun to write.</summary>
    /// <exception cref="CheckpointException">It can't be made, or another run uses it.</exception>
    public RunFolder(string folder)
    {
        _folder = folder;
        _lock = FolderLock.Take(folder, "run.lock", FileOptions.DeleteOnClose, why => $"it can't be the folder of this run: {why}. Does another run use it?");
    }

    public void Dispose() => _lock.Dispose();

    public string Last => Path.Combine(_folder, "last.safetensors");

    public string Metrics => Path.Combine(_folder, MetricsName);

    public string Events => Path.Combine(_folder, EventsName);

    /// <param name="net">The network's name.</param>
    /// <param name="isOnly">The training has no other, besides its updates of low rank, which have a file of their own.</param>
    public string Best(string net, bool isOnly) => Path.Combine(_folder, isOnly ? "best.safetensors" : $"best.{net}.safetensors");

    public void WriteReport(string html) => AtomicFile.WriteText(Path.Combine(_folder, "report.html"), html);

    public void WriteSample(long step, string text)
    {
        Directory.CreateDirectory(Path.Combine(_folder, SamplesName));
        AtomicFile.WriteText(Path.Combine(_folder, SamplesName, string.Create(CultureInfo.InvariantCulture, $"{step:D8}.txt")), text);
    }

    /// <summary>The latest samples, with their steps.</summary>
    public IReadOnlyList<(long Step, string Text)> ReadSamples(int most)
    {
        var folder = Path.Combine(_folder, SamplesName);
        if (!Directory.Exists(folder)) return [];
        return [.. Directory.GetFiles(folder, "*.txt").Order(StringComparer.Ordinal).TakeLast(most)
            .Where(path => long.TryParse(Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture, out _))
            .Select(path => (long.Parse(Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture), File.ReadAllText(path)))];
    }

    /// <summary>Notes what the run is, for people; nothing is read from it again.</summary>
    public void WriteConfig(IReadOnlyList<(string Name, object? Value)> settings)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            foreach (var (name, value) in settings)
            {
                json.WritePropertyName(name);
                switch (value)
                {
                    case null: json.WriteNullValue(); break;
                    case bool truth: json.WriteBooleanValue(truth); break;
                    case int number: json.WriteNumberValue(number); break;
                    case long number: json.WriteNumberValue(number); break;
                    case ulong number: json.WriteNumberValue(number); break;
                    case double number: json.WriteNumberValue(number); break;
                    default: json.WriteStringValue(value.ToString()); break;
                }
            }
            json.WriteEndObject();
        }
        AtomicFile.Write(Path.Combine(_folder, "config.json"), stream => stream.Write(buffer.WrittenSpan));
    }
}
