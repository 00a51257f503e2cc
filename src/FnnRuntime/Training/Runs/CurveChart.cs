using System.Globalization;
using System.Text;

namespace FeedbackNN;

/// <summary>Curves over the steps of a run as SVG, drawn by the browser alone.</summary>
internal static class CurveChart
{
    private const double Width = 640, Height = 280, Left = 64, Right = 16, Top = 16, Bottom = 36;

    // More points than a curve has pixels are drawn as the mean of their neighbours.
    private const int MostPoints = 600;

    /// <param name="Name">For the legend.</param>
    /// <param name="Style">The class of its line.</param>
    /// <param name="Points">Step and value; values that are not finite are left out.</param>
    internal sealed record Curve(string Name, string Style, IReadOnlyList<(double X, double Y)> Points);

    /// <summary>One drawing with all curves.</summary>
    public static string Draw(string title, IReadOnlyList<Curve> curves)
    {
        var drawn = curves.Select(curve => curve with { Points = Thin([.. curve.Points.Where(point => double.IsFinite(point.Y))]) }).Where(curve => curve.Points.Count > 0).ToArray();
        if (drawn.Length == 0) return "";
        var all = drawn.SelectMany(curve => curve.Points).ToArray();
        var (x0, x1) = Widen(all.Min(point => point.X), all.Max(point => point.X));
        var (y0, y1) = Widen(all.Min(point => point.Y), all.Max(point => point.Y));
        double X(double x) => Left + (x - x0) / (x1 - x0) * (Width - Left - Right);
        double Y(double y) => Height - Bottom - (y - y0) / (y1 - y0) * (Height - Top - Bottom);

        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{title}\">\n");
        foreach (var tick in Ticks(y0, y1))
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(tick):F1}\" y2=\"{Y(tick):F1}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 8}\" y=\"{Y(tick) + 4:F1}\" text-anchor=\"end\">{tick:G4}</text>\n");
        }
        foreach (var tick in Ticks(x0, x1)) svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(tick):F1}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{tick:G6}</text>\n");
        foreach (var curve in drawn)
        {
            var points = string.Join(' ', curve.Points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point.X):F1},{Y(point.Y):F1}")));
            svg.Append(CultureInfo.InvariantCulture, $"<polyline class=\"{curve.Style}\" points=\"{points}\"/>\n");
            if (curve.Points.Count == 1) svg.Append(CultureInfo.InvariantCulture, $"<circle class=\"{curve.Style}\" cx=\"{X(curve.Points[0].X):F1}\" cy=\"{Y(curve.Points[0].Y):F1}\" r=\"3\"/>\n");
        }
        return svg.Append("</svg>\n").ToString();
    }

    /// <summary>Round numbers between two, four to eight of them.</summary>
    internal static IEnumerable<double> Ticks(double from, double to)
    {
        var step = Math.Pow(10, Math.Floor(Math.Log10((to - from) / 4)));
        foreach (var factor in new[] { 5, 2 })
        {
            if ((to - from) / (step * factor) < 3) continue;
            step *= factor;
            break;
        }
        // Counted from the first: beside numbers that large, one more might be none.
        var first = Math.Ceiling(from / step - 1e-9);
        for (var i = 0; (first + i) * step <= to + 1e-9 * step; i++) yield return ((first + i) * step) + 0.0;
    }

    private static (double From, double To) Widen(double from, double to)
    {
        // What differs by rounding alone, such as the means of a constant, is one number.
        if (to - from > 1e-9 * Math.Max(Math.Abs(from), Math.Abs(to))) return (from, to);
        var room = from == 0 ? 1 : Math.Abs(from) * 0.1;
        return (from - room, to + room);
    }

    private static IReadOnlyList<(double X, double Y)> Thin((double X, double Y)[] points)
    {
        if (points.Length <= MostPoints) return points;
        var size = (points.Length + MostPoints - 1) / MostPoints;
        return [.. points.Chunk(size).Select(group => (group[^1].X, group.Average(point => point.Y)))];
    }
}
