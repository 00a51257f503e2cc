namespace FeedbackNN.Dsl.Interpretation;

/// <summary>
/// What <see cref="Graphs.Sample"/> means. Logits of what has been drawn before are made less likely first: divided by the penalty where they are positive, else multiplied by it (Keskar and others, "CTRL", 2019).
/// At temperature 0 the largest is taken, the first of equals. Otherwise logits are divided by the temperature; of the order by falling logits, the first of equals first, only the first top_k stay (0: all) and of
/// these only as many as have a share of top_p of their probability (Holtzman and others, "The Curious Case of Neural Text Degeneration", 2020). Among those the draw decides, in the order of their indices.
/// </summary>
internal static class SamplingMeaning
{
    public static double[] Of(double[][] x, long n)
    {
        var rows = x[Graphs.SampleInputs.Draws].Length;
        var history = x.Length == Graphs.SampleInputs.WithHistory ? x[Graphs.SampleInputs.History] : [];
        return Enumerable.Range(0, rows).Select(row =>
        {
            var logits = x[Graphs.SampleInputs.Logits].Skip(row * (int)n).Take((int)n).ToArray();
            var before = rows == 0 ? [] : history.Skip(row * (history.Length / rows)).Take(history.Length / rows);
            return (double)Row(logits, x[Graphs.SampleInputs.Draws][row], x[2][0], (int)x[3][0], x[4][0], x[5][0], before);
        }).ToArray();
    }

    private static int Row(double[] logits, double draw, double temperature, int topK, double topP, double penalty, IEnumerable<double> before)
    {
        foreach (var token in before.Distinct().Where(token => token >= 0 && token < logits.Length)) logits[(int)token] = logits[(int)token] > 0 ? logits[(int)token] / penalty : logits[(int)token] * penalty;
        // OrderBy keeps the order of equals.
        var order = Enumerable.Range(0, logits.Length).OrderByDescending(k => logits[k]).ToList();
        if (temperature <= 0) return order[0];
        if (topK >= 1 && topK < order.Count) order.RemoveRange(topK, order.Count - topK);
        var weights = order.Select(k => Math.Exp((logits[k] - logits[order[0]]) / temperature)).ToArray();
        if (topP < 1)
        {
            var (kept, sum, whole) = (0, 0.0, weights.Sum());
            do sum += weights[kept++];
            while (kept < weights.Length && sum < topP * whole);
            order.RemoveRange(kept, order.Count - kept);
        }
        var byIndex = order.Select((k, place) => (Index: k, Weight: weights[place])).OrderBy(item => item.Index).ToArray();
        var (target, passed) = (draw * byIndex.Sum(item => item.Weight), 0.0);
        foreach (var (index, weight) in byIndex)
        {
            passed += weight;
            if (passed > target) return index;
        }
        return byIndex[byIndex.Length - 1].Index;
    }
}
