using System.Text;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Syntax;

/// <summary>What a declaration knows of its own text.</summary>
internal sealed record DeclarationText(string? Doc, EquatableArray<int> Tokens, string TokenText, TextSpan Span)
{
    /// <summary>
    /// From the tokens from <paramref name="start"/> up to <paramref name="end"/>. Line ends that end statements have meaning, and are in the
    /// text as <c>;</c>; they are no tokens of the declaration.
    /// </summary>
    /// <param name="word">The index of a token that stands before all others, such as the <c>dim</c> of its second constant; or -1.</param>
    public static DeclarationText Of(ParseSession session, string? doc, int word, int start, int end)
    {
        var starts = new List<int>();
        var text = new StringBuilder();
        if (word >= 0 && word != start) Add(word);
        for (var i = start; i < end; i++) Add(i);
        return new DeclarationText(doc, starts.ToEquatableArray(), text.ToString(), session.Span(start, end));

        void Add(int index)
        {
            if (text.Length > 0) text.Append(' ');
            if (session.Kinds[index] == TokenKind.Separator)
            {
                text.Append(';');
                return;
            }
            starts.Add(session.Tokens[index].Span.Start);
            text.Append(session.Tokens[index].Text);
        }
    }
}
