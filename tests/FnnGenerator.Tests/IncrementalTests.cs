using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace FeedbackNN.Generator.Tests;

/// <summary>What runs again after which edit: the editor is only quick while these hold.</summary>
public class IncrementalTests
{
    private const string Digits = """
        namespace Digits
        dim pixels = 64, classes = 10

        // The perceptron.
        model SimpleNN(x: f32[batch, pixels]) -> f32[batch, classes] {
            fc1 = linear(32)
            fc2 = linear(classes) // logits
            return x |> fc1 |> relu |> fc2
        }

        train FitSimpleNN for net: SimpleNN (x: f32[batch, pixels], label: i32[batch]) {
            logits = net(x)
            minimize cross_entropy(logits, label) with sgd(lr: 0.1)
        }
        """;

    private const string Line = """
        namespace Lines

        model Line(x: f32[batch, 3]) -> f32[batch, 1] {
            fit = linear(1)
            return fit(x)
        }
        """;

    private static readonly FnnText DigitsFile = new("/project/digits.fnn", Digits);
    private static readonly FnnText LineFile = new("/project/line.fnn", Line);

    [Fact]
    public void A_model_and_a_training_give_several_small_files()
    {
        var names = GeneratorHarness.Outputs(Run(DigitsFile, LineFile)).Keys;
        Assert.Contains("Digits.SimpleNN.g.cs", names);
        Assert.Contains("Digits.SimpleNN-Inference.g.cs", names);
        Assert.Contains("Digits.SimpleNN-Training.g.cs", names);
        Assert.Contains("Digits.FitSimpleNN.g.cs", names);
        Assert.Contains("Digits.FitSimpleNN-Step0.g.cs", names);
        Assert.Contains("Digits.FitSimpleNN-Evaluation.g.cs", names);
        Assert.Contains("Digits-Axes.g.cs", names);
        Assert.Contains("Lines.Line.g.cs", names);
        Assert.Contains("Lines-Axes.g.cs", names);
    }

    [Fact]
    public void Generated_code_compiles_without_warnings()
    {
        var driver = GeneratorHarness.CreateDriver(DigitsFile, LineFile)
            .RunGeneratorsAndUpdateCompilation(GeneratorHarness.Compile("_ = new Digits.SimpleNN();"), out var compilation, out var diagnostics);
        Assert.Empty(diagnostics);
        Assert.Null(driver.GetRunResult().Results.Single().Exception);
        var found = compilation.GetDiagnostics().Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning && diagnostic.Location.SourceTree?.FilePath != "Program.cs");
        Assert.Empty(found);
    }

    [Fact]
    public void An_edit_of_CSharp_reruns_nothing()
    {
        var compilation = GeneratorHarness.Compile("class A;");
        var driver = GeneratorHarness.CreateDriver(DigitsFile, LineFile).RunGenerators(compilation);
        driver = driver.RunGenerators(compilation.AddSyntaxTrees(CSharpSyntaxTree.ParseText("class B { int C() => 1; }", path: "B.cs")));

        foreach (var step in FnnSourceGenerator.Steps.All) AssertAll(IncrementalStepRunReason.Cached, GeneratorHarness.Reasons(driver, step), step);
        AssertAll(IncrementalStepRunReason.Cached, GeneratorHarness.OutputReasons(driver), "output");
    }

    [Fact]
    public void A_comment_that_moves_no_line_prints_nothing_again()
    {
        var driver = Edit(Digits.Replace("// The perceptron.", "// Two layers.").Replace("// logits", "// scores"));

        AssertNothingNew(driver, FnnSourceGenerator.Steps.Declarations);
        AssertNothingNew(driver, FnnSourceGenerator.Steps.Compile);
        AssertNothingNew(driver, FnnSourceGenerator.Steps.Lines);
        AssertAll(IncrementalStepRunReason.Cached, GeneratorHarness.OutputReasons(driver), "output");
    }

    [Fact]
    public void A_comment_that_moves_lines_reruns_only_the_printer()
    {
        var driver = Edit(Digits.Replace("// The perceptron.", "// The\n// perceptron."));

        AssertNothingNew(driver, FnnSourceGenerator.Steps.Declarations);
        AssertNothingNew(driver, FnnSourceGenerator.Steps.Compile);
        var lines = GeneratorHarness.Reasons(driver, FnnSourceGenerator.Steps.Lines);
        Assert.Equal(2, lines.Count(reason => reason == IncrementalStepRunReason.Modified));
        Assert.Contains(IncrementalStepRunReason.Modified, GeneratorHarness.OutputReasons(driver));
    }

    [Fact]
    public async Task A_comment_that_ignores_a_hint_has_its_effect_though_nothing_is_compiled_again()
    {
        const string hinted = """
            namespace Hinted
            model Net(x: f32[batch, 3]) -> f32[batch, 1] {
                return x |> linear(1) // the head
            }
            """;
        var file = new FnnText(LineFile.Path, hinted);
        var ignoring = new FnnText(LineFile.Path, hinted.Replace("// the head", "// fnn: ignore FNN6001"));
        Assert.Equal(["FNN6001"], await Codes(file));
        var driver = Run(DigitsFile, file);
        driver = driver.ReplaceAdditionalText(file, ignoring).RunGenerators(GeneratorHarness.Compile());
        AssertNothingNew(driver, FnnSourceGenerator.Steps.Declarations);
        AssertNothingNew(driver, FnnSourceGenerator.Steps.Compile);
        AssertAll(IncrementalStepRunReason.Cached, GeneratorHarness.OutputReasons(driver), "output");
        Assert.Empty(await Codes(ignoring));

        // And back, and to a comment without effect.
        Assert.Equal(["FNN6001"], await Codes(new FnnText(LineFile.Path, hinted)));
        Assert.Equal(["FNN6001", "FNN6020"], await Codes(new FnnText(LineFile.Path, hinted.Replace("// the head", "// fnn: ignore FNN6002"))));

        static async Task<IEnumerable<string>> Codes(FnnText text) => (await GeneratorHarness.Analyze(DigitsFile, text)).Select(diagnostic => diagnostic.Id).Order(StringComparer.Ordinal);
    }

    [Fact]
    public void A_change_in_one_model_leaves_the_others_cached()
    {
        var files = new[] { DigitsFile, LineFile };
        var driver = Run(files);
        var before = GeneratorHarness.Outputs(driver);
        var changed = new FnnText(LineFile.Path, Line.Replace("return fit(x)", "return tanh(fit(x))"));
        driver = driver.ReplaceAdditionalText(LineFile, changed).RunGenerators(GeneratorHarness.Compile());

        var compiled = GeneratorHarness.Reasons(driver, FnnSourceGenerator.Steps.Compile);
        Assert.Equal(1, compiled.Count(reason => reason == IncrementalStepRunReason.Modified));
        Assert.Equal(2, compiled.Count(reason => reason is IncrementalStepRunReason.Cached));
        var after = GeneratorHarness.Outputs(driver);
        Assert.NotEqual(before["Lines.Line-Inference.g.cs"], after["Lines.Line-Inference.g.cs"]);
        Assert.All(before.Where(output => output.Key.StartsWith("Digits.")), output => Assert.Equal(output.Value, after[output.Key]));
    }

    [Fact]
    public void A_change_of_a_dim_reruns_who_uses_it()
    {
        var driver = Edit(Digits.Replace("classes = 10", "classes = 12"));

        var compiled = GeneratorHarness.Reasons(driver, FnnSourceGenerator.Steps.Compile);
        Assert.Equal(2, compiled.Count(reason => reason == IncrementalStepRunReason.Modified));
        Assert.Equal(1, compiled.Count(reason => reason is IncrementalStepRunReason.Cached));
    }

    /// <summary>Two pipelines over the same train: an edit of one does not compile the other again, and none of them sees a comment.</summary>
    [Fact]
    public void A_pipeline_is_compiled_again_for_what_it_uses_alone()
    {
        const string pipelines = Digits + """

            pipeline Short with net: SimpleNN {
                fit: FitSimpleNN(net) on digits for 1 epochs
            }

            // Longer.
            pipeline Long with net: SimpleNN {
                fit: FitSimpleNN(net) on digits for 2 epochs
                check: evaluate FitSimpleNN(net) on held_out
                feedback while check.loss > 0.1, at_most 3 {
                    fit on hardest(digits, by: loss, top: 0.5) for 1 epochs
                    check
                }
            }
            """;
        var file = new FnnText(DigitsFile.Path, pipelines);
        var driver = Run(file);
        var before = GeneratorHarness.Outputs(driver);
        Assert.Contains("Digits.Long.g.cs", before.Keys);
        driver = driver.ReplaceAdditionalText(file, new FnnText(file.Path, pipelines.Replace("// Longer.", "// For longer."))).RunGenerators(GeneratorHarness.Compile());
        AssertNothingNew(driver, FnnSourceGenerator.Steps.Compile);

        driver = Run(file);
        driver = driver.ReplaceAdditionalText(file, new FnnText(file.Path, pipelines.Replace("for 2 epochs", "for 3 epochs"))).RunGenerators(GeneratorHarness.Compile());
        var compiled = GeneratorHarness.Reasons(driver, FnnSourceGenerator.Steps.Compile);
        Assert.Equal(1, compiled.Count(reason => reason == IncrementalStepRunReason.Modified));
        var after = GeneratorHarness.Outputs(driver);
        Assert.Equal(before["Digits.Short.g.cs"], after["Digits.Short.g.cs"]);
        Assert.Contains("epochs: 3", after["Digits.Long.g.cs"], StringComparison.Ordinal);
    }

    /// <summary>A mistake in a pipeline is one error: the C# that uses its class still compiles.</summary>
    [Fact]
    public void A_pipeline_with_errors_keeps_its_class()
    {
        var driver = GeneratorHarness.CreateDriver(new FnnText(DigitsFile.Path, Digits + """

            pipeline Wrong with net: SimpleNN {
                fit: FitSimpleNN(net) on digits for 0 epochs
            }
            """));
        const string use = "new Digits.WrongPipeline(seed: 1) { Digits = FeedbackNN.DataSource.From(new Digits.FitSimpleNN.Sample[0]), Folder = \"runs\" }.Run();";
        driver.RunGeneratorsAndUpdateCompilation(GeneratorHarness.Compile($"class Use {{ void M() => {use} }}"), out var compilation, out _);
        Assert.Empty(compilation.GetDiagnostics().Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));
    }

    [Fact]
    public void Twice_the_same_input_gives_the_same_bytes_in_any_order_of_files()
    {
        var once = GeneratorHarness.Outputs(Run(DigitsFile, LineFile));
        var again = GeneratorHarness.Outputs(Run(new FnnText(LineFile.Path, Line), new FnnText(DigitsFile.Path, Digits)));
        Assert.Equal(once, again);
    }

    [Fact]
    public void Output_has_no_trace_of_culture()
    {
        var before = Thread.CurrentThread.CurrentCulture;
        try
        {
            var invariant = GeneratorHarness.Outputs(Run(DigitsFile));
            // A culture that writes 0,1 for 0.1 and another minus sign.
            var strange = (System.Globalization.CultureInfo)System.Globalization.CultureInfo.InvariantCulture.Clone();
            strange.NumberFormat.NumberDecimalSeparator = ",";
            strange.NumberFormat.NegativeSign = "−";
            Thread.CurrentThread.CurrentCulture = strange;
            Assert.Equal(invariant, GeneratorHarness.Outputs(Run(new FnnText(DigitsFile.Path, Digits + "\n"))));
        }
        finally
        {
            Thread.CurrentThread.CurrentCulture = before;
        }
    }

    private static GeneratorDriver Run(params FnnText[] files) =>
        GeneratorHarness.CreateDriver(files).RunGenerators(GeneratorHarness.Compile());

    /// <summary>Runs, changes the digits file, and runs again.</summary>
    private static GeneratorDriver Edit(string digits) => Run(DigitsFile, LineFile)
        .ReplaceAdditionalText(DigitsFile, new FnnText(DigitsFile.Path, digits))
        .RunGenerators(GeneratorHarness.Compile());

    private static void AssertNothingNew(GeneratorDriver driver, string step)
    {
        var reasons = GeneratorHarness.Reasons(driver, step);
        Assert.NotEmpty(reasons);
        Assert.All(reasons, reason => Assert.True(reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged, $"{step}: {reason}"));
    }

    private static void AssertAll(IncrementalStepRunReason expected, IReadOnlyList<IncrementalStepRunReason> reasons, string step)
    {
        Assert.NotEmpty(reasons);
        Assert.All(reasons, reason => Assert.True(reason == expected, $"{step}: {reason}"));
    }
}
