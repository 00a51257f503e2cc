using System.Globalization;
using System.Net;
using System.Text;
using FeedbackNN.Dsl.Outlines;

namespace FeedbackNN.Tool;

/// <summary>Draws an outline as SVG: regions behind, then the lines between nodes, then nodes and the types on the lines.</summary>
internal sealed class GraphPicture
{
    private const double Margin = 24;

    private readonly Outline _outline;
    private readonly GraphLayout _layout;
    private readonly StringBuilder _regions = new();
    private readonly StringBuilder _lines = new();
    private readonly StringBuilder _nodes = new();
    private readonly StringBuilder _labels = new();
    private double _left, _right;

    private GraphPicture(Outline outline)
    {
        _outline = outline;
        _layout = GraphLayout.Of(outline);
        _right = _layout.Boxes[outline.Model.Id].Width;
    }

    public static string Draw(Outline outline) => new GraphPicture(outline).Draw();

    private string Draw()
    {
        foreach (var item in _outline.Model.Items) DrawItem(item);
        foreach (var edge in _outline.Edges.Where(edge => !edge.IsFeedback)) DrawLine(edge);
        foreach (var region in _outline.Edges.Where(edge => edge.IsFeedback).GroupBy(edge => _layout.RegionAround(edge.From, edge.To)))
        {
            var number = 0;
            foreach (var edge in region) DrawBack(edge, _layout.BackLanes[region.Key], number++);
        }
        var height = _layout.Boxes[_outline.Model.Id].Height + 2 * Margin;
        var width = _right - _left + 2 * Margin;
        return $"""
            <svg viewBox="{Number(_left - Margin)} {Number(-Margin)} {Number(width)} {Number(height)}" width="{Number(width)}" height="{Number(height)}" role="img" aria-label="{Escape(_outline.Model.Title)}">
            {_regions}{_lines}{_nodes}{_labels}</svg>
            """.ReplaceLineEndings("\n");
    }

    // ---- Boxes ------------------------------------------------------------------------------------------------------

    private void DrawItem(OutlineItem item)
    {
        var box = _layout.Boxes[item.Id];
        if (item is OutlineRegion region)
        {
            _regions.Append(CultureInfo.InvariantCulture, $"<g class=\"region {Class(region.Kind)}\"><rect {Place(box)} rx=\"10\"/><text x=\"{Number(box.X + 12)}\" y=\"{Number(box.Y + 20)}\">{Escape(OutlineText.TitleOf(region))}</text></g>\n");
            foreach (var inner in region.Items) DrawItem(inner);
            return;
        }
        var node = (OutlineNode)item;
        var lines = OutlineText.LinesOf(node);
        _nodes.Append(CultureInfo.InvariantCulture, $"<g class=\"node {Class(node.Kind)}\"><title>{Escape(node.Title)}</title><rect {Place(box)} rx=\"{Number(node.Kind is OutlineNodeKind.Input or OutlineNodeKind.Result ? box.Height / 2 : 6)}\"/>");
        for (var k = 0; k < lines.Count; k++)
        {
            _nodes.Append(CultureInfo.InvariantCulture, $"<text class=\"{(k == 0 ? "name" : "detail")}\" x=\"{Number(box.CentreX)}\" y=\"{Number(box.CentreY + 4 + 17 * (k - (lines.Count - 1) / 2.0))}\">{Escape(lines[k])}</text>");
        }
        _nodes.Append("</g>\n");
    }

    private static string Class<T>(T kind) where T : struct, Enum => kind.ToString().ToLowerInvariant();

    private static string Place(Box box) => $"x=\"{Number(box.X)}\" y=\"{Number(box.Y)}\" width=\"{Number(box.Width)}\" height=\"{Number(box.Height)}\"";

    // ---- Lines ------------------------------------------------------------------------------------------------------

    private void DrawLine(OutlineEdge edge)
    {
        var (from, to) = (_layout.Boxes[edge.From], _layout.Boxes[edge.To]);
        var (x1, y1) = (Port(edge, edge.From, from, other => other.From, other => _layout.Boxes[other.To].CentreX), from.Bottom);
        var (x2, y2) = (Port(edge, edge.To, to, other => other.To, other => _layout.Boxes[other.From].CentreX), to.Y);
        var between = _layout.Boxes.Where(item => !_layout.IsIn(edge.From, item.Key) && !_layout.IsIn(edge.To, item.Key)).Select(item => item.Value)
            .Where(box => box.Y > y1 && box.Bottom < y2 && IsOnTheWay(box)).ToArray();
        if (between.Length == 0)
        {
            var bend = Math.Max(18, (y2 - y1) / 2);
            AddLine($"M{Number(x1)} {Number(y1)}C{Number(x1)} {Number(y1 + bend)} {Number(x2)} {Number(y2 - bend)} {Number(x2)} {Number(y2 - 3)}", "line");
            AddLabel(edge, (x1 + x2) / 2, (y1 + y2) / 2 + 4);
            return;
        }
        // Around what stands on the way, on the nearer side.
        var (left, right) = (between.Min(box => box.X) - 16, between.Max(box => box.Right) + 16);
        var side = Math.Abs(x1 - left) + Math.Abs(x2 - left) < Math.Abs(x1 - right) + Math.Abs(x2 - right) ? left : right;
        AddLine($"M{Number(x1)} {Number(y1)}C{Number(x1)} {Number(y1 + 30)} {Number(side)} {Number(y1 + 8)} {Number(side)} {Number(y1 + 40)}L{Number(side)} {Number(y2 - 40)}C{Number(side)} {Number(y2 - 8)} {Number(x2)} {Number(y2 - 30)} {Number(x2)} {Number(y2 - 3)}", "line");
        AddLabel(edge, side == left ? side - 4 : side + 4, (y1 + y2) / 2, side == left ? "end" : "start");

        bool IsOnTheWay(Box box)
        {
            double At(double y) => x1 + (x2 - x1) * (y - y1) / (y2 - y1);
            return Math.Max(At(box.Y), At(box.Bottom)) > box.X - 6 && Math.Min(At(box.Y), At(box.Bottom)) < box.Right + 6;
        }
    }

    /// <summary>Lines of one node leave and reach it side by side, in the order of where they go.</summary>
    private double Port(OutlineEdge edge, int node, Box box, Func<OutlineEdge, int> end, Func<OutlineEdge, double> order)
    {
        var all = _outline.Edges.Where(other => !other.IsFeedback && end(other) == node).OrderBy(order).ToList();
        return box.X + box.Width * (all.IndexOf(edge) + 1) / (all.Count + 1);
    }

    private void DrawBack(OutlineEdge edge, double lane, int number)
    {
        var (from, to) = (_layout.Boxes[edge.From], _layout.Boxes[edge.To]);
        var x = lane + 18 * number;
        var (y1, y2) = edge.From == edge.To ? (from.CentreY + 8, from.CentreY - 8) : (from.CentreY, to.CentreY);
        AddLine($"M{Number(from.Right)} {Number(y1)}L{Number(x - 10)} {Number(y1)}Q{Number(x)} {Number(y1)} {Number(x)} {Number(y1 - 10)}L{Number(x)} {Number(y2 + 10)}Q{Number(x)} {Number(y2)} {Number(x - 10)} {Number(y2)}L{Number(to.Right + 3)} {Number(y2)}", "line back");
        AddLabel(edge, x + 6, (y1 + y2) / 2 + 17 * number, "start");
    }

    private void AddLine(string path, string kind) => _lines.Append(CultureInfo.InvariantCulture, $"<path class=\"{kind}\" d=\"{path}\" marker-end=\"url(#arrow)\"/>\n");

    private void AddLabel(OutlineEdge edge, double x, double y, string anchor = "middle")
    {
        var text = OutlineText.LabelOf(edge);
        _labels.Append(CultureInfo.InvariantCulture, $"<text class=\"type\" text-anchor=\"{anchor}\" x=\"{Number(x)}\" y=\"{Number(y)}\">{Escape(text)}</text>\n");
        var width = GraphLayout.WidthOf(text);
        var start = anchor switch { "start" => x, "end" => x - width, _ => x - width / 2 };
        _left = Math.Min(_left, start);
        _right = Math.Max(_right, start + width);
    }

    private static string Number(double value) => Math.Round(value, 1).ToString(CultureInfo.InvariantCulture);

    internal static string Escape(string text) => WebUtility.HtmlEncode(text);
}
