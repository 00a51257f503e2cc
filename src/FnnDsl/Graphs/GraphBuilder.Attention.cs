using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

// Attention, its derivative's parts.
public sealed partial class GraphBuilder
{
    /// <summary>softmax(scale · q kᵀ) v for each head: see <see cref="Graphs.Attention"/>.</summary>
    /// <param name="queries">[batch…, i, heads, e].</param>
    /// <param name="keys">[batch…, j, groups, e].</param>
    /// <param name="values">[batch…, j, groups, f].</param>
    /// <param name="isCausal">Whether a query looks only at keys that are not behind it.</param>
    /// <param name="scale">Null for 1/√e.</param>
    /// <param name="operands">What elements of its products are rounded to; null for as they are.</param>
    public Value Attention(Value queries, Value keys, Value values, bool isCausal, double? scale, FloatFormat? operands = null)
    {
        if (AttentionShapes.Misfit(queries.Type, keys.Type, values.Type) is { } misfit) throw Mismatch(misfit, queries, keys, values);
        return Add(new Attention(isCausal, scale) { Operands = operands }, AttentionShapes.Result(queries.Type, values.Type), queries, keys, values);
    }

    /// <summary>The gradient that flows to one input of an attention.</summary>
    internal Value AttentionGradient(Value attention, Value gradient, AttentionInput of)
    {
        var operation = (Attention)attention.Node.Operation;
        var (isCausal, scale) = operation;
        Value queries = ValueOf(attention.Node.Inputs[0]), keys = ValueOf(attention.Node.Inputs[1]), values = ValueOf(attention.Node.Inputs[2]);
        var sums = Add(new AttentionLogSums(isCausal, scale) { Operands = operation.Operands }, AttentionShapes.LogSums(queries.Type), queries, keys);
        var type = ValueOf(attention.Node.Inputs[(int)of]).Type;
        return Add(new AttentionGradient(of, isCausal, scale) { Operands = operation.Operands }, type, queries, keys, values, attention, sums, gradient);
    }
}
