using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Syntax;

/// <summary>
/// The kinds of tokens. A kind is one character, so that a file's tokens are a string and the grammar is written over
/// characters; where a token is one character long, its kind is that character.
/// </summary>
internal static class TokenKind
{
    public const char End = '\0';
    public const char Name = 'n';
    public const char Number = '0';
    public const char String = '"';

    /// <summary>Something that is no token. The lexer has reported it: whoever meets it stays silent.</summary>
    public const char Bad = '?';

    /// <summary>The end of a statement: a line's end or <c>;</c>.</summary>
    public const char Separator = ';';

    public const char OpenParenthesis = '(';
    public const char CloseParenthesis = ')';
    public const char OpenBracket = '[';
    public const char CloseBracket = ']';
    public const char OpenBrace = '{';
    public const char CloseBrace = '}';
    public const char Comma = ',';
    public const char Colon = ':';
    public const char Dot = '.';
    public const char Ellipsis = '…';
    public const char Assign = '=';
    public const char Update = '←';
    public const char Arrow = '→';
    public const char Pipe = '|';
    public const char Plus = '+';
    public const char Minus = '-';
    public const char Star = '*';
    public const char Slash = '/';
    public const char At = '@';
    public const char Percent = '%';
    public const char Caret = '^';
    public const char Less = '<';
    public const char LessOrEqual = '≤';
    public const char Greater = '>';
    public const char GreaterOrEqual = '≥';
    public const char Equal = '≡';
    public const char NotEqual = '≠';

    // Reserved words; all other words are names and mean something only where they stand.
    public const char As = 'A';
    public const char If = 'I';
    public const char And = '&';
    public const char Or = 'O';
    public const char Not = '!';
    public const char Return = 'R';

    /// <summary>Kinds after which a line goes on: operators, opening brackets, commas, colons and arrows.</summary>
    private const string GoesOnAfter = ":,.={([←→|+-*/@%^<≤>≥≡≠A&O!";

    /// <summary>Kinds that can't begin a statement, so that a line which starts with one belongs to the line before.</summary>
    private const string GoesOnBefore = ":,.={)]←→|+-*/@%^<≤>≥≡≠A&O!";

    /// <summary>Kinds that an operand can end with.</summary>
    private const string OperandEnds = "n0\")]";

    public static bool LineGoesOnAfter(char kind) => GoesOnAfter.IndexOf(kind) >= 0;

    public static bool LineGoesOnBefore(char kind) => GoesOnBefore.IndexOf(kind) >= 0;

    public static bool EndsOperand(char kind) => OperandEnds.IndexOf(kind) >= 0;

    public static bool IsReserved(char kind) => kind is As or If or And or Or or Not or Return;

    public static bool Opens(char kind) => kind is OpenParenthesis or OpenBracket or OpenBrace;

    public static bool Closes(char kind) => kind is CloseParenthesis or CloseBracket or CloseBrace;

    /// <summary>The bracket that closes <paramref name="open"/>.</summary>
    public static char ClosingOf(char open) => open switch
    {
        OpenParenthesis => CloseParenthesis,
        OpenBracket => CloseBracket,
        _ => CloseBrace,
    };

    public static char OfWord(string word) => word switch
    {
        "as" => As,
        "if" => If,
        "and" => And,
        "or" => Or,
        "not" => Not,
        "return" => Return,
        _ => Name,
    };

    /// <summary>How a kind is written, for messages.</summary>
    public static string Spelling(char kind) => kind switch
    {
        End => "the end of the declaration",
        Name => "a name",
        Number => "a number",
        String => "a string",
        Separator => "the end of the line",
        Ellipsis => "'...'",
        Update => "'<-'",
        Arrow => "'->'",
        Pipe => "'|>'",
        LessOrEqual => "'<='",
        GreaterOrEqual => "'>='",
        Equal => "'=='",
        NotEqual => "'!='",
        As => "'as'",
        If => "'if'",
        And => "'and'",
        Or => "'or'",
        Not => "'not'",
        Return => "'return'",
        _ => "'" + kind + "'",
    };
}

/// <summary>One token.</summary>
/// <param name="Text">As written.</param>
/// <param name="StartsLine">Whether it is the first token of its line.</param>
internal readonly record struct Token(char Kind, TextSpan Span, string Text, bool StartsLine)
{
    /// <summary>What was found, for messages.</summary>
    public string Description => Kind switch
    {
        TokenKind.End or TokenKind.Separator => TokenKind.Spelling(Kind),
        TokenKind.String => "the string " + Shorten(Text),
        TokenKind.Number => "the number " + Shorten(Text),
        _ => "'" + Shorten(Text) + "'",
    };

    private static string Shorten(string text) => text.Length <= 40 ? text : text.Substring(0, 37) + "...";
}
