using System.Globalization;
using System.Text;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Diagnostics;

/// <summary>
/// Renders a diagnostic as people read it: the message, the lines it speaks of with carets under the places, and the fix.
/// <code>
/// digits.fnn(9,25): error FNN3004: 'head' takes 100 features but 'h' is f32[batch, 128]
///   7 |   fc1  = linear(128)
///     |                 ^^^ 128 comes from here
///   9 |   return head(h)
///     |               ^
///   fix: write linear(10), which takes its input from h
///   help: fnn explain FNN3004
/// </code>
/// The last line is for the first finding of its code alone, so that a list of many alike stays short.
/// </summary>
public static class DiagnosticRenderer
{
    private const int WidestLine = 120;
    private const string TabStop = "    ";

    /// <summary>The whole text of one diagnostic, with a line break at its end.</summary>
    /// <param name="showsHelp">Whether a line says how to read more about the code.</param>
    public static string Render(Diagnostic diagnostic, bool showsHelp = false)
    {
        var text = new StringBuilder();
        text.Append(diagnostic).Append('\n');
        var places = diagnostic.Labels.Select(label => new Place(label.Location, label.Text)).ToList();
        if (!places.Any(place => place.Location == diagnostic.Location)) places.Add(new Place(diagnostic.Location, ""));
        var width = places.Max(place => place.Line + 1).ToString(CultureInfo.InvariantCulture).Length;

        // The file of the message first; places in other files (the library's, mostly) follow under their own names.
        foreach (var file in places.GroupBy(place => place.Location.Source).OrderBy(group => group.Key == diagnostic.Location.Source ? 0 : 1))
        {
            if (file.Key != diagnostic.Location.Source) text.Append("  in ").Append(file.Key.Path).Append(":\n");
            AppendFrame(text, file, width);
        }
        if (diagnostic.Fix is not null) text.Append("  fix: ").Append(diagnostic.Fix).Append('\n');
        if (showsHelp) text.Append("  help: fnn explain ").Append(diagnostic.Code).Append('\n');
        return text.ToString();
    }

    /// <summary>All of them, with an empty line between two.</summary>
    public static string RenderAll(IEnumerable<Diagnostic> diagnostics)
    {
        var explained = new HashSet<string>(StringComparer.Ordinal);
        return string.Join("\n", diagnostics.Select(diagnostic => Render(diagnostic, showsHelp: explained.Add(diagnostic.Code))));
    }

    private static void AppendFrame(StringBuilder text, IEnumerable<Place> places, int width)
    {
        var lastLine = -1;
        foreach (var line in places.GroupBy(place => place.Line).OrderBy(group => group.Key))
        {
            var frame = new LineFrame(line.First().Location.Source.GetLine(line.Key), line.Min(place => place.Column));
            if (lastLine >= 0 && line.Key > lastLine + 1) text.Append(' ', width + 3).Append("...\n");
            var number = (line.Key + 1).ToString(CultureInfo.InvariantCulture);
            text.Append("  ").Append(number.PadLeft(width)).Append(" | ").Append(frame.Text).Append('\n');
            foreach (var place in line.OrderBy(place => place.Column)) AppendCarets(text, frame, place, width);
            lastLine = line.Key;
        }
    }

    private static void AppendCarets(StringBuilder text, LineFrame frame, Place place, int width)
    {
        var start = frame.ColumnOf(place.Column);
        var end = frame.ColumnOf(place.Column + Math.Max(1, place.Location.Span.Length));
        text.Append("  ").Append(' ', width).Append(" | ").Append(' ', start).Append('^', Math.Max(1, end - start));
        if (place.Text.Length > 0) text.Append(' ').Append(place.Text);
        text.Append('\n');
    }

    private readonly struct Place(Location location, string text)
    {
        private readonly LinePosition _position = location.Source.GetPosition(location.Span.Start);

        public Location Location { get; } = location;

        public string Text { get; } = text;

        public int Line => _position.Line;

        public int Column => _position.Column;
    }

    /// <summary>A line of source as it is shown: tabs as blanks, and only a part of a very long one.</summary>
    private sealed class LineFrame
    {
        private readonly int[] _columns;

        public LineFrame(string line, int firstColumn)
        {
            // Of a long line, what surrounds the first place.
            var from = line.Length <= WidestLine ? 0 : Math.Max(0, Math.Min(firstColumn - WidestLine / 4, line.Length - WidestLine));
            var to = Math.Min(line.Length, from + WidestLine);
            var shown = new StringBuilder();
            if (from > 0) shown.Append("...");
            _columns = new int[line.Length + 1];
            for (var i = 0; i <= line.Length; i++)
            {
                _columns[i] = shown.Length;
                if (i < from || i >= to) continue;
                if (line[i] == '\t') shown.Append(TabStop);
                else shown.Append(char.IsControl(line[i]) ? ' ' : line[i]);
            }
            if (to < line.Length) shown.Append("...");
            Text = shown.ToString();
        }

        public string Text { get; }

        /// <summary>Where a column of the source is shown. Places past the line's end are shown at its end.</summary>
        public int ColumnOf(int column) => _columns[Math.Max(0, Math.Min(column, _columns.Length - 1))];
    }
}
