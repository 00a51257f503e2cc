using System.Globalization;
using System.Runtime.CompilerServices;

namespace FeedbackNN.Feedback.Tests;

/// <summary><c>docs/results.md</c>: what the slow tests found. With <c>FNN_UPDATE=1</c> a test that runs writes its rows anew.</summary>
internal static class ResultsTable
{
    private const string Head = """
        # Results

        Published results made again. Each row is written by a test of `tests/Feedback.Tests` or `tests/Generate.Tests` that asserts it: `FNN_SLOW=1 FNN_UPDATE=1 dotnet test tests/Feedback.Tests -c Release`. Seeds are
        fixed in the tests, so a row is the same numbers on the same machine. The counts of inputs are those of `FNN_FUZZ=1000000 FNN_UPDATE=1 dotnet test tests/FnnDsl.Tests -c Release`.

        | experiment | what | result | demanded |
        | --- | --- | --- | --- |
        """;

    private static readonly object Lock = new();

    public static void Write(string experiment, string what, FormattableString result, string demanded)
    {
        if (Environment.GetEnvironmentVariable("FNN_UPDATE") != "1") return;
        lock (Lock)
        {
            var path = Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", "docs", "results.md");
            var begin = $"| {experiment} | {what} |";
            var rows = (File.Exists(path) ? File.ReadAllLines(path) : []).Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(2).Where(line => !line.StartsWith(begin, StringComparison.Ordinal))
                .Append($"{begin} {result.ToString(CultureInfo.InvariantCulture)} | {demanded} |").Order(StringComparer.Ordinal);
            File.WriteAllText(path, Head.ReplaceLineEndings("\n") + "\n" + string.Join("\n", rows) + "\n");
        }
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
