using System.Runtime.CompilerServices;
using FeedbackNN.Dsl.Operators;

namespace FeedbackNN.Dsl.Tests.Operators;

/// <summary>docs/operators.md is what the table says. FNN_UPDATE=1 writes it anew.</summary>
public sealed class OperatorDocsTests
{
    [Fact]
    public void The_page_is_up_to_date()
    {
        var path = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "../../../docs/operators.md"));
        var expected = OperatorDocs.ToMarkdown();
        if (Environment.GetEnvironmentVariable("FNN_UPDATE") == "1") File.WriteAllText(path, expected);
        Assert.True(File.Exists(path) && File.ReadAllText(path).ReplaceLineEndings("\n") == expected, "docs/operators.md is out of date: run the tests with FNN_UPDATE=1 and commit it.");
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
