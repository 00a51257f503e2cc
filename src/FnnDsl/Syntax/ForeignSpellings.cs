namespace FeedbackNN.Dsl.Syntax;

/// <summary>A spelling of another language, and the token that was surely meant by it.</summary>
internal sealed record ForeignSpelling(string Text, char MeantKind, string Fix);

/// <summary>A character that looks like one of ours.</summary>
internal sealed record LookAlike(char Kind, string Write);

/// <summary>What people write who come from another language or paste from a paper: reported once, then read as what was meant.</summary>
internal static class ForeignSpellings
{
    // Longer spellings first: the first that fits is taken.
    public static readonly ForeignSpelling[] Operators =
    [
        new("===", TokenKind.Equal, "write =="),
        new("!==", TokenKind.NotEqual, "write !="),
        new("**", TokenKind.Caret, "a power is written x^2"),
        new("&&", TokenKind.And, "write 'and'"),
        new("||", TokenKind.Or, "write 'or'"),
        new("=>", TokenKind.Arrow, "write ->"),
        new(":=", TokenKind.Assign, "a binding is written y = value"),
        new("+=", TokenKind.Assign, "bind again: x = x + value"),
        new("-=", TokenKind.Assign, "bind again: x = x - value"),
        new("*=", TokenKind.Assign, "bind again: x = x * value"),
        new("/=", TokenKind.Assign, "bind again: x = x / value"),
    ];

    /// <summary>What to write for a word with which statements of other languages begin; null for any other.</summary>
    public static string? Statement(string word) => word switch
    {
        "for" => "copies with weights of their own are written repeat n as i { … }, rounds over the same weights feedback (state: type = first) times n { … }",
        "while" => "write feedback (state: type = first) until condition, at_most n { … }",
        "let" or "var" or "val" => "a binding is written y = value",
        "def" or "func" or "function" => "write fn f(x: real[n]) -> real[n] { … }, outside of all braces",
        _ => null,
    };

    public static LookAlike? LookAlike(char c) => c switch
    {
        '\u2212' or '\u2013' or '\u2014' => new(TokenKind.Minus, "-"),
        '\u00D7' or '\u22C5' or '\u00B7' or '\u2217' => new(TokenKind.Star, "*"),
        '\u00F7' => new(TokenKind.Slash, "/"),
        '\u2264' => new(TokenKind.LessOrEqual, "<="),
        '\u2265' => new(TokenKind.GreaterOrEqual, ">="),
        '\u2260' => new(TokenKind.NotEqual, "!="),
        '\u2190' => new(TokenKind.Update, "<-"),
        '\u2192' => new(TokenKind.Arrow, "->"),
        '\u2026' => new(TokenKind.Ellipsis, "..."),
        '\uFF08' => new(TokenKind.OpenParenthesis, "("),
        '\uFF09' => new(TokenKind.CloseParenthesis, ")"),
        '\uFF0C' => new(TokenKind.Comma, ","),
        '!' => new(TokenKind.Not, "'not'"),
        _ => null,
    };
}
