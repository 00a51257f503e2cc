using System.Text;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests;

/// <summary>What the compiler says about the programs of <c>tests/corpus</c>.</summary>
public sealed class CorpusTests
{
    private static bool ShallUpdate => Environment.GetEnvironmentVariable("FNN_UPDATE") == "1";

    public static TheoryData<string> Good => Corpus.Names("good");

    public static TheoryData<string> Grammar => Corpus.Names("grammar");

    public static TheoryData<string> Errors => Corpus.Names("errors");

    [Theory, MemberData(nameof(Good))]
    public void A_good_program_has_no_errors(string name)
    {
        var errors = CorpusCompiler.Diagnose(Corpus.Read("good", name)).Where(diagnostic => diagnostic.Severity == Severity.Error);
        Assert.Equal("", DiagnosticRenderer.RenderAll(errors));
    }

    [Theory, MemberData(nameof(Grammar))]
    public void Every_form_of_the_grammar_parses(string name)
    {
        var file = FnnParser.Parse(Corpus.Read("grammar", name));
        Assert.Equal("", DiagnosticRenderer.RenderAll(file.Diagnostics));
        Assert.NotEmpty(file.Declarations);
    }

    [Theory, MemberData(nameof(Errors))]
    public void A_wrong_program_has_the_errors_it_announces(string name)
    {
        var source = Corpus.Read("errors", name);
        var actual = CorpusCompiler.Diagnose(source).Select(ExpectedDiagnostic.Of).ToList();
        if (ShallUpdate)
        {
            // Twice, as messages may name lines, which the comments have moved.
            var moved = new SourceText(name, WithComments(source, actual));
            var text = WithComments(moved, CorpusCompiler.Diagnose(moved).Select(ExpectedDiagnostic.Of).ToList());
            File.WriteAllText(Path.Combine(Corpus.Folder, "errors", name), text);
            return;
        }
        var expected = ExpectedDiagnostic.ReadAll(source);
        Assert.NotEmpty(expected);
        var missing = expected.Where(one => !actual.Any(one.Announces)).Select(one => $"line {one.Line + 1} announces and does not get: {one}");
        var surprising = actual.Where(one => !expected.Any(other => other.Announces(one))).Select(one => $"line {one.Line + 1} gets without announcement: {one}");
        Assert.Equal("", string.Join("\n", missing.Concat(surprising)));
        Assert.Equal(expected.Count, actual.Count);
    }

    /// <summary>Codes that no program can show, and why.</summary>
    private static readonly Dictionary<string, string> Unshown = new()
    {
        ["FNN3039"] = "How deep a thread's stack reaches is another on each machine; RobustnessTests and the fuzzing run on small stacks.",
        ["FNN5014"] = "The parser refuses such statements first, with FNN1020; the binder's answer is for trees that no parser made.",
        ["FNN5016"] = "As FNN5014.",
        ["FNN9000"] = "It says that the compiler itself failed; a program that provokes it is a mistake to mend, which the fuzzing looks for.",
    };

    [Fact]
    public void Every_code_is_shown_by_a_program()
    {
        var shown = Corpus.All.SelectMany(ExpectedDiagnostic.ReadAll).Select(expected => expected.Code).ToHashSet();
        Assert.Equal([], DiagnosticTable.All.Select(row => row.Code).Where(code => !shown.Contains(code) && !Unshown.ContainsKey(code)));
        Assert.Equal([], Unshown.Keys.Where(shown.Contains));
    }

    [Fact]
    public void Codes_are_unique_and_messages_say_something()
    {
        var rows = DiagnosticTable.All;
        Assert.Equal(rows.Count, rows.Select(row => row.Code).Distinct().Count());
        Assert.All(rows, row => Assert.Matches("^FNN[1-69][0-9]{3}$", row.Code));
        Assert.All(rows, row => Assert.NotEqual("", row.Message));
        Assert.All(rows, row => Assert.NotEqual("", row.Title));
    }

    private static string WithComments(SourceText source, List<ExpectedDiagnostic> diagnostics)
    {
        var text = new StringBuilder();
        var lineCount = source.LineCount;
        // The text after the last line break is a line only when it is not empty.
        if (lineCount > 0 && source.GetLine(lineCount - 1).Length == 0) lineCount--;
        for (var line = 0; line < lineCount; line++)
        {
            if (ExpectedDiagnostic.IsComment(source.GetLine(line))) continue;
            text.Append(source.GetLine(line)).Append('\n');
            foreach (var diagnostic in diagnostics.Where(diagnostic => diagnostic.Line == line)) text.Append(diagnostic).Append('\n');
        }
        return text.ToString();
    }
}
