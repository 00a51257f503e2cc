using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Outlines;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// Notes the outline of a model while its body is bound: the binder says which part of the source it is in and what that reads and gives; which part made
/// a value of the graph is known by the value's number.
/// </summary>
internal sealed class OutlineRecorder
{
    private readonly Dictionary<int, int> _makers = [];
    private readonly Stack<List<Value>> _reads = new();
    private readonly Stack<OpenRegion> _regions = new();
    private readonly List<OutlineEdge> _edges = [];
    private readonly HashSet<OutlineEdge> _known = [];
    private int _quiet;
    private int _count;

    public OutlineRecorder(string model) => BeginRegion(OutlineRegionKind.Model, model);

    /// <summary>Whether anything is noted: not while something is bound that is shown as one.</summary>
    public bool IsOn => _quiet == 0;

    public void BeginQuiet() => _quiet++;

    public void EndQuiet() => _quiet--;

    public Outline Finish() => new(_regions.Peek().Close(), _edges.ToEquatableArray());

    // ---- Reads --------------------------------------------------------------------------------------------------

    public void BeginReads() => _reads.Push([]);

    public IReadOnlyList<Value> EndReads() => _reads.Pop();

    /// <summary>Whatever is being bound reads this.</summary>
    public void Read(Operand? operand)
    {
        if (IsOn && _reads.Count > 0) _reads.Peek().AddRange(ValuesOf(operand));
    }

    /// <summary>
    /// What has been bound since <see cref="BeginReads"/> is a part of the source. It becomes a node if it computes something: not a name, nor what a call in it has given, nor a constant.
    /// </summary>
    public void EndPart(Operand operand, string title)
    {
        var reads = EndReads();
        var given = ValuesOf(operand).ToArray();
        var isNews = given.Any(value => reads.All(read => read.Id != value.Id)) && reads.Any(read => _makers.ContainsKey(read.Id));
        if (isNews) AddNode(OutlineNodeKind.Operation, title, null, reads, given);
        Read(operand);
    }

    // ---- Nodes --------------------------------------------------------------------------------------------------

    public int AddNode(OutlineNodeKind kind, string title, string? detail, IEnumerable<Value> reads, IEnumerable<Value> given)
    {
        var id = _count++;
        _regions.Peek().Items.Add(new OutlineNode(id, kind, title, detail));
        foreach (var read in reads) AddEdge(read, id, null);
        foreach (var value in given) _makers[value.Id] = id;
        return id;
    }

    public int AddNode(OutlineNodeKind kind, string title, string? detail, Operand? read, Operand? given) => AddNode(kind, title, detail, ValuesOf(read), ValuesOf(given));

    /// <summary>A value goes back to where a round begins.</summary>
    public void AddFeedback(Value value, int state, string name) => AddEdge(value, state, name);

    private void AddEdge(Value value, int to, string? nextRound)
    {
        if (!_makers.TryGetValue(value.Id, out var from) || (from == to && nextRound is null)) return;
        var edge = new OutlineEdge(from, to, value.Type.ToString(), nextRound);
        if (_known.Add(edge)) _edges.Add(edge);
    }

    /// <summary>A value is what another one was: in another shape, or after its loop.</summary>
    public void Alias(Operand? made, Operand? of)
    {
        foreach (var (value, source) in ValuesOf(made).Zip(ValuesOf(of), (value, source) => (value, source))) Alias(value, source);
    }

    public void Alias(Value made, Value of)
    {
        if (_makers.TryGetValue(of.Id, out var maker)) _makers[made.Id] = maker;
    }

    public static IEnumerable<Value> ValuesOf(Operand? operand) => operand switch
    {
        TensorOperand tensor => [tensor.Value],
        TupleOperand tuple => tuple.Items.SelectMany(ValuesOf),
        _ => [],
    };

    // ---- Regions ------------------------------------------------------------------------------------------------

    public void BeginRegion(OutlineRegionKind kind, string title) => _regions.Push(new OpenRegion(_count++, kind, title));

    public void EndRegion()
    {
        var region = _regions.Pop().Close();
        if (region.Items.Count > 0) _regions.Peek().Items.Add(region);
    }

    /// <summary>The copies of a <c>repeat</c> after the first: they are bound like it, and stand for it.</summary>
    public void BeginCopy() => _regions.Push(new OpenRegion(_count, OutlineRegionKind.Repeat, "") { FirstEdge = _edges.Count });

    public void EndCopy()
    {
        var copy = _regions.Pop();
        var first = _regions.Peek();
        // A first copy that computes nothing leaves it to the second to stand for all.
        if (first.Items.Count == 0)
        {
            first.Items.AddRange(copy.Items);
            return;
        }
        var twins = new Dictionary<int, int>();
        Match(first.Items, copy.Items, twins);
        // What a copy reads of the one before comes round; everything else is as in the first.
        foreach (var edge in _edges.Skip(copy.FirstEdge).ToArray())
        {
            _edges.Remove(edge);
            _known.Remove(edge);
            if (twins.ContainsKey(edge.From) || !twins.TryGetValue(edge.To, out var to) || !Contains(first.Items, edge.From)) continue;
            var back = edge with { To = to, NextRound = "" };
            // The type may be another one in each copy: the first says which it is.
            if (!_edges.Any(known => (known.From, known.To, known.NextRound) == (back.From, back.To, back.NextRound))) _edges.Add(back);
        }
        foreach (var value in _makers.Where(pair => twins.ContainsKey(pair.Value)).ToArray()) _makers[value.Key] = twins[value.Value];
    }

    private static void Match(IReadOnlyList<OutlineItem> first, IReadOnlyList<OutlineItem> copy, Dictionary<int, int> twins)
    {
        for (var k = 0; k < copy.Count; k++)
        {
            // Copies may differ by the number they have; what the first lacks is taken for its last part.
            var twin = first[Math.Min(k, first.Count - 1)];
            if (copy[k] is OutlineRegion inner) Match(twin is OutlineRegion other ? other.Items : [twin], inner.Items, twins);
            else twins[copy[k].Id] = LastNode(twin);
        }
    }

    private static int LastNode(OutlineItem item) => item is OutlineRegion region ? LastNode(region.Items[region.Items.Count - 1]) : item.Id;

    private static bool Contains(IEnumerable<OutlineItem> items, int id) => items.Any(item => item.Id == id || (item is OutlineRegion region && Contains(region.Items, id)));

    private sealed class OpenRegion(int id, OutlineRegionKind kind, string title)
    {
        public List<OutlineItem> Items { get; } = [];

        public int FirstEdge { get; init; }

        public OutlineRegion Close() => new(id, kind, title, Items.ToEquatableArray());
    }
}
