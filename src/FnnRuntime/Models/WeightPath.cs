namespace FeedbackNN;

/// <summary>
/// Paths of weights and patterns of them: a pattern is the path or what it begins with, by whole parts, and a <c>*</c> is any one part. The compiler is built from this file as well: <c>freeze</c>
/// means the same in a <c>.fnn</c> file and in C#.
/// </summary>
internal static class WeightPath
{
    /// <summary>What a pattern leaves open of a path: the parts that a <c>*</c> stands for and those behind it; null where it does not match.</summary>
    /// <param name="pattern">Its parts.</param>
    /// <param name="path">As <c>encoder.inner.weight</c>.</param>
    public static string? Rest(string[] pattern, string path)
    {
        var parts = path.Split('.');
        if (pattern.Length > parts.Length) return null;
        var rest = new List<string>();
        for (var k = 0; k < parts.Length; k++)
        {
            if (k >= pattern.Length || pattern[k] == "*") rest.Add(parts[k]);
            else if (pattern[k] != parts[k]) return null;
        }
        return string.Join(".", rest);
    }
}
