using System.Reflection;
using System.Text;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Tests;

namespace FeedbackNN.Dsl.Tests.Syntax;

/// <summary>Any text parses to something, with places inside the file, in time that grows with its length.</summary>
public sealed class RobustnessTests
{
    private static readonly string[] Soup =
    [
        "(", ")", "[", "]", "{", "}", ",", ":", ";", ".", "...", "=", "<-", "->", "|>", "+", "-", "*", "/", "@", "%", "^", "<", "<=", "==", "!=",
        "as", "if", "and", "or", "not", "return", "else", "where", "with", "over", "every", "named", "for", "sum", "mean", "param", "buffer", "repeat",
        "minimize", "metric", "clip", "freeze", "budget", "memory", "at", "MB", "namespace", "dim", "fn", "layer", "model", "train", "feedback", "generate", "choice", "const", "x", "y",
        "emit", "in", "along", "times", "until", "at_most", "to", "fixed_point", "halt", "reverse", "lengths", "truncate", "checkpoint", "grow", "warn",
        "f32", "0", "1.5", "1_0", ".5", "1.", "\"s\"", "\"", "\\", "'", "#", "/*", "*/", "//", "///", "\n", "\r\n", "\t", " ", "é", "\u2212", "\uD83D\uDE00",
        "\uD800", "\0", "**", "&&", "!", "$", "\u00A0", "\u2028", "\uFEFF", "\n    ", "\nmodel M(", "\nfn f(x: real[n]) -> real[n] {\n",
        "feedback (h: real[n] = 0) ", "\nemit y = h",
    ];

    [Fact]
    public void Mutations_of_programs_parse_to_something()
    {
        var random = new Random(20240607);
        var programs = Corpus.All;
        for (var i = SlowRun.Count(1500, slow: 4000); i > 0; i--)
        {
            var text = programs[random.Next(programs.Count)].Text;
            for (var edits = random.Next(1, 6); edits > 0; edits--) text = Mutate(text, random);
            Check(text);
        }
    }

    [Fact]
    public void Token_soup_parses_to_something()
    {
        var random = new Random(20240608);
        for (var i = SlowRun.Count(1500, slow: 4000); i > 0; i--)
        {
            var text = new StringBuilder();
            for (var length = random.Next(1, 120); length > 0; length--)
            {
                text.Append(Soup[random.Next(Soup.Length)]);
                if (random.Next(3) > 0) text.Append(' ');
            }
            Check(text.ToString());
        }
    }

    [Fact]
    public void Every_beginning_of_a_program_parses_to_something()
    {
        foreach (var program in Corpus.All.Where(program => program.Text.Length < 1500).Take(12))
        {
            for (var length = 0; length < program.Text.Length; length++) Check(program.Text.Substring(0, length));
        }
    }

    /// <summary>Where the grammar looks ahead there may be nothing.</summary>
    [Fact]
    public void A_file_may_end_behind_any_sign()
    {
        foreach (var text in Corpus.All.Select(program => program.Text))
        {
            foreach (var at in SlowRun.OneOf(5, Enumerable.Range(0, text.Length).Where(at => Signs.Contains(text[at])), first: text.Length)) Check(text[..(at + 1)], walk: false);
        }
    }

    private static readonly char[] Signs = [':', '(', '[', '{', '=', ',', '.', '-', '>', '<', '|'];

    [Fact]
    public void The_text_of_a_declaration_means_the_declaration()
    {
        foreach (var program in Corpus.All)
        {
            var file = FnnParser.Parse(program);
            if (file.Diagnostics.Count > 0) continue;
            foreach (var declaration in file.Declarations)
            {
                var again = FnnParser.Parse(new SourceText("again.fnn", declaration.TokenText));
                Assert.Equal("", DiagnosticRenderer.RenderAll(again.Diagnostics));
                Assert.Equal(declaration.TokenText, Assert.Single(again.Declarations).TokenText);
            }
        }
    }

    [Theory]
    [InlineData("(")]
    [InlineData("f(")]
    [InlineData("[")]
    [InlineData("x[")]
    [InlineData("(-")]
    [InlineData("-")]
    [InlineData("not ")]
    [InlineData("x ^ ")]
    [InlineData("sum[i] ")]
    [InlineData("x + ")]
    [InlineData("x |> ")]
    [InlineData("x and x or not x < x + x * -x ^ (")]
    public void Ten_thousand_levels_are_one_error(string part)
    {
        var text = "fn f(x: real[n]) -> real[n] {\n    y = " + string.Concat(Enumerable.Repeat(part, 10_000)) + "x\n    return y\n}\ndim after = 1\n";
        var file = OnSmallStack(() => FnnParser.Parse(new SourceText("test.fnn", text)));
        var diagnostic = Assert.Single(file.Diagnostics);
        Assert.Equal("FNN1005", diagnostic.Code);
        Assert.Contains(file.Declarations, declaration => declaration.Name.Text == "after");
    }

    [Theory]
    [InlineData("if x { ", "}")]
    [InlineData("if x { } else ", "{ }")]
    [InlineData("repeat 2 { ", "}")]
    [InlineData("feedback (h: real[n]) times 2 { ", "}")]
    public void Ten_thousand_blocks_are_one_error(string open, string close)
    {
        var text = "fn f(x: real[n]) -> real[n] {\n" + string.Concat(Enumerable.Repeat(open, 10_000)) + close + "\n}\ndim after = 1\n";
        var file = OnSmallStack(() => FnnParser.Parse(new SourceText("test.fnn", text)));
        Assert.Equal("FNN1005", Assert.Single(file.Diagnostics).Code);
    }

    [Theory]
    [InlineData("(", ")")]
    [InlineData("f(", ")")]
    [InlineData("x and x or not x < x + x * -x ^ (", ")")]
    public void A_hundred_levels_are_fine(string open, string close)
    {
        var text = "dim a = " + string.Concat(Enumerable.Repeat(open, 25)) + "x" + string.Concat(Enumerable.Repeat(close, 25));
        var file = OnSmallStack(() => FnnParser.Parse(new SourceText("test.fnn", text)));
        Assert.Empty(file.Diagnostics);
    }

    [Fact]
    public void Brackets_up_to_the_cap_fit_on_a_small_stack()
    {
        const string open = "x and x or not x < x + x * -x ^ (";
        var text = "dim a = " + string.Concat(Enumerable.Repeat(open, 250)) + "x" + new string(')', 250);
        var file = OnSmallStack(() => FnnParser.Parse(new SourceText("test.fnn", text)));
        // The tree is higher than the brackets are deep; either way the answer is clear.
        Assert.Equal("FNN1005", Assert.Single(file.Diagnostics).Code);
    }

    [Fact]
    public void A_file_of_a_megabyte_parses()
    {
        var one = Corpus.Read("good", "recurrence_of_layers.fnn").Text.Replace("namespace Towers", "", StringComparison.Ordinal);
        var text = string.Concat(Enumerable.Repeat(one, 1_100_000 / one.Length));
        var file = FnnParser.Parse(new SourceText("test.fnn", text));
        Assert.Empty(file.Diagnostics);
        Assert.True(file.Declarations.Count > 4000);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("(")]
    [InlineData(")")]
    [InlineData("{")]
    [InlineData("}")]
    [InlineData("x = ")]
    [InlineData("\"")]
    [InlineData("?\n")]
    [InlineData("model ")]
    [InlineData("\nmodel M")]
    [InlineData("é ")]
    [InlineData("1_")]
    [InlineData(";")]
    [InlineData("a, ")]
    [InlineData("sum[")]
    [InlineData("/* ")]
    public void A_megabyte_of_nonsense_ends(string part)
    {
        var text = "fn f(x: real[n]) -> real[n] { " + string.Concat(Enumerable.Repeat(part, 300_000 / part.Length));
        Check(text, walk: false);
    }

    /// <summary>Work is measured by what is allocated, which does not depend on the machine.</summary>
    [Theory]
    [InlineData("good", "recurrence_of_layers.fnn")]
    [InlineData("errors", "recovery.fnn")]
    [InlineData("errors", "train_statements.fnn")]
    public void Work_grows_with_the_length(string folder, string name)
    {
        var one = Corpus.Read(folder, name).Text;
        var lines = one.Count(c => c == '\n');
        var (small, large) = (Allocated(1000 / lines), Allocated(4000 / lines));
        Assert.InRange((double)large / small, 2, 6);

        long Allocated(int copies)
        {
            var source = new SourceText("test.fnn", string.Concat(Enumerable.Repeat(one, copies)));
            FnnParser.Parse(source);
            var before = GC.GetAllocatedBytesForCurrentThread();
            FnnParser.Parse(source);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    private static string Mutate(string text, Random random)
    {
        var at = random.Next(text.Length + 1);
        var length = Math.Min(random.Next(1, 20), text.Length - at);
        return random.Next(6) switch
        {
            0 => text.Remove(at, length),
            1 => text.Insert(at, Soup[random.Next(Soup.Length)]),
            2 => text.Insert(at, text.Substring(at, length)),
            3 => text.Remove(at, length).Insert(at, Soup[random.Next(Soup.Length)]),
            4 when text.Length > at + 1 => text.Remove(at, 1).Insert(at, ((char)random.Next(0x10000)).ToString()),
            _ => text.Insert(random.Next(text.Length + 1), text.Substring(at, length)),
        };
    }

    private static void Check(string text, bool walk = true)
    {
        var source = new SourceText("test.fnn", text);
        var file = FnnParser.Parse(source);
        foreach (var diagnostic in file.Diagnostics)
        {
            CheckSpan(diagnostic.Location.Span);
            foreach (var label in diagnostic.Labels) CheckSpan(label.Location.Span);
        }
        if (file.Diagnostics.Count > 0) Assert.NotEqual("", DiagnosticRenderer.Render(file.Diagnostics[0]));
        if (!walk) return;
        var hasMissing = false;
        foreach (var declaration in file.Declarations) Walk(declaration);
        if (hasMissing && file.Diagnostics.Count == 0) Assert.Fail("Something is missing and nothing was said:\n" + text);

        void Walk(object? node)
        {
            switch (node)
            {
                case Identifier identifier:
                    CheckSpan(identifier.Span);
                    break;
                case SyntaxNode syntax:
                    CheckSpan(syntax.Span);
                    hasMissing |= syntax is MissingExpression;
                    foreach (var property in PropertiesOf(syntax.GetType())) Walk(property.GetValue(syntax));
                    break;
                case IEnumerable<object> items:
                    foreach (var item in items) Walk(item);
                    break;
            }
        }

        void CheckSpan(TextSpan span)
        {
            if (span.Start >= 0 && span.Length >= 0 && span.End <= text.Length) return;
            Assert.Fail($"The place {span} is outside of a file of {text.Length} characters:\n{text}");
        }
    }

    private static readonly Dictionary<Type, PropertyInfo[]> Properties = [];

    private static PropertyInfo[] PropertiesOf(Type type)
    {
        lock (Properties)
        {
            if (!Properties.TryGetValue(type, out var properties))
            {
                Properties[type] = properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                    .Where(property => property.PropertyType != typeof(string) && property.PropertyType != typeof(TextSpan))
                    .ToArray();
            }
            return properties;
        }
    }

    // A compiler runs analyzers on threads of a megabyte or so.
    private static T OnSmallStack<T>(Func<T> work)
    {
        T? result = default;
        Exception? failure = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    result = work();
                }
                catch (Exception exception)
                {
                    failure = exception;
                }
            },
            1024 * 1024);
        thread.Start();
        thread.Join();
        if (failure is not null) throw new InvalidOperationException("The parser threw.", failure);
        return result!;
    }
}
