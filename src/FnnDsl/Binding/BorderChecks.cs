using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// Integers that a caller gives and that index an axis, or say how far along it something goes, are checked where he gives them: before anything runs, by the name he knows, and without waiting for a GPU. That is
/// right where every program of a declaration asks the same of an input, of all of it or of parts. Where one column indexes 3 kinds and another 1000 words, or inference asks something else than training, the programs check.
/// </summary>
internal sealed class BorderChecks
{
    // What is asked of an input; null where not all ask the same.
    private readonly Dictionary<int, CheckRange?> _asked = [];

    /// <param name="axes">The declaration's run-time axes: what depends on others, as a state's that grows, is not known to a caller.</param>
    /// <param name="graphs">All the programs of the declaration.</param>
    public BorderChecks(EquatableArray<string> axes, IEnumerable<Graph> graphs)
    {
        foreach (var graph in graphs)
        {
            foreach (var node in graph.Nodes)
            {
                if (node.Operation is not CheckRange check || InputBehind(graph, node) is not { } input) continue;
                var isOther = _asked.TryGetValue(input, out var known) && (known?.Bound != check.Bound || known.IsLength != check.IsLength);
                _asked[input] = isOther || check.Bound.AxisNames.Except(axes).Any() ? null : check;
            }
        }
    }

    /// <summary>Inputs with what their callers' tensors are checked for.</summary>
    public EquatableArray<BoundTensor> Of(IEnumerable<BoundTensor> inputs) =>
        inputs.Select((input, k) => _asked.TryGetValue(k, out var check) && check is not null ? input with { IsIndexBelow = check.Bound, IsLength = check.IsLength } : input).ToEquatableArray();

    /// <summary>One of the programs without the checks that have been made when it runs.</summary>
    public Graph Without(Graph graph) => Without(graph, [], out _);

    /// <summary>The program of one objective without the checks that have been made when it runs.</summary>
    public BoundObjective Without(BoundObjective objective)
    {
        var graph = Without(objective.Forward, [objective.LossNode], out var loss);
        return objective with { Forward = graph, LossNode = loss[0] };
    }

    private Graph Without(Graph graph, int[] nodes, out int[] kept)
    {
        kept = nodes;
        if (!graph.Nodes.Any(IsMade)) return graph;
        // What differed in nothing but a check is now one.
        var builder = new GraphBuilder();
        var values = builder.Import(graph with
        {
            Nodes = graph.Nodes.Select(node => IsMade(node) ? node with { Operation = new View(AffineMap.Identity(node.Type.Rank)) } : node).ToEquatableArray(),
        });
        return builder.Build(graph.Outputs.Select(output => output with { Node = values[output.Node].Id }), nodes.Select(node => values[node]).ToArray(), out kept);

        bool IsMade(Node node) => node.Operation is CheckRange && InputBehind(graph, node) is { } input && _asked[input] is not null;
    }

    private static int? InputBehind(Graph graph, Node check)
    {
        var node = graph[check.Inputs[0]];
        while (node.Operation is View or Reshape or Stop or CheckRange) node = graph[node.Inputs[0]];
        return node.Operation is Input input ? input.Index : null;
    }
}
