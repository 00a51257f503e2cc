using System.Collections.Immutable;
using System.Text;
using System.Threading;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Generator.Compilation;
using FeedbackNN.Generator.Printing;
using Microsoft.CodeAnalysis;
using RoslynText = Microsoft.CodeAnalysis.Text.SourceText;

namespace FeedbackNN.Generator;

/// <summary>
/// Turns the project's <c>.fnn</c> files into C#. Each step's result is a value, so that after an edit only what it changed runs again: C#
/// code is never looked at, comments don't reach <see cref="Steps.Compile"/>, and a model doesn't see another's body.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class FnnSourceGenerator : IIncrementalGenerator
{
    /// <summary>Names of the steps, as tests see them.</summary>
    internal static class Steps
    {
        /// <summary>A file's text → its tree.</summary>
        public const string Parse = "FnnParse";

        /// <summary>All trees → each model and training with its closure text.</summary>
        public const string Declarations = "FnnDeclarations";

        /// <summary>A declaration → bound and planned.</summary>
        public const string Compile = "FnnCompile";

        /// <summary>A compiled declaration → the same with the lines its plans refer to.</summary>
        public const string Lines = "FnnLines";

        /// <summary>All compiled declarations → the axes and constants of each namespace.</summary>
        public const string Axes = "FnnAxes";

        public static readonly string[] All = [Parse, Declarations, Compile, Lines, Axes];
    }

    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var options = context.AnalyzerConfigOptionsProvider.Select((provider, _) => ProjectOptions.Read(provider));

        var hasGpu = options.Select((settings, _) => settings.HasGpu);

        var trees = context.AdditionalTextsProvider
            .Where(SourceFiles.IsSource)
            .Combine(options)
            .Select((pair, cancellation) => SourceFiles.Parse(pair.Left, pair.Right.RootNamespace, cancellation))
            .WithTrackingName(Steps.Parse);

        var module = trees.Collect().Select((files, _) => FnnModule.Of(files));

        var compiled = module
            .SelectMany((files, _) => files.GetDeclarations())
            .WithTrackingName(Steps.Declarations)
            .Select((declaration, _) => declaration.Module.Compile(declaration.Key).Output)
            .WithTrackingName(Steps.Compile);

        var printable = compiled
            .Combine(module)
            .Combine(hasGpu)
            .Select((pair, _) => new PrintableDeclaration(pair.Left.Left, pair.Left.Right.LinesOf(pair.Left.Left), pair.Right))
            .WithTrackingName(Steps.Lines);

        var axes = compiled.Collect()
            .Combine(module)
            .SelectMany((pair, _) => NamespaceAxes.Of(pair.Left, pair.Right.Dims))
            .WithTrackingName(Steps.Axes);

        context.RegisterSourceOutput(printable, Print);
        context.RegisterSourceOutput(axes, Print);
        context.RegisterSourceOutput(hasGpu, PrintRegistration);
    }

    private static void Print(SourceProductionContext context, PrintableDeclaration declaration) => Add(context, GeneratedFiles.Of(declaration));

    private static void Print(SourceProductionContext context, NamespaceAxes axes) => Add(context, GeneratedFiles.Of(axes));

    private static void PrintRegistration(SourceProductionContext context, bool hasGpu)
    {
        if (hasGpu) Add(context, [GeneratedFiles.GpuRegistration()]);
    }

    private static void Add(SourceProductionContext context, IEnumerable<GeneratedFile> files)
    {
        foreach (var file in files)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            context.AddSource(file.HintName, RoslynText.From(file.Text, Encoding.UTF8));
        }
    }
}
