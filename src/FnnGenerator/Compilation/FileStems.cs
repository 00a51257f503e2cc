namespace FeedbackNN.Generator.Compilation;

/// <summary>What names of generated files begin with.</summary>
internal static class FileStems
{
    /// <summary>The full names themselves; with a number where two differ in case only, which names of generated files must not.</summary>
    public static IReadOnlyList<string> Of(IEnumerable<string> fullNames)
    {
        var used = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var stems = new List<string>();
        foreach (var name in fullNames)
        {
            var stem = name;
            for (var number = 2; !used.Add(stem); number++) stem = FormattableString.Invariant($"{name}-{number}");
            stems.Add(stem);
        }
        return stems;
    }
}
