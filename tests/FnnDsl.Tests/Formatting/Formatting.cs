using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Formatting;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Formatting;

/// <summary>The formatter as tests call it: what must hold for every file is checked with every call.</summary>
internal static class Formatting
{
    /// <summary>Formats a text without syntax errors.</summary>
    public static string Format(string text)
    {
        var result = FnnFormatter.Format(new SourceText("test.fnn", text));
        Assert.Equal("", DiagnosticRenderer.RenderAll(result.Diagnostics));
        CheckMeaning(text, result.Text);
        CheckForm(result.Text);
        Assert.Equal(result.Text, FnnFormatter.Format(new SourceText("test.fnn", result.Text)).Text);
        return result.Text;
    }

    public static bool Parses(string text) => FnnParser.Parse(new SourceText("test.fnn", text)).Diagnostics.Count == 0;

    public static LexedFile Lex(string text) => Lexer.Run(new SourceText("test.fnn", text), new DiagnosticBag());

    // Every token and every comment is there, in order, and each declaration is what it was.
    private static void CheckMeaning(string before, string after)
    {
        Assert.Equal(WithoutWhiteSpace(before), WithoutWhiteSpace(after));
        var (lexedBefore, lexedAfter) = (Lex(before), Lex(after));
        Assert.Equal(lexedBefore.Tokens.Select(token => token.Text), lexedAfter.Tokens.Select(token => token.Text));
        Assert.Equal(lexedBefore.Docs, lexedAfter.Docs);
        var (treeBefore, treeAfter) = (FnnParser.Parse(new SourceText("test.fnn", before)), FnnParser.Parse(new SourceText("test.fnn", after)));
        Assert.Equal("", DiagnosticRenderer.RenderAll(treeAfter.Diagnostics));
        Assert.Equal(treeBefore.Namespace, treeAfter.Namespace);
        Assert.Equal(treeBefore.Declarations.Select(Describe), treeAfter.Declarations.Select(Describe));

        // Whether a line's end or nothing stands before a closing brace means nothing.
        static string Describe(Declaration declaration) =>
            $"{declaration.Name} /// {declaration.Doc}: {declaration.TokenText.Replace(" ; }", " }", StringComparison.Ordinal)}";
    }

    private static void CheckForm(string text)
    {
        if (text.TrimStart('\uFEFF').Length == 0) return;
        Assert.EndsWith("\n", text);
        var lines = text.TrimStart('\uFEFF').Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n')[..^1];
        Assert.NotEqual("", lines[0]);
        Assert.NotEqual("", lines[^1]);
        for (var i = 0; i < lines.Length; i++)
        {
            Assert.Equal(lines[i].TrimEnd(), lines[i]);
            Assert.False(lines[i].Length == 0 && lines[i - 1].Length == 0, "two empty lines:\n" + text);
            Assert.Equal(0, (lines[i].Length - lines[i].TrimStart().Length) % 4);
        }
    }

    private static string WithoutWhiteSpace(string text) => string.Concat(text.Where(c => !char.IsWhiteSpace(c)));
}
