using Sprache;

namespace FeedbackNN.Dsl.Syntax;

/// <summary>
/// A place among the tokens of one declaration, as Sprache reads it: one token is one character, its kind.
/// </summary>
internal sealed class TokenInput(ParseSession session, int index) : IInput
{
    public ParseSession Session => session;

    public int Index => index;

    public Token Token => session.Tokens[index];

    public char Kind => session.Kinds[index];

    /// <summary>The name that stands here; empty for anything else.</summary>
    public string Word => Kind == TokenKind.Name ? Token.Text : "";

    public bool IsWord(string word) => Word == word;

    /// <summary>The token behind; the end is behind itself.</summary>
    public TokenInput Next => session.At(AtEnd ? index : index + 1);

    public string Source => session.Kinds;

    public char Current => session.Kinds[index];

    public bool AtEnd => index >= session.Kinds.Length - 1;

    public int Position => index;

    public int Line => 1;

    public int Column => index + 1;

    // The grammar decides by looking ahead and never parses anything twice, so nothing is memoized.
    public IDictionary<object, object> Memos => session.Memos;

    public IInput Advance() => AtEnd ? throw new InvalidOperationException("No token follows the last.") : Next;

    public bool Equals(IInput? other) => other is TokenInput input && input.Session == session && input.Index == index;

    public override bool Equals(object? other) => Equals(other as IInput);

    public override int GetHashCode() => index;
}
