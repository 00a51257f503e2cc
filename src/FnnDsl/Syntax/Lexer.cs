using System.Globalization;
using System.Text;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Syntax;

/// <summary>What the lexer gives: the tokens, the doc comments by the index of the token they stand above, and the comments that turn findings off.</summary>
internal sealed record LexedFile(Token[] Tokens, Dictionary<int, string> Docs, EquatableArray<IgnoreComment> IgnoreComments);

/// <summary>
/// Turns text into tokens. It accepts any text: what is no token is reported once and comes as <see cref="TokenKind.Bad"/>,
/// or as the token that was meant, so that the parser does not report it again.
/// </summary>
internal sealed class Lexer
{
    private readonly SourceText _source;
    private readonly string _text;
    private readonly DiagnosticBag _diagnostics;
    private readonly List<Token> _tokens = [];
    private readonly Dictionary<int, string> _docs = [];
    private readonly StringBuilder _doc = new();
    private readonly List<IgnoreComment> _ignoreComments = [];
    private int _position;
    private bool _startsLine = true;

    private Lexer(SourceText source, DiagnosticBag diagnostics)
    {
        _source = source;
        _text = source.Text;
        _diagnostics = diagnostics;
    }

    public static LexedFile Run(SourceText source, DiagnosticBag diagnostics)
    {
        var lexer = new Lexer(source, diagnostics);
        lexer.Run();
        return new LexedFile(lexer._tokens.ToArray(), lexer._docs, lexer._ignoreComments.ToEquatableArray());
    }

    private void Run()
    {
        // A byte order mark is a white space of the file's first position only.
        if (_text.Length > 0 && _text[0] == '\uFEFF') _position = 1;
        while (_position < _text.Length)
        {
            var c = _text[_position];
            if (c is '\n' or '\r')
            {
                _startsLine = true;
                _position++;
            }
            else if (char.IsWhiteSpace(c)) _position++;
            else if (c == '/' && Peek(1) == '/') ReadComment();
            else if (c == '/' && Peek(1) == '*') ReadForeignComment(CommentEnd());
            else if (c == '#') ReadForeignComment(LineEnd());
            else if (IsNameStart(c)) ReadName();
            else if (IsDigit(c)) ReadNumber();
            else if (c == '"') ReadString();
            else if (c == '.' && IsDigit(Peek(1)) && !FollowsOperand()) ReadPointAndDigits();
            else ReadOperator();
        }
    }

    // Whether the last token touches this place and can be what a member belongs to.
    private bool FollowsOperand() =>
        _tokens.Count > 0 && _tokens[_tokens.Count - 1] is var last && last.Span.End == _position
        && (TokenKind.EndsOperand(last.Kind) || last.Kind is TokenKind.Star or TokenKind.Dot);

    private char Peek(int ahead) => _position + ahead < _text.Length ? _text[_position + ahead] : '\0';

    private void Add(char kind, int start, string text)
    {
        if (_doc.Length > 0)
        {
            _docs[_tokens.Count] = _doc.ToString();
            _doc.Clear();
        }
        if (_ignoreComments.Count > 0) AimIgnoreComments(start);
        _tokens.Add(new Token(kind, TextSpan.FromBounds(start, _position), text, _startsLine));
        _startsLine = false;
    }

    private void Add(char kind, int start) => Add(kind, start, _text.Substring(start, _position - start));

    private Location Location(int start, int end) => new(_source, TextSpan.FromBounds(start, end));

    // ---- Comments ------------------------------------------------------------------------------------------------

    private int LineEnd()
    {
        var end = _position;
        while (end < _text.Length && _text[end] is not ('\n' or '\r')) end++;
        return end;
    }

    private int CommentEnd()
    {
        var end = _text.IndexOf("*/", _position + 2, StringComparison.Ordinal);
        return end < 0 ? _text.Length : end + 2;
    }

    private void ReadComment()
    {
        var end = LineEnd();
        // At the end of a line of code it is about that line, else about the next one.
        if (IgnoreComment.Read(_source, _position, end, _startsLine ? null : _source.GetPosition(_position).Line) is { } ignore) _ignoreComments.Add(ignore);
        if (Peek(2) == '/' && Peek(3) != '/')
        {
            if (_doc.Length > 0) _doc.Append('\n');
            var start = _position + 3;
            if (start < end && _text[start] == ' ') start++;
            var line = _text.Substring(start, end - start).TrimEnd();
            // An empty first line would look like no doc at all.
            _doc.Append(_doc.Length == 0 && line.Length == 0 ? " " : line);
        }
        _position = end;
    }

    // Comments alone on their lines are about the line of the next token.
    private void AimIgnoreComments(int token)
    {
        for (var i = _ignoreComments.Count - 1; i >= 0 && _ignoreComments[i].Line is null; i--)
        {
            _ignoreComments[i] = _ignoreComments[i] with { Line = _source.GetPosition(token).Line };
        }
    }

    private void ReadForeignComment(int end)
    {
        var mark = _text[_position] == '#' ? "#" : "/*";
        _diagnostics.Report(DiagnosticTable.ForeignSpelling, Location(_position, _position + mark.Length),
            "a comment begins with // and ends with its line", EquatableArray<Label>.Empty, mark);
        if (_text.IndexOfAny(['\n', '\r'], _position, end - _position) >= 0) _startsLine = true;
        _position = end;
    }

    // ---- Words, numbers, strings ---------------------------------------------------------------------------------

    private static bool IsNameStart(char c) => c is >= 'a' and <= 'z' or >= 'A' and <= 'Z' or '_';

    private static bool IsDigit(char c) => c is >= '0' and <= '9';

    private static bool IsNamePart(char c) => IsNameStart(c) || IsDigit(c);

    private static bool IsForeignLetter(char c) => c > '\u007F' && char.IsLetterOrDigit(c);

    private void ReadName()
    {
        var start = _position;
        while (IsNamePart(Peek(0))) _position++;
        if (IsForeignLetter(Peek(0)))
        {
            ReadForeignName(start);
            return;
        }
        var text = _text.Substring(start, _position - start);
        Add(TokenKind.OfWord(text), start, text);
    }

    // A name with letters of other alphabets is one mistake, and surely was meant as one name.
    private void ReadForeignName(int start)
    {
        while (IsNamePart(Peek(0)) || IsForeignLetter(Peek(0))) _position++;
        _diagnostics.Report(DiagnosticTable.UnknownCharacter, Location(start, _position),
            "'" + _text.Substring(start, Math.Min(40, _position - start)) + "'",
            "can't be a name: names are made of the letters a-z and A-Z, digits and _");
        Add(TokenKind.Bad, start);
    }

    private void ReadNumber()
    {
        var start = _position;
        // After a dot (blocks.0.1.weight) digits are a place in a path, never a fraction.
        var inPath = _tokens.Count > 0 && _tokens[_tokens.Count - 1] is { Kind: TokenKind.Dot } dot && dot.Span.End == start;
        SkipDigits();
        if (!inPath && Peek(0) == '.' && IsDigit(Peek(1)))
        {
            _position++;
            SkipDigits();
        }
        if (!inPath && Peek(0) is 'e' or 'E')
        {
            var sign = Peek(1) is '+' or '-' ? 1 : 0;
            if (IsDigit(Peek(1 + sign)))
            {
                _position += 1 + sign;
                SkipDigits();
            }
        }
        var endsInPoint = !inPath && Peek(0) == '.' && !IsNameStart(Peek(1)) && Peek(1) != '.';
        if (endsInPoint)
        {
            _position++;
            ReportNumber(start, "digits must follow its point");
        }
        var why = (IsNamePart(Peek(0)) && !FollowsBudget()) || IsForeignLetter(Peek(0)) ? "letters and _ can't follow its digits" : null;
        while (why is not null && (IsNamePart(Peek(0)) || IsForeignLetter(Peek(0)))) _position++;
        var text = _text.Substring(start, _position - start);
        if (why is null && !TryReadNumber(text, out _)) why = "it is too large";
        if (why is not null) ReportNumber(start, why);
        Add(why is null ? TokenKind.Number : TokenKind.Bad, start, text);
    }

    // Behind 'budget memory' a unit touches its number: 512MB is the number 512 and the name MB.
    private bool FollowsBudget()
    {
        if (_tokens.Count == 0 || _tokens[_tokens.Count - 1].Kind != TokenKind.Name) return false;
        return IsBudget(_tokens.Count - 1) || IsBudget(_tokens.Count - 2);
        bool IsBudget(int index) => index >= 0 && _tokens[index] is { Kind: TokenKind.Name, Text: "budget" };
    }

    // .5 is understood, though it is not written so.
    private void ReadPointAndDigits()
    {
        var start = _position++;
        SkipDigits();
        ReportNumber(start, "a digit must stand before its point");
        Add(TokenKind.Number, start);
    }

    private void ReportNumber(int start, string why)
    {
        var text = _text.Substring(start, Math.Min(40, _position - start));
        _diagnostics.Report(DiagnosticTable.BadNumber, Location(start, _position), "numbers are written 1_000, 0.5 or 1e-3",
            EquatableArray<Label>.Empty, text, why);
    }

    private void SkipDigits()
    {
        while (IsDigit(Peek(0)) || (Peek(0) == '_' && (IsDigit(Peek(1)) || Peek(1) == '_'))) _position++;
    }

    /// <summary>The value of a number token.</summary>
    public static bool TryReadNumber(string text, out double value) =>
        double.TryParse(text.Replace("_", ""), NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value)
        && !double.IsInfinity(value)
        && !text.EndsWith("_", StringComparison.Ordinal);

    private void ReadString()
    {
        var start = _position++;
        while (_position < _text.Length && _text[_position] is not ('"' or '\n' or '\r'))
        {
            if (_text[_position] == '\\' && Peek(1) is not ('\0' or '\n' or '\r'))
            {
                if (Peek(1) is not ('"' or '\\' or 'n' or 't' or 'r'))
                {
                    _diagnostics.Report(DiagnosticTable.BadEscape, Location(_position, _position + 2), _text.Substring(_position, 2));
                }
                _position++;
            }
            _position++;
        }
        if (Peek(0) == '"') _position++;
        else
        {
            _diagnostics.Report(DiagnosticTable.UnterminatedString, Location(start, _position), "end the string with \" on the same line",
                EquatableArray<Label>.Empty);
        }
        Add(TokenKind.String, start);
    }

    /// <summary>The value of a string token.</summary>
    public static string ReadStringValue(string text)
    {
        var value = new StringBuilder(text.Length);
        for (var i = 1; i < text.Length; i++)
        {
            if (text[i] == '"') break;
            if (text[i] == '\\' && i + 1 < text.Length)
            {
                i++;
                value.Append(text[i] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', var other => other });
            }
            else value.Append(text[i]);
        }
        return value.ToString();
    }

    // ---- Operators -----------------------------------------------------------------------------------------------

    private void ReadOperator()
    {
        var start = _position;
        foreach (var foreign in ForeignSpellings.Operators)
        {
            if (string.CompareOrdinal(_text, start, foreign.Text, 0, foreign.Text.Length) != 0) continue;
            _position += foreign.Text.Length;
            _diagnostics.Report(DiagnosticTable.ForeignSpelling, Location(start, _position), foreign.Fix, EquatableArray<Label>.Empty, foreign.Text);
            Add(foreign.MeantKind, start);
            return;
        }
        var (kind, length) = OperatorAt(_text[start], Peek(1), Peek(2));
        if (length == 0)
        {
            ReadUnknown();
            return;
        }
        _position += length;
        Add(kind, start);
    }

    private static (char Kind, int Length) OperatorAt(char c, char next, char afterNext) => (c, next, afterNext) switch
    {
        ('.', '.', '.') => (TokenKind.Ellipsis, 3),
        ('<', '-', _) => (TokenKind.Update, 2),
        ('-', '>', _) => (TokenKind.Arrow, 2),
        ('|', '>', _) => (TokenKind.Pipe, 2),
        ('<', '=', _) => (TokenKind.LessOrEqual, 2),
        ('>', '=', _) => (TokenKind.GreaterOrEqual, 2),
        ('=', '=', _) => (TokenKind.Equal, 2),
        ('!', '=', _) => (TokenKind.NotEqual, 2),
        ('(' or ')' or '[' or ']' or '{' or '}' or ',' or ':' or ';' or '.' or '=' or '+' or '-' or '*' or '/' or '@' or '%' or '^' or '<' or '>', _, _)
            => (c, 1),
        _ => (TokenKind.Bad, 0),
    };

    private void ReadUnknown()
    {
        var start = _position;
        if (IsForeignLetter(_text[start]))
        {
            ReadForeignName(start);
            return;
        }
        if (ForeignSpellings.LookAlike(_text[start]) is { } lookAlike)
        {
            _position++;
            var row = _text[start] < '\u0080' ? DiagnosticTable.ForeignSpelling : DiagnosticTable.UnknownCharacter;
            object[] arguments = _text[start] < '\u0080'
                ? [_text[start]]
                : ["'" + _text[start] + "'", "looks like " + lookAlike.Write + " but is another character"];
            _diagnostics.Report(row, Location(start, _position), "write " + lookAlike.Write, EquatableArray<Label>.Empty, arguments);
            Add(lookAlike.Kind, start);
            return;
        }
        while (_position < _text.Length && IsUnknown(_text[_position])) _position++;
        var run = _text.Substring(start, _position - start);
        _diagnostics.Report(DiagnosticTable.UnknownCharacter, Location(start, _position), Describe(run), run == "?" ? "has no meaning here: choose with select(condition, a, b)" : "has no meaning here");
        Add(TokenKind.Bad, start);
    }

    private static bool IsUnknown(char c) =>
        !char.IsWhiteSpace(c) && !IsNamePart(c) && !IsForeignLetter(c) && c is not ('"' or '#') && OperatorAt(c, '\0', '\0').Length == 0
        && ForeignSpellings.LookAlike(c) is null;

    private static string Describe(string run)
    {
        var c = run[0];
        var isVisible = c is > ' ' and < '\u007F' || (c > '\u00A0' && !char.IsControl(c) && !char.IsSurrogate(c)
            && CharUnicodeInfo.GetUnicodeCategory(c) is not (UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned));
        if (isVisible && run.Length <= 20) return "'" + run + "'";
        var code = char.IsSurrogatePair(run, 0) ? char.ConvertToUtf32(run, 0) : c;
        return "the character U+" + code.ToString("X4", CultureInfo.InvariantCulture);
    }
}
