using System.Diagnostics;
using FeedbackNN;

namespace GpuBench.Frame;

/// <summary>Times work that is handed to a device.</summary>
internal static class DeviceTimer
{
    private const int Samples = 5;

    /// <summary>Microseconds of one call among many that are handed over without waiting: the median of several samples.</summary>
    /// <param name="device">Waited for at the end of each sample.</param>
    /// <param name="work">Does it so many times.</param>
    public static double Microseconds(Device device, Action<int> work)
    {
        // A GPU's figures are of seconds; where the command is only tried, a few calls do.
        var shortest = device.IsGpu ? 0.3 : 0.02;
        var count = 1;
        var times = new List<double>();
        Sample(1);
        while (times.Count < Samples)
        {
            var seconds = Sample(count);
            if (seconds < shortest) count = (int)Math.Clamp(count * 1.2 * shortest / Math.Max(seconds, 1e-6), count + 1, 100.0 * count);
            else times.Add(1e6 * seconds / count);
        }
        times.Sort();
        return times[Samples / 2];

        double Sample(int calls)
        {
            device.Finish();
            var start = Stopwatch.GetTimestamp();
            work(calls);
            device.Finish();
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }
}
