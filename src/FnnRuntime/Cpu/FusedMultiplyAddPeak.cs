using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <summary>
/// What the machine can do at best: independent fused multiply-adds from register to register on every thread of the pool. Twelve chains
/// hide the latency (4 cycles, 2 a cycle) and leave room for the operands, also where there are sixteen registers.
/// </summary>
internal static unsafe class FusedMultiplyAddPeak
{
    private const int Iterations = 200_000;
    private const int Sums = 12;
    private const int RunsOfPeak = 60;

    /// <summary>The best of <paramref name="runs"/> runs of half a millisecond, in GFLOP/s.</summary>
    public static double Measure(WorkerPool pool, int runs = RunsOfPeak)
    {
        if (Vector512.IsHardwareAccelerated) return Measure<OneOf512, Vector512<float>>(pool, runs);
        return Vector256.IsHardwareAccelerated ? Measure<OneOf256, Vector256<float>>(pool, runs) : Measure<OneOf128, Vector128<float>>(pool, runs);
    }

    private static double Measure<TVectors, TVector>(WorkerPool pool, int runs)
        where TVectors : unmanaged, IDotVectors<TVectors, TVector>
    {
        var best = 0.0;
        for (var run = 0; run < runs; run++)
        {
            var start = Stopwatch.GetTimestamp();
            pool.For(new Loop<TVectors, TVector>(), pool.Threads, 1);
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            best = Math.Max(best, 2e-9 * Iterations * Sums * (sizeof(TVectors) / sizeof(float)) * pool.Threads / seconds);
        }

        return best;
    }

    private readonly struct Loop<TVectors, TVector> : IRangeKernel
        where TVectors : unmanaged, IDotVectors<TVectors, TVector>
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(nint begin, nint end)
        {
            var ones = stackalloc float[sizeof(TVectors) / sizeof(float)];
            new Span<float>(ones, sizeof(TVectors) / sizeof(float)).Fill(1);
            for (var thread = begin; thread < end; thread++)
            {
                TVectors s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default, s8 = default, s9 = default, sA = default, sB = default, y = default;
                y.Load(ones);
                for (var i = 0; i < Iterations; i++)
                {
                    s0.Add(y, y);
                    s1.Add(y, y);
                    s2.Add(y, y);
                    s3.Add(y, y);
                    s4.Add(y, y);
                    s5.Add(y, y);
                    s6.Add(y, y);
                    s7.Add(y, y);
                    s8.Add(y, y);
                    s9.Add(y, y);
                    sA.Add(y, y);
                    sB.Add(y, y);
                }

                // What nobody read would not be computed.
                var all = s0.Quarter() + s1.Quarter() + s2.Quarter() + s3.Quarter() + s4.Quarter() + s5.Quarter() + s6.Quarter() + s7.Quarter() + s8.Quarter() + s9.Quarter() + sA.Quarter() + sB.Quarter();
                if (all[0] < Iterations) throw new InvalidOperationException("A sum of ones is as large as their number.");
            }
        }
    }
}
