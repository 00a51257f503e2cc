using FeedbackNN.Dsl.Diagnostics;

namespace FeedbackNN.Tool.Tests;

public sealed class ExplainCommandTests
{
    [Theory]
    [InlineData("FNN3004")]
    [InlineData("fnn3004")]
    [InlineData("3004")]
    public void A_code_is_explained_in_plain_text(string code)
    {
        var (exitCode, output, errors) = Explain(code);
        Assert.Equal(0, exitCode);
        Assert.Empty(errors);
        Assert.StartsWith("FNN3004: Argument does not fit\n\nerror: `'{0}' takes {1} as '{2}'", output);
        Assert.Contains("\nWrong:\n\n    ", output);
        Assert.Contains("\nRight:\n\n    ", output);
        Assert.DoesNotContain("```", output);
        Assert.DoesNotContain("**", output);
        Assert.DoesNotContain("](", output);
        Assert.All(output.Split('\n'), line => Assert.True(line.Length <= 120, line));
    }

    [Fact]
    public void Every_code_is_explained_and_listed()
    {
        var (exitCode, list, _) = Explain(null);
        Assert.Equal(0, exitCode);
        Assert.Equal(DiagnosticTable.All.Count, list.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.All(DiagnosticTable.All, row =>
        {
            Assert.Contains($"{row.Code}  {row.Severity.ToString().ToLowerInvariant(),-7}  {row.Title}\n", list);
            var (found, page, _) = Explain(row.Code);
            Assert.Equal(0, found);
            Assert.StartsWith($"{row.Code}: {row.Title}\n", page);
        });
    }

    [Theory]
    [InlineData("FNN3O04", "FNN3004 (Argument does not fit)")]
    [InlineData("FN3004", "FNN3004 (")]
    [InlineData("5099", "FNN50")]
    [InlineData("4999", "FNN4009 (")]
    [InlineData("9999", "FNN9000 (")]
    public void An_unknown_code_is_an_error_that_names_the_nearest(string code, string nearest)
    {
        var (exitCode, output, errors) = Explain(code);
        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Contains($"There is no code '{code}'. Did you mean {nearest}", errors);
    }

    [Fact]
    public void What_is_like_no_code_gets_no_guess()
    {
        var (exitCode, _, errors) = Explain("shapes");
        Assert.Equal(2, exitCode);
        Assert.Equal("There is no code 'shapes'. 'fnn explain' lists all codes.", errors.Trim());
    }

    [Fact]
    public void Paragraphs_are_broken_into_lines_and_programs_are_not()
    {
        var words = string.Join(' ', Enumerable.Repeat("word", 50));
        var page = PlainPage.Of($"# Title\n\n{words}\n\n- **one** [link](a.md)\n- two\n\n## Wrong\n\n```fnn\n{words}\n```\n");
        Assert.Equal(
            $"Title\n\n{string.Join(' ', Enumerable.Repeat("word", 20))}\n{string.Join(' ', Enumerable.Repeat("word", 20))}\n{string.Join(' ', Enumerable.Repeat("word", 10))}\n\n- one link\n- two\n\nWrong:\n\n    {words}\n",
            page);
    }

    private static (int ExitCode, string Output, string Errors) Explain(string? code)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var exitCode = ExplainCommand.Run(code, output, errors);
        return (exitCode, output.ToString(), errors.ToString());
    }
}
