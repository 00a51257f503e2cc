using System.Buffers;
using System.Text;
using System.Text.Json;

namespace FeedbackNN;

/// <summary>
/// Where the time of a program goes, step by step: what <c>net.Profile(…)</c> and <c>fit.Profile(batch)</c> give. <see cref="ToString"/> is a table to read,
/// <see cref="ToJson"/> the same for programs.
/// </summary>
public sealed class Profile
{
    internal Profile(string name, IReadOnlyList<ProfileRow> rows, double wallMicroseconds, int runs, Device device, MachineSpeed speed)
    {
        Name = name;
        Rows = rows;
        WallMicroseconds = wallMicroseconds;
        Runs = runs;
        Device = device.ToString()!;
        Threads = device.Threads;
        PeakGigaflops = speed.Gigaflops;
        PeakGigabytes = speed.Gigabytes;
    }

    /// <summary>The model or training.</summary>
    public string Name { get; }

    /// <summary>The steps in the order in which they run; one in a loop stands once.</summary>
    public IReadOnlyList<ProfileRow> Rows { get; }

    /// <summary>The time of a whole run while no step is timed, in µs: the median of several.</summary>
    public double WallMicroseconds { get; }

    /// <summary>The times of all steps together, in µs.</summary>
    public double SumMicroseconds => Rows.Sum(row => row.Microseconds);

    /// <summary>How many runs the medians are of.</summary>
    public int Runs { get; }

    /// <summary>Where it computed: the device's name and size.</summary>
    public string Device { get; }

    /// <summary>How many threads computed; 1 on a GPU, where they are not the host's.</summary>
    public int Threads { get; }

    /// <summary>The device's peak of fused multiply-adds, on the processor on these threads, GFLOP/s.</summary>
    public double PeakGigaflops { get; }

    /// <summary>The speed of the device's memory, on the processor on these threads, GB/s.</summary>
    public double PeakGigabytes { get; }

    /// <summary>A table: a line for each step, and under it the sum beside the time of a whole run.</summary>
    public override string ToString() => ProfileTable.Print(this);

    /// <summary>One JSON object: the properties of this class and, under <c>rows</c>, of each row, in camel case.</summary>
    public string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("name", Name);
            json.WriteNumber("wallMicroseconds", WallMicroseconds);
            json.WriteNumber("sumMicroseconds", SumMicroseconds);
            json.WriteNumber("runs", Runs);
            json.WriteString("device", Device);
            json.WriteNumber("threads", Threads);
            json.WriteNumber("peakGigaflops", PeakGigaflops);
            json.WriteNumber("peakGigabytes", PeakGigabytes);
            json.WriteStartArray("rows");
            foreach (var row in Rows) Write(json, row);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, ProfileRow row)
    {
        json.WriteStartObject();
        json.WriteString("source", row.Source);
        json.WriteString("kernel", row.Kernel);
        json.WriteString("sizes", row.Sizes);
        json.WriteNumber("rounds", row.Rounds);
        json.WriteNumber("microseconds", row.Microseconds);
        json.WriteNumber("flops", row.Flops);
        json.WriteNumber("bytes", row.Bytes);
        json.WriteNumber("gigaflops", row.Gigaflops);
        json.WriteNumber("gigabytes", row.Gigabytes);
        json.WriteNumber("floorMicroseconds", row.FloorMicroseconds);
        json.WriteNumber("shareOfFloor", row.ShareOfFloor);
        json.WriteEndObject();
    }
}
