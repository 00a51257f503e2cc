using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using FeedbackNN.Cpu;

namespace FeedbackNN;

/// <summary>What the machine can do at best, measured once for each pool of threads in some tens of milliseconds.</summary>
/// <param name="Gigaflops">Fused multiply-adds from register to register, counted as two: GFLOP/s.</param>
/// <param name="Gigabytes">Bytes read from and written to memory that fits in no cache: GB/s.</param>
internal sealed record MachineSpeed(double Gigaflops, double Gigabytes)
{
    private static readonly ConditionalWeakTable<WorkerPool, MachineSpeed> Known = new();

    public static MachineSpeed Of(WorkerPool pool) => Known.GetValue(pool, one => new MachineSpeed(FusedMultiplyAddPeak.Measure(one), MeasureMemory(one)));

    /// <summary>The least time, in µs, that so much work takes: arithmetic and memory go on at once, so the longer of both.</summary>
    public double FloorMicroseconds(long flops, long bytes) => 1e-3 * Math.Max(flops / Gigaflops, bytes / Gigabytes);

    /// <summary>The best of several sums of two long arrays into one of them: two floats are read and one is written for each.</summary>
    private static unsafe double MeasureMemory(WorkerPool pool)
    {
        const int Count = 8 << 20;
        const int Grain = 1 << 16;
        var x = (float*)NativeMemory.AlignedAlloc(Count * sizeof(float), 64);
        var y = (float*)NativeMemory.AlignedAlloc(Count * sizeof(float), 64);
        try
        {
            NativeMemory.Clear(x, Count * sizeof(float));
            NativeMemory.Clear(y, Count * sizeof(float));
            var best = 0.0;
            for (var run = 0; run < 6; run++)
            {
                var start = Stopwatch.GetTimestamp();
                pool.For(new Sum(x, y), Count, Grain);
                best = Math.Max(best, 1e-9 * 3 * sizeof(float) * Count / Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
            return best;
        }
        finally
        {
            NativeMemory.AlignedFree(x);
            NativeMemory.AlignedFree(y);
        }
    }

    private readonly unsafe struct Sum(float* x, float* y) : IRangeKernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(nint begin, nint end)
        {
            var at = begin;
            for (; at + Vector512<float>.Count <= end; at += Vector512<float>.Count) (Vector512.Load(x + at) + Vector512.Load(y + at)).Store(y + at);
            for (; at < end; at++) y[at] += x[at];
        }
    }
}
