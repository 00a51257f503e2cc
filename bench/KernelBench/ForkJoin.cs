using System.Diagnostics;
using FeedbackNN.Cpu;

namespace KernelBench;

/// <summary>The time from starting an empty loop to its end when the workers are awake: the floor of every parallel kernel.</summary>
internal static class ForkJoin
{
    /// <summary>Nanoseconds, median of many short runs.</summary>
    public static double Measure(WorkerPool pool)
    {
        const int Loops = 1000;
        var times = new double[101];
        for (var run = 0; run < times.Length; run++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < Loops; i++) pool.For(new Nothing(), pool.Threads, 1);
            times[run] = Stopwatch.GetElapsedTime(start).TotalNanoseconds / Loops;
        }

        Array.Sort(times);
        return times[times.Length / 2];
    }

    private readonly struct Nothing : IRangeKernel
    {
        public void Run(nint begin, nint end)
        {
        }
    }
}
