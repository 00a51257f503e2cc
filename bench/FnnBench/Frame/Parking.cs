using System.Diagnostics;

namespace FnnBench.Frame;

/// <summary>
/// Waits until the threads of the side that had its turn have stopped spinning: two runtimes that wait busily for work at the same time take each
/// other's cores. How long a runtime spins is its own affair, so this looks at the time the process uses while it sleeps.
/// </summary>
internal static class Parking
{
    // The system adds up the time of a running thread at its ticks, which may be ten milliseconds apart.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(12);
    private const double StillShare = 0.1;
    private const int MostLooks = 20;

    public static void Wait()
    {
        // The garbage of one side must not be collected in the time of the other.
        GC.Collect();
        for (var look = 0; look < MostLooks; look++)
        {
            var used = OperatingSystem.IsLinux() || OperatingSystem.IsWindows() ? Environment.CpuUsage.TotalTime : TimeSpan.Zero;
            var start = Stopwatch.GetTimestamp();
            Thread.Sleep(Look);
            var now = OperatingSystem.IsLinux() || OperatingSystem.IsWindows() ? Environment.CpuUsage.TotalTime : TimeSpan.Zero;
            if ((now - used) / Stopwatch.GetElapsedTime(start) < StillShare) return;
        }
    }
}
