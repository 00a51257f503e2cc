using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// Integers that a caller gives and that index an axis, or say how far along it something goes, are checked where he gives them: before anything runs, by the name he knows, and without waiting for a GPU. That is
/// right where every call asks the same of all elements of an input. Where one column indexes 3 kinds and another 1000 words or nothing at all, or inference asks something else than training, the programs check.
/// </summary>
internal sealed class BorderChecks
{
    // What is asked of an input; null where a border can't ask it.
    private readonly Dictionary<int, CheckRange?> _asked = [];

    /// <param name="axes">The declaration's run-time axes: what depends on others, as a state's that grows, is not known to a caller.</param>
    /// <param name="calls">For each way to call the declaration the programs that every such call runs.</param>
    /// <param name="others">Programs that some calls run besides.</param>
    public BorderChecks(EquatableArray<string> axes, IReadOnlyList<IEnumerable<Graph>> calls, IEnumerable<Graph> others)
    {
        var looked = calls.Select(graphs => graphs.SelectMany(Looks).ToList()).ToList();
        foreach (var look in looked.SelectMany(looks => looks).Concat(others.SelectMany(Looks)))
        {
            var isOther = _asked.TryGetValue(look.Input, out var known) && (known?.Bound != look.Check.Bound || known.IsLength != look.Check.IsLength);
            _asked[look.Input] = isOther || look.Check.Bound.AxisNames.Except(axes).Any() ? null : look.Check;
        }
        foreach (var input in _asked.Keys.ToArray())
        {
            if (!looked.All(looks => IsWhole(looks.Where(look => look.Input == input).ToList()))) _asked[input] = null;
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

    // ---- Which elements are asked ----

    /// <summary>A check of elements of an input.</summary>
    /// <param name="Shape">The input's.</param>
    /// <param name="Block">Which elements: for each axis from where to where. Null for others than such a block.</param>
    private sealed record Look(CheckRange Check, int Input, EquatableArray<Size> Shape, (Size Begin, Size End)[]? Block);

    private static IEnumerable<Look> Looks(Graph graph)
    {
        foreach (var node in graph.Nodes)
        {
            if (node.Operation is not CheckRange check || InputBehind(graph, node) is not { } input) continue;
            var at = graph[node.Inputs[0]];
            var block = Whole(at.Type.Shape);
            while (at.Operation is not Input)
            {
                var source = graph[at.Inputs[0]];
                var isWhole = block is not null && block.SequenceEqual(Whole(at.Type.Shape));
                block = at.Operation is Stop or CheckRange ? block
                    : !isWhole ? null
                    : at.Operation is View view ? BlockOf(view, at.Type.Shape)
                    : Whole(source.Type.Shape);
                at = source;
            }
            yield return new Look(check, input, at.Type.Shape, block);
        }
    }

    private static (Size Begin, Size End)[] Whole(EquatableArray<Size> shape) => shape.Select(size => (Size.Zero, size)).ToArray();

    // What a view reads of its input, where that is each element of a block.
    private static (Size Begin, Size End)[]? BlockOf(View view, EquatableArray<Size> shape)
    {
        var axes = view.Map.Select(AffineMap.SingleAxis).ToList();
        if (axes.Any(axis => axis is null || (axis >= 0 && axes.Count(other => other == axis) > 1))) return null;
        var block = new (Size Begin, Size End)[axes.Count];
        for (var k = 0; k < block.Length; k++)
        {
            var (offset, axis) = (view.Map[k].Offset, axes[k]!.Value);
            var step = axis < 0 ? Size.One : view.Map[k].Coefficients[axis];
            var last = axis < 0 ? Size.Zero : shape[axis] - Size.One;
            if (step != Size.One && step != Size.Constant(-1)) return null;
            block[k] = step.IsOne ? (offset, offset + last + Size.One) : (offset - last, offset + Size.One);
        }
        return block;
    }

    // Whether all elements of an input are asked: at once, or one part of an axis after the other.
    private static bool IsWhole(List<Look> looks)
    {
        if (looks.Count == 0) return false;
        var whole = Whole(looks[0].Shape);
        var blocks = looks.Where(look => look.Block is not null).Select(look => look.Block!).ToList();
        if (blocks.Any(block => block.SequenceEqual(whole))) return true;
        return Enumerable.Range(0, whole.Length).Any(axis =>
        {
            var parts = blocks.Where(block => block.Where((_, k) => k != axis).SequenceEqual(whole.Where((_, k) => k != axis))).Select(block => block[axis]).ToList();
            var end = Size.Zero;
            while (end != whole[axis].End)
            {
                var next = parts.FindIndex(part => part.End != end && IsAtMost(part.Begin, end) && IsAtMost(end, part.End));
                if (next < 0) return false;
                end = parts[next].End;
                parts.RemoveAt(next);
            }
            return true;
        });
    }

    // At sizes from 2 on: words[:, :-1] and words[:, 1:] are all words, but for a text of a single one, in which they are none.
    private static bool IsAtMost(Size left, Size right)
    {
        var difference = right - left;
        return difference.Terms.All(term => term.Factors.Count == 0 || (term.Coefficient > 0 && term.Factors.All(factor => factor is Size.NamedAtom))) && difference.Evaluate(_ => 2) >= 0;
    }
}
