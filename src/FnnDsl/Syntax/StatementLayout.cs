using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Syntax;

/// <summary>
/// Turns line ends into separators, where they end a statement: inside braces, outside ( and [, and neither after nor before a
/// token that asks for more. Outside braces, in signatures, lines mean nothing.
/// </summary>
internal static class StatementLayout
{
    /// <summary>Names that continue the line above, unless what follows shows that the name itself is bound there.</summary>
    private static readonly string[] ContinuingWords =
    [
        "where", "with", "over", "every", "named", "else", "in", "along", "times", "until", "at_most", "to", "reverse", "lengths", "truncate", "checkpoint", "slide",
    ];

    private static readonly string[] StatementWords = ["param", "buffer", "repeat", "feedback", "emit", "minimize", "metric", "clip", "freeze", "accumulate", "average", "precision", "budget"];

    /// <summary>The tokens from <paramref name="start"/> up to <paramref name="end"/> with separators, and an end token.</summary>
    public static Token[] Run(Token[] tokens, int start, int end)
    {
        var result = new List<Token>((end - start) * 5 / 4 + 1);
        var braces = 0;
        var brackets = 0;
        for (var i = start; i < end; i++)
        {
            var token = tokens[i];
            if (i > start && token.StartsLine && braces > 0 && EndsStatement(tokens, i, end, brackets))
            {
                result.Add(new Token(TokenKind.Separator, new TextSpan(tokens[i - 1].Span.End, 0), "", false));
                brackets = 0;
            }
            result.Add(token);
            switch (token.Kind)
            {
                case TokenKind.OpenBrace: (braces, brackets) = (braces + 1, 0); break;
                case TokenKind.CloseBrace: (braces, brackets) = (Math.Max(0, braces - 1), 0); break;
                case TokenKind.OpenParenthesis or TokenKind.OpenBracket: brackets++; break;
                case TokenKind.CloseParenthesis or TokenKind.CloseBracket: brackets = Math.Max(0, brackets - 1); break;
                case TokenKind.Separator: brackets = 0; break;
            }
        }
        var last = end > start ? tokens[end - 1].Span.End : 0;
        result.Add(new Token(TokenKind.End, new TextSpan(last, 0), "", false));
        return result.ToArray();
    }

    private static bool EndsStatement(Token[] tokens, int i, int end, int brackets)
    {
        var before = tokens[i - 1].Kind;
        // The star of a path (freeze net.*) is no operator.
        var isPathStar = before == TokenKind.Star && i >= 2 && tokens[i - 2].Kind == TokenKind.Dot;
        if (TokenKind.LineGoesOnAfter(before) && !isPathStar)
        {
            // y = x + and then z = 3: what is missing is missing in the first line.
            if (before == TokenKind.OpenBrace) return false;
            var awaitsName = before is TokenKind.Comma or TokenKind.Colon || TokenKind.Opens(before);
            return awaitsName ? tokens[i].Kind == TokenKind.Return : SurelyBeginsStatement(tokens, i, end);
        }
        // else, and on the next line: if
        if (tokens[i].Kind == TokenKind.If && before == TokenKind.Name && tokens[i - 1].Text == "else") return false;
        if (before == TokenKind.Separator || TokenKind.LineGoesOnBefore(tokens[i].Kind)) return false;
        // In a bracket no name follows a value, so that a call of something named feedback is none here.
        if (brackets > 0) return SurelyBeginsStatement(tokens, i, end) || BeginsFeedback(tokens, i, end);
        return tokens[i].Kind != TokenKind.Name || Array.IndexOf(ContinuingWords, tokens[i].Text) < 0 || IsBound(tokens, i, end) || IsLaterDeclaration(tokens, i, end);
    }

    private static bool BeginsFeedback(Token[] tokens, int i, int end) =>
        tokens[i].Kind == TokenKind.Name && tokens[i].Text == "feedback" && i + 1 < end && tokens[i + 1].Kind == TokenKind.OpenParenthesis;

    // over = x, over <- x, over[i] = x, over named "x" = x
    private static bool IsBound(Token[] tokens, int i, int end) =>
        i + 1 < end
        && (tokens[i + 1].Kind is TokenKind.Assign or TokenKind.Update or TokenKind.OpenBracket
            || (tokens[i + 1].Kind == TokenKind.Name && tokens[i + 1].Text == "named" && i + 2 < end && tokens[i + 2].Kind == TokenKind.String));

    // checkpoint Theirs for Net, in a body where it does not belong
    private static bool IsLaterDeclaration(Token[] tokens, int i, int end) =>
        tokens[i].Text == "checkpoint" && i + 1 < end && tokens[i + 1].Kind == TokenKind.Name && tokens[i + 1].Text != "every";

    // When a statement surely begins on a line, then the one above is over, whatever it still lacks: only it shall suffer.
    private static bool SurelyBeginsStatement(Token[] tokens, int i, int end)
    {
        if (tokens[i].Kind is TokenKind.Return or TokenKind.If) return true;
        if (tokens[i].Kind != TokenKind.Name || i + 1 >= end) return false;
        return tokens[i + 1].Kind is TokenKind.Assign or TokenKind.Update
            || (tokens[i + 1].Kind == TokenKind.Name && Array.IndexOf(StatementWords, tokens[i].Text) >= 0);
    }
}
