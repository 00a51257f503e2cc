using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace FeedbackNN.Generator.Tests;

/// <summary>A <c>.fnn</c> file in memory.</summary>
internal sealed class FnnText(string path, string content) : AdditionalText
{
    private readonly SourceText _text = SourceText.From(content);

    public override string Path => path;

    public override SourceText GetText(CancellationToken cancellationToken = default) => _text;
}

/// <summary>A project in memory: runs the generator and the analyzer on it, as a build and an editor do.</summary>
internal static class GeneratorHarness
{
    private static readonly CSharpParseOptions ParseOptions = new(LanguageVersion.CSharp13, DocumentationMode.Diagnose);

    private static readonly ImmutableArray<MetadataReference> References =
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator)
        .Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal) || Path.GetFileName(path) is "FnnRuntime.dll" or "FeedbackNN.Runtime.dll" or "netstandard.dll" or "mscorlib.dll")
        .Select(path => (MetadataReference)MetadataReference.CreateFromFile(path))
        .ToImmutableArray();

    public static CSharpCompilation Compile(string code = "") => CSharpCompilation.Create(
        "Project",
        [CSharpSyntaxTree.ParseText(code, ParseOptions, "Program.cs", System.Text.Encoding.UTF8)],
        References,
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));

    public static GeneratorDriver CreateDriver(params FnnText[] files) => CreateDriver("cpu", files);

    /// <param name="backends">What the project's property FnnBackends lists, with commas.</param>
    public static GeneratorDriver CreateDriver(string backends, FnnText[] files) => CSharpGeneratorDriver.Create(
        [new FnnSourceGenerator().AsSourceGenerator()],
        files,
        ParseOptions,
        new Options(backends),
        new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    /// <summary>The generated files by hint name.</summary>
    public static SortedDictionary<string, string> Outputs(GeneratorDriver driver) => new(
        driver.GetRunResult().Results.Single().GeneratedSources.ToDictionary(source => source.HintName, source => source.SourceText.ToString()),
        StringComparer.Ordinal);

    /// <summary>How the outputs of a named step came about in the last run, one for each output.</summary>
    public static IReadOnlyList<IncrementalStepRunReason> Reasons(GeneratorDriver driver, string step) =>
        driver.GetRunResult().Results.Single().TrackedSteps.TryGetValue(step, out var runs)
            ? runs.SelectMany(run => run.Outputs).Select(output => output.Reason).ToList()
            : [];

    /// <summary>How the generated files came about in the last run.</summary>
    public static IReadOnlyList<IncrementalStepRunReason> OutputReasons(GeneratorDriver driver) =>
        driver.GetRunResult().Results.Single().TrackedOutputSteps.Values
            .SelectMany(runs => runs).SelectMany(run => run.Outputs).Select(output => output.Reason).ToList();

    public static async Task<ImmutableArray<Diagnostic>> Analyze(params FnnText[] files)
    {
        var options = new CompilationWithAnalyzersOptions(
            new AnalyzerOptions([.. files], new Options("cpu")), (exception, _, _) => throw exception, concurrentAnalysis: true, logAnalyzerExecutionTime: false);
        var diagnostics = await new CompilationWithAnalyzers(Compile(), [new FnnAnalyzer()], options).GetAnalyzerDiagnosticsAsync();
        return [.. diagnostics.OrderBy(diagnostic => diagnostic.Location.GetLineSpan().Path, StringComparer.Ordinal).ThenBy(diagnostic => diagnostic.Location.SourceSpan.Start)];
    }

    private sealed class Options(string backends) : AnalyzerConfigOptionsProvider
    {
        private readonly Properties _properties = new(backends);

        public override AnalyzerConfigOptions GlobalOptions => _properties;

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => _properties;

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => _properties;

        private sealed class Properties(string backends) : AnalyzerConfigOptions
        {
            public override bool TryGetValue(string key, out string value)
            {
                value = key switch { "build_property.RootNamespace" => "Project.Root", "build_property.FnnBackendList" => backends, _ => "" };
                return value.Length > 0;
            }
        }
    }
}
