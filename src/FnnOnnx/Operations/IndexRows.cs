using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Onnx.Operations;

/// <summary>Elements by integers, and what stops a program: ONNX has no operator that fails, but reading out of range does.</summary>
internal static class IndexRows
{
    public static LoweredValue Gather(GraphLowering graph, Node node) => new(graph.Writer.Gather(graph.Whole(node, 0), graph.Whole(node, 1), ((Gather)node.Operation).Axis), node.Type);

    /// <summary>Rows that are added up under an index: the axis goes to the front and back again.</summary>
    public static LoweredValue ScatterAdd(GraphLowering graph, Node node)
    {
        var (axis, w) = (((ScatterAdd)node.Operation).Axis, graph.Writer);
        var (values, index) = (graph.Input(node, 0), graph.Input(node, 1));
        var indexRank = index.Type.Rank;
        var outer = Enumerable.Range(0, axis).ToArray();
        var inner = Enumerable.Range(axis + indexRank, values.Type.Rank - axis - indexRank).ToArray();
        var updates = w.Transpose(graph.Whole(values), [.. Enumerable.Range(axis, indexRank), .. outer, .. inner]);
        var shape = node.Type.Shape;
        var zeros = w.Emit("Expand", w.Number(0, node.Type.Element), graph.Sizes.Vector([shape[axis], .. shape.Take(axis), .. shape.Skip(axis + 1)]));
        var positions = w.Unsqueeze(w.Cast(graph.Whole(index), ElementType.I64), indexRank);
        var sums = w.Emit("ScatterND", [zeros, positions, updates], OnnxWriter.Setting("reduction", "add"));
        return new LoweredValue(w.Transpose(sums, [.. Enumerable.Range(1, axis), 0, .. Enumerable.Range(axis + 1, shape.Count - 1 - axis)]), node.Type);
    }

    /// <summary>An index below 0 would be counted from behind in ONNX: it is made one that is too large.</summary>
    public static LoweredValue CheckRange(GraphLowering graph, Node node)
    {
        var (index, w) = (graph.Input(node, 0), graph.Writer);
        var bound = w.Cast(graph.Sizes.Scalar(((CheckRange)node.Operation).Bound), node.Type.Element);
        return index with { Name = w.Emit("Where", w.Emit("Less", index.Name, w.Number(0, node.Type.Element)), bound, index.Name) };
    }

    /// <summary>Where the program is to stop, the value is read at place 1 of 1 when there are samples that have not converged.</summary>
    public static LoweredValue CheckConverged(GraphLowering graph, Node node)
    {
        var value = graph.Input(node, 0);
        if (((CheckConverged)node.Operation).Otherwise != Otherwise.Fail) return value;
        var w = graph.Writer;
        var place = w.Cast(w.Emit("Greater", graph.Whole(node, 1), w.Number(0, ElementType.I32)), ElementType.I64);
        return new LoweredValue(w.Gather(w.Unsqueeze(graph.Whole(value), 0), place, 0), node.Type);
    }
}
