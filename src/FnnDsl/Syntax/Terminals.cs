using FeedbackNN.Dsl.Text;
using Sprache;

namespace FeedbackNN.Dsl.Syntax;

/// <summary>
/// The smallest parsers, and the ways to put parsers together that the grammar needs beside Sprache's own: they decide by
/// looking one token ahead, so that a failure is a failure and nothing is tried twice.
/// </summary>
internal static class Terminals
{
    /// <summary>A token of one kind.</summary>
    public static Parser<Token> Kind(char kind, string? expected = null) => input =>
    {
        var place = (TokenInput)input;
        if (place.Kind == kind) return Result.Success(place.Token, place.Next);
        place.Session.Fail(place.Index, expected ?? TokenKind.Spelling(kind));
        return Result.Failure<Token>(input, "token", []);
    };

    /// <summary>The bracket that closes the one at <paramref name="opening"/>.</summary>
    public static Parser<Token> Closing(int opening) => input =>
    {
        var place = (TokenInput)input;
        var close = TokenKind.ClosingOf(place.Session.Kinds[opening]);
        if (place.Kind == close) return Result.Success(place.Token, place.Next);
        place.Session.Fail(place.Index, "'" + close + "'", opening);
        return Result.Failure<Token>(input, "bracket", []);
    };

    /// <summary>A name that means something in this place.</summary>
    public static Parser<Token> Word(string word, string? expected = null) => input =>
    {
        var place = (TokenInput)input;
        if (place.IsWord(word)) return Result.Success(place.Token, place.Next);
        place.Session.Fail(place.Index, expected ?? "'" + word + "'");
        return Result.Failure<Token>(input, "word", []);
    };

    /// <summary>One of several names that mean something in this place.</summary>
    public static Parser<Identifier> OneOf(params string[] words) => input =>
    {
        var place = (TokenInput)input;
        if (Array.IndexOf(words, place.Word) >= 0) return Result.Success(new Identifier(place.Token.Text, place.Token.Span), place.Next);
        foreach (var word in words) place.Session.Fail(place.Index, "'" + word + "'");
        return Result.Failure<Identifier>(input, "word", []);
    };

    /// <summary>Takes nothing: what is expected here is missing.</summary>
    public static Parser<T> Expect<T>(string expected) => input =>
    {
        ((TokenInput)input).Session.Fail(((TokenInput)input).Index, expected);
        return Result.Failure<T>(input, "something", []);
    };

    /// <param name="expected">What the name is for: "a name for the model".</param>
    public static Parser<Identifier> Name(string expected) =>
        Kind(TokenKind.Name, expected).Select(token => new Identifier(token.Text, token.Span));

    public static readonly Parser<StringExpression> String =
        Kind(TokenKind.String).Select(token => new StringExpression(Lexer.ReadStringValue(token.Text), token.Span));

    /// <summary>The next token's place, taking nothing.</summary>
    public static readonly Parser<TokenInput> Here = input => Result.Success((TokenInput)input, input);

    /// <summary><paramref name="parser"/> when the next token is of a kind, else nothing.</summary>
    public static Parser<T?> When<T>(char kind, Parser<T> parser) where T : class =>
        Choose(place => place.Kind == kind, parser);

    /// <summary><paramref name="parser"/> when the next token is a certain name, else nothing.</summary>
    public static Parser<T?> WhenWord<T>(string word, Parser<T> parser) where T : class =>
        Choose(place => place.IsWord(word), parser);

    private static Parser<T?> Choose<T>(Func<TokenInput, bool> condition, Parser<T> parser) where T : class => input =>
        condition((TokenInput)input) ? parser(input) : Result.Success<T?>(null, input);

    /// <summary>One or more, with commas between.</summary>
    public static Parser<EquatableArray<T>> CommaSeparated<T>(Parser<T> item) => input =>
    {
        var items = new List<T>();
        while (true)
        {
            var result = item(input);
            if (!result.WasSuccessful) return Result.Failure<EquatableArray<T>>(input, "list", []);
            items.Add(result.Value);
            input = result.Remainder;
            if (((TokenInput)input).Kind != TokenKind.Comma) return Result.Success(new EquatableArray<T>(items), input);
            input = input.Advance();
        }
    };

    /// <summary><paramref name="parser"/>, but not where a certain word shows that what it reads is missing.</summary>
    public static Parser<T> UnlessWord<T>(string word, string expected, Parser<T> parser) => input =>
        ((TokenInput)input).IsWord(word) ? Expect<T>(expected)(input) : parser(input);

    /// <summary>Items in parentheses with commas between; none at all is fine.</summary>
    /// <param name="construct">What a failure behind the opening parenthesis belongs to.</param>
    public static Parser<EquatableArray<T>> InParentheses<T>(string expected, Construct construct, Parser<T> item) => input =>
    {
        var opening = Kind(TokenKind.OpenParenthesis, expected)(input);
        return opening.WasSuccessful
            ? Within(construct, RestInParentheses(((TokenInput)input).Index, item))(opening.Remainder)
            : Result.Failure<EquatableArray<T>>(input, "list", []);
    };

    private static Parser<EquatableArray<T>> RestInParentheses<T>(int opening, Parser<T> item) => input =>
    {
        var place = (TokenInput)input;
        if (place.Kind == TokenKind.CloseParenthesis) return Result.Success(EquatableArray<T>.Empty, place.Next);
        var items = CommaSeparated(item)(place);
        if (!items.WasSuccessful) return Result.Failure<EquatableArray<T>>(input, "list", []);
        place = (TokenInput)items.Remainder;
        if (place.Kind == TokenKind.CloseParenthesis) return Result.Success(items.Value, place.Next);
        place.Session.Fail(place.Index, "','", opening);
        place.Session.Fail(place.Index, "')'", opening);
        return Result.Failure<EquatableArray<T>>(input, "list", []);
    };

    /// <summary>Says which form a failure inside belongs to.</summary>
    public static Parser<T> Within<T>(Construct construct, Parser<T> parser) => input =>
    {
        var session = ((TokenInput)input).Session;
        var outer = session.Construct;
        session.Construct = construct;
        var result = parser(input);
        session.Construct = outer;
        return result;
    };

    /// <summary>Gives what was parsed its span: from its first token to its last.</summary>
    public static Parser<T> Spanned<T>(Parser<Func<TextSpan, T>> parser) => input =>
    {
        var result = parser(input);
        if (!result.WasSuccessful) return Result.Failure<T>(input, "node", []);
        var place = (TokenInput)input;
        return Result.Success(result.Value(place.Session.Span(place.Index, ((TokenInput)result.Remainder).Index)), result.Remainder);
    };
}
