using System.Text;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Formatting;

/// <summary>Spoils the white space of a formatted program where it means nothing: blanks, indentation, the number of empty lines, and some line breaks.</summary>
internal sealed class LayoutMangler(string canonical, Random random)
{
    private readonly Token[] _tokens = Formatting.Lex(canonical).Tokens;
    private readonly StringBuilder _output = new();

    /// <summary>For each open bracket, whether it is a brace that a line break follows.</summary>
    private readonly Stack<(char Kind, bool HasLines)> _open = new();

    private bool _closedBlockHasLines;

    public string Mangle()
    {
        var end = 0;
        for (var i = 0; i <= _tokens.Length; i++)
        {
            var start = i < _tokens.Length ? _tokens[i].Span.Start : canonical.Length;
            MangleGap(i, canonical.Substring(end, start - end));
            if (i == _tokens.Length) break;
            _output.Append(_tokens[i].Text);
            end = _tokens[i].Span.End;
            NoteBracket(i, end);
        }
        return _output.ToString();
    }

    private char Kind(int i) => i >= 0 && i < _tokens.Length ? _tokens[i].Kind : TokenKind.End;

    private void NoteBracket(int i, int end)
    {
        if (TokenKind.Opens(Kind(i))) _open.Push((Kind(i), end < canonical.Length && canonical[end] == '\n'));
        else if (TokenKind.Closes(Kind(i)))
        {
            var (kind, hasLines) = _open.Pop();
            if (kind == TokenKind.OpenBrace) _closedBlockHasLines = hasLines;
        }
    }

    private bool Chance(int percent) => random.Next(100) < percent;

    private string Blanks(int least) => string.Concat(Enumerable.Range(0, least + random.Next(3)).Select(_ => Chance(80) ? " " : "\t"));

    private string LineEnd() => Chance(20) ? "\r\n" : "\n";

    private void MangleGap(int i, string gap)
    {
        if (gap.Contains('\n', StringComparison.Ordinal)) MangleLines(i, gap);
        else if (i > 0 && i < _tokens.Length) MangleBlanks(i, gap);
    }

    // ---- On one line -----------------------------------------------------------------------------------------------

    private void MangleBlanks(int i, string gap)
    {
        if (TakesLineBreak(i) && Chance(30)) _output.Append(Blanks(0)).Append(LineEnd()).Append(Blanks(0));
        else if (gap.Length == 0) _output.Append(IsTight(i) || IsPathNumber(i) ? "" : Blanks(0));
        else _output.Append(Blanks(Chance(70) || !CanTouch(i) ? 1 : 0));
    }

    // Where the formatter takes line breaks away.
    private bool TakesLineBreak(int i)
    {
        if (Kind(i) == TokenKind.OpenBrace) return true;
        if (Kind(i - 1) == TokenKind.CloseBrace && Kind(i) == TokenKind.Name) return _closedBlockHasLines;
        if (Kind(i - 1) == TokenKind.Arrow) return true;
        var touches = _tokens[i - 1].Span.End == _tokens[i].Span.Start;
        var isInBracket = _open.Count > 0 && _open.Peek().Kind != TokenKind.OpenBrace;
        return touches && isInBracket && Kind(i - 1) is TokenKind.Name or TokenKind.CloseParenthesis or TokenKind.CloseBracket
            && Kind(i) is TokenKind.OpenParenthesis or TokenKind.OpenBracket or TokenKind.Colon or TokenKind.Dot && Kind(i + 1) != TokenKind.Number;
    }

    private static bool IsTightSign(char kind) => kind is TokenKind.Star or TokenKind.Slash or TokenKind.Caret;

    // 4*d is the author's wish.
    private bool IsTight(int i) => IsTightSign(Kind(i)) || IsTightSign(Kind(i - 1));

    private bool IsPathNumber(int i) =>
        (Kind(i - 1) == TokenKind.Dot && Kind(i) == TokenKind.Number) || (Kind(i) == TokenKind.Dot && Kind(i + 1) == TokenKind.Number);

    private bool CanTouch(int i)
    {
        if (IsTightSign(Kind(i)) || IsTightSign(Kind(i - 1))) return false;
        var lexed = Lexer.Run(new SourceText("pair.fnn", _tokens[i - 1].Text + _tokens[i].Text), new DiagnosticBag()).Tokens;
        return lexed.Length == 2 && lexed[0].Text == _tokens[i - 1].Text && lexed[1].Text == _tokens[i].Text;
    }

    // ---- Line ends -------------------------------------------------------------------------------------------------

    private void MangleLines(int i, string gap)
    {
        var lines = gap.Split('\n');
        var isPlain = gap.Trim().Length == 0;
        if (isPlain && LosesLineBreak(i, lines.Length - 1))
        {
            _output.Append(Blanks(1));
            return;
        }
        if (i == 0) _output.Append(LineEnd());
        for (var k = 0; k < lines.Length; k++)
        {
            var line = lines[k].Trim();
            if (line.Length > 0) _output.Append(Blanks(0)).Append(line);
            if (k == lines.Length - 1) continue;
            _output.Append(Blanks(0)).Append(LineEnd());
            var isEmptyLine = k > 0 && line.Length == 0;
            // Empty lines go away behind an opening bracket, before a closing one, and at the file's end.
            var isForNothing = i == _tokens.Length ? lines.Skip(k + 1).All(string.IsNullOrWhiteSpace)
                : TokenKind.Opens(Kind(i - 1)) ? lines.Skip(1).Take(k).All(string.IsNullOrWhiteSpace)
                : isPlain && TokenKind.Closes(Kind(i));
            while ((isEmptyLine || isForNothing) && Chance(40)) _output.Append(Blanks(0)).Append(LineEnd());
        }
        _output.Append(Blanks(0));
    }

    // A block's closing brace, or a declaration behind one, gets its line back.
    private bool LosesLineBreak(int i, int lineBreaks) =>
        i > 0 && i < _tokens.Length && lineBreaks == 1 && Chance(30)
        && ((Kind(i) == TokenKind.CloseBrace && Kind(i - 1) != TokenKind.OpenBrace) || (Kind(i - 1) == TokenKind.CloseBrace && _open.Count == 0));
}
