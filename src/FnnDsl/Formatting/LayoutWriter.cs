using System.Text;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Formatting;

/// <summary>Writes a file's tokens and comments on the lines that <see cref="LineBreaks"/> found.</summary>
internal sealed class LayoutWriter
{
    private readonly TokenTable _table;
    private readonly string _text;
    private readonly string _lineEnd;
    private readonly StringBuilder _output;
    private readonly Indentation _indentation;
    private bool _isEmpty = true;

    private LayoutWriter(TokenTable table)
    {
        _table = table;
        _text = table.Source.Text;
        _lineEnd = LineEndOf(_text);
        _output = new StringBuilder(_text.Length + _text.Length / 8);
        _indentation = new Indentation(table);
    }

    /// <param name="breaks">For each token, whether it begins a line.</param>
    public static string Write(TokenTable table, bool[] breaks)
    {
        var writer = new LayoutWriter(table);
        // Whether a file has a byte order mark is its editor's affair, as the kind of its line ends is.
        if (writer._text.StartsWith("\uFEFF", StringComparison.Ordinal)) writer._output.Append('\uFEFF');
        for (var i = 0; i < table.Count; i++) writer.WriteToken(i, breaks[i]);
        writer.WriteEnd();
        return writer._output.ToString();
    }

    private void WriteToken(int i, bool startsLine)
    {
        var kind = _table.Kind(i);
        if (i == 0 || startsLine || (kind == TokenKind.OpenBrace && _indentation.PutsBraceBelow))
        {
            var (column, commentColumn) = _indentation.BeginLine(i);
            var mayHaveBlankLine = WriteComments(i, commentColumn) && !TokenKind.Closes(kind) && kind != TokenKind.OpenBrace;
            BeginLine(column, _table.Gaps[i].EndsInBlankLine && mayHaveBlankLine);
        }
        else if (Spacing.Before(_table, i).HasBlank) _output.Append(' ');
        _output.Append(_table.Tokens[i].Text);
        _indentation.Pass(i);
    }

    /// <summary>Writes the comments before a token: the first maybe at the end of the present line, the others on lines of their own.</summary>
    /// <returns>Whether an empty line may follow: none does behind an opening bracket.</returns>
    private bool WriteComments(int i, int column)
    {
        var mayHaveBlankLine = !TokenKind.Opens(_table.Kind(i - 1));
        foreach (var comment in _table.Gaps[i].Comments)
        {
            if (comment.StartsLine)
            {
                BeginLine(column, comment.FollowsBlankLine && mayHaveBlankLine);
                mayHaveBlankLine = true;
            }
            else _output.Append(' ');
            _output.Append(_text, comment.Span.Start, comment.Span.Length);
        }
        return mayHaveBlankLine;
    }

    private void WriteEnd()
    {
        WriteComments(_table.Count, column: 0);
        if (!_isEmpty) _output.Append(_lineEnd);
    }

    private void BeginLine(int column, bool withBlankLine)
    {
        if (!_isEmpty)
        {
            _output.Append(_lineEnd);
            if (withBlankLine) _output.Append(_lineEnd);
        }
        _isEmpty = false;
        _output.Append(' ', column);
    }

    // What most lines end with, so that a file from Windows stays one.
    private static string LineEndOf(string text)
    {
        var (windows, others) = (0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\n' && i > 0 && text[i - 1] == '\r') windows++;
            else if (text[i] == '\n') others++;
        }
        return windows > others ? "\r\n" : "\n";
    }
}
