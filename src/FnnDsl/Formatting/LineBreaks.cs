using FeedbackNN.Dsl.Syntax;

namespace FeedbackNN.Dsl.Formatting;

/// <summary>
/// Finds the tokens that begin a line. Statements, and what stands behind a comment, do so as they did before; so does what continues a statement,
/// where the author wants it and <see cref="Spacing"/> allows it. A block stands on one line when nothing in it begins a line, else each of its
/// statements, but for those behind a <c>;</c>, and its closing brace begin one. Whether an opening brace does, only <see cref="Indentation"/> knows.
/// </summary>
internal sealed class LineBreaks
{
    private readonly TokenTable _table;
    private readonly bool[] _breaks;

    private LineBreaks(TokenTable table)
    {
        _table = table;
        _breaks = new bool[table.Count];
    }

    /// <summary>For each token, whether it begins a line.</summary>
    public static bool[] Find(TokenTable table)
    {
        var lines = new LineBreaks(table);
        lines.BreakBlocks();
        lines.BreakDeclarations();
        return lines._breaks;
    }

    private sealed record OpenBlock(int Start)
    {
        public bool HasLines { get; set; }
    }

    // Also finds which blocks have lines, from the inside out: else and what is around depend on it.
    private void BreakBlocks()
    {
        var open = new Stack<OpenBlock>();
        var closed = new OpenBlock(-1);
        for (var i = 1; i < _table.Count; i++)
        {
            _breaks[i] = Begins(i, closed);
            if (_breaks[i] && open.Count > 0) open.Peek().HasLines = true;
            switch (_table.Kind(i))
            {
                case TokenKind.OpenBrace:
                    open.Push(new OpenBlock(i));
                    break;
                case TokenKind.CloseBrace:
                    closed = open.Pop();
                    if (!closed.HasLines) break;
                    _breaks[closed.Start + 1] = true;
                    _breaks[i] = true;
                    if (open.Count > 0) open.Peek().HasLines = true;
                    break;
            }
        }
    }

    // Declarations that share a line, behind a semicolon, have one line each.
    private void BreakDeclarations()
    {
        for (var k = 1; k < _table.Declarations.Count; k++)
        {
            var start = _table.Declarations[k];
            var end = k + 1 < _table.Declarations.Count ? _table.Declarations[k + 1] : _table.Count;
            for (var i = start + 1; i < end && !_breaks[start]; i++) _breaks[start] = _breaks[i];
        }
    }

    /// <param name="closed">The block that was closed last.</param>
    private bool Begins(int i, OpenBlock closed)
    {
        var gap = _table.Gaps[i];
        if (gap.HasComments || _table.BehindLineEnd[i]) return true;
        var (before, kind) = (_table.Kind(i - 1), _table.Kind(i));
        if (before == TokenKind.OpenBrace && kind == TokenKind.CloseBrace) return false;
        if (before is TokenKind.OpenBrace or TokenKind.Separator || kind == TokenKind.CloseBrace) return gap.HasLineBreak;
        if (_table.IsDeclaration(i)) return true;
        // if a { x = 1 } and below it else { x = 2 }
        if (before == TokenKind.CloseBrace && kind == TokenKind.Name) return gap.HasLineBreak && !closed.HasLines;
        return Spacing.Before(_table, i).KeepsLineBreak && (gap.HasLineBreak || ComesBehindComma(i));
    }

    // A comma that begins a line hands it on to what it separates. (A declaration's word that began a line would begin a declaration.)
    private bool ComesBehindComma(int i) =>
        _table.Kind(i - 1) == TokenKind.Comma
        && _table.Gaps[i - 1] is { HasLineBreak: true, HasComments: false }
        && !DeclarationWords.Contains(_table.Tokens[i].Text);
}
