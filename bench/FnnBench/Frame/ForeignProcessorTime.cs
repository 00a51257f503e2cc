using System.Diagnostics;
using System.Globalization;

namespace FnnBench.Frame;

/// <summary>
/// The time that all processors were busy, less our own and that of processes we started and saw end: other processes, interrupts, and what the host gave to other machines (steal). Linux only.
/// </summary>
internal sealed class ForeignProcessorTime : IForeignLoad
{
    // Of the first line of /proc/stat: user, nice, system, irq, softirq, steal. The idle ones between them are left out; guests are part of user.
    private static readonly int[] BusyColumns = [1, 2, 3, 6, 7, 8];
    private const double TicksPerSecond = 100;

    private double _busy;
    private double _own;
    private long _start;

    /// <summary>The load average of the last minute, or null where there is none.</summary>
    public static double? LoadAverage => OperatingSystem.IsLinux() ? double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture) : null;

    public void Begin()
    {
        _start = Stopwatch.GetTimestamp();
        _own = OwnSeconds();
        _busy = BusySeconds();
    }

    public double? End()
    {
        if (!OperatingSystem.IsLinux()) return null;
        var foreign = BusySeconds() - _busy - (OwnSeconds() - _own);
        return Math.Max(0, foreign / Stopwatch.GetElapsedTime(_start).TotalSeconds);
    }

    private static double OwnSeconds() => OperatingSystem.IsLinux() ? Environment.CpuUsage.TotalTime.TotalSeconds + ChildSeconds() : 0;

    // Of /proc/self/stat, behind the name in brackets: cutime and cstime, the 16th and 17th column of all.
    private static double ChildSeconds()
    {
        var text = File.ReadAllText("/proc/self/stat");
        var columns = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(columns[13], CultureInfo.InvariantCulture) + long.Parse(columns[14], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    private static double BusySeconds()
    {
        if (!OperatingSystem.IsLinux()) return 0;
        var columns = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return BusyColumns.Sum(column => long.Parse(columns[column], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }
}
