using System.ComponentModel;
using System.Numerics;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <summary>What <see cref="Sampling"/> is given.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct SamplingArguments
{
    /// <summary>How many indices are drawn.</summary>
    public nint Rows;

    /// <summary>Of how many each.</summary>
    public nint Columns;

    /// <summary>[Rows, Columns].</summary>
    public float* Logits;

    /// <summary>A number from [0, 1) for each row.</summary>
    public float* Draws;

    /// <summary>At 0 the largest logit is taken; otherwise logits are divided by it.</summary>
    public float* Temperature;

    /// <summary>How many of the largest logits can be drawn; all at 0.</summary>
    public float* TopK;

    /// <summary>Of which share of the probability only the likeliest can be drawn.</summary>
    public float* TopP;

    /// <summary>What the logits of indices in the history are divided by, or multiplied with below 0.</summary>
    public float* RepetitionPenalty;

    /// <summary>Indices that count as drawn before; null for none.</summary>
    public int* History;

    /// <summary>From a row's history to the next.</summary>
    public nint HistoryStride;

    /// <summary>The length of each row's history.</summary>
    public nint HistoryCount;

    /// <summary>Room for [Rows, Columns].</summary>
    public float* Scores;

    /// <summary>[Rows].</summary>
    public int* Result;
}

/// <summary>
/// Draws an index for each row of logits by its probability: temperature, top-k, top-p, repetition penalty. Thresholds are found bit by bit, without sorting; a row is computed by one thread in one order,
/// so the same draw gives the same index whatever the batch and the threads.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static unsafe class Sampling
{
    /// <summary>Draws.</summary>
    public static void Run(WorkerPool pool, in SamplingArguments arguments) => pool.For(new Kernel(arguments), arguments.Rows, Math.Max(1, 8192 / Math.Max(1, arguments.Columns)));

    private readonly struct Kernel(SamplingArguments a) : IRangeKernel
    {
        public void Run(nint begin, nint end)
        {
            for (var row = begin; row < end; row++) a.Result[row] = Draw(a.Logits + row * a.Columns, a.Scores + row * a.Columns, a.Draws[row], a.History == null ? null : a.History + row * a.HistoryStride);
        }

        private int Draw(float* logits, float* scores, float draw, int* history)
        {
            var n = (int)a.Columns;
            // -0 counts as 0.
            for (var i = 0; i < n; i++) scores[i] = logits[i] + 0f;
            for (nint k = 0; history != null && k < a.HistoryCount; k++)
            {
                var before = history[k];
                // From the logit and not from the score: what was drawn twice is not punished twice.
                if ((uint)before < (uint)n) scores[before] = logits[before] > 0 ? logits[before] / *a.RepetitionPenalty : logits[before] * *a.RepetitionPenalty;
            }
            var best = 0;
            for (var i = 1; i < n; i++)
            {
                if (scores[i] > scores[best]) best = i;
            }
            if (!(*a.Temperature > 0)) return best;

            var k0 = (int)*a.TopK;
            var (threshold, equals) = k0 >= 1 && k0 < n ? Threshold(scores, n, k0) : (int.MinValue, n);
            var (largest, scale, total) = (scores[best], 1 / *a.Temperature, 0.0);
            for (var i = 0; i < n; i++)
            {
                var key = Key(scores[i]);
                var stays = key > threshold || (key == threshold && equals-- > 0);
                total += scores[i] = stays ? MathF.Exp((scores[i] - largest) * scale) : 0;
            }
            if (*a.TopP < 1) total = KeepShare(scores, n, *a.TopP * total);
            var (target, passed, last) = (draw * total, 0.0, best);
            for (var i = 0; i < n; i++)
            {
                if (!(scores[i] > 0)) continue;
                passed += scores[i];
                last = i;
                if (passed > target) break;
            }
            return last;
        }
    }

    // In the order of the numbers.
    private static int Key(float value)
    {
        var bits = BitConverter.SingleToInt32Bits(value);
        return bits ^ ((bits >> 31) & int.MaxValue);
    }

    /// <summary>The k-th largest score's key, and how many of those that have it are among the first k.</summary>
    private static (int Key, int Ties) Threshold(float* scores, int n, int k)
    {
        int low = int.MinValue, high = int.MaxValue;
        while (low < high)
        {
            var middle = (int)(((long)low + high + 1) >> 1);
            if (CountFrom(scores, n, middle) >= k) low = middle;
            else high = middle - 1;
        }
        return (low, low == int.MaxValue ? k : k - CountFrom(scores, n, low + 1));
    }

    private static int CountFrom(float* scores, int n, int key)
    {
        var count = 0;
        var i = 0;
        for (; i + Vector512<int>.Count <= n; i += Vector512<int>.Count)
        {
            var bits = Vector512.Load((int*)scores + i);
            var keys = bits ^ ((bits >> 31) & Vector512.Create(int.MaxValue));
            count += BitOperations.PopCount(Vector512.GreaterThanOrEqual(keys, Vector512.Create(key)).ExtractMostSignificantBits());
        }
        for (; i < n; i++) count += Key(scores[i]) >= key ? 1 : 0;
        return count;
    }

    /// <summary>Sets weights to 0 but for the largest, as many as reach a sum; gives theirs.</summary>
    private static double KeepShare(float* weights, int n, double wanted)
    {
        // Weights are not negative: their bits are in their order.
        int low = 0, high = BitConverter.SingleToInt32Bits(1f);
        while (low < high)
        {
            var middle = (low + high + 1) >> 1;
            if (SumFrom(weights, n, middle) >= wanted) low = middle;
            else high = middle - 1;
        }
        var sum = SumFrom(weights, n, low + 1);
        for (var i = 0; i < n; i++)
        {
            var bits = BitConverter.SingleToInt32Bits(weights[i]);
            if (bits > low) continue;
            if (bits == low && sum < wanted) sum += weights[i];
            else weights[i] = 0;
        }
        return sum;
    }

    private static double SumFrom(float* weights, int n, int bits)
    {
        var sum = 0.0;
        for (var i = 0; i < n; i++)
        {
            if (BitConverter.SingleToInt32Bits(weights[i]) >= bits) sum += weights[i];
        }
        return sum;
    }
}
