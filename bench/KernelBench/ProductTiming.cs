using System.Diagnostics;
using System.Runtime.InteropServices;
using FeedbackNN.Cpu;

namespace KernelBench;

/// <summary>
/// Times one product, warm: the median of many samples, and the fastest tenth of them, which is what the code reaches when nobody
/// else wants the cores.
/// </summary>
internal static unsafe class ProductTiming
{
    public static (double Median, double FastestTenth, double Gigaflops) Measure(WorkerPool pool, ProductShape shape)
    {
        float* left = Random((long)shape.Batch * shape.M * shape.K, 1), right = Random((long)shape.Batch * shape.N * shape.K, 2), result = Random((long)shape.Batch * shape.M * shape.N, 3);
        var isLeftPlain = shape.Layout[0] == 'n';
        var isRightPlain = shape.Layout[1] == 'n';
        var product = new MatrixProductArguments
        {
            Batch = shape.Batch, M = shape.M, N = shape.N, K = shape.K,
            Left = left, LeftBatch = (nint)shape.M * shape.K, LeftRow = isLeftPlain ? shape.K : 1, LeftColumn = isLeftPlain ? 1 : shape.M,
            Right = right, RightBatch = (nint)shape.N * shape.K, RightRow = isRightPlain ? shape.K : 1, RightColumn = isRightPlain ? 1 : shape.N,
            Result = result,
        };
        var work = 2.0 * shape.Batch * shape.M * shape.N * shape.K;
        var repeats = Math.Clamp((int)(5e6 / Math.Max(1, work)), 1, 500);
        var times = new List<double>();
        for (var begin = Stopwatch.GetTimestamp(); times.Count < 21 || (times.Count < 400 && Stopwatch.GetElapsedTime(begin).TotalSeconds < 0.25);)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < repeats; i++) MatrixProduct.Run(pool, product);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds / repeats);
        }

        NativeMemory.AlignedFree(left);
        NativeMemory.AlignedFree(right);
        NativeMemory.AlignedFree(result);
        times.Sort();
        var fastestTenth = times[times.Count / 10];
        return (times[times.Count / 2], fastestTenth, work / fastestTenth * 1e-3);
    }

    private static float* Random(long count, int seed)
    {
        var random = new Random(seed);
        var p = (float*)NativeMemory.AlignedAlloc((nuint)((count + 64) * sizeof(float)), 64);
        for (long i = 0; i < count + 64; i++) p[i] = random.NextSingle() - 0.5f;
        return p;
    }
}
