using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Derivatives;

/// <summary>One node whose output's gradient is known.</summary>
/// <param name="X">The node's inputs.</param>
/// <param name="Y">The node's output.</param>
/// <param name="Dy">The gradient of the output.</param>
internal sealed record GradientContext(GraphBuilder Builder, Node Node, Value[] X, Value Y, Value Dy);

/// <summary>The gradient that flows to one input of a node, as more graph. Called only for float inputs whose gradient is wanted.</summary>
internal delegate Value GradientRule(GradientContext context, int input);

/// <summary>How gradients flow through each operation, one row each. An operation without a row lets none through.</summary>
internal static class GradientRules
{
    private static readonly Dictionary<Type, GradientRule> Rules = new()
    {
        [typeof(Elementwise)] = (c, input) => ((Elementwise)c.Node.Operation).Operator.Gradients[input]!(c.X, c.Y, c.Dy),
        [typeof(Graphs.Convert)] = (c, _) => c.Builder.Convert(c.Dy, c.X[0].Type.Element),
        [typeof(View)] = (c, _) => c.Builder.ViewTranspose(c.Dy, c.X[0].Type.Shape, ((View)c.Node.Operation).Map),
        [typeof(ViewTranspose)] = (c, _) => c.Builder.View(c.Dy, c.X[0].Type.Shape, ((ViewTranspose)c.Node.Operation).Map),
        [typeof(Reshape)] = (c, _) => c.Builder.Reshape(c.Dy, c.X[0].Type.Shape),
        [typeof(Pad)] = (c, _) => OfPad(c, (Pad)c.Node.Operation),
        [typeof(Concat)] = (c, input) => OfConcat(c, ((Concat)c.Node.Operation).Axis, input),
        [typeof(Reduce)] = (c, _) => OfReduce(c, (Reduce)c.Node.Operation),
        [typeof(Contract)] = (c, input) => OfContract(c, (Contract)c.Node.Operation, input),
        [typeof(Gather)] = (c, _) => OfGather(c, ((Gather)c.Node.Operation).Axis),
        [typeof(Attention)] = (c, input) => c.Builder.AttentionGradient(c.Y, c.Dy, (AttentionInput)input),
        [typeof(CheckConverged)] = (c, _) => c.Dy,
        [typeof(After)] = (c, _) => c.Dy,
        [typeof(ScatterAdd)] = (c, _) => c.Builder.Gather(c.Dy, c.X[1], ((ScatterAdd)c.Node.Operation).Axis),
    };

    /// <summary>The rule for an input, or null where no gradient flows. Element types are the caller's affair.</summary>
    public static GradientRule? TryFind(Operation operation, int input) =>
        operation is Elementwise elementwise && elementwise.Operator.Gradients[input] is null ? null
        : operation is Gather or ScatterAdd or CheckConverged or After && input > 0 ? null
        : Rules.TryGetValue(operation.GetType(), out var rule) ? rule : null;

    // The elements that were padded lie at before, before + (1 + between), …
    private static Value OfPad(GradientContext c, Pad pad) => c.Builder.View(c.Dy, c.X[0].Type.Shape, Enumerable.Range(0, c.Y.Type.Rank)
        .Select(axis => AffineMap.Index(c.Y.Type.Rank, axis, pad.Between[axis] + 1, pad.Before[axis])).ToEquatableArray());

    private static Value OfConcat(GradientContext c, int axis, int input)
    {
        var start = c.X.Take(input).Aggregate(Size.Zero, (sum, part) => sum + part.Type.Shape[axis]);
        return c.Builder.Slice(c.Dy, axis, start, c.X[input].Type.Shape[axis]);
    }

    private static Value OfReduce(GradientContext c, Reduce reduce)
    {
        var x = c.X[0];
        return reduce.Kind switch
        {
            ReduceKind.Sum => Spread(c.Dy),
            ReduceKind.Prod => OfProduct(),
            _ => OfExtreme(),
        };

        // A reduced value repeated along the axes that went away.
        Value Spread(Value value) => c.Builder.View(value, x.Type.Shape, Enumerable.Range(0, x.Type.Rank).Where(axis => !reduce.Axes.Contains(axis))
            .Select(axis => AffineMap.Index(x.Type.Rank, axis)).ToEquatableArray());

        Value Sum(Value value) => c.Builder.Reduce(ReduceKind.Sum, value, reduce.Axes.ToArray());

        // The largest elements share the gradient evenly.
        Value OfExtreme()
        {
            var isExtreme = x.EqualTo(Spread(c.Y));
            var count = Sum(c.Builder.Convert(isExtreme, x.Type.Element));
            return isExtreme.Select(Spread(c.Dy / count), 0);
        }

        // The product of all others: the product of what is not zero, divided by the element itself; with one zero only that zero has
        // a gradient, with two none has. (The derivative of this in turn is exact where no element is zero.)
        Value OfProduct()
        {
            var isZero = x.EqualTo(0);
            var nonzero = isZero.Select(1, x);
            var zeros = Sum(c.Builder.Convert(isZero, x.Type.Element));
            var product = c.Dy * c.Builder.Reduce(ReduceKind.Prod, nonzero, reduce.Axes.ToArray());
            var ofZero = zeros.EqualTo(1).Select(product, 0);
            var ofNonzero = zeros.EqualTo(0).Select(product, 0);
            return isZero.Select(Spread(ofZero), Spread(ofNonzero) / nonzero);
        }
    }

    // y[b, m, n] = Σ_k left[b, m, k] · right[b, n, k], so dleft[b, m, k] = Σ_n dy[b, m, n] · right[b, n, k] and dright[b, n, k] = Σ_m dy[b, m, n] · left[b, m, k].
    private static Value OfContract(GradientContext c, Contract contract, int input)
    {
        var (batch, m, n, k) = (contract.BatchRank, contract.LeftRank, contract.RightRank, contract.SumRank);
        return input == 0
            ? c.Builder.Contract(c.Dy, SwapBlocks(c.X[1], batch, n), batch, m, k, n, contract.Operands)
            : c.Builder.Contract(SwapBlocks(c.Dy, batch, m), SwapBlocks(c.X[0], batch, m), batch, n, k, m, contract.Operands);
    }

    // [batch…, first…, second…] to [batch…, second…, first…].
    private static Value SwapBlocks(Value x, int batch, int first) => x.Builder.Transpose(x,
        Enumerable.Range(0, batch).Concat(Enumerable.Range(batch + first, x.Type.Rank - batch - first)).Concat(Enumerable.Range(batch, first)).ToArray());

    private static Value OfGather(GradientContext c, int axis) => c.Builder.ScatterAdd(c.Dy, c.X[1], axis, c.X[0].Type.Shape[axis]);
}
