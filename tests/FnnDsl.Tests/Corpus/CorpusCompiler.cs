using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests;

/// <summary>The one place where the corpus meets the compiler: everything that the compiler says about files that belong together.</summary>
public static class CorpusCompiler
{
    public static IReadOnlyList<Diagnostic> Diagnose(params SourceText[] sources) =>
        sources.SelectMany(source => FnnParser.Parse(source).Diagnostics).ToArray();
}
