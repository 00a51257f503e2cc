using Spectre.Console;

namespace Streaming;

/// <summary>A chart that grows downwards, a line for a step: what came as a dot, what was forecast as a bar, an alarm in red.</summary>
internal static class LiveChart
{
    private const int Width = 56;
    private const float Reach = 2.5f;

    public static void Draw(Moment moment)
    {
        var line = new char[Width];
        Array.Fill(line, ' ');
        line[Column(0)] = '·';
        line[Column(moment.Forecast)] = '│';
        line[Column(moment.Value)] = '●';
        var color = moment.IsAlarm ? "red" : "default";
        AnsiConsole.MarkupLine($"[{color}]{moment.Step,4} {new string(line)} {moment.Error,6:F2} {(moment.IsAlarm ? "alarm" : "")}[/]".TrimEnd());
    }

    private static int Column(float value) => (int)Math.Clamp((value + Reach) / (2 * Reach) * Width, 0, Width - 1);
}
