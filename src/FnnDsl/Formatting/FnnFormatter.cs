using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Formatting;

/// <summary>
/// Gives a file its canonical form: the same tokens and comments in the same order, with other white space between them. What a file means can't
/// change by it, and formatting twice is formatting once. The rules, as users read them, are in docs/tool.md.
/// <list type="number">
/// <item><see cref="TokenTable"/>: the tokens, what stands between them, and what each is for in the tree.</item>
/// <item><see cref="LineBreaks"/>: which tokens begin a line.</item>
/// <item><see cref="LayoutWriter"/>: writes lines, indented by <see cref="Indentation"/>, their tokens set apart by <see cref="Spacing"/>.</item>
/// </list>
/// </summary>
public static class FnnFormatter
{
    /// <summary>Formats one file; one with syntax errors stays as it is. Nothing is thrown, and the time grows with the length.</summary>
    public static FormatResult Format(SourceText source)
    {
        var file = FnnParser.Parse(source);
        var errors = file.Diagnostics.Where(diagnostic => diagnostic.Severity == Severity.Error).ToEquatableArray();
        if (errors.Count > 0) return new FormatResult(source, source.Text, errors);
        var table = TokenTable.Of(file);
        return new FormatResult(source, LayoutWriter.Write(table, LineBreaks.Find(table)), EquatableArray<Diagnostic>.Empty);
    }
}
