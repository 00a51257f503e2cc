namespace FeedbackNN.Dsl.Diagnostics;

/// <summary>Finds the word that was probably meant.</summary>
public static class Spelling
{
    /// <summary>
    /// The candidate closest to <paramref name="word"/> by the number of letters to insert, delete, replace or swap with a
    /// neighbour (Damerau's distance, restricted); null when none is close. Of equally close ones the first.
    /// </summary>
    public static string? Closest(string word, IEnumerable<string> candidates)
    {
        if (word.Length > 64) return null;
        string? best = null;
        var bestDistance = word.Length <= 2 ? 1 : word.Length <= 5 ? 2 : 3;
        foreach (var candidate in candidates)
        {
            if (Math.Abs(candidate.Length - word.Length) >= bestDistance) continue;
            var distance = Distance(word, candidate);
            if (distance >= bestDistance || candidate == word) continue;
            (best, bestDistance) = (candidate, distance);
        }
        return best;
    }

    /// <summary>The correction of a word, <c>write relu</c>; null when no candidate is close.</summary>
    public static string? Fix(string word, IEnumerable<string> candidates) => Closest(word, candidates) is { } closest ? $"write {closest}" : null;

    private static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) rows[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) rows[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var replace = rows[i - 1, j - 1] + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                rows[i, j] = Math.Min(replace, Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        }
        return rows[a.Length, b.Length];
    }
}
