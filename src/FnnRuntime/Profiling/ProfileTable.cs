using System.Globalization;
using System.Text;

namespace FeedbackNN;

/// <summary>Prints a profile for people: numbers line up on the right, the source stands last, where it may be as long as it is.</summary>
internal static class ProfileTable
{
    private const int Numbers = 6;

    public static string Print(Profile profile)
    {
        var all = Math.Max(profile.SumMicroseconds, double.Epsilon);
        var lines = new List<string[]> { (string[])["µs", "of all", "rounds", "GFLOP/s", "GB/s", "of floor", "kernel", "sizes", "source"] };
        foreach (var row in profile.Rows)
        {
            lines.Add([
                Number(row.Microseconds, 1), Share(row.Microseconds / all), row.Rounds == 1 ? "" : row.Rounds.ToString(CultureInfo.InvariantCulture),
                row.Flops == 0 ? "" : Number(row.Gigaflops, 1), row.Bytes == 0 ? "" : Number(row.Gigabytes, 1), row.FloorMicroseconds == 0 ? "" : Share(row.ShareOfFloor), row.Kernel, row.Sizes, row.Source]);
        }
        var widths = Enumerable.Range(0, lines[0].Length - 1).Select(column => lines.Max(line => line[column].Length)).ToArray();
        var text = new StringBuilder();
        text.AppendLine(string.Create(CultureInfo.InvariantCulture, $"{profile.Name}: medians of {profile.Runs} runs, {profile.Device}; at best {profile.PeakGigaflops:F0} GFLOP/s, {profile.PeakGigabytes:F1} GB/s"));
        foreach (var line in lines)
        {
            var cells = line.Select((cell, column) => column < Numbers ? cell.PadLeft(widths[column]) : column < widths.Length ? cell.PadRight(widths[column]) : cell);
            text.AppendLine(string.Join("  ", cells).TrimEnd());
        }
        text.AppendLine(string.Create(CultureInfo.InvariantCulture, $"all steps {profile.SumMicroseconds:F1} µs, a whole run {profile.WallMicroseconds:F1} µs"));
        return text.ToString();
    }

    private static string Number(double value, int digits) => value.ToString("F" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static string Share(double share) => Number(100 * share, 0) + " %";
}
