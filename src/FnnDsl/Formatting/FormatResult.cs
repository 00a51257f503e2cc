using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Formatting;

/// <summary>What <see cref="FnnFormatter"/> makes of a file.</summary>
/// <param name="Source">The file as it was.</param>
/// <param name="Text">The file in canonical form; as it was where it has syntax errors.</param>
/// <param name="Diagnostics">The syntax errors for which the file was left as it is. Other mistakes don't matter here.</param>
public sealed record FormatResult(SourceText Source, string Text, EquatableArray<Diagnostic> Diagnostics)
{
    /// <summary>Whether the file could be read: else its form is not known and its text stays.</summary>
    public bool IsUnderstood => Diagnostics.Count == 0;

    /// <summary>Whether the canonical form is another than the file has.</summary>
    public bool IsChanged => !string.Equals(Text, Source.Text, StringComparison.Ordinal);
}
