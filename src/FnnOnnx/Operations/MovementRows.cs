using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Onnx.Operations;

/// <summary>Numbers that come of sizes, and elements that move as whole axes: shapes, room, one after the other.</summary>
internal static class MovementRows
{
    public static LoweredValue SizeValue(GraphLowering graph, Node node) => new(graph.Writer.Cast(graph.Sizes.Scalar(((SizeValue)node.Operation).Size), node.Type.Element), node.Type);

    /// <summary>Narrow along all axes but its own.</summary>
    public static LoweredValue Iota(GraphLowering graph, Node node)
    {
        var axis = ((Iota)node.Operation).Axis;
        var along = graph.Writer.Cast(graph.Sizes.Indices(Size.Zero, [(Size.One, node.Type.Shape[axis])]), ElementType.I32);
        var name = graph.Writer.Unsqueeze(along, Enumerable.Range(1, node.Type.Rank - 1 - axis).Select(k => (long)k).ToArray());
        return new LoweredValue(name, node.Type, node.Type.Shape.Select((_, k) => k != axis).ToArray());
    }

    public static LoweredValue Reshape(GraphLowering graph, Node node) => new(graph.Sizes.Reshape(graph.Whole(node, 0), node.Type.Shape), node.Type);

    public static LoweredValue Concat(GraphLowering graph, Node node) =>
        new(graph.Writer.Emit("Concat", node.Inputs.Select((_, k) => graph.Whole(node, k)).ToArray(), OnnxWriter.Setting("axis", ((Concat)node.Operation).Axis)), node.Type);

    /// <summary>Elements with gaps between them get the gap as an axis of its own, which is folded into theirs; the gap behind the last one goes.</summary>
    public static LoweredValue Pad(GraphLowering graph, Node node)
    {
        var (pad, type, w) = ((Pad)node.Operation, graph.Input(node, 0).Type, graph.Writer);
        var fill = w.Number(pad.Value, type.Element);
        var name = graph.Whole(node, 0);
        var shape = type.Shape.ToArray();
        for (var axis = 0; axis < shape.Length; axis++)
        {
            var gap = pad.Between[axis];
            if (gap.IsZero) continue;
            var spread = Room(graph, w.Unsqueeze(name, axis + 1), Enumerable.Repeat(Size.Zero, shape.Length + 1).ToArray(), Enumerable.Range(0, shape.Length + 1).Select(k => k == axis + 1 ? gap : Size.Zero).ToArray(), fill);
            var length = shape[axis];
            shape[axis] = length * (gap + 1);
            var folded = graph.Sizes.Reshape(spread, shape);
            shape[axis] -= gap;
            name = w.Emit("Slice", folded, w.Integers(0), graph.Sizes.One(shape[axis]), w.Integers(axis));
        }
        return new LoweredValue(pad.Before.Concat(pad.After).All(size => size.IsZero) ? name : Room(graph, name, pad.Before, pad.After, fill), node.Type);
    }

    /// <summary>Room before and after the elements. Of all axes: with a list of some, ONNX Runtime 1.32 moves the wrong ones when it moves a transposition behind the pad.</summary>
    private static string Room(GraphLowering graph, string value, IReadOnlyList<Size> before, IReadOnlyList<Size> after, string fill) =>
        graph.Writer.Emit("Pad", value, graph.Sizes.Vector([.. before, .. after]), fill);
}
