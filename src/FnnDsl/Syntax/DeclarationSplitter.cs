using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Syntax;

/// <summary>The words that begin declarations.</summary>
internal static class DeclarationWords
{
    public static readonly string[] All = ["namespace", "dim", "const", "fn", "layer", "model", "train", "generate", "pipeline", "checkpoint"];

    public static bool Contains(string word) => All.Contains(word);
}

/// <summary>
/// Cuts a file into declarations before anything is parsed, so that a mistake in one can't hide another. A declaration begins
/// with its word at the beginning of a statement outside all braces; also inside an unclosed bracket, when the word begins a line that is
/// indented no deeper than the declaration it seems to be in.
/// </summary>
internal static class DeclarationSplitter
{
    /// <summary>The index of each piece's first token, ascending. The first piece may begin without a declaration's word.</summary>
    public static List<int> FindStarts(SourceText source, Token[] tokens)
    {
        var starts = new List<int>();
        if (tokens.Length == 0) return starts;
        var braces = 0;
        var brackets = 0;
        var column = 0;
        for (var i = 0; i < tokens.Length; i++)
        {
            var token = tokens[i];
            if (i == 0 || StartsDeclaration(i))
            {
                starts.Add(i);
                column = source.GetPosition(token.Span.Start).Column;
                (braces, brackets) = (0, 0);
            }
            switch (token.Kind)
            {
                case TokenKind.OpenBrace: (braces, brackets) = (braces + 1, 0); break;
                case TokenKind.CloseBrace: (braces, brackets) = (Math.Max(0, braces - 1), 0); break;
                case TokenKind.OpenParenthesis or TokenKind.OpenBracket: brackets++; break;
                case TokenKind.CloseParenthesis or TokenKind.CloseBracket: brackets = Math.Max(0, brackets - 1); break;
            }
        }
        return starts;

        bool StartsDeclaration(int i)
        {
            var token = tokens[i];
            if (token.Kind != TokenKind.Name || !DeclarationWords.Contains(token.Text)) return false;
            if (braces == 0 && brackets == 0) return token.StartsLine || tokens[i - 1].Kind is TokenKind.Separator or TokenKind.CloseBrace;
            // checkpoint every 8, an option of a feedback
            if (token.Text == "checkpoint" && i + 1 < tokens.Length && tokens[i + 1].Text == "every") return false;
            return token.StartsLine && i + 1 < tokens.Length && tokens[i + 1].Kind == TokenKind.Name
                && source.GetPosition(token.Span.Start).Column <= column;
        }
    }
}
