namespace FeedbackNN;

/// <summary>How many samples that belong and that don't lie at or above each score, from the highest score down.</summary>
internal static class RankedSamples
{
    /// <returns>One entry for each different score: the score, then the counts.</returns>
    public static List<(double Score, int Belonging, int Others)> Count(ReadOnlySpan<double> scores, ReadOnlySpan<bool> belongs)
    {
        if (scores.Length != belongs.Length) throw new ArgumentException($"{scores.Length} scores do not fit {belongs.Length} answers.", nameof(belongs));
        var order = new int[scores.Length];
        for (var i = 0; i < order.Length; i++)
        {
            if (double.IsNaN(scores[i])) throw new ArgumentException($"The score of sample {i} is no number.", nameof(scores));
            order[i] = i;
        }
        var keys = scores.ToArray();
        Array.Sort(keys, order);
        var counts = new List<(double, int, int)>();
        int belonging = 0, others = 0;
        for (var i = order.Length - 1; i >= 0; i--)
        {
            if (belongs[order[i]]) belonging++;
            else others++;
            if (i == 0 || keys[i - 1] != keys[i]) counts.Add((keys[i], belonging, others));
        }
        return counts;
    }
}
