using System.Globalization;
using System.Net;
using System.Text;

namespace FeedbackNN;

/// <summary>A run as one HTML page that needs nothing but itself: what it was, its curves, its evaluations and its latest samples.</summary>
internal static class RunReport
{
    /// <summary>So many samples are shown, the latest.</summary>
    public const int MostSamples = 5;

    private const int MostEvaluations = 30;

    private const string Style =
        """
        body { font: 15px/1.5 system-ui, sans-serif; max-width: 1360px; margin: 2rem auto; padding: 0 1rem; color: #1f2933; background: #fff; }
        h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
        .charts { display: flex; flex-wrap: wrap; gap: 1.5rem; } figure { margin: 0; flex: 1 1 420px; max-width: 660px; } figcaption { font-weight: 600; }
        svg { width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: #52606d; }
        .grid { stroke: #e4e7eb; } polyline { fill: none; stroke-width: 1.8; }
        polyline.train { stroke: #2f6fde; } circle.train { fill: #2f6fde; } polyline.validation { stroke: #d9730d; } circle.validation { fill: #d9730d; }
        b.train { color: #2f6fde; } b.validation { color: #d9730d; }
        table { border-collapse: collapse; } td, th { padding: 0.15rem 0.9rem 0.15rem 0; text-align: left; font-variant-numeric: tabular-nums; } tr.best td { font-weight: 600; }
        pre { background: #f5f7fa; padding: 0.8rem; white-space: pre-wrap; }
        @media (prefers-color-scheme: dark) { body { color: #e4e7eb; background: #17191c; } svg text { fill: #9aa5b1; } .grid { stroke: #323f4b; } pre { background: #22262b; } }
        """;

    /// <param name="title">The training.</param>
    /// <param name="settings">What the run is.</param>
    /// <param name="rows">Its metrics.</param>
    /// <param name="bestStep">The step of the best evaluation.</param>
    /// <param name="samples">Its latest samples.</param>
    public static string Write(
        string title, IReadOnlyList<(string Name, object? Value)> settings, IReadOnlyList<MetricsRow> rows, long? bestStep, IReadOnlyList<(long Step, string Text)> samples)
    {
        var html = new StringBuilder();
        html.Append(CultureInfo.InvariantCulture, $"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{Escape(title)}</title>\n<style>\n{Style}\n</style>\n</head>\n<body>\n");
        html.Append(CultureInfo.InvariantCulture, $"<h1>{Escape(title)}</h1>\n");
        if (rows.Count > 0) html.Append(CultureInfo.InvariantCulture, $"<p>Step {rows[^1].Step}, epoch {rows[^1].Epoch}, {rows[^1].Seconds:F1} s.</p>\n");
        WriteCharts(html, rows);
        WriteEvaluations(html, rows, bestStep);
        foreach (var (step, text) in samples.Reverse())
            html.Append(CultureInfo.InvariantCulture, $"<h2>Sample at step {step}</h2>\n<pre>{Escape(text)}</pre>\n");
        html.Append("<h2>Settings</h2>\n<table>\n");
        foreach (var (name, value) in settings) html.Append(CultureInfo.InvariantCulture, $"<tr><td>{Escape(name)}</td><td>{Escape(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "–")}</td></tr>\n");
        return html.Append("</table>\n</body>\n</html>\n").ToString();
    }

    private static void WriteCharts(StringBuilder html, IReadOnlyList<MetricsRow> rows)
    {
        html.Append("<p><b class=\"train\">― training</b> &ensp; <b class=\"validation\">― validation</b></p>\n<div class=\"charts\">\n");
        foreach (var name in rows.SelectMany(row => row.Values.Keys).Distinct(StringComparer.Ordinal))
        {
            var curves = new[] { MetricsRow.Train, MetricsRow.Validation }
                .Select(kind => new CurveChart.Curve(kind, kind, [.. rows.Where(row => row.Kind == kind && row.Values.ContainsKey(name)).Select(row => ((double)row.Step, row.Values[name]))]))
                .ToArray();
            var drawing = CurveChart.Draw(Escape(name), curves);
            if (drawing.Length > 0) html.Append(CultureInfo.InvariantCulture, $"<figure><figcaption>{Escape(name)}</figcaption>\n{drawing}</figure>\n");
        }
        html.Append("</div>\n");
    }

    private static void WriteEvaluations(StringBuilder html, IReadOnlyList<MetricsRow> rows, long? bestStep)
    {
        var evaluations = rows.Where(row => row.Kind == MetricsRow.Validation).ToArray();
        if (evaluations.Length == 0) return;
        html.Append("<h2>Evaluations</h2>\n<table>\n<tr><th>step</th><th>epoch</th>");
        foreach (var name in evaluations[0].Values.Keys) html.Append(CultureInfo.InvariantCulture, $"<th>{Escape(name)}</th>");
        html.Append("</tr>\n");
        foreach (var row in evaluations.Where((row, i) => i >= evaluations.Length - MostEvaluations || row.Step == bestStep))
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr{(row.Step == bestStep ? " class=\"best\"" : "")}><td>{row.Step}</td><td>{row.Epoch}</td>");
            foreach (var value in row.Values.Values) html.Append(CultureInfo.InvariantCulture, $"<td>{value:G5}</td>");
            html.Append(row.Step == bestStep ? "<td>best</td></tr>\n" : "</tr>\n");
        }
        html.Append("</table>\n");
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
