using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Tests;

namespace FeedbackNN.Dsl.Tests.Formatting;

/// <summary>However a program is spaced, broken and commented: it keeps its meaning, and what is insignificant does not show in its form.</summary>
public sealed class RandomLayoutTests
{
    private static readonly IReadOnlyList<string> Programs =
        Corpus.All.Select(source => source.Text).Where(text => text.Length < 6000 && Formatting.Parses(text)).ToArray();

    [Fact]
    public void Insignificant_white_space_does_not_matter()
    {
        var random = new Random(20240701);
        foreach (var program in Programs)
        {
            var canonical = Formatting.Format(program).Replace("\r\n", "\n", StringComparison.Ordinal);
            for (var i = SlowRun.Count(2, slow: 5); i > 0; i--)
            {
                var mangled = new LayoutMangler(canonical, random).Mangle();
                Assert.Equal(Formatting.Lex(canonical).Tokens.Select(token => token.Text), Formatting.Lex(mangled).Tokens.Select(token => token.Text));
                Assert.True(Formatting.Parses(mangled), mangled);
                var formatted = Formatting.Format(mangled).Replace("\r\n", "\n", StringComparison.Ordinal);
                if (formatted != canonical) Assert.Fail($"Expected:\n{canonical}\nbut was:\n{formatted}\nfor:\n{mangled}");
            }
        }
    }

    /// <summary>Between any two tokens of the grammar's files, wherever the parser takes it; as a rule each text in a quarter of the places, other ones than the next text.</summary>
    [Theory]
    [InlineData(" // c\n")]
    [InlineData("\n// c\n")]
    [InlineData("//c\n\n\n   //d   \n\n")]
    [InlineData("\n\n/// doc\n")]
    [InlineData("\n")]
    [InlineData("\r\n\t\r\n")]
    [InlineData("")]
    [InlineData(" ; ")]
    [InlineData("\n;\n")]
    [InlineData(";;")]
    [InlineData(" \u00A0\u2028 ")]
    public void Anything_may_stand_between_two_tokens(string between)
    {
        var taken = 0;
        foreach (var text in Declarations())
        {
            var tokens = Formatting.Lex(text).Tokens;
            foreach (var i in SlowRun.OneOf(4, Enumerable.Range(0, tokens.Length + 1), first: between.Length))
            {
                var start = i == 0 ? 0 : tokens[i - 1].Span.End;
                var end = i == tokens.Length ? text.Length : tokens[i].Span.Start;
                var changed = text.Substring(0, start) + between + text.Substring(end);
                if (!Formatting.Parses(changed)) continue;
                taken++;
                Formatting.Format(changed);
            }
        }
        Assert.True(taken > 10, $"only {taken} places take it");
    }

    // Each by itself, from its first token to the next one's.
    private static IEnumerable<string> Declarations()
    {
        string[] files = [.. Directory.GetFiles(Path.Combine(Corpus.Folder, "grammar")).Select(path => Path.GetFileName(path)), "recurrence_of_layers.fnn", "freezing.fnn"];
        foreach (var source in Corpus.All.Where(source => files.Contains(source.Path) && Programs.Contains(source.Text)))
        {
            var tokens = Formatting.Lex(source.Text).Tokens;
            var starts = DeclarationSplitter.FindStarts(source, tokens).Select(index => tokens[index].Span.Start).Append(source.Text.Length).ToArray();
            for (var k = 0; k + 1 < starts.Length; k++) yield return source.Text.Substring(starts[k], starts[k + 1] - starts[k]);
        }
    }

    [Fact]
    public void Random_layouts_keep_their_meaning()
    {
        string[] gaps = ["", " ", "  ", "\n", "\n\n\n", "\t", " // c\n", "\n// c\n", "\n/// d\n\n", "//\n//\n", ";", "\r\n", "\n    "];
        var random = new Random(20240702);
        for (var i = SlowRun.Count(300, slow: 1000); i > 0; i--)
        {
            var text = Programs[random.Next(Programs.Count)];
            for (var edits = random.Next(1, 5); edits > 0; edits--)
            {
                var tokens = Formatting.Lex(text).Tokens;
                var at = random.Next(1, tokens.Length);
                var changed = text.Substring(0, tokens[at - 1].Span.End) + gaps[random.Next(gaps.Length)] + text.Substring(tokens[at].Span.Start);
                if (Formatting.Parses(changed)) text = changed;
            }
            Formatting.Format(text);
        }
    }
}
