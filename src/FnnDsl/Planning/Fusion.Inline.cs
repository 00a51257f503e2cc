using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>The expressions between what is in memory: what they read, what they cost, and which are worth storing.</summary>
internal sealed partial class Fusion
{
    /// <summary>A shared expression dearer than this many additions is stored rather than computed twice.</summary>
    private const int RecomputeLimit = 16;

    /// <summary>A load of a whole tensor, in additions: more than <see cref="RecomputeLimit"/>.</summary>
    private const int LoadCost = 17;

    /// <summary>A node in memory (or an anchor) that an expression reads, at indices over the loop variables.</summary>
    internal readonly record struct Read(int Node, EquatableArray<AffineIndex> Indices);

    private readonly Dictionary<(int, LoopDomain, Placement), Read[]> _reads = [];

    /// <summary>What an anchor's expression reads.</summary>
    public IReadOnlyList<Read> Reads(Anchor anchor)
    {
        var key = (anchor.Node.Id, anchor.Domain, anchor.Placement);
        if (_reads.TryGetValue(key, out var reads)) return reads;
        var indices = anchor.BodyIndices();
        var variables = anchor.Domain.Variables;
        reads = (anchor.IsReduction ? Walk(anchor.Node.Inputs[0], indices, variables) : WalkInside(anchor.Node, indices, variables)).Distinct().ToArray();
        _reads.Add(key, reads);
        return reads;
    }

    private IEnumerable<Read> Walk(int id, EquatableArray<AffineIndex> indices, int variables) =>
        IsLoaded(id) ? [new Read(id, indices)] : WalkInside(_graph[id], indices, variables);

    private IEnumerable<Read> WalkInside(Node root, EquatableArray<AffineIndex> rootIndices, int variables) => Inside(root, rootIndices, variables).Where(read => IsLoaded(read.Node));

    /// <summary>All that a node's expression is made of but the node itself: what is computed inline, and what that reads.</summary>
    private List<Read> Inside(Node root, EquatableArray<AffineIndex> rootIndices, int variables)
    {
        // A shared subexpression is walked once for each place at which it is read.
        var seen = new HashSet<Read>();
        var result = new List<Read>();
        var stack = new Stack<Read>();
        Push(root, rootIndices);
        while (stack.Count > 0)
        {
            var read = stack.Pop();
            if (!seen.Add(read)) continue;
            result.Add(read);
            if (!IsLoaded(read.Node)) Push(_graph[read.Node], read.Indices);
        }
        return result;

        void Push(Node node, EquatableArray<AffineIndex> indices)
        {
            var inner = node.Operation is View view ? AffineMap.Compose(view.Map, indices, variables) : indices;
            foreach (var input in node.Inputs.Reverse()) stack.Push(new Read(input, inner));
        }
    }

    private int Size(FusionGroup group) => group.Size ??= group.Anchors.Sum(anchor => InlineNodes(anchor.Node).Count);

    private HashSet<int> InlineNodes(Node anchor)
    {
        var nodes = new HashSet<int>();
        var stack = new Stack<int>(anchor.Inputs);
        while (stack.Count > 0)
        {
            var id = stack.Pop();
            if (!nodes.Add(id) || IsLoaded(id)) continue;
            foreach (var input in _graph[id].Inputs) stack.Push(input);
        }
        return nodes;
    }

    /// <summary>
    /// Expressions that several kernels would compute inline although they are dear become stored. True when any did: the grouping is
    /// done again then.
    /// </summary>
    private bool StoreExpensiveShared()
    {
        var cost = InlineCosts();
        var users = new Dictionary<int, HashSet<(object Unit, int Parent)>>();
        foreach (var anchor in _anchors.Values) Count(anchor.Node, _groupOf[anchor.Node.Id]);
        foreach (var node in _graph.Nodes.Where(node => node.Operation is ViewTranspose or Pad or Concat)) Count(node, node.Id);

        var added = new HashSet<int>();
        foreach (var id in users.Keys.OrderByDescending(id => id))
        {
            if (cost[id] <= RecomputeLimit) continue;
            var distinct = users[id].Where(use => !added.Contains(use.Parent)).Select(use => use.Unit).Distinct().Count();
            if (distinct >= 2) added.Add(id);
        }
        // Chains that are too long for one kernel are cut where they grow over the limit.
        foreach (var anchor in _anchors.Values)
        {
            var inline = InlineNodes(anchor.Node);
            if (inline.Count <= KernelSizeLimit) continue;
            var middle = inline.Where(id => !IsLoaded(id) && _graph[id].Type.Rank > 0 && _graph[id].Operation is Elementwise && cost[id] > 1)
                .OrderBy(id => Math.Abs(InlineNodes(_graph[id]).Count - KernelSizeLimit / 2)).ThenBy(id => id).Take(1);
            added.UnionWith(middle);
        }
        added.ExceptWith(_stored);
        foreach (var id in added) _stored.Add(id);
        return added.Count > 0;

        void Count(Node root, object unit)
        {
            var seen = new HashSet<int>();
            var stack = new Stack<int>();
            stack.Push(root.Id);
            while (stack.Count > 0)
            {
                var parent = stack.Pop();
                foreach (var input in _graph[parent].Inputs)
                {
                    if (IsLoaded(input)) continue;
                    if (!users.TryGetValue(input, out var set)) users.Add(input, set = []);
                    set.Add((unit, parent));
                    if (seen.Add(input)) stack.Push(input);
                }
            }
        }
    }

    /// <summary>
    /// What computing each node inline costs: its operators, and a load for every tensor of its own size but the first. (A sum of two
    /// tensors that several kernels want, such as a residual stream, is better read as one.)
    /// </summary>
    private int[] InlineCosts()
    {
        var cost = new int[_graph.Nodes.Count];
        var operators = new int[_graph.Nodes.Count];
        var loads = new HashSet<int>[_graph.Nodes.Count];
        foreach (var node in _graph.Nodes)
        {
            if (IsLoaded(node.Id)) continue;
            operators[node.Id] = OwnCost(node.Operation);
            var read = loads[node.Id] = [];
            foreach (var input in node.Inputs)
            {
                if (IsLoaded(input))
                {
                    if (_graph[input].Type.Rank > 0 && _graph[input].Type.ElementCount == node.Type.ElementCount) read.Add(input);
                    continue;
                }
                operators[node.Id] = Math.Min(1_000_000, operators[node.Id] + operators[input]);
                // What is smaller than this is spread over it and stays in the cache.
                if (_graph[input].Type.ElementCount == node.Type.ElementCount && read.Count < 8) read.UnionWith(loads[input]);
            }
            cost[node.Id] = operators[node.Id] + LoadCost * Math.Max(0, read.Count - 1);
        }
        return cost;
    }

    private static int OwnCost(Operation operation) => operation switch
    {
        Elementwise elementwise => elementwise.Operator.Cost,
        RandomUniform => 24,
        Graphs.Convert => 1,
        _ => 0,
    };
}
