using System.Text;
using FeedbackNN.Dsl.Names;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Tool.LanguageServer;

/// <summary>What is known of the name or word at a place: its type with its axes, its weights, its documentation.</summary>
internal static class Hover
{
    // More would not fit on a screen.
    private const int MostWeights = 12;

    public static HoverResult? Of(Cursor cursor)
    {
        var names = cursor.Project.Compilation.Names;
        if (names.At(cursor.Source, cursor.Offset) is { } occurrence)
        {
            return new HoverResult(MarkupContent.Markdown(TextOf(occurrence, names)), Range.Of(cursor.Source, occurrence.Place.Span));
        }
        var word = WordAt(cursor.Source, cursor.Offset);
        return KeywordTable.Find(cursor.Source.GetText(word)) is { } keyword && !IsInComment(cursor)
            ? new HoverResult(MarkupContent.Markdown($"**{keyword.Word}**: {keyword.Sentence}"), Range.Of(cursor.Source, word))
            : null;
    }

    private static string TextOf(Occurrence occurrence, NameTable names)
    {
        var name = occurrence.Name;
        var facts = names.FactsOf(occurrence);
        var text = new StringBuilder();
        text.Append("```fnn\n").Append(NameText.Of(name, facts)).Append("\n```");
        if (facts is { Axes.Count: > 0 }) text.Append("\n\naxes: ").AppendJoin(", ", facts.Axes.Select(axis => $"`{axis}`"));
        if (name.Kind == NameKind.Axis && facts?.Type == name.Text) text.Append("\n\nan axis whose size is known when the program runs");
        if (facts is { Weights.Count: > 0 })
        {
            text.Append("\n\nweights:\n\n```fnn\n").AppendJoin("\n", facts.Weights.Take(MostWeights)).Append("\n```");
            if (facts.Weights.Count > MostWeights) text.Append($"\n\nand {facts.Weights.Count - MostWeights} more");
        }
        if (facts is not null && name.Owner is { } owner && !names.IsBoundOnce(owner)) text.Append($"\n\nin the first use of `{owner.Text}`");
        if (name.Doc is { Length: > 0 } doc) text.Append("\n\n").Append(doc.Replace("\n", "  \n"));
        return text.ToString();
    }

    /// <summary>The word at an offset, or the one that ends there; empty where there is none.</summary>
    public static TextSpan WordAt(SourceText source, int offset)
    {
        var (start, end) = (offset, offset);
        while (start > 0 && IsPart(source.Text[start - 1])) start--;
        while (end < source.Text.Length && IsPart(source.Text[end])) end++;
        return TextSpan.FromBounds(start, end);
    }

    private static bool IsPart(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    private static bool IsInComment(Cursor cursor)
    {
        var position = cursor.Source.GetPosition(cursor.Offset);
        return cursor.Source.GetLine(position.Line).IndexOf("//", StringComparison.Ordinal) is var start and >= 0 && start < position.Column;
    }
}
