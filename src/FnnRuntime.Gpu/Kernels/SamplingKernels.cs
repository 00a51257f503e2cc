using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>
/// Draws an index for each row of logits, a row a thread: what the processor's <c>Sampling</c> does, with sums in f32. Numbers are compared by their bits, which have an order that branches may go by.
/// </summary>
internal static class SamplingKernels
{
    /// <param name="logits">[rows, columns].</param>
    /// <param name="draws">One for each row.</param>
    /// <param name="temperature">At 0 the largest logit is taken.</param>
    /// <param name="topK">0 for all.</param>
    /// <param name="topP">A share of the probability.</param>
    /// <param name="penalty">Of what the history has.</param>
    /// <param name="history">Indices that count as drawn before.</param>
    /// <param name="sizes">Rows, columns, the history's stride and length.</param>
    /// <param name="scores">Room for [rows, columns].</param>
    /// <param name="result">[rows].</param>
    public static void Draw(
        ArrayView<float> logits, ArrayView<float> draws, ArrayView<float> temperature, ArrayView<float> topK, ArrayView<float> topP, ArrayView<float> penalty, ArrayView<int> history,
        SamplingSizes sizes, ArrayView<float> scores, ArrayView<int> result)
    {
        for (var row = (Grid.IdxX * Group.DimX) + Group.IdxX; row < sizes.Rows; row += Grid.DimX * Group.DimX)
        {
            var n = sizes.Columns;
            var first = row * n;
            for (var i = 0; i < n; i++) scores[first + i] = logits[first + i] + 0f;
            for (var k = 0; k < sizes.HistoryCount; k++)
            {
                var before = history[(row * sizes.HistoryStride) + k];
                if (before < 0 || before >= n) continue;
                var logit = logits[first + before];
                scores[first + before] = Key(logit) > 0 ? logit / penalty[0] : logit * penalty[0];
            }
            var best = 0;
            var bestKey = Key(scores[first]);
            for (var i = 1; i < n; i++)
            {
                var key = Key(scores[first + i]);
                if (key <= bestKey) continue;
                best = i;
                bestKey = key;
            }
            result[row] = Key(temperature[0]) <= 0 ? best : DrawLikely(scores, first, n, best, temperature[0], (int)topK[0], topP[0], draws[row]);
        }
    }

    private static int DrawLikely(ArrayView<float> scores, int first, int n, int best, float temperature, int topK, float topP, float draw)
    {
        var low = int.MinValue;
        var equals = n;
        if (topK >= 1 && topK < n)
        {
            var high = int.MaxValue;
            while (low < high)
            {
                var middle = (int)(((long)low + high + 1) >> 1);
                if (CountFrom(scores, first, n, middle) >= topK) low = middle;
                else high = middle - 1;
            }
            equals = low == int.MaxValue ? topK : topK - CountFrom(scores, first, n, low + 1);
        }
        var largest = scores[first + best];
        var scale = 1 / temperature;
        var total = 0f;
        for (var i = 0; i < n; i++)
        {
            var key = Key(scores[first + i]);
            var weight = 0f;
            if (key > low || (key == low && equals > 0)) weight = GpuMath.Exp((scores[first + i] - largest) * scale);
            if (key == low) equals--;
            scores[first + i] = weight;
            total += weight;
        }
        if (Key(topP) < Key(1f)) total = KeepShare(scores, first, n, topP * total);
        var target = draw * total;
        var passed = 0f;
        var last = best;
        for (var i = 0; i < n; i++)
        {
            if (Key(scores[first + i]) <= 0) continue;
            passed += scores[first + i];
            last = i;
            if (Key(passed) > Key(target)) break;
        }
        return last;
    }

    private static int Key(float value)
    {
        var bits = (int)Interop.FloatAsInt(value);
        return bits ^ ((bits >> 31) & int.MaxValue);
    }

    private static int CountFrom(ArrayView<float> scores, int first, int n, int key)
    {
        var count = 0;
        for (var i = 0; i < n; i++) count += Key(scores[first + i]) >= key ? 1 : 0;
        return count;
    }

    private static float KeepShare(ArrayView<float> weights, int first, int n, float wanted)
    {
        var low = 0;
        var high = Key(1f);
        while (low < high)
        {
            var middle = (low + high + 1) >> 1;
            if (Key(SumFrom(weights, first, n, middle)) >= Key(wanted)) low = middle;
            else high = middle - 1;
        }
        var sum = SumFrom(weights, first, n, low + 1);
        for (var i = 0; i < n; i++)
        {
            var key = Key(weights[first + i]);
            if (key > low) continue;
            if (key == low && Key(sum) < Key(wanted)) sum += weights[first + i];
            else weights[first + i] = 0f;
        }
        return sum;
    }

    private static float SumFrom(ArrayView<float> weights, int first, int n, int key)
    {
        var sum = 0f;
        for (var i = 0; i < n; i++)
        {
            if (Key(weights[first + i]) >= key) sum += weights[first + i];
        }
        return sum;
    }
}

/// <summary>The sizes of a <see cref="SamplingKernels.Draw"/>.</summary>
internal struct SamplingSizes
{
    public int Rows;

    public int Columns;

    public int HistoryStride;

    public int HistoryCount;
}
