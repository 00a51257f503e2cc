using System.Globalization;
using System.Text;

namespace FeedbackNN.Generator.Printing;

/// <summary>
/// Indented C# text. Line breaks are <c>\n</c> everywhere and numbers are invariant, so that equal input gives equal bytes.
/// </summary>
internal sealed class CodeWriter
{
    private const string OneIndent = "    ";
    private readonly StringBuilder _text = new();
    private int _depth;
    private bool _afterOpening = true;
    private bool _wantsBlankLine;

    /// <summary>One line at the present depth; a text of several lines is indented line by line. An empty text is a blank line.</summary>
    public void Line(string text = "")
    {
        if (text.Length == 0)
        {
            BlankLine();
            return;
        }
        WriteWantedBlankLine();
        foreach (var line in text.Split('\n'))
        {
            if (line.Length > 0)
            {
                for (var i = 0; i < _depth; i++) _text.Append(OneIndent);
                _text.Append(line);
            }
            _text.Append('\n');
        }
        _afterOpening = false;
    }

    /// <summary>A blank line before whatever comes next in this block; none after an opening brace or before a closing one, never two.</summary>
    public void BlankLine() => _wantsBlankLine = !_afterOpening;

    /// <summary>A line in column 1: a directive.</summary>
    public void Directive(string text)
    {
        WriteWantedBlankLine();
        _text.Append(text).Append('\n');
        _afterOpening = false;
    }

    /// <summary><c>header { … }</c> with the braces on lines of their own; the block ends when the result is disposed of.</summary>
    /// <param name="closing">What follows on the closing brace's line: <c>;</c> for an initialiser.</param>
    public IDisposable Block(string header, string closing = "")
    {
        if (header.Length > 0) Line(header);
        Line("{");
        _depth++;
        _afterOpening = true;
        return new Scope(() =>
        {
            _depth--;
            _wantsBlankLine = false;
            Line("}" + closing);
        });
    }

    /// <summary>Everything written until the result is disposed of stands one step further in.</summary>
    public IDisposable Indent()
    {
        _depth++;
        return new Scope(() => _depth--);
    }

    /// <summary>
    /// <c>#line 12 "digits.fnn"</c>: the lines up to the end of the scope belong to that line of the source, for the debugger and for
    /// stack traces. With an unknown place (null) nothing is written.
    /// </summary>
    public IDisposable MapTo((string File, int Line)? place)
    {
        if (place is not var (file, line)) return new Scope(() => { });
        Directive(string.Format(CultureInfo.InvariantCulture, "#line {0} \"{1}\"", line, file));
        return new Scope(() => Directive("#line default"));
    }

    /// <summary>Lines from here on have no place: the debugger steps over them.</summary>
    public IDisposable Hide()
    {
        Directive("#line hidden");
        return new Scope(() => Directive("#line default"));
    }

    /// <summary>An XML documentation element. A text of one line stays on one line.</summary>
    public void Doc(string element, string text)
    {
        var name = element.Split(' ')[0];
        var escaped = EscapeXml(text);
        if (!escaped.Contains('\n'))
        {
            Line($"/// <{element}>{escaped}</{name}>");
            return;
        }
        Line($"/// <{element}>");
        foreach (var line in escaped.Split('\n')) Line(("/// " + line).TrimEnd());
        Line($"/// </{name}>");
    }

    public void Summary(string text) => Doc("summary", text);

    public override string ToString() => _text.ToString();

    public static string EscapeXml(string text) => text.Replace("\r", "").Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;");

    private void WriteWantedBlankLine()
    {
        if (_wantsBlankLine) _text.Append('\n');
        _wantsBlankLine = false;
    }

    private sealed class Scope(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
