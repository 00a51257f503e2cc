using System.Text;
using System.Text.RegularExpressions;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Tests;

namespace FeedbackNN.Dsl.Tests.Fuzzing;

/// <summary>Characters and line ends of every kind, wherever they stand: the checker says where, and a program means the same with any line ends.</summary>
public sealed class OddTextTests
{
    private const string Program = "/// Four to two.\ndim width = 4\nmodel Net(x: f32[batch, width]) -> f32[batch, 2] {\n\tfc named \"first\" = linear(2) // one layer\n\treturn fc(x)\n}\n";

    // As escapes: the names of tests can't hold half a surrogate pair.
    public static TheoryData<string> Oddities => new(
        "\\0", "\\u0001", "\\u007F", "\\u0085", "\\u00A0", "\\u00AD", "\\u00E9", "e\\u0301", "\\u0301", "\\u0660", "\\u200B", "\\u200D", "\\u200E", "\\u202E", "\\u2028", "\\u2029", "\\u2060", "\\u2212",
        "\\u3000", "\\uFEFF", "\\uFFFD", "\\uFFFF", "\\uD83D\\uDE00", "\\uD83D", "\\uDE00", "\\uDE00\\uD83D", "\\uFB01", "\\uFF11", "\\u00BD", "\\u03B1", "\\u05D0", "\\u53D8",
        "\\uD83D\\uDC68\\u200D\\uD83D\\uDC69", "\\v", "\\f", "\\r");

    [Theory, MemberData(nameof(Oddities))]
    public void Anywhere_in_a_program(string escaped)
    {
        var oddity = Regex.Unescape(escaped);
        foreach (var at in SlowRun.OneOf(3, Enumerable.Range(0, Program.Length + 1), first: escaped[^1])) Assert.Null(FuzzRun.CheckWhatIsSaid([Program.Insert(at, oddity)]));
    }

    [Theory, MemberData(nameof(Oddities))]
    public void Comments_and_checkpoint_names_hold_any_character(string escaped)
    {
        var oddity = Regex.Unescape(escaped);
        if (oddity == "\r") return;
        Assert.Equal([], Errors(Program.Replace("one layer", "one " + oddity + " layer", StringComparison.Ordinal)));
        Assert.Equal([], Errors(Program.Replace("Four", oddity + "Four", StringComparison.Ordinal)));
        Assert.Equal([], Errors(Program.Replace("first", "fir" + oddity + "st", StringComparison.Ordinal)));
    }

    [Theory, InlineData("\u2028"), InlineData("\u2029"), InlineData("\u0085"), InlineData("\v")]
    public void What_looks_like_a_line_end_elsewhere_is_none(string separator)
    {
        // A blank between tokens, and no end of a statement.
        Assert.Equal([], Errors(Program.Replace("(2) //", "(2)" + separator + "//", StringComparison.Ordinal)));
        var error = Assert.Single(Errors(Program.Replace(" // one layer\n", separator, StringComparison.Ordinal)));
        Assert.StartsWith("FNN1010 4,", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Programs_mean_the_same_with_any_line_ends()
    {
        foreach (var program in SlowRun.OneOf(3, Corpus.All))
        {
            var expected = Errors(program.Text);
            foreach (var end in new[] { "\r\n", "\r" }) Assert.Equal(expected, Errors(program.Text.Replace("\n", end, StringComparison.Ordinal)));
            Assert.Equal(expected.Select(error => error.Split(' ')[0]), Errors("\uFEFF" + program.Text.Replace("\n", " \t\n", StringComparison.Ordinal)).Select(error => error.Split(' ')[0]));
        }
    }

    [Theory]
    [InlineData("(", ")")]
    [InlineData("relu(", ")")]
    [InlineData("[", "]")]
    [InlineData("x[", "]")]
    [InlineData("(-", ")")]
    [InlineData("not ", "")]
    [InlineData("1 + (", ")")]
    [InlineData("x |> ", "")]
    [InlineData("sum[i] (", ")")]
    [InlineData("linear(2)(", ")")]
    public void Ten_thousand_levels_are_one_error_of_the_checker(string open, string close)
    {
        var text = "model M(x: f32[batch, 2]) -> f32[batch, 2] {\n    y = " + string.Concat(Enumerable.Repeat(open, 10_000)) + "x" + string.Concat(Enumerable.Repeat(close, 10_000))
            + "\n    return y\n}\nmodel Other(x: f32[batch, 2]) -> f32[batch, 2] { return x }\n";
        Assert.Equal(["FNN1005"], OnSmallStack(() => Errors(text).Select(error => error.Split(' ')[0]).ToArray()));
    }

    /// <summary>Time by size, generously: eight times the declarations take less than thirty times as long, where the square would be sixty-four.</summary>
    [Theory]
    [InlineData("relu(fc(x))")]
    [InlineData("relu(fc(x)")]
    public void Checking_takes_time_that_grows_with_the_length(string value)
    {
        Check(20);
        var (small, large) = (Check(50), Check(400));
        Assert.True(large < 30 * Math.Max(small, 0.02), $"400 declarations take {large:0.00} s, 50 take {small:0.00} s.");

        double Check(int count)
        {
            var text = new StringBuilder();
            for (var k = 0; k < count; k++)
            {
                text.Append(System.Globalization.CultureInfo.InvariantCulture, $"dim width{k} = 4\nlayer block{k}(out: dim)(x: real[..., in]) -> real[..., out] {{\n    fc = linear(out)\n    return {value}\n}}\n")
                    .Append(System.Globalization.CultureInfo.InvariantCulture, $"model Net{k}(x: f32[batch, width{k}]) -> f32[batch, 2] {{\n    b = block{k}(2)\n    return b(x)\n}}\n");
            }
            var source = new SourceText("a.fnn", text.ToString());
            // The shortest of three: what else the machine does only adds to it.
            return Enumerable.Range(0, 3).Min(_ =>
            {
                var watch = System.Diagnostics.Stopwatch.StartNew();
                CorpusCompiler.Diagnose(source);
                return watch.Elapsed.TotalSeconds;
            });
        }
    }

    private static string[] Errors(string text) => CorpusCompiler.Diagnose(new SourceText("a.fnn", text)).Where(diagnostic => diagnostic.Severity == Severity.Error)
        .Select(diagnostic => $"{diagnostic.Code} {diagnostic.Location.Source.GetPosition(diagnostic.Location.Span.Start)} {diagnostic.Message}").ToArray();

    private static T OnSmallStack<T>(Func<T> work)
    {
        T? result = default;
        var thread = new Thread(() => result = work(), 1024 * 1024);
        thread.Start();
        thread.Join();
        return result!;
    }
}
