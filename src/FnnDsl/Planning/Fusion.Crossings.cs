using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Planning;

// What is handed from one kernel to a later one: less, where something made of it is all that the later one wants.
internal sealed partial class Fusion
{
    /// <summary>
    /// Part of a kernel's expression that is made of one earlier kernel's values alone is computed and stored there, if that saves storing what it is made of: the derivative of gelu takes the
    /// place of its argument and of erf, which nobody else reads. True when any is: the grouping is done again then.
    /// </summary>
    private bool StoreNarrower()
    {
        var cost = InlineCosts();
        var readers = UnitsReading();
        var outputs = new HashSet<int>(_graph.Outputs.Select(output => Resolve(output.Node)));
        var added = new HashSet<int>();
        foreach (var group in _groupOf.Values.Distinct().ToArray())
        {
            foreach (var root in group.Anchors.Select(anchor => anchor.Node).Where(node => node.Operation is Elementwise)) added.UnionWith(NarrowerThanReads(root, group, readers, outputs, cost));
        }
        foreach (var id in added) _stored.Add(id);
        return added.Count > 0;
    }

    // The topmost such parts of an expression.
    private IEnumerable<int> NarrowerThanReads(Node root, FusionGroup group, ILookup<int, object> readers, HashSet<int> outputs, int[] cost)
    {
        var seen = new HashSet<int>();
        var stack = new Stack<int>(root.Inputs);
        while (stack.Count > 0)
        {
            var id = stack.Pop();
            if (IsLoaded(id) || !seen.Add(id) || _graph[id].Operation is not Elementwise || _graph[id].Type != root.Type) continue;
            if (IsNarrower(id, group, readers, outputs, cost)) yield return id;
            else foreach (var input in _graph[id].Inputs) stack.Push(input);
        }
    }

    private bool IsNarrower(int id, FusionGroup group, ILookup<int, object> readers, HashSet<int> outputs, int[] cost)
    {
        var node = _graph[id];
        if (node.Type.Rank == 0 || _isBackward[id]) return false;
        var domain = LoopDomain.Of(node.Type.Shape);
        var identity = AffineMap.Identity(domain.Variables, domain.Variables);
        var reads = WalkInside(node, identity, domain.Variables).Distinct().ToArray();
        var whole = reads.Where(read => _graph[read.Node].Type.ElementCount == node.Type.ElementCount).ToArray();
        if (whole.Length == 0 || whole.Any(read => read.Indices != identity || _graph[read.Node].Type.Shape != node.Type.Shape)) return false;
        if (reads.Except(whole).Any(read => !IsLeaf(_graph[read.Node].Operation))) return false;
        var makers = whole.Select(read => UnitOf(read.Node)).Distinct().ToArray();
        if (makers.Length != 1 || makers[0] is not FusionGroup maker || maker == group || maker.IsBackward || maker.Domain != domain || Size(maker) + InlineNodes(node).Count > KernelSizeLimit) return false;

        var kept = ReadBeside(group, id);
        var saved = whole.Select(read => read.Node).Count(read => !outputs.Contains(read) && !kept.Contains(read) && readers[read].All(unit => unit == maker || unit == group));
        return saved > 1 || (saved == 1 && cost[id] > RecomputeLimit);
    }

    // What the group still reads when the node is stored.
    private HashSet<int> ReadBeside(FusionGroup group, int id)
    {
        var result = new HashSet<int>(group.Product is { } product ? ReadsOfStructured(product.Id).Select(Resolve) : []);
        var seen = new HashSet<int> { id };
        var stack = new Stack<int>(group.Anchors.SelectMany(anchor => anchor.Node.Inputs));
        while (stack.Count > 0)
        {
            var next = stack.Pop();
            if (!seen.Add(next)) continue;
            if (IsLoaded(next)) result.Add(Resolve(next));
            else foreach (var input in _graph[next].Inputs) stack.Push(input);
        }
        return result;
    }

    private ILookup<int, object> UnitsReading() => _groupOf.Values.Distinct()
        .SelectMany(group => group.Anchors.SelectMany(Reads).Select(read => (Unit: (object)group, Read: Resolve(read.Node))))
        .Concat(_graph.Nodes.Where(node => IsStructured(node.Operation)).SelectMany(node => ReadsOfStructured(node.Id).Select(read => (Unit: UnitOf(node.Id)!, Read: Resolve(read)))))
        .Distinct().ToLookup(use => use.Read, use => use.Unit);
}
