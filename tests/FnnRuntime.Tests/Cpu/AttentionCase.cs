using FeedbackNN.Cpu;

namespace FeedbackNN.Runtime.Tests.Cpu;

/// <summary>An attention over tensors that lie together, [batch, sequence, heads + 2 * groups, width], as a projection leaves them, and its values by the formulas in float64.</summary>
internal sealed unsafe record AttentionCase(int Batch, int Heads, int Groups, int Queries, int Keys, int Width, int ValueWidth, bool IsCausal)
{
    /// <summary>What scores are multiplied by.</summary>
    public const double Scale = 0.4;

    /// <summary>What scores are multiplied by before the scale: makes them large.</summary>
    public double Magnitude { get; init; } = 1;

    // Rows of keys and values are apart from queries, where there are other numbers of them; the row of a position has all its heads.
    private int RowOfQueries => Heads * Width;

    private int RowOfKeys => Groups * (Width + ValueWidth);

    private int RowOfResult => Heads * ValueWidth;

    /// <summary>Runs the kernels in float32; checks that nothing beside the results is written.</summary>
    public Values RunFloats(WorkerPool pool)
    {
        var (queries, keys, dy) = Draw();
        using var q = Copy(queries.Select(x => (float)x).ToArray());
        using var kv = Copy(keys.Select(x => (float)x).ToArray());
        using var gradient = Copy(dy.Select(x => (float)x).ToArray());
        using var y = Copy(new float[dy.Length]);
        using var sums = Copy(new float[Batch * Heads * Queries]);
        using var dq = Copy(new float[queries.Length]);
        using var dkv = Copy(new float[keys.Length]);
        var a = Arguments(q.Pointer, kv.Pointer, y.Pointer, sums.Pointer, gradient.Pointer, dq.Pointer, dkv.Pointer);
        AttentionKernels.Run(pool, a);
        AttentionKernels.RunGradient(pool, a);
        Assert.All([y, sums, dq, dkv], memory => Assert.True(memory.IsUntouchedOutside()));
        return new Values(Doubles(y), Doubles(sums), Doubles(dq), Doubles(dkv));
        static double[] Doubles(GuardedMemory<float> memory) => [.. memory.Span.ToArray().Select(x => (double)x)];
    }

    /// <summary>The same in float64.</summary>
    public Values RunDoubles(WorkerPool pool)
    {
        var (queries, keys, dy) = Draw();
        using var q = Copy(queries);
        using var kv = Copy(keys);
        using var gradient = Copy(dy);
        using var y = Copy(new double[dy.Length]);
        using var sums = Copy(new double[Batch * Heads * Queries]);
        using var dq = Copy(new double[queries.Length]);
        using var dkv = Copy(new double[keys.Length]);
        var a = Arguments(q.Pointer, kv.Pointer, y.Pointer, sums.Pointer, gradient.Pointer, dq.Pointer, dkv.Pointer);
        AttentionKernels.Run(pool, a);
        AttentionKernels.RunGradient(pool, a);
        return new Values(y.Span.ToArray(), sums.Span.ToArray(), dq.Span.ToArray(), dkv.Span.ToArray());
    }

    /// <summary>By the formulas: y = Σ p v, ds = p (dy · v - dy · y), dq = scale Σ ds k, dk = scale Σ ds q, dv = Σ p dy.</summary>
    public Values Expected()
    {
        var (queries, keys, dy) = Draw();
        var values = new Values(new double[dy.Length], new double[Batch * Heads * Queries], new double[queries.Length], new double[keys.Length]);
        for (var row = 0; row < Batch * Heads * Queries; row++)
        {
            var (b, h, i) = (row / Queries / Heads, row / Queries % Heads, row % Queries);
            var group = h / (Heads / Groups);
            var visible = IsCausal ? Math.Clamp(i + 1 + Keys - Queries, 0, Keys) : Keys;
            int Q(int e) => (((b * Queries) + i) * RowOfQueries) + (h * Width) + e;
            int K(int j, int e) => (((b * Keys) + j) * RowOfKeys) + (group * Width) + e;
            int V(int j, int f) => (((b * Keys) + j) * RowOfKeys) + (Groups * Width) + (group * ValueWidth) + f;
            int Y(int f) => (((b * Queries) + i) * RowOfResult) + (h * ValueWidth) + f;
            var scores = Enumerable.Range(0, visible).Select(j => Scale * Enumerable.Range(0, Width).Sum(e => queries[Q(e)] * keys[K(j, e)])).ToArray();
            var largest = scores.Append(double.NegativeInfinity).Max();
            var sum = scores.Sum(score => Math.Exp(score - largest));
            values.LogSums[row] = visible == 0 ? double.NegativeInfinity : largest + Math.Log(sum);
            var p = scores.Select(score => Math.Exp(score - largest) / sum).ToArray();
            for (var f = 0; f < ValueWidth; f++) values.Result[Y(f)] = Enumerable.Range(0, visible).Sum(j => p[j] * keys[V(j, f)]);
            var along = Enumerable.Range(0, ValueWidth).Sum(f => dy[Y(f)] * values.Result[Y(f)]);
            for (var j = 0; j < visible; j++)
            {
                var slope = Scale * p[j] * (Enumerable.Range(0, ValueWidth).Sum(f => dy[Y(f)] * keys[V(j, f)]) - along);
                for (var e = 0; e < Width; e++)
                {
                    values.OfQueries[Q(e)] += slope * keys[K(j, e)];
                    values.OfKeys[K(j, e)] += slope * queries[Q(e)];
                }

                for (var f = 0; f < ValueWidth; f++) values.OfKeys[V(j, f)] += p[j] * dy[Y(f)];
            }
        }

        return values;
    }

    private AttentionArguments<T> Arguments<T>(T* q, T* kv, T* y, T* sums, T* dy, T* dq, T* dkv)
        where T : unmanaged => new()
    {
        Batch = Batch,
        Heads = Heads,
        Groups = Groups,
        Queries = Queries,
        Keys = Keys,
        Width = Width,
        ValueWidth = ValueWidth,
        IsCausal = IsCausal,
        Scale = Scale,
        Q = new(q, Queries * RowOfQueries, RowOfQueries, Width),
        K = new(kv, Keys * RowOfKeys, RowOfKeys, Width),
        V = new(kv + (Groups * Width), Keys * RowOfKeys, RowOfKeys, ValueWidth),
        Result = new(y, Queries * RowOfResult, RowOfResult, ValueWidth),
        LogSums = sums,
        ResultGradient = new(dy, Queries * RowOfResult, RowOfResult, ValueWidth),
        QGradient = new(dq, Queries * RowOfQueries, RowOfQueries, Width),
        KGradient = new(dkv, Keys * RowOfKeys, RowOfKeys, Width),
        VGradient = new(dkv + (Groups * Width), Keys * RowOfKeys, RowOfKeys, ValueWidth),
    };

    /// <summary>The queries, the keys with values, and the gradient of the result: floats, the same each time.</summary>
    public (double[] Queries, double[] Keys, double[] Gradient) Draw()
    {
        var random = new Random(4);
        return (Numbers(Batch * Queries * RowOfQueries, Magnitude), Numbers(Batch * Keys * RowOfKeys, 1), Numbers(Batch * Queries * RowOfResult, 1));
        double[] Numbers(int count, double magnitude) => [.. Enumerable.Range(0, count).Select(_ => (double)(float)(magnitude * ((2 * random.NextDouble()) - 1)))];
    }

    private static GuardedMemory<T> Copy<T>(T[] numbers)
        where T : unmanaged
    {
        var memory = new GuardedMemory<T>(numbers.Length);
        numbers.CopyTo(memory.Span);
        return memory;
    }

    /// <summary>The result, the log sums, and the gradients of queries and of keys with values.</summary>
    internal sealed record Values(double[] Result, double[] LogSums, double[] OfQueries, double[] OfKeys)
    {
        public void AssertClose(Values actual, double tolerance)
        {
            foreach (var (name, expected, numbers) in new[] { ("result", Result, actual.Result), ("log sums", LogSums, actual.LogSums), ("gradient of queries", OfQueries, actual.OfQueries), ("gradient of keys and values", OfKeys, actual.OfKeys) })
            {
                Assert.Equal(expected.Length, numbers.Length);
                var scale = Math.Max(1, expected.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty().Max());
                for (var i = 0; i < expected.Length; i++)
                {
                    if (expected[i].Equals(numbers[i]) || Math.Abs(expected[i] - numbers[i]) <= tolerance * scale) continue;
                    Assert.Fail(FormattableString.Invariant($"{name}, element {i}: {numbers[i]} instead of {expected[i]}"));
                }
            }
        }
    }
}
