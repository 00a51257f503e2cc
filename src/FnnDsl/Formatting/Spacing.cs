using FeedbackNN.Dsl.Syntax;

namespace FeedbackNN.Dsl.Formatting;

/// <summary>How two tokens of one statement are set apart: by a blank or nothing, and by a line break where the author has one and may.</summary>
internal readonly record struct Spacing(bool HasBlank, bool KeepsLineBreak)
{
    private static readonly Spacing Touch = new(HasBlank: false, KeepsLineBreak: false);
    private static readonly Spacing Edge = new(HasBlank: false, KeepsLineBreak: true);
    private static readonly Spacing Blank = new(HasBlank: true, KeepsLineBreak: false);
    private static readonly Spacing Open = new(HasBlank: true, KeepsLineBreak: true);

    /// <summary>A rule for the gap between two tokens.</summary>
    /// <param name="Applies">Asks the table and the index of the second token, which is at least 1.</param>
    private sealed record Rule(Func<TokenTable, int, bool> Applies, Spacing Spacing);

    // The first rule that applies holds.
    private static readonly Rule[] Rules =
    [
        // model Net; the constants of a dim may stand below it
        new((table, i) => table.Roles[i - 1] == TokenRole.DeclarationWord && table.Tokens[i - 1].Text != "dim", Blank),
        // -> f32[n], as [n], not x, else if
        new((table, i) => table.Kind(i - 1) is TokenKind.Arrow or TokenKind.As or TokenKind.Not || table.Kind(i) == TokenKind.If, Blank),
        // budget memory 512MB
        new((table, i) => table.Roles[i] == TokenRole.Unit, Touch),
        // whatever else is said of them, two words that touched would be one
        new((table, i) => EndsWord(table.Tokens[i - 1].Text) && BeginsWord(table.Tokens[i].Text), Open),
        // (a, b), [a, b], with lines of their own if the author likes
        new((table, i) => table.Kind(i - 1) is TokenKind.OpenParenthesis or TokenKind.OpenBracket, Edge),
        new((table, i) => table.Kind(i) is TokenKind.CloseParenthesis or TokenKind.CloseBracket, Edge),
        // a line break before a comma comes behind it: see LineBreaks
        new((table, i) => table.Kind(i) is TokenKind.Comma or TokenKind.Separator, Touch),
        new((table, i) => table.Kind(i - 1) == TokenKind.Comma, Open),
        // net.blocks.0, but net. 0.5 as it is: without the blank that would be other tokens
        new((table, i) => table.Kind(i - 1) == TokenKind.Dot && table.Kind(i) == TokenKind.Number && !table.Tokens[i].Text.All(IsDigit), Blank),
        new((table, i) => table.Kind(i - 1) == TokenKind.Dot || table.Kind(i) == TokenKind.Dot, Touch),
        // f(x), x[i], f32[n], {i}, layer dense(out: dim)(x: …)
        new((table, i) => table.Roles[i] is TokenRole.Attached or TokenRole.HoleRest, Touch),
        new((table, i) => table.Roles[i] == TokenRole.SecondList, Edge),
        // repeat n as i : h, x[a:b], x: f32
        new((table, i) => table.Roles[i] == TokenRole.PathColon, Blank),
        new((table, i) => table.Kind(i) == TokenKind.Colon || table.Roles[i - 1] == TokenRole.SliceColon, Touch),
        // -x, 4*d
        new((table, i) => table.Kind(i - 1) == TokenKind.Minus && table.Roles[i - 1] == TokenRole.None, Touch),
        new((table, i) => table.Roles[i - 1] == TokenRole.TightOperator || table.Roles[i] == TokenRole.TightOperator, Touch),
        // where a body begins, Indentation decides
        new((table, i) => table.Kind(i) == TokenKind.OpenBrace, Blank),
        new((table, i) => true, Open),
    ];

    /// <summary>Between the token at <paramref name="index"/> and the one before.</summary>
    public static Spacing Before(TokenTable table, int index)
    {
        foreach (var rule in Rules)
        {
            if (rule.Applies(table, index)) return rule.Spacing;
        }
        return Open;
    }

    private static bool IsDigit(char c) => c is >= '0' and <= '9';

    private static bool EndsWord(string token) => IsWordPart(token[token.Length - 1]);

    private static bool BeginsWord(string token) => IsWordPart(token[0]);

    private static bool IsWordPart(char c) => IsDigit(c) || c is >= 'a' and <= 'z' or >= 'A' and <= 'Z' or '_' or '"';
}
