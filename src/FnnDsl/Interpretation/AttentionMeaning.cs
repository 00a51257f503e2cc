using FeedbackNN.Dsl.Graphs;

namespace FeedbackNN.Dsl.Interpretation;

/// <summary>What <see cref="Attention"/> and its gradient mean: by their formulas, one query after the other. Operands of products are rounded as they are told; sums and what is not multiplied by a tensor are not.</summary>
internal static class AttentionMeaning
{
    /// <summary>Σ_j p_j v_j with p = softmax(scale · q kᵀ) over the keys that a query may look at, and log Σ exp of what the softmax is of.</summary>
    public static (double[] Result, double[] LogSums) Of(long[][] shapes, double[][] x, bool isCausal, double? scale, Func<double, double> round)
    {
        var (q, k, v) = (Rounded(x[0], round), Rounded(x[1], round), Rounded(x[2], round));
        var sizes = new Sizes(shapes);
        var result = new double[sizes.Batch * sizes.Queries * sizes.Heads * sizes.ValueWidth];
        var sums = new double[sizes.Batch * sizes.Heads * sizes.Queries];
        foreach (var (batch, head, query) in sizes.Rows())
        {
            var scores = sizes.Scores(q, k, batch, head, query, isCausal, scale);
            var largest = scores.Aggregate(double.NegativeInfinity, Math.Max);
            var sum = scores.Sum(score => Math.Exp(score - largest));
            sums[sizes.Sum(batch, head, query)] = scores.Length == 0 ? double.NegativeInfinity : largest + Math.Log(sum);
            for (var key = 0; key < scores.Length; key++)
            {
                for (var f = 0L; f < sizes.ValueWidth; f++) result[sizes.Result(batch, query, head, f)] += round(Math.Exp(scores[key] - largest)) / sum * v[sizes.Value(batch, key, head, f)];
            }
        }
        return (result, sums);
    }

    /// <summary>
    /// With p as above and dp_j = dy · v_j, the gradient of a score is ds_j = p_j (dp_j - dy · y); dv_j = Σ p_j dy, dq = scale Σ ds_j k_j, dk_j = scale Σ ds_j q.
    /// </summary>
    public static double[] GradientOf(long[][] shapes, double[][] x, AttentionGradient gradient, Func<double, double> round)
    {
        var sizes = new Sizes(shapes);
        var factor = sizes.Factor(gradient.Scale);
        var (y, sums, dy) = (x[3], x[4], x[5]);
        var (q, k, v, roundedDy) = (Rounded(x[0], round), Rounded(x[1], round), Rounded(x[2], round), Rounded(dy, round));
        var result = new double[x[(int)gradient.Of].Length];
        foreach (var (batch, head, query) in sizes.Rows())
        {
            var scores = sizes.Scores(q, k, batch, head, query, gradient.IsCausal, gradient.Scale);
            var along = 0.0;
            for (var f = 0L; f < sizes.ValueWidth; f++) along += dy[sizes.Result(batch, query, head, f)] * y[sizes.Result(batch, query, head, f)];
            for (var key = 0; key < scores.Length; key++)
            {
                var p = Math.Exp(scores[key] - sums[sizes.Sum(batch, head, query)]);
                var dp = 0.0;
                for (var f = 0L; f < sizes.ValueWidth; f++)
                {
                    dp += roundedDy[sizes.Result(batch, query, head, f)] * v[sizes.Value(batch, key, head, f)];
                    if (gradient.Of == AttentionInput.Values) result[sizes.Value(batch, key, head, f)] += round(p) * roundedDy[sizes.Result(batch, query, head, f)];
                }
                var ds = round(factor * p * (dp - along));
                for (var e = 0L; e < sizes.Width; e++)
                {
                    if (gradient.Of == AttentionInput.Queries) result[sizes.Query(batch, query, head, e)] += ds * k[sizes.Key(batch, key, head, e)];
                    if (gradient.Of == AttentionInput.Keys) result[sizes.Key(batch, key, head, e)] += ds * q[sizes.Query(batch, query, head, e)];
                }
            }
        }
        return result;
    }

    private static double[] Rounded(double[] x, Func<double, double> round) => x.Select(round).ToArray();

    /// <summary>Lengths of the axes, and where elements lie: queries are [batch, i, heads, e], keys [batch, j, groups, e], values [batch, j, groups, f].</summary>
    private sealed class Sizes(long[][] shapes)
    {
        public long Batch { get; } = Indexing.Count(shapes[0].Take(shapes[0].Length - 3));

        public long Queries { get; } = shapes[0][shapes[0].Length - 3];

        public long Heads { get; } = shapes[0][shapes[0].Length - 2];

        public long Width { get; } = shapes[0][shapes[0].Length - 1];

        public long Keys { get; } = shapes[1][shapes[1].Length - 3];

        public long Groups { get; } = shapes[1][shapes[1].Length - 2];

        public long ValueWidth { get; } = shapes[2][shapes[2].Length - 1];

        public double Factor(double? scale) => scale ?? 1 / Math.Sqrt(Width);

        public IEnumerable<(long Batch, long Head, long Query)> Rows() =>
            Indexing.Indices([Batch, Heads, Queries]).Select(index => (index[0], index[1], index[2]));

        public long Query(long batch, long query, long head, long e) => ((batch * Queries + query) * Heads + head) * Width + e;

        public long Key(long batch, long key, long head, long e) => ((batch * Keys + key) * Groups + head / (Heads / Groups)) * Width + e;

        public long Value(long batch, long key, long head, long f) => ((batch * Keys + key) * Groups + head / (Heads / Groups)) * ValueWidth + f;

        public long Result(long batch, long query, long head, long f) => ((batch * Queries + query) * Heads + head) * ValueWidth + f;

        public long Sum(long batch, long head, long query) => (batch * Heads + head) * Queries + query;

        /// <summary>Scores of the keys that a query may look at: the first so many.</summary>
        public double[] Scores(double[] queries, double[] keys, long batch, long head, long query, bool isCausal, double? scale)
        {
            var count = isCausal ? Math.Max(0, Math.Min(Keys, query + 1 + Keys - Queries)) : Keys;
            var scores = new double[count];
            for (var key = 0L; key < count; key++)
            {
                for (var e = 0L; e < Width; e++) scores[key] += queries[Query(batch, query, head, e)] * keys[Key(batch, key, head, e)];
                scores[key] *= Factor(scale);
            }
            return scores;
        }
    }
}
