using FeedbackNN.Dsl.Syntax;

namespace FeedbackNN.Dsl.Formatting;

/// <summary>
/// Where lines begin, while tokens pass by: four columns deeper in a block and in brackets, counted from the line that opens them; likewise where a
/// statement goes on. What goes on in an item that began a line, or in a clause such as <c>where</c>, is one step deeper still.
/// </summary>
internal sealed class Indentation(TokenTable table)
{
    private const int Step = 4;

    /// <summary>Words whose list may begin below them.</summary>
    private static readonly string[] ListWords = ["dim", "for", "from", "where", "with"];

    /// <summary>A block or a bracket that is open, or the file around.</summary>
    private sealed class Frame(int content, bool isBracket)
    {
        /// <summary>Where statements begin; in brackets, where the line begins that opens them.</summary>
        public int Content { get; } = content;

        public bool IsBracket { get; } = isBracket;

        /// <summary>Where the line begins that the present clause began on; in brackets, as above.</summary>
        public int Base { get; private set; } = content;

        /// <summary>Whether an item, behind a comma or an opening bracket, has begun a line.</summary>
        public bool HasItemLine { get; set; }

        public void BeginStatement() => BeginClause(Content);

        public void BeginClause(int column) => (Base, HasItemLine) = (column, false);
    }

    private readonly Stack<Frame> _frames = new([new Frame(0, isBracket: false)]);
    private int _line;

    /// <summary>Whether the brace of a body stands on a line of its own: where the last line of its head is indented, as the body will be.</summary>
    public bool PutsBraceBelow => _line > _frames.Peek().Content;

    /// <summary>The column for a token that begins a line, and for comments above it.</summary>
    public (int Token, int Comments) BeginLine(int index)
    {
        var frame = _frames.Peek();
        if (table.BeginsStatement(index)) frame.BeginStatement();
        _line = ColumnOf(index, frame);
        return (_line, table.Kind(index) switch
        {
            TokenKind.CloseBrace => frame.Content,
            TokenKind.CloseParenthesis or TokenKind.CloseBracket => frame.Base + Step,
            _ => _line,
        });
    }

    /// <summary>Takes note of a token, once it is written.</summary>
    public void Pass(int index)
    {
        switch (table.Kind(index))
        {
            case TokenKind.OpenBrace:
                _frames.Push(new Frame(_frames.Peek().Content + Step, isBracket: false));
                break;
            case TokenKind.OpenParenthesis or TokenKind.OpenBracket:
                _frames.Push(new Frame(_line, isBracket: true));
                break;
            case TokenKind.CloseBrace:
                _frames.Pop();
                _frames.Peek().BeginStatement();
                break;
            case TokenKind.CloseParenthesis or TokenKind.CloseBracket:
                _frames.Pop();
                break;
            case TokenKind.Separator:
                _frames.Peek().BeginStatement();
                break;
        }
    }

    private int ColumnOf(int index, Frame frame)
    {
        switch (table.Kind(index))
        {
            case TokenKind.CloseBrace: return frame.Content - Step;
            case TokenKind.CloseParenthesis or TokenKind.CloseBracket: return frame.Base;
            case TokenKind.OpenBrace: return frame.Content;
        }
        // The else of an if stands below it.
        if (table.BeginsStatement(index) || table.Kind(index - 1) == TokenKind.CloseBrace) return frame.Content;
        if (BeginsItem(index))
        {
            frame.HasItemLine = true;
            return frame.Base + Step;
        }
        if (!frame.IsBracket && BeginsClause(index))
        {
            frame.BeginClause(frame.Content + Step);
            return frame.Base;
        }
        return frame.Base + (frame.HasItemLine ? 2 * Step : Step);
    }

    private bool BeginsItem(int index) =>
        table.Kind(index - 1) is TokenKind.Comma or TokenKind.OpenParenthesis or TokenKind.OpenBracket
        || (table.Kind(index) == TokenKind.Name && Array.IndexOf(ListWords, table.Tokens[index - 1].Text) >= 0);

    // where, with, over, …, -> and a list of parameters, behind something that could be the end.
    private bool BeginsClause(int index)
    {
        if (TokenKind.LineGoesOnAfter(table.Kind(index - 1))) return false;
        return table.Kind(index) switch
        {
            TokenKind.Name or TokenKind.Arrow or TokenKind.OpenParenthesis => true,
            // as t, but not as [n]
            TokenKind.As => table.Kind(index + 1) == TokenKind.Name,
            _ => false,
        };
    }
}
