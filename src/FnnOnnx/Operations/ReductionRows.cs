using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Onnx.Operations;

/// <summary>Reductions over axes.</summary>
internal static class ReductionRows
{
    public static LoweredValue Reduce(GraphLowering graph, Node node)
    {
        var reduce = (Reduce)node.Operation;
        if (reduce.Axes.Count == 0) return graph.Input(node, 0);
        var op = reduce.Kind switch { ReduceKind.Sum => "ReduceSum", ReduceKind.Prod => "ReduceProd", ReduceKind.Max => "ReduceMax", _ => "ReduceMin" };
        return new LoweredValue(graph.Writer.Reduce(op, graph.Whole(node, 0), reduce.Axes.Select(axis => (long)axis).ToArray()), node.Type);
    }

    public static LoweredValue ArgReduce(GraphLowering graph, Node node)
    {
        var (reduce, w) = ((ArgReduce)node.Operation, graph.Writer);
        var position = w.Emit(reduce.IsMax ? "ArgMax" : "ArgMin", [graph.Whole(node, 0)], OnnxWriter.Setting("axis", reduce.Axis), OnnxWriter.Setting("keepdims", 0));
        return new LoweredValue(w.Cast(position, ElementType.I32), node.Type);
    }
}
