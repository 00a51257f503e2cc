using System.Text;
using FeedbackNN.Dsl.Diagnostics;

namespace FeedbackNN.Generator.Tests;

/// <summary>
/// Keeps <c>docs/diagnostics.md</c> and the table of codes together: help links of the analyzer point to its headings. Run with
/// <c>FNN_UPDATE=1</c> to add headings for new codes and correct changed titles; what people wrote below a heading stays.
/// </summary>
public class DocumentationTests
{
    [Fact]
    public void Every_code_has_its_heading_in_the_documentation()
    {
        var path = Repository.PathOf("docs", "diagnostics.md");
        var written = File.Exists(path) ? File.ReadAllText(path) : "";
        var expected = Compose(Explanations(written));
        if (Environment.GetEnvironmentVariable("FNN_UPDATE") == "1") File.WriteAllText(path, expected);
        else Assert.Equal(expected, written);
    }

    private static string Compose(IReadOnlyDictionary<string, string> explanations)
    {
        var text = new StringBuilder("""
            # Diagnostics

            Every code that a build can report about a `.fnn` file: 1xxx syntax, 2xxx names, 3xxx types and axes, 4xxx feedback, 5xxx training,
            6xxx hints, 9xxx failures of the compiler itself. In a message, `{0}`, `{1}` … stand for the particulars. A code can be silenced or raised like any of the C# compiler's:
            `dotnet_diagnostic.FNN6001.severity = none` in a `.globalconfig` file.

            """);
        foreach (var row in DiagnosticTable.All.Append(DiagnosticDescriptors.CompilerFailure))
        {
            text.Append($"\n## {row.Code}\n\n**{row.Title}** ({row.Severity.ToString().ToLowerInvariant()}): {row.Message.Replace("\n", " ")}\n");
            if (explanations.TryGetValue(row.Code, out var explanation)) text.Append($"\n{explanation}\n");
        }
        return text.ToString();
    }

    /// <summary>What stands below each heading after the line that repeats the table.</summary>
    private static Dictionary<string, string> Explanations(string written)
    {
        var result = new Dictionary<string, string>();
        foreach (var section in written.Replace("\r\n", "\n").Split("\n## ").Skip(1))
        {
            var parts = section.Split("\n\n", 3);
            if (parts.Length == 3 && parts[2].Trim() is { Length: > 0 } explanation) result[parts[0].Trim()] = explanation;
        }
        return result;
    }
}
