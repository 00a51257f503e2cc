using FeedbackNN.Dsl.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;
using Diagnostic = Microsoft.CodeAnalysis.Diagnostic;

namespace FeedbackNN.Generator.Tests;

/// <summary>What is wrong in a <c>.fnn</c> file is reported there, and one mistake does not become a hundred in C#.</summary>
public class AnalyzerTests
{
    private const string Path = "/project/wrong.fnn";

    [Fact]
    public async Task A_right_file_has_no_diagnostics()
    {
        Assert.Empty(await Analyze("""
            namespace Right
            model Line(x: f32[batch, 3]) -> f32[batch, 1] {
                fit = linear(1)
                return fit(x)
            }
            """));
    }

    [Fact]
    public async Task A_mistake_is_reported_at_its_span()
    {
        var text = """
            namespace Wrong
            model Line(x: f32[batch, 3]) -> f32[batch, 1] {
                fit = linear(1)
                return fit(y)
            }
            """;
        var diagnostic = Assert.Single(await Analyze(text));
        Assert.StartsWith("FNN2", diagnostic.Id);
        Assert.Equal(DiagnosticSeverity.Error, diagnostic.Severity);
        Assert.Equal(Path, diagnostic.Location.GetLineSpan().Path);
        Assert.Equal("y", text.Substring(diagnostic.Location.SourceSpan.Start, diagnostic.Location.SourceSpan.Length));
        Assert.Equal(new LinePosition(3, 15), diagnostic.Location.GetLineSpan().StartLinePosition);
        Assert.EndsWith($"/docs/diagnostics/{diagnostic.Id}.md", diagnostic.Descriptor.HelpLinkUri);
    }

    [Fact]
    public async Task A_broken_budget_fails_the_build_at_the_budget_and_nowhere_else()
    {
        var text = """
            namespace Wrong
            model Line(x: f32[batch, 300]) -> f32[batch, 100] {
                budget memory 100KB at batch 64
                fit = linear(100)
                return fit(x)
            }
            """;
        var diagnostic = Assert.Single(await Analyze(text));
        Assert.Equal("FNN3050", diagnostic.Id);
        Assert.Equal("budget memory 100KB at batch 64", text.Substring(diagnostic.Location.SourceSpan.Start, diagnostic.Location.SourceSpan.Length));
        Assert.Contains("'Line' needs 449 KB of memory for a training step at batch 64, and its budget is 100 KB", diagnostic.GetMessage());
        // The class is there all the same: C# that uses it is right.
        var result = GeneratorHarness.CreateDriver(new FnnText(Path, text)).RunGenerators(GeneratorHarness.Compile()).GetRunResult().Results.Single();
        Assert.Contains(result.GeneratedSources, source => source.SourceText.ToString().Contains("class Line_Training"));
    }

    [Fact]
    public async Task A_syntax_error_hides_no_error_in_another_declaration_or_file()
    {
        var found = await GeneratorHarness.Analyze(
            new FnnText("/project/a.fnn", """
                namespace Wrong
                model First(x: f32[batch, 3]) -> f32[batch, 3] {
                    return x +* 2
                }
                model Second(x: f32[batch, 3]) -> f32[batch, 3] {
                    return z
                }
                """),
            new FnnText("/project/b.fnn", """
                namespace Wrong
                model Third(x: f32[batch, 3]) -> f32[batch, 4] {
                    return x
                }
                """));
        Assert.Equal(
            ["a.fnn(3) FNN1", "a.fnn(6) FNN2", "b.fnn(3) FNN3"],
            found.Select(diagnostic => $"{System.IO.Path.GetFileName(diagnostic.Location.GetLineSpan().Path)}({diagnostic.Location.GetLineSpan().StartLinePosition.Line + 1}) {diagnostic.Id[..4]}"));
    }

    [Fact]
    public void Every_row_of_the_table_is_supported_with_a_help_link()
    {
        var supported = new FnnAnalyzer().SupportedDiagnostics;
        Assert.Equal(supported.Length, supported.Select(descriptor => descriptor.Id).Distinct().Count());
        Assert.Empty(DiagnosticTable.All.Select(row => row.Code).Except(supported.Select(descriptor => descriptor.Id)));
        Assert.All(supported, descriptor => Assert.True(Uri.TryCreate(descriptor.HelpLinkUri, UriKind.Absolute, out var link) && File.Exists(Repository.PathOf(["docs", .. link.AbsolutePath.Split("/docs/")[1].Split('/')])), descriptor.HelpLinkUri));
    }

    [Theory]
    [InlineData("return fit(y)", "minimize loss with sgd(lr: 0.1)")]
    [InlineData("return fit(x)", "minimize lost with sgd(lr: 0.1)")]
    [InlineData("return fit(y)", "minimize lost with sgd(lr: 0.1)")]
    public async Task A_mistake_in_a_body_leaves_the_typed_API(string returned, string minimized)
    {
        var file = new FnnText(Path, $$"""
            namespace Wrong
            model Line(x: f32[batch, 3]) -> f32[batch, 1] {
                fit = linear(1)
                {{returned}}
            }
            train Fit for net: Line (x: f32[batch, 3], y: f32[batch, 1]) {
                loss = mse(net(x), y)
                {{minimized}}
                metric worst = max(abs(net(x) - y))
            }
            """);
        const string use = """
            static class Use
            {
                public static double Train(Wrong.Fit.MiniBatch batch)
                {
                    using var net = new Wrong.Line(seed: 1);
                    using var fit = new Wrong.Fit(net);
                    fit.Optimizer.Momentum = 0.5;
                    return fit.Step(batch).Worst;
                }
            }
            """;
        GeneratorHarness.CreateDriver(file)
            .RunGeneratorsAndUpdateCompilation(GeneratorHarness.Compile(use), out var compilation, out var diagnostics);
        Assert.Empty(diagnostics);
        Assert.DoesNotContain(compilation.GetDiagnostics(), diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
        Assert.Contains(await GeneratorHarness.Analyze(file), diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
    }

    [Fact]
    public async Task Nothing_brings_the_generator_down()
    {
        string[] texts = ["", "model", "namespace", "\0\uFFFF", "model A(", "}}}}", new string('(', 5000), "namespace A\n" + string.Concat(Enumerable.Repeat("model A(x: f32[b]) -> f32[b] { return x }\n", 3)), "train T for n: N (", "model A(x: f32[b]) -> f32[b] { return A(x) }", "dim a = b, b = a\nmodel M(x: f32[a]) -> f32[b] { return x }"];
        foreach (var text in texts)
        {
            var file = new FnnText(Path, text);
            var result = GeneratorHarness.CreateDriver(file).RunGenerators(GeneratorHarness.Compile()).GetRunResult().Results.Single();
            Assert.True(result.Exception is null, $"on {text}: {result.Exception}");
            Assert.DoesNotContain(await GeneratorHarness.Analyze(file), diagnostic => diagnostic.Id == "FNN9000");
        }
    }

    [Fact]
    public void Models_whose_names_differ_in_case_only_are_two_files()
    {
        var file = new FnnText(Path, """
            namespace Cases
            model Net(x: f32[batch, 3]) -> f32[batch, 3] { return x }
            model NET(x: f32[batch, 3]) -> f32[batch, 3] { return 2 * x }
            """);
        var result = GeneratorHarness.CreateDriver(file).RunGenerators(GeneratorHarness.Compile()).GetRunResult().Results.Single();
        Assert.Null(result.Exception);
        Assert.Equal(2, result.GeneratedSources.Count(source => source.HintName.EndsWith("-Inference.g.cs")));
    }

    private static async Task<IReadOnlyList<Diagnostic>> Analyze(string text) => await GeneratorHarness.Analyze(new FnnText(Path, text));
}
