using System.Globalization;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Diagnostics;

/// <summary>
/// Collects diagnostics. One mistake gives one error: a second error at a place that has one already is dropped.
/// </summary>
public sealed class DiagnosticBag
{
    private readonly List<Diagnostic> _items = [];
    private readonly HashSet<(SourceText, TextSpan, Severity)> _places = [];

    public int Count => _items.Count;

    public bool HasErrors { get; private set; }

    /// <summary>Adds a diagnostic with its message filled in from <paramref name="arguments"/>.</summary>
    public void Report(DiagnosticRow row, Location location, params object[] arguments) =>
        Report(row, location, fix: null, EquatableArray<Label>.Empty, arguments);

    /// <summary>As above, with a correction and secondary places.</summary>
    public void Report(DiagnosticRow row, Location location, string? fix, EquatableArray<Label> labels, params object[] arguments)
    {
        var message = arguments.Length == 0 ? row.Message : string.Format(CultureInfo.InvariantCulture, row.Message, arguments);
        Add(new Diagnostic(row, location, message, labels, fix));
    }

    public void Add(Diagnostic diagnostic)
    {
        if (!_places.Add((diagnostic.Location.Source, diagnostic.Location.Span, diagnostic.Severity))) return;
        // What two operands have to say of one place is said once.
        _items.Add(diagnostic with { Labels = diagnostic.Labels.Distinct().ToEquatableArray() });
        HasErrors |= diagnostic.Severity == Severity.Error;
    }

    public void AddRange(IEnumerable<Diagnostic> diagnostics)
    {
        foreach (var diagnostic in diagnostics) Add(diagnostic);
    }

    /// <summary>All, by file in order of arrival and by place in the file.</summary>
    public EquatableArray<Diagnostic> ToArray()
    {
        var files = new List<SourceText>();
        foreach (var item in _items)
        {
            if (!files.Contains(item.Location.Source)) files.Add(item.Location.Source);
        }
        return _items
            .OrderBy(item => files.IndexOf(item.Location.Source))
            .ThenBy(item => item.Location.Span.Start)
            .ThenBy(item => item.Code, StringComparer.Ordinal)
            .ToEquatableArray();
    }
}
