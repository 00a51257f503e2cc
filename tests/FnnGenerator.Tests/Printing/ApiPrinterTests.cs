using FeedbackNN.Dsl;
using System.Globalization;
using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Generator.Printing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Snapshooter;
using Snapshooter.Xunit;

namespace FeedbackNN.Generator.Tests.Printing;

/// <summary>The typed API as text (golden files in <c>__snapshots__</c>), and that the text is C# that compiles against the runtime.</summary>
public sealed class ApiPrinterTests
{
    public static TheoryData<string> Files => [.. Texts.Keys];

    private static SortedDictionary<string, string> Texts { get; } = new(PrintAll(), StringComparer.Ordinal);

    [Theory]
    [MemberData(nameof(Files))]
    public void Looks_like_its_golden_file(string file) => Snapshot.Match(Texts[file], new SnapshotNameExtension(file));

    [Fact]
    public void Compiles_without_a_warning()
    {
        var messages = Compile([.. Texts.Where(text => !text.Key.Contains("broken")).Select(text => text.Value), Programs, Use]);
        Assert.Empty(messages);
    }

    [Fact]
    public void A_model_with_errors_keeps_an_API_that_compiles()
    {
        var messages = Compile([.. Texts.Where(text => text.Key.Contains("broken") || text.Key.Contains("Axes")).Select(text => text.Value), Use]);
        Assert.Empty(messages);
    }

    [Theory]
    [InlineData("new Tensor<float, Classes, Pixels>(1, 784)")]
    [InlineData("new Tensor<float, Batch, Classes>(1, 10)")]
    [InlineData("new Tensor<int, Batch, Pixels>(1, 784)")]
    [InlineData("new Tensor<float, Batch>(1)")]
    [InlineData("new Tensor<float, Language.Models.Batch, Pixels>(1, 784)")]
    public void A_wrong_axis_does_not_compile(string argument)
    {
        var use = $"using FeedbackNN; namespace Digits; static class Wrong {{ static object Run(SimpleNN net) => net.Forward({argument}); }}";
        var messages = Compile([.. Texts.Where(text => !text.Key.Contains("broken")).Select(text => text.Value), Programs, use]);
        Assert.Contains(messages, message => message.Contains("CS1503"));
    }

    [Fact]
    public void The_text_does_not_depend_on_the_culture_or_the_run()
    {
        var culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = (CultureInfo)culture.Clone();
            CultureInfo.CurrentCulture.NumberFormat.NumberDecimalSeparator = ",";
            CultureInfo.CurrentCulture.NumberFormat.NegativeSign = "~";
            Assert.Equal("~0,5", (-0.5).ToString());
            Assert.Equal(Texts, new SortedDictionary<string, string>(PrintAll(), StringComparer.Ordinal));
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Fact]
    public void Documentation_is_escaped()
    {
        var text = ModelPrinter.PrintBroken(Samples.Perceptron with { Doc = "a < b & c\nsecond line" });
        Assert.Contains("/// a &lt; b &amp; c\n/// second line\n", text);
    }

    [Theory]
    [InlineData("Guard", "ArgumentException: The condition 'where seq <= context' does not hold for these sizes: 130 <= 128 is false. 'seq' is 130, axis 1 of 'tokens'.")]
    [InlineData("Guard", "digits.fnn:line 12")]
    [InlineData("Index", "In 'tokens', element [0, 1] is 65; it is used as an index and must be from 0 to 64.")]
    [InlineData("Label", "In 'label', element [1] is -1; it is used as an index and must be from 0 to 9.")]
    [InlineData("Sizes", "Axis 1 of 'memory' has 2 elements and must have 3 (seq + 1 = 3); its shape is [2, 2, 4].")]
    [InlineData("Results", "Axis 0 of 'result' has 3 elements and must have 2 (batch = 2)")]
    [InlineData("Empty", "The batch is empty: batch is 0.")]
    [InlineData("Sample", "Sample 1 has 3 elements in 'x' and must have 784")]
    [InlineData("One", "takes 784 values; 5 were given")]
    [InlineData("Back", "call ForwardTraining first")]
    [InlineData("Null", "Value cannot be null. (Parameter 'x')")]
    public void What_does_not_fit_is_refused_at_the_border(string scenario, string message)
    {
        var error = Assert.Throws<System.Reflection.TargetInvocationException>(() => Scenarios.Value.GetMethod(scenario)!.Invoke(null, null));
        Assert.Contains(message, error.InnerException!.ToString());
    }

    private static Lazy<Type> Scenarios { get; } = new(() =>
    {
        using MemoryStream image = new(), symbols = new();
        var compilation = Compilation([.. Texts.Where(text => !text.Key.Contains("broken")).Select(text => text.Value), Programs, Misuse]);
        var result = compilation.Emit(image, symbols);
        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        return System.Reflection.Assembly.Load(image.ToArray(), symbols.ToArray()).GetType("Misuse")!;
    });

    private static Dictionary<string, string> PrintAll()
    {
        var perceptron = Samples.Perceptron;
        var language = Samples.Language;
        BoundDim[] dims = [new("Digits", "pixels", 784, true, "Pixels of a picture."), new("Digits", "classes", 10, true, null), new("Digits", "rate", 0.5, false, null), new("Digits", "name", 3, true, null)];
        return new Dictionary<string, string>
        {
            ["Axes_Digits"] = AxisPrinter.Print("Digits", Axes(perceptron), dims),
            ["Axes_Language"] = AxisPrinter.Print("Language.Models", Axes(language), []),
            ["Axes_Adversaries"] = AxisPrinter.Print("Adversaries", Samples.FitTwo.Inputs.SelectMany(input => input.Axes), []),
            ["SimpleNN"] = ModelPrinter.Print(new CompiledModel(perceptron, Samples.ProductPlan("SimpleNN_Inference"), Samples.Plan("SimpleNN_Training", 0, "batch"), null, null), Samples.Lines, hasGpu: false),
            ["CharGpt"] = ModelPrinter.Print(new CompiledModel(language, Samples.Plan("CharGpt_Inference", 0, "seq", "batch"), Samples.Plan("CharGpt_Training", 0), null, null), Samples.Lines, hasGpu: false),
            ["FitSimpleNN"] = TrainPrinter.Print(Samples.FitPerceptron, new[] { Samples.Plan("FitSimpleNN_Step0", 4, "batch") }.ToEquatableArray(), Samples.Plan("FitSimpleNN_Evaluation", 4, "batch"), Samples.Lines, hasGpu: false),
            ["FitTwo"] = TrainPrinter.Print(
                Samples.FitTwo, new[] { Samples.Plan("FitTwo_Step0", 3, "seq", "batch"), Samples.Plan("FitTwo_Step1", 2, "batch") }.ToEquatableArray(), Samples.Plan("FitTwo_Evaluation", 5, "batch", "seq"), Samples.Lines, hasGpu: false),
            ["SimpleNN_broken"] = ModelPrinter.PrintBroken(perceptron),
            ["CharGpt_broken"] = ModelPrinter.PrintBroken(language),
            ["FitSimpleNN_broken"] = TrainPrinter.PrintBroken(Samples.FitPerceptron),
            ["FitTwo_broken"] = TrainPrinter.PrintBroken(Samples.FitTwo),
        };
    }

    private static IEnumerable<BoundAxis> Axes(BoundModel model) =>
        model.Inputs.Concat(model.Results).SelectMany(tensor => tensor.Axes).Concat(model.Parameters.Concat(model.Buffers).SelectMany(storage => storage.Axes));

    /// <summary>All messages of the compiler about these files, warnings (of documentation too) included.</summary>
    private static List<string> Compile(IEnumerable<string> files)
    {
        using var image = new MemoryStream();
        return [.. Compilation(files).Emit(image).Diagnostics.Where(message => message.Severity >= DiagnosticSeverity.Warning).Select(message => message.ToString())];
    }

    private static CSharpCompilation Compilation(IEnumerable<string> files)
    {
        var options = new CSharpParseOptions(LanguageVersion.CSharp13, DocumentationMode.Diagnose);
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) is var name && (name.StartsWith("System.", StringComparison.Ordinal) || name is "FeedbackNN.Runtime.dll"))
            .Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create(
            "Generated", files.Select((text, i) => CSharpSyntaxTree.ParseText(text, options, $"{i}.cs", System.Text.Encoding.UTF8)), references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));
        return compilation;
    }

    /// <summary>What a user writes.</summary>
    private const string Use = """
        using System;
        using FeedbackNN;
        using Digits;

        internal static class Use
        {
            public static float Run(IDataSource<FitSimpleNN.Sample> data)
            {
                using var net = new SimpleNN(Device.Cpu, seed: 1);
                Tensor<float, Batch, Classes> logits = net.Forward(new Tensor<float, Batch, Pixels>(2, 784));
                Tensor<float, Batch, Pixels> gradient = net.Backward(net.ForwardTraining(new Tensor<float, Batch, Pixels>(2, 784)));
                float[] one = net.Predict(new float[784]);
                Span<float> weight = net.Parameters.Fc1.Weight.Value;
                var trainer = new FitSimpleNN(net);
                trainer.Optimizer.LearningRate = Schedule.Cosine(0.1, 100);
                FitSimpleNN.Report report = trainer.Run(data, epochs: 2, batchSize: 32);
                double accuracy = trainer.Evaluate(data).Accuracy + report.Loss;

                var gpt = new Language.Models.CharGpt();
                var (scores, rounds, number) = gpt.ForwardTraining(
                    new Tensor<int, Language.Models.Batch, Language.Models.Seq>(1, 2), new Tensor<float, Language.Models.Batch, Language.Models.SeqPlus1, Language.Models.N4>(1, 3, 4), 0.5f);
                (Tensor<float, Language.Models.Batch, Language.Models.SeqPlus1, Language.Models.N4> memory, float temperature) = gpt.Backward(scores, 1f);
                return gpt.Parameters.H[0].Attn.Weight[1, 2] + gpt.Parameters.Gain[1].Value[0] + gpt.Parameters.Mix._0.A.Value[0] + gpt.Buffers.Norm.Mean.Value[0] + gpt.Parameters.H[1].Scale.Value[0];
            }
        }
        """;

    /// <summary>What users get wrong.</summary>
    private const string Misuse = """
        using System;
        using FeedbackNN;
        using Digits;
        using Language.Models;
        using Classes = Digits.Classes;

        public static class Misuse
        {
            private static readonly SimpleNN Net = new();
            private static readonly CharGpt Gpt = new();

            public static void Guard() => Generate(seq: 130, memory: 131);
            public static void Sizes() => Generate(seq: 2, memory: 2);
            public static void Index() => Generate(seq: 2, memory: 3, token: 65);
            public static void Results() => Net.Forward(Pictures(2), new Tensor<float, Digits.Batch, Classes>(3, 10));
            public static void Empty() => new FitSimpleNN(Net).Step(new(Pictures(0), new Tensor<int, Digits.Batch>(0)));
            public static void Label() => new FitSimpleNN(Net).Step(new(Pictures(2), new Tensor<int, Digits.Batch>(new[] { 0, -1 })));
            public static void Sample() => new FitSimpleNN(Net).Evaluate(DataSource.From(new FitSimpleNN.Sample[] { new(new float[784], 1), new(new float[3], 1) }), 2);
            public static void One() => Net.Predict(new float[5]);
            public static void Back() => Net.Backward(new Tensor<float, Digits.Batch, Classes>(2, 10));
            public static void Null() => Net.Forward(null!);

            private static Tensor<float, Digits.Batch, Pixels> Pictures(int count) => new(count, 784);

            private static void Generate(int seq, int memory, int token = 0)
            {
                var tokens = new Tensor<int, Language.Models.Batch, Seq>(2, seq);
                tokens[0, 1] = token;
                Gpt.Forward(tokens, new Tensor<float, Language.Models.Batch, SeqPlus1, N4>(2, memory, 4), 1);
            }
        }
        """;

    /// <summary>Stands for the programs, which other printers print.</summary>
    private static string Programs => """
        using System;
        using FeedbackNN;
        using FeedbackNN.Cpu;

        internal abstract unsafe class Nothing(WorkerPool pool) : CpuProgram(pool, [])
        {
            protected override int AxisCount => 0;
            protected override ReadOnlySpan<string> Sources => [];
            protected override void Measure(nint* sizes, Span<long> bytes) { }
            protected override void Describe(nint* sizes, StepDescriptions descriptions) { }
            protected override void Execute(in ProgramCall call) { }
        }

        """ + string.Concat(
            from name in new[] { "Digits.SimpleNN_Inference", "Digits.SimpleNN_Training", "Language.Models.CharGpt_Inference", "Language.Models.CharGpt_Training", "Digits.FitSimpleNN_Step0", "Digits.FitSimpleNN_Evaluation", "Adversaries.FitTwo_Step0", "Adversaries.FitTwo_Step1", "Adversaries.FitTwo_Evaluation" }
            let dot = name.LastIndexOf('.')
            select $"namespace {name[..dot]} {{ internal sealed class {name[(dot + 1)..]}(FeedbackNN.Cpu.WorkerPool pool) : Nothing(pool); }}\n");
}
