using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests;

/// <summary>The one place where the corpus meets the compiler: everything that the compiler says about files that belong together.</summary>
public static class CorpusCompiler
{
    public static IReadOnlyList<Diagnostic> Diagnose(params SourceText[] sources) =>
        FnnCompiler.Check(sources.Select(FnnParser.Parse).ToArray(), "Corpus");
}
