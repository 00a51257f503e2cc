using System.Globalization;

namespace FeedbackNN.Tool;

/// <summary>Sizes of run-time axes as a command line gives them: <c>batch=64,time=128</c>.</summary>
internal static class AxisSizes
{
    /// <summary>The sizes by axis, or what is wrong with the text.</summary>
    public static bool TryParse(IEnumerable<string> texts, out IReadOnlyDictionary<string, long> sizes, out string problem)
    {
        var result = new SortedDictionary<string, long>(StringComparer.Ordinal);
        (sizes, problem) = (result, "");
        foreach (var item in texts.SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
        {
            var parts = item.Split('=', 2, StringSplitOptions.TrimEntries);
            if (parts.Length != 2 || parts[0].Length == 0) problem = $"'{item}' is no size of an axis. Write --at batch=64,time=128.";
            else if (!long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size) || size < 1) problem = $"'{parts[1]}' is no size of '{parts[0]}': a size is a whole number above 0.";
            else if (!result.TryAdd(parts[0], size)) problem = $"'{parts[0]}' is given twice.";
            if (problem.Length > 0) return false;
        }
        return true;
    }

    /// <summary><c>batch 64, time 128</c></summary>
    public static string Describe(IEnumerable<KeyValuePair<string, long>> sizes) => string.Join(", ", sizes.Select(size => FormattableString.Invariant($"{size.Key} {size.Value}")));
}
