using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Onnx.Operations;

/// <summary>
/// Views. Where no axis of the result decides on two axes of what is read, each axis is cut by itself: a slice, an element, or windows by a table of positions; then axes change places. Anything else
/// (a diagonal) reads by positions in row-major order. Axes along which elements repeat stay narrow.
/// </summary>
internal static class ViewRows
{
    public static LoweredValue View(GraphLowering graph, Node node)
    {
        var (map, input) = (((View)node.Operation).Map, graph.Input(node, 0));
        var shape = node.Type.Shape;
        if (input.Type.Rank == 0) return Spread(graph, input.Name, node.Type, []);
        // The axes of the result that each axis of the input is read by.
        var readBy = map.Select((function, axis) => input.Type.Shape[axis].IsOne ? [] : Enumerable.Range(0, shape.Count).Where(k => !function.Coefficients[k].IsZero && !shape[k].IsOne).ToArray()).ToArray();
        var used = readBy.SelectMany(axes => axes).ToArray();
        return used.Length == used.Distinct().Count() ? ByAxes(graph, node, map, readBy) : ByPositions(graph, node, map);
    }

    public static LoweredValue ViewTranspose(GraphLowering graph, Node node)
    {
        var (map, input, w) = (((ViewTranspose)node.Operation).Map, graph.Input(node, 0), graph.Writer);
        var (offset, steps) = Positions(map, node.Type.Shape, input.Type.Rank);
        var all = new LoweredValue(graph.Sizes.Indices(offset, steps.Zip(input.Type.Shape, (step, length) => (step, length)).ToArray()), input.Type with { Element = ElementType.I64 });
        var zeros = w.Emit("Expand", w.Number(0, node.Type.Element), graph.Sizes.One(node.Type.ElementCount));
        var flat = w.Emit("ScatterElements", [zeros, graph.Sizes.Reshape(graph.Whole(all), [input.Type.ElementCount]), graph.Sizes.Reshape(graph.Whole(input), [input.Type.ElementCount])],
            OnnxWriter.Setting("axis", 0), OnnxWriter.Setting("reduction", "add"));
        return new LoweredValue(graph.Sizes.Reshape(flat, node.Type.Shape), node.Type);
    }

    private static LoweredValue ByAxes(GraphLowering graph, Node node, IReadOnlyList<AffineIndex> map, int[][] readBy)
    {
        var (w, input, shape) = (graph.Writer, graph.Input(node, 0), node.Type.Shape);
        var name = Sliced(graph, node, map, readBy);
        for (var axis = readBy.Length - 1; axis >= 0; axis--)
        {
            var by = readBy[axis];
            if (by.Length == 0) name = input.Type.Shape[axis].IsOne ? w.Squeeze(name, axis) : w.Gather(name, graph.Sizes.Scalar(map[axis].Offset), axis);
            else if (!IsSlice(map[axis], by)) name = w.Gather(name, graph.Sizes.Indices(map[axis].Offset, by.Select(k => (map[axis].Coefficients[k], shape[k])).ToArray()), axis);
        }
        var order = readBy.SelectMany(axes => axes).ToList();
        var sorted = order.Order().ToList();
        name = w.Transpose(name, sorted.Select(k => order.IndexOf(k)).ToArray());
        return Spread(graph, name, node.Type, sorted);
    }

    // All axes that are cut by a slice, at once.
    private static string Sliced(GraphLowering graph, Node node, IReadOnlyList<AffineIndex> map, int[][] readBy)
    {
        var (w, input, shape) = (graph.Writer, graph.Input(node, 0), node.Type.Shape);
        var axes = Enumerable.Range(0, readBy.Length).Where(axis => readBy[axis].Length == 1 && IsSlice(map[axis], readBy[axis]) && !IsAll(axis)).ToArray();
        if (axes.Length == 0) return graph.Whole(input);
        var steps = axes.Select(axis => map[axis].Coefficients[readBy[axis][0]]).ToArray();
        var starts = axes.Select(axis => map[axis].Offset).ToArray();
        // Backwards, the end would be -1 where the first element is the last one read, which means the last element: counted from behind it is what it should be.
        var ends = axes.Select((axis, k) => starts[k] + steps[k] * shape[readBy[axis][0]] - (steps[k].Value < 0 ? input.Type.Shape[axis] : Size.Zero)).ToArray();
        return w.Emit("Slice", graph.Whole(input), graph.Sizes.Vector(starts), graph.Sizes.Vector(ends), w.Integers(axes.Select(axis => (long)axis).ToArray()), w.Integers(steps.Select(step => step.Value).ToArray()));

        bool IsAll(int axis) => map[axis].Offset.IsZero && map[axis].Coefficients[readBy[axis][0]].IsOne && shape[readBy[axis][0]] == input.Type.Shape[axis];
    }

    private static bool IsSlice(AffineIndex function, int[] by) => by.Length == 1 && function.Coefficients[by[0]].IsConstant;

    private static LoweredValue ByPositions(GraphLowering graph, Node node, IReadOnlyList<AffineIndex> map)
    {
        var (input, shape) = (graph.Input(node, 0), node.Type.Shape);
        var (offset, steps) = Positions(map, input.Type.Shape, shape.Count);
        var axes = Enumerable.Range(0, shape.Count).Where(axis => !map.All(function => function.Coefficients[axis].IsZero)).ToArray();
        var table = graph.Sizes.Indices(offset, axes.Select(axis => (steps[axis], shape[axis])).ToArray());
        return Spread(graph, graph.Writer.Gather(graph.Sizes.Reshape(graph.Whole(input), [input.Type.ElementCount]), table, 0), node.Type, axes);
    }

    // Where an element lies in row-major order: Σ strides · (offset + Σ coefficients · index).
    private static (Size Offset, Size[] Steps) Positions(IReadOnlyList<AffineIndex> map, IReadOnlyList<Size> tensor, int rank)
    {
        var (offset, stride) = (Size.Zero, Size.One);
        var steps = Enumerable.Repeat(Size.Zero, rank).ToArray();
        for (var axis = tensor.Count - 1; axis >= 0; axis--)
        {
            offset += stride * map[axis].Offset;
            for (var k = 0; k < rank; k++) steps[k] += stride * map[axis].Coefficients[k];
            stride *= tensor[axis];
        }
        return (offset, steps);
    }

    // From a value that has some axes of the result, in their order, to one that is narrow along the others. Axes of one element are there as well: nothing is repeated along them.
    private static LoweredValue Spread(GraphLowering graph, string name, TensorType type, IReadOnlyList<int> axes)
    {
        var isWhole = type.Shape.Select((size, axis) => size.IsOne || axes.Contains(axis)).ToList();
        var first = isWhole.IndexOf(true) is >= 0 and var axis ? axis : type.Rank;
        var missing = Enumerable.Range(first, type.Rank - first).Where(axis => !axes.Contains(axis)).Select(axis => (long)(axis - first)).ToArray();
        return new LoweredValue(graph.Writer.Unsqueeze(name, missing), type, isWhole.Select(whole => !whole).ToArray());
    }
}
