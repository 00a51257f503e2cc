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
            var distance = Distance(word, candidate, bestDistance);
            if (distance >= bestDistance || candidate == word) continue;
            (best, bestDistance) = (candidate, distance);
        }
        return best;
    }

    /// <summary>The correction of a word, <c>write relu</c>; null when no candidate is close.</summary>
    public static string? Fix(string word, IEnumerable<string> candidates) => Closest(word, candidates) is { } closest ? $"write {closest}" : null;

    /// <param name="enough">A distance that is no longer of interest: the result may be this where it would be more.</param>
    private static int Distance(string a, string b, int enough)
    {
        // The row being filled, and the two above it; a file may have thousands of words to compare with thousands.
        int[] current = new int[b.Length + 1], above = new int[b.Length + 1], second = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++) current[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            (current, above, second) = (second, current, above);
            current[0] = i;
            var least = i;
            var letter = char.ToLowerInvariant(a[i - 1]);
            for (var j = 1; j <= b.Length; j++)
            {
                var distance = Math.Min(above[j - 1] + (letter == char.ToLowerInvariant(b[j - 1]) ? 0 : 1), Math.Min(above[j], current[j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) distance = Math.Min(distance, second[j - 2] + 1);
                current[j] = distance;
                least = Math.Min(least, distance);
            }
            // Further down it is never less: the row above has at most one less, and swapped neighbours count one more than it.
            if (least >= enough) return enough;
        }
        return current[b.Length];
    }
}
