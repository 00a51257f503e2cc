using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// Index notation: <c>y[b, o] = sum[i] x[b, i] * w[o, i]</c> says what one element is. Binding goes in three steps: names are told apart
/// (<see cref="IndexResolver"/>), ranges found and checked (<see cref="IndexRanges"/>), graph values made (<see cref="IndexLowering"/>).
/// </summary>
internal sealed class IndexNotation(GraphBuilder builder, IIndexScope scope)
{
    /// <summary>The tensor that a statement defines, its axes in the order of the left side; poison after a diagnostic.</summary>
    public Operand Bind(IndexBindStatement statement) => Bind(statement.Indices, statement.Value);

    /// <summary>
    /// A reducer in an ordinary expression, where nothing but its own indices is left to run: a tensor of rank 0; poison after a diagnostic.
    /// </summary>
    public Operand Bind(ReduceExpression reduce) => Bind(EquatableArray<IndexVariable>.Empty, reduce);

    private Operand Bind(EquatableArray<IndexVariable> left, Expression value)
    {
        var ranges = new IndexRanges(scope);
        var resolver = new IndexResolver(scope, ranges);
        if (resolver.Declare(left) is not { } indices || resolver.Resolve(value) is not { } term || !ranges.Solve()) return PoisonOperand.Instance;
        ranges.Note();
        if (new IndexLowering(scope, builder).Lower(term) is not { } result) return PoisonOperand.Instance;

        // Numbers that met no tensor are f32.
        var tensor = result.Operand switch
        {
            TensorOperand made => made,
            BoolOperand truth => new TensorOperand(builder.Constant(truth.Truth ? 1 : 0, ElementType.Bool)),
            _ => scope.Adapt(result.Operand, scope.Float, value.Span),
        };
        if (tensor is null) return PoisonOperand.Instance;
        return new TensorOperand((result with { Operand = tensor }).Over(indices).Value, indices.SelectMany(index => index.Notes).ToEquatableArray()) { MadeBy = tensor.MadeBy };
    }
}
