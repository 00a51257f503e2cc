using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Diagnostics;

/// <summary>What people read.</summary>
public sealed class DiagnosticRendererTests
{
    private static readonly DiagnosticRow Row = new("FNN3004", Severity.Error, "Axis mismatch", "{0}");

    [Fact]
    public void Lines_carets_labels_and_the_fix_are_shown()
    {
        var source = new SourceText("digits.fnn", "model M {\n  fc1  = linear(128)\n  head = linear_from(100, 10)\n\n  return head\n}\n");
        var diagnostic = Diagnose(source, "linear_from", "'head' takes 100 features", "write linear(10)",
            new Label(Find(source, "128"), "128 comes from here"), new Label(Find(source, "return"), "used here"));
        Assert.Equal(
            """
            digits.fnn(3,10): error FNN3004: 'head' takes 100 features
              2 |   fc1  = linear(128)
                |                 ^^^ 128 comes from here
              3 |   head = linear_from(100, 10)
                |          ^^^^^^^^^^^
                ...
              5 |   return head
                |   ^^^^^^ used here
              fix: write linear(10)

            """, DiagnosticRenderer.Render(diagnostic));
    }

    [Fact]
    public void Places_in_other_files_are_shown_under_their_names()
    {
        var source = new SourceText("a.fnn", "x = linear(3)");
        var library = new SourceText("layers.fnn", "// …\nlayer linear(out: dim)");
        var diagnostic = Diagnose(source, "linear(3)", "wrong", null, new Label(Find(library, "linear"), "declared here"));
        Assert.Equal(
            """
            a.fnn(1,5): error FNN3004: wrong
              1 | x = linear(3)
                |     ^^^^^^^^^
              in layers.fnn:
              2 | layer linear(out: dim)
                |       ^^^^^^ declared here

            """, DiagnosticRenderer.Render(diagnostic));
    }

    [Fact]
    public void Tabs_are_shown_as_blanks_and_long_lines_in_part()
    {
        var tabs = new SourceText("a.fnn", "\tx = \ty");
        Assert.Contains("  1 |     x =     y\n    |             ^\n", DiagnosticRenderer.Render(Diagnose(tabs, "y", "wrong", null)));
        var wide = new SourceText("a.fnn", new string('a', 500) + "!" + new string('b', 500));
        var text = DiagnosticRenderer.Render(Diagnose(wide, "!", "wrong", null));
        Assert.All(text.Split('\n'), line => Assert.True(line.Length < 140));
        var lines = text.Split('\n');
        Assert.Equal('!', lines[1][lines[2].IndexOf('^')]);
    }

    [Fact]
    public void The_first_finding_of_a_code_says_where_to_read_more()
    {
        var source = new SourceText("a.fnn", "x = y");
        var text = DiagnosticRenderer.RenderAll([Diagnose(source, "x", "first", null), Diagnose(source, "y", "second", "write z")]);
        Assert.Equal("a.fnn(1,1): error FNN3004: first\n  1 | x = y\n    | ^\n  help: fnn explain FNN3004\n\na.fnn(1,5): error FNN3004: second\n  1 | x = y\n    |     ^\n  fix: write z\n", text);
    }

    [Fact]
    public void A_place_at_the_end_of_the_file_has_one_caret()
    {
        var source = new SourceText("a.fnn", "x = ");
        var diagnostic = new Diagnostic(Row, new Location(source, new TextSpan(4, 0)), "wrong", EquatableArray<Label>.Empty, null);
        Assert.EndsWith("  1 | x = \n    |     ^\n", DiagnosticRenderer.Render(diagnostic));
    }

    [Fact]
    public void One_place_has_one_error()
    {
        var source = new SourceText("a.fnn", "x = y");
        var bag = new DiagnosticBag();
        bag.Report(Row, Find(source, "y"), "first");
        bag.Report(Row, Find(source, "y"), "second");
        bag.Report(Row, Find(source, "x"), "third");
        Assert.True(bag.HasErrors);
        Assert.Equal(["third", "first"], bag.ToArray().Select(diagnostic => diagnostic.Message));
    }

    [Theory]
    [InlineData("modle", "model")]
    [InlineData("retrun", "return")]
    [InlineData("linaer", "linear")]
    [InlineData("Linear", "linear")]
    [InlineData("x", null)]
    [InlineData("something", null)]
    public void The_word_that_was_meant_is_found(string word, string? expected) =>
        Assert.Equal(expected, Spelling.Closest(word, ["model", "return", "linear", "y"]));

    private static Diagnostic Diagnose(SourceText source, string place, string message, string? fix, params Label[] labels) =>
        new(Row, Find(source, place), message, labels.ToEquatableArray(), fix);

    private static Location Find(SourceText source, string text) =>
        new(source, new TextSpan(source.Text.IndexOf(text, StringComparison.Ordinal), text.Length));
}
