using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <summary>
/// What the machine can do at best: independent fused multiply-adds from register to register on every thread of the pool. Ten chains
/// hide the latency (4 cycles, 2 a cycle) and leave room for the operands, also where there are sixteen registers.
/// </summary>
internal static class FusedMultiplyAddPeak
{
    private const int Iterations = 200_000;
    private const int Sums = 10;

    /// <summary>The best of several short runs, in GFLOP/s.</summary>
    public static double Measure(WorkerPool pool)
    {
        var isWide = Vector512.IsHardwareAccelerated;
        var best = 0.0;
        for (var run = 0; run < 60; run++)
        {
            var start = Stopwatch.GetTimestamp();
            if (isWide) pool.For(new Loop512(), pool.Threads, 1);
            else pool.For(new Loop256(), pool.Threads, 1);
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            best = Math.Max(best, 2e-9 * Iterations * Sums * (isWide ? 16 : 8) * pool.Threads / seconds);
        }

        return best;
    }

    private readonly struct Loop512 : IRangeKernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(nint begin, nint end)
        {
            for (var thread = begin; thread < end; thread++)
            {
                Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default, s8 = default, s9 = default;
                var x = Vector512.Create(0.5f);
                var y = Vector512.Create(1f + thread);
                for (var i = 0; i < Iterations; i++)
                {
                    s0 = Vector512.FusedMultiplyAdd(s0, x, y);
                    s1 = Vector512.FusedMultiplyAdd(s1, x, y);
                    s2 = Vector512.FusedMultiplyAdd(s2, x, y);
                    s3 = Vector512.FusedMultiplyAdd(s3, x, y);
                    s4 = Vector512.FusedMultiplyAdd(s4, x, y);
                    s5 = Vector512.FusedMultiplyAdd(s5, x, y);
                    s6 = Vector512.FusedMultiplyAdd(s6, x, y);
                    s7 = Vector512.FusedMultiplyAdd(s7, x, y);
                    s8 = Vector512.FusedMultiplyAdd(s8, x, y);
                    s9 = Vector512.FusedMultiplyAdd(s9, x, y);
                }

                var sum = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9;
                if (sum[0] < 0) throw new InvalidOperationException("Sums of positive numbers are positive.");
            }
        }
    }

    private readonly struct Loop256 : IRangeKernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(nint begin, nint end)
        {
            for (var thread = begin; thread < end; thread++)
            {
                Vector256<float> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default, s8 = default, s9 = default;
                var x = Vector256.Create(0.5f);
                var y = Vector256.Create(1f + thread);
                for (var i = 0; i < Iterations; i++)
                {
                    s0 = Vector256.FusedMultiplyAdd(s0, x, y);
                    s1 = Vector256.FusedMultiplyAdd(s1, x, y);
                    s2 = Vector256.FusedMultiplyAdd(s2, x, y);
                    s3 = Vector256.FusedMultiplyAdd(s3, x, y);
                    s4 = Vector256.FusedMultiplyAdd(s4, x, y);
                    s5 = Vector256.FusedMultiplyAdd(s5, x, y);
                    s6 = Vector256.FusedMultiplyAdd(s6, x, y);
                    s7 = Vector256.FusedMultiplyAdd(s7, x, y);
                    s8 = Vector256.FusedMultiplyAdd(s8, x, y);
                    s9 = Vector256.FusedMultiplyAdd(s9, x, y);
                }

                var sum = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9;
                if (sum[0] < 0) throw new InvalidOperationException("Sums of positive numbers are positive.");
            }
        }
    }
}
