using System.Collections.Immutable;
using FeedbackNN.Generator.Compilation;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace FeedbackNN.Generator;

/// <summary>
/// Reports what is wrong in <c>.fnn</c> files, at the place where it is wrong: live in the editor, and in the output of a build. The files
/// are compiled together; what the generator has compiled is used again.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class FnnAnalyzer : DiagnosticAnalyzer
{
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => DiagnosticDescriptors.All;

    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterAdditionalFileAction(Analyze);
    }

    private static void Analyze(AdditionalFileAnalysisContext context)
    {
        if (!SourceFiles.IsSource(context.AdditionalFile)) return;
        var options = ProjectOptions.Read(context.Options.AnalyzerConfigOptionsProvider);
        var files = context.Options.AdditionalFiles
            .Where(SourceFiles.IsSource)
            .Select(file => SourceFiles.Parse(file, options.RootNamespace, context.CancellationToken))
            .ToImmutableArray();
        foreach (var diagnostic in FnnModule.Of(files).GetDiagnostics(context.CancellationToken))
        {
            if (diagnostic.Location.Source.Path == context.AdditionalFile.Path) context.ReportDiagnostic(DiagnosticDescriptors.Convert(diagnostic));
        }
    }
}
