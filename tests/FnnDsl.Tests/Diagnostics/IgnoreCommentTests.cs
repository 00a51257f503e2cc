using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Diagnostics;

/// <summary>Comments that turn findings off: what they are about, and what they say when they do nothing.</summary>
public sealed class IgnoreCommentTests
{
    private const string Unnamed = "FNN6001";

    [Theory]
    [InlineData("    x = x |> linear(4) // fnn: ignore FNN6001")]
    [InlineData("    x = x |> linear(4) //fnn:ignore fnn6001")]
    [InlineData("    x = x |> linear(4) // fnn: ignore FNN6001 it is never saved")]
    [InlineData("    // fnn: ignore FNN6001\n    x = x |> linear(4)")]
    [InlineData("    // fnn: ignore FNN6001\n\n    // The first layer.\n    x = x |> linear(4)")]
    public void A_finding_of_the_line_is_turned_off(string line) => Assert.Empty(Codes(Model(line)));

    [Fact]
    public void A_finding_of_another_line_is_not_turned_off_and_the_comment_is_told()
    {
        var found = Check(Model("    // fnn: ignore FNN6001\n    y = x + 1\n    x = y |> linear(4)"));
        Assert.Equal(["FNN6020", Unnamed], found.Select(diagnostic => diagnostic.Code));
        Assert.Equal("this comment turns nothing off: line 3 has no FNN6001", found[0].Message);
        Assert.Equal("FNN6001", found[0].Location.Source.GetText(found[0].Location.Span));
        Assert.Equal(Severity.Hint, found[0].Severity);
    }

    [Fact]
    public void Several_codes_are_separated_by_commas()
    {
        const string both = "fn relu(x: real[...]) -> real[...] { return maximum(x, 0) } // fnn: ignore FNN6002\n";
        Assert.Empty(Codes(both + Model("    x = x |> linear(4)  // fnn: ignore FNN6001")));
        var found = Check(both + Model("    x = x |> linear(4)  // fnn: ignore FNN6001, FNN6002"));
        Assert.Equal("this comment turns nothing off: line 3 has no FNN6002", Assert.Single(found).Message);
    }

    [Theory]
    [InlineData("// fnn: ignore FNN3004", "FNN3004 is an error, and only hints and warnings can be ignored", "mend what the error is about, and remove the comment")]
    [InlineData("// fnn: ignore FNN6091", "there is no code 'FNN6091'", "write FNN6001")]
    [InlineData("// fnn: ignore everything", "there is no code 'everything'", null)]
    [InlineData("// fnn: ignore", "it names no code", "write the codes: // fnn: ignore FNN6001")]
    [InlineData("// fnn: ignroe FNN6001", "it says 'ignroe'", "write ignore")]
    [InlineData("// ignore FNN6001, FNN6003 for now", "it begins without 'fnn:'", "write // fnn: ignore FNN6001, FNN6003")]
    public void A_comment_without_effect_says_why(string comment, string why, string? fix)
    {
        var found = Assert.Single(Check(Model("    x = x * 2 " + comment)));
        Assert.Equal("FNN6020", found.Code);
        Assert.Equal("this comment turns nothing off: " + why, found.Message);
        Assert.Equal(fix, found.Fix);
    }

    [Fact]
    public void An_error_is_not_turned_off()
    {
        var found = Check(Model("    x = x + missing // fnn: ignore FNN2001"));
        Assert.Equal(["FNN2001", "FNN6020"], found.Select(diagnostic => diagnostic.Code).Order());
    }

    [Fact]
    public void While_there_are_errors_no_comment_is_called_idle()
    {
        var found = Check(Model("    x = missing |> linear(4) // fnn: ignore FNN6001"));
        Assert.Equal("FNN2001", Assert.Single(found).Code);
    }

    [Theory]
    [InlineData("/// fnn: ignore FNN6001")]
    [InlineData("// fnn: the language of these files")]
    [InlineData("// ignore what stands behind")]
    public void Other_comments_mean_nothing(string comment) => Assert.Equal([Unnamed], Codes(Model($"    {comment}\n    x = x |> linear(4)")));

    [Fact]
    public void The_last_comment_of_a_file_is_about_no_line() =>
        Assert.Equal("this comment turns nothing off: no line follows it", Assert.Single(Check(Model("    x = x * 2") + "// fnn: ignore FNN6001\n")).Message);

    [Fact]
    public void A_comment_is_about_its_own_file_only()
    {
        var other = new SourceText("other.fnn", "namespace Other\n" + Model("    x = x |> linear(4)"));
        var ignoring = new SourceText("ignoring.fnn", "namespace Ignoring\n" + Model("    x = x |> linear(4) // fnn: ignore FNN6001"));
        var found = Assert.Single(CorpusCompiler.Diagnose(ignoring, other));
        Assert.Same(other, found.Location.Source);
    }

    private static string Model(string line) => $"model Net(x: f32[batch, 4]) -> f32[batch, 4] {{\n{line}\n    return x\n}}\n";

    private static IEnumerable<string> Codes(string text) => Check(text).Select(diagnostic => diagnostic.Code);

    private static IReadOnlyList<Diagnostic> Check(string text) => CorpusCompiler.Diagnose(new SourceText("a.fnn", text));
}
