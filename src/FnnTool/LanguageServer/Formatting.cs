using FeedbackNN.Dsl.Formatting;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Tool.LanguageServer;

/// <summary>A document in its canonical form, as <c>fnn format</c> writes it: one edit, or none where it has it already or has syntax errors, which are told anyway.</summary>
internal static class Formatting
{
    public static IReadOnlyList<LspTextEdit> Of(Cursor cursor)
    {
        var result = FnnFormatter.Format(cursor.Source);
        return result is { IsUnderstood: true, IsChanged: true } ? [new LspTextEdit(Range.Of(cursor.Source, new TextSpan(0, cursor.Source.Text.Length)), result.Text)] : [];
    }
}
