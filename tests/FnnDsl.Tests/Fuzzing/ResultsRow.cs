using System.Globalization;

namespace FeedbackNN.Dsl.Tests.Fuzzing;

/// <summary>A row of <c>docs/results.md</c>, written anew with <c>FNN_UPDATE=1</c>. The table's head is that of <c>tests/Feedback.Tests</c>.</summary>
internal static class ResultsRow
{
    public static void Write(string experiment, string what, FormattableString result, string demanded)
    {
        if (Environment.GetEnvironmentVariable("FNN_UPDATE") != "1") return;
        var path = Path.Combine(Corpus.Folder, "..", "..", "docs", "results.md");
        var lines = File.ReadAllLines(path);
        var first = Array.FindIndex(lines, line => line.StartsWith("| --- ", StringComparison.Ordinal)) + 1;
        var begin = $"| {experiment} | {what} |";
        var rows = lines.Skip(first).Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith(begin, StringComparison.Ordinal))
            .Append($"{begin} {result.ToString(CultureInfo.InvariantCulture)} | {demanded} |").Order(StringComparer.Ordinal);
        File.WriteAllText(path, string.Join("\n", lines.Take(first).Concat(rows)) + "\n");
    }
}
