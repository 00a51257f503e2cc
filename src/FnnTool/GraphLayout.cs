using FeedbackNN.Dsl.Outlines;

namespace FeedbackNN.Tool;

/// <summary>A rectangle of a picture, in pixels.</summary>
internal readonly record struct Box(double X, double Y, double Width, double Height)
{
    public double Right => X + Width;

    public double Bottom => Y + Height;

    public double CentreX => X + Width / 2;

    public double CentreY => Y + Height / 2;

    public Box Move(double x, double y) => this with { X = X + x, Y = Y + y };
}

/// <summary>
/// Gives the parts of an outline places: within each region everything stands in rows below what it reads, and a region is as large as its rows, with room on its right
/// for what comes back.
/// </summary>
internal sealed class GraphLayout
{
    private const double RowGap = 48, ColumnGap = 28, Padding = 18, Header = 26, Letter = 7.2, BackLane = 18;

    private readonly Outline _outline;
    private readonly Dictionary<int, Box> _boxes = [];
    private readonly Dictionary<int, int> _parents = [];

    private GraphLayout(Outline outline)
    {
        _outline = outline;
        NoteParents(outline.Model);
        Arrange(outline.Model);
    }

    public static GraphLayout Of(Outline outline) => new(outline);

    /// <summary>Where each part is.</summary>
    public IReadOnlyDictionary<int, Box> Boxes => _boxes;

    /// <summary>Where the values of a region that come back go up: right of its parts.</summary>
    public IReadOnlyDictionary<int, double> BackLanes => _backLanes;

    private readonly Dictionary<int, double> _backLanes = [];

    public static double WidthOf(string text) => text.Length * Letter;

    /// <summary>The innermost region that both parts are in.</summary>
    public int RegionAround(int one, int other)
    {
        var around = new HashSet<int>(Around(one));
        return Around(other).First(around.Contains);
    }

    private IEnumerable<int> Around(int item)
    {
        while (_parents.TryGetValue(item, out var parent)) yield return item = parent;
    }

    private void NoteParents(OutlineRegion region)
    {
        foreach (var item in region.Items)
        {
            _parents[item.Id] = region.Id;
            if (item is OutlineRegion inner) NoteParents(inner);
        }
    }

    /// <summary>Places a region's parts, with the region itself at the origin.</summary>
    private void Arrange(OutlineRegion region)
    {
        foreach (var item in region.Items)
        {
            if (item is OutlineRegion inner) Arrange(inner);
            else _boxes[item.Id] = SizeOf((OutlineNode)item);
        }
        var rows = Rows(region);
        var top = region.Kind == OutlineRegionKind.Model ? 0 : Header + Padding;
        var left = region.Kind == OutlineRegionKind.Model ? 0 : Padding;
        var title = region.Kind == OutlineRegionKind.Model ? 0 : WidthOf(OutlineText.TitleOf(region)) + 16;
        var width = Math.Max(title, rows.Max(row => row.Sum(item => _boxes[item].Width) + ColumnGap * (row.Count - 1)));
        foreach (var row in rows)
        {
            var x = left + (width - row.Sum(item => _boxes[item].Width) - ColumnGap * (row.Count - 1)) / 2;
            var height = row.Max(item => _boxes[item].Height);
            // Below what they read, as far as there is room: fewer lines cross.
            foreach (var item in row.OrderBy(CentreOfReads).ToArray())
            {
                Move(item, x, top + (height - _boxes[item].Height) / 2);
                x += _boxes[item].Width + ColumnGap;
            }
            top += height + RowGap;
        }
        var back = _outline.Edges.Where(edge => edge.IsFeedback && RegionAround(edge.From, edge.To) == region.Id).ToArray();
        _backLanes[region.Id] = left + width + BackLane;
        var lane = back.Length == 0 ? 0 : BackLane * (back.Length + 1) + back.Max(edge => WidthOf(OutlineText.LabelOf(edge)));
        _boxes[region.Id] = region.Kind == OutlineRegionKind.Model ? new Box(0, 0, width + lane, top - RowGap) : new Box(0, 0, width + lane + 2 * Padding, top - RowGap + Padding);
    }

    private double CentreOfReads(int item)
    {
        var sources = _outline.Edges.Where(edge => !edge.IsFeedback && IsIn(edge.To, item) && !IsIn(edge.From, item) && Sibling(edge.From, _parents[item]) is not null)
            .Select(edge => _boxes[Sibling(edge.From, _parents[item])!.Value].CentreX).ToArray();
        return sources.Length == 0 ? 0 : sources.Average();
    }

    /// <summary>The part of a region that an item is, or is in; null for none.</summary>
    private int? Sibling(int item, int region)
    {
        while (_parents.TryGetValue(item, out var parent))
        {
            if (parent == region) return item;
            item = parent;
        }
        return null;
    }

    /// <summary>Whether an item is a part, or is in it.</summary>
    public bool IsIn(int item, int region) => item == region || Around(item).Contains(region);

    private List<List<int>> Rows(OutlineRegion region)
    {
        var edges = _outline.Edges.Where(edge => !edge.IsFeedback)
            .Select(edge => (From: Sibling(edge.From, region.Id), To: Sibling(edge.To, region.Id)))
            .Where(edge => edge is { From: not null, To: not null } && edge.From != edge.To)
            .Select(edge => (From: edge.From!.Value, To: edge.To!.Value)).Distinct().ToArray();
        // Every part comes after what it reads.
        var rank = region.Items.ToDictionary(item => item.Id, _ => 0);
        foreach (var item in region.Items) rank[item.Id] = edges.Where(edge => edge.To == item.Id).Select(edge => rank[edge.From] + 1).DefaultIfEmpty(0).Max();
        // Weights stand where they are needed, results at the end.
        foreach (var item in region.Items)
        {
            if (item is OutlineNode { Kind: OutlineNodeKind.Storage }) rank[item.Id] = edges.Where(edge => edge.From == item.Id).Select(edge => rank[edge.To] - 1).DefaultIfEmpty(0).Min();
        }
        foreach (var item in region.Items.OfType<OutlineNode>().Where(node => node.Kind == OutlineNodeKind.Result)) rank[item.Id] = rank.Values.Max();
        return region.Items.GroupBy(item => rank[item.Id]).OrderBy(row => row.Key).Select(row => row.Select(item => item.Id).ToList()).ToList();
    }

    private static Box SizeOf(OutlineNode node)
    {
        var lines = OutlineText.LinesOf(node);
        return new Box(0, 0, Math.Max(72, lines.Max(WidthOf) + 24), 16 + 17 * lines.Count);
    }

    // A region moves with everything in it.
    private void Move(int item, double x, double y)
    {
        _boxes[item] = _boxes[item].Move(x, y);
        if (_backLanes.TryGetValue(item, out var lane)) _backLanes[item] = lane + x;
        foreach (var inner in _parents.Where(pair => pair.Value == item).Select(pair => pair.Key).ToArray()) Move(inner, x, y);
    }
}
