using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Passes;

/// <summary>
/// Says of each float32 product and attention of a training, forward and backward, inside loops too, what its operands are rounded to. Comes after the derivative, which is that of the exact products; products that
/// have said so themselves stay.
/// </summary>
public static class OperandPrecision
{
    /// <summary>The graph with the format in it; float32 changes nothing.</summary>
    public static Graph Run(Graph graph, FloatFormat format) => format == FloatFormat.F32 ? graph : graph with
    {
        Nodes = graph.Nodes.Select(node => node with { Operation = node.Operation is Loop loop ? loop with { Body = Run(loop.Body, format) } : OfProduct(node, format) }).ToEquatableArray(),
    };

    private static bool IsProduct(Node node) => node.Type.Element == ElementType.F32
        && node.Operation is Contract { Operands: null } or Attention { Operands: null } or AttentionLogSums { Operands: null } or AttentionGradient { Operands: null };

    private static Operation OfProduct(Node node, FloatFormat format) => !IsProduct(node) ? node.Operation : node.Operation switch
    {
        Contract contract => contract with { Operands = format },
        Attention attention => attention with { Operands = format },
        AttentionLogSums sums => sums with { Operands = format },
        AttentionGradient gradient => gradient with { Operands = format },
        _ => node.Operation,
    };
}
