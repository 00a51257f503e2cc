using Microsoft.CodeAnalysis;

namespace FeedbackNN.Generator.Tests;

/// <summary>Families of trains: the class above the members compiles with theirs, wherever they are declared and whatever is wrong with one of them, and does not depend on which members there are.</summary>
public sealed class FamiliesTests
{
    private const string Models = """
        namespace Search
        dim classes = 3

        model Net(width: dim)(x: f32[batch, 2]) -> f32[batch, classes] {
            inner = linear(width)
            head = linear(classes)
            return x |> inner |> relu |> head
        }

        train Fit(rate: real = 0.1, n: int = 4) for net: Net, optimizer: Net (x: f32[batch, 2], more: f32[batch, n], much: f32[batch, 2 * net.width], y: i32[batch]) {
            minimize cross_entropy(net(x), y) with sgd(rate)
            minimize cross_entropy(optimizer(x), y) + mean(more) * mean(much) with adam(rate)
            metric Fit = mean(argmax(net(x)) == y)
        }

        """;

    private const string Members = """
        namespace Search.Sizes
        dim classes = 7, batch = 12

        model Narrow = Net(width: 2)
        model Wide = Net(width: 32)
        model Other(x: f32[batch, n]) -> f32[batch, 4] { l = linear(4); return l(x) }

        train FitNarrow = Fit(Narrow, Wide)
        train FitWide = Fit(Wide, optimizer: Narrow, rate: 0.2, n: 5)
        """;

    private static (IReadOnlyDictionary<string, string> Outputs, string[] Messages) Generate(string code, params string[] files)
    {
        var driver = GeneratorHarness.CreateDriver([.. files.Select((text, i) => new FnnText($"/project/file{i}.fnn", text))])
            .RunGeneratorsAndUpdateCompilation(GeneratorHarness.Compile(code), out var compilation, out _);
        Assert.Null(driver.GetRunResult().Results.Single().Exception);
        return (GeneratorHarness.Outputs(driver), [.. compilation.GetDiagnostics().Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning).Select(diagnostic => diagnostic.ToString())]);
    }

    [Fact]
    public void Members_in_another_namespace_have_the_types_of_their_familys()
    {
        var (outputs, messages) = Generate("""
            using FeedbackNN; using Search; using Search.Sizes;
            static class Use
            {
                static Fit.Report Run(Narrow narrow, Wide wide, Tensor<float, Search.Batch, Search.N2> x, Tensor<float, Search.Batch, Search.N> more, Tensor<float> much, Tensor<int, Search.Batch> y)
                {
                    Fit[] all = [new FitNarrow(narrow, wide), new FitWide(wide, narrow, seed: 1)];
                    FitWide.Report last = default;
                    foreach (var fit in all) last = fit.Step(new FitNarrow.MiniBatch(x, more, much, y));
                    return last;
                }
            }
            """, Models, Members);
        Assert.Empty(messages);
        Assert.Contains("Search.Fit.g.cs", outputs.Keys);
        Assert.Contains("Search.Sizes.FitWide-Step1.g.cs", outputs.Keys);
        Assert.DoesNotContain(outputs.Keys, name => name.StartsWith("Search.Fit-", StringComparison.Ordinal));
        Assert.Contains("public sealed unsafe class FitNarrow : global::Search.Fit", outputs["Search.Sizes.FitNarrow.g.cs"]);
        Assert.DoesNotContain("record struct", outputs["Search.Sizes.FitNarrow.g.cs"]);
    }

    [Fact]
    public void The_familys_class_is_the_same_without_members()
    {
        var all = Generate("", Models, Members).Outputs;
        var none = Generate("", Models).Outputs;
        Assert.Equal(all["Search.Fit.g.cs"], none["Search.Fit.g.cs"]);
        Assert.Empty(Generate("", Models).Messages);
    }

    [Theory]
    [InlineData("minimize cross_entropy(net(x), y) with sgd(rate)", "minimize cross_entropy(net(x), z) with sgd(rate)")]
    [InlineData("metric Fit = ", "metric Fit = nothing + ")]
    [InlineData("inner = linear(width)", "inner = linear(width, 3, 4)")]
    [InlineData("with sgd(rate)", "with sgd(-rate)")]
    [InlineData("net(x)) == y", "net(x)[:, :9]) == y")]
    public void Mistakes_in_a_family_leave_classes_that_compile(string right, string wrong)
    {
        var (outputs, messages) = Generate("""
            using Search; using Search.Sizes;
            static class Use { static double Loss(Narrow narrow, Wide wide) { Fit fit = new FitWide(wide, narrow); return fit.Evaluate((Fit.MiniBatch)default).Fit + fit.Net.ParameterCount; } }
            """, Models.Replace(right, wrong), Members);
        Assert.Empty(messages);
        Assert.Contains("has errors", outputs["Search.Sizes.FitWide.g.cs"]);
    }

    [Fact]
    public void An_edit_in_one_member_compiles_no_other_and_leaves_the_family()
    {
        var files = new[] { new FnnText("/project/models.fnn", Models), new FnnText("/project/members.fnn", Members) };
        var compilation = GeneratorHarness.Compile();
        var driver = GeneratorHarness.CreateDriver(files).RunGenerators(compilation);
        driver = driver.ReplaceAdditionalText(files[1], new FnnText("/project/members.fnn", Members.Replace("rate: 0.2", "rate: 0.3"))).RunGenerators(compilation);
        Assert.Equal(1, GeneratorHarness.Reasons(driver, FnnSourceGenerator.Steps.Compile).Count(reason => reason == IncrementalStepRunReason.Modified));
    }
}
