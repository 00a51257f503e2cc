using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

// Attention: one step for the result and the log sums, one for the gradients.
internal sealed partial class PlanWriter
{
    private void WriteAttention(Node node)
    {
        var attention = node.Operation as Attention;
        var sums = fusion.ComputedWith(node.Id).FirstOrDefault(other => other.Operation is AttentionLogSums);
        var (isCausal, scale) = attention ?? new Attention(((AttentionLogSums)node.Operation).IsCausal, ((AttentionLogSums)node.Operation).Scale);
        var operands = attention?.Operands ?? (node.Operation as AttentionLogSums)?.Operands;
        _steps.Add(new AttentionStep(SizesOf(node, attention is null ? 1 : 2, isCausal, scale), ReadOperand(node.Inputs[0]), ReadOperand(node.Inputs[1]),
            attention is null ? null : ReadOperand(node.Inputs[2]), attention is null ? null : WrittenOperand(node), sums is null ? null : PlaceOf(sums.Id), node.Origin) { Operands = operands ?? FloatFormat.F32 });
    }

    private void WriteAttentionGradient(Node node, AttentionGradient gradient)
    {
        var computed = fusion.ComputedWith(node.Id).ToDictionary(other => ((AttentionGradient)other.Operation).Of, WrittenOperand);
        AttentionOperand? Of(AttentionInput input) => computed.TryGetValue(input, out var operand) ? operand : null;
        _steps.Add(new AttentionGradientStep(SizesOf(node, 2, gradient.IsCausal, gradient.Scale), ReadOperand(node.Inputs[0]), ReadOperand(node.Inputs[1]), ReadOperand(node.Inputs[2]),
            ReadOperand(node.Inputs[3]), PlaceOf(node.Inputs[AttentionShapes.LogSumsInput]), ReadOperand(node.Inputs[5]),
            Of(AttentionInput.Queries), Of(AttentionInput.Keys), Of(AttentionInput.Values), node.Origin) { Operands = gradient.Operands ?? FloatFormat.F32 });
    }

    private AttentionSizes SizesOf(Node node, int valuesInput, bool isCausal, double? scale)
    {
        var queries = graph[node.Inputs[0]].Type.Shape;
        var keys = graph[node.Inputs[1]].Type.Shape;
        var rank = queries.Count;
        return new AttentionSizes(Size.Product(queries.Take(rank - AttentionShapes.OwnAxes)), queries[rank - 2], keys[rank - 2], queries[rank - 3], keys[rank - 3], queries[rank - 1],
            graph[node.Inputs[valuesInput]].Type.Shape[rank - 1], isCausal, scale);
    }

    private AttentionOperand ReadOperand(int input)
    {
        AttentionLayout.TryRead(graph, input, out var source, out var layout);
        return Operand(PlaceOf(source), layout);
    }

    // A gradient that is a part of a larger tensor is written there.
    private AttentionOperand WrittenOperand(Node node)
    {
        var shape = node.Type.Shape;
        return fusion.PartsOf(node.Id).SingleOrDefault() is { } part
            ? Operand(PlaceOf(part.Whole), AttentionLayout.Within(graph[part.Whole].Type.Shape, shape, part))
            : Operand(PlaceOf(node.Id), AttentionLayout.Contiguous(shape));
    }

    private static AttentionOperand Operand(Place place, AttentionLayout layout) => new(place, layout.Offset, layout.BatchStride, layout.SequenceStride, layout.HeadStride);
}
