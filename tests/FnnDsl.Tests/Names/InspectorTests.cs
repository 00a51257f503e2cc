using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests;

/// <summary>What an inspector says after any number of edits is what a fresh check says.</summary>
public sealed class InspectorTests
{
    private static readonly string[] Insertions = ["x", "(", ")", "\n", " ", "// ", "{", "}", "= 1", "dim q = 3\n", "fn relu2(x: real[]) -> real[] { return x }\n", "12", "|> relu"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Edits_give_what_a_fresh_check_gives(int seed)
    {
        var random = new Random(seed);
        // Several files at once, whose names meet: one namespace for all would clash too often, so each second has one of its own.
        var texts = Corpus.All.OrderBy(_ => random.Next()).Where(source => source.Text.Length < 2500 && source.Path != "unfolding.fnn").Take(8).ToArray();
        var files = texts.Select((source, k) => FnnParser.Parse(new SourceText(source.Path, k % 2 == 0 ? source.Text : "namespace N" + k + "\n" + source.Text))).ToArray();
        var inspector = new FnnInspector();
        for (var edit = 0; edit < 40; edit++)
        {
            var (diagnostics, _) = inspector.Inspect(files, "Corpus");
            var expected = FnnCompiler.Check(files, "Corpus");
            Assert.Equal(DiagnosticRenderer.RenderAll(expected), DiagnosticRenderer.RenderAll(diagnostics));
            var which = random.Next(files.Length);
            var text = files[which].Source.Text;
            var at = random.Next(text.Length + 1);
            text = random.Next(3) switch
            {
                0 => text.Insert(at, Insertions[random.Next(Insertions.Length)]),
                1 => text.Remove(at, Math.Min(random.Next(6), text.Length - at)),
                // As it was in the beginning.
                _ => texts[which].Text,
            };
            files[which] = FnnParser.Parse(new SourceText(files[which].Source.Path, text));
        }
    }

    [Fact]
    public void Types_stay_right_when_text_above_them_changes()
    {
        const string Text = """
            model Net(x: f32[batch, 4]) -> f32[batch, 2] {
                out = linear(2)
                y = out(x)
                return y
            }
            """;
        var inspector = new FnnInspector();
        foreach (var above in new[] { "", "// a\n\n", "dim n = 3\n", "dim n = 4\n\n\n" })
        {
            var source = new SourceText("a.fnn", above + Text);
            var (_, names) = inspector.Inspect([FnnParser.Parse(source)], "Test");
            Assert.Equal("f32[batch, 2]", names.FactsOf(names.At(source, source.Text.IndexOf("y = out", StringComparison.Ordinal))!)!.Type);
        }
    }
}
