using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Passes;

/// <summary>Where an axis of an operation's input is in its result.</summary>
internal static class AxisPath
{
    /// <summary>All its elements go into each element of the result: a sum, a maximum, a product go over it.</summary>
    public const int Reduced = -2;

    /// <summary>Nowhere of its own.</summary>
    public const int Joined = -3;

    /// <summary>The result's axis along which it is element by element; else <see cref="Reduced"/> or <see cref="Joined"/>.</summary>
    /// <param name="input">The position among the node's inputs.</param>
    /// <param name="axis">The input's.</param>
    public static int Of(Graph graph, Node node, int input, int axis) => node.Operation switch
    {
        Elementwise or Graphs.Convert or Stop or CheckRange => axis,
        CheckConverged => input == 0 ? axis : Joined,
        View view => OfView(view.Map[axis]),
        Graphs.Reshape => OfReshape(graph[node.Inputs[0]].Type.Shape, node.Type.Shape, axis),
        Concat concat => axis == concat.Axis ? Joined : axis,
        Pad pad => pad.Before[axis].IsZero && pad.After[axis].IsZero && pad.Between[axis].IsZero ? axis : Joined,
        Reduce reduce => reduce.Axes.Contains(axis) ? Reduced : axis - reduce.Axes.Count(other => other < axis),
        ArgReduce argument => axis == argument.Axis ? Reduced : axis < argument.Axis ? axis : axis - 1,
        Contract contract => OfProduct(contract, input, axis),
        Gather gather => input == 1 ? gather.Axis + axis : axis < gather.Axis ? axis : axis == gather.Axis ? Joined : axis + graph[node.Inputs[1]].Type.Rank - 1,
        // Samples of a batch, or queries that all look at the same keys.
        Attention attention when axis < node.Type.Rank - AttentionShapes.OwnAxes || (axis == node.Type.Rank - AttentionShapes.OwnAxes && input == 0 && !attention.IsCausal) => axis,
        _ => Joined,
    };

    private static int OfView(AffineIndex function) =>
        function.Offset.IsZero && AffineMap.SingleAxis(function) is >= 0 and var axis && function.Coefficients[axis].IsOne ? axis : Joined;

    private static int OfProduct(Contract contract, int input, int axis)
    {
        if (axis < contract.BatchRank) return axis;
        if (axis >= contract.BatchRank + (input == 0 ? contract.LeftRank : contract.RightRank)) return Reduced;
        return input == 0 ? axis : axis + contract.LeftRank;
    }

    // An axis stays itself where as many elements stand before it.
    private static int OfReshape(Text.EquatableArray<Size> before, Text.EquatableArray<Size> after, int axis)
    {
        var elements = Size.Product(before.Take(axis));
        var kept = Enumerable.Range(0, after.Count).Where(k => after[k] == before[axis] && Size.Product(after.Take(k)) == elements).ToArray();
        return kept.Length == 1 ? kept[0] : Joined;
    }
}
