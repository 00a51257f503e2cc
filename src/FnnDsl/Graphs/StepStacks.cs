using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

/// <summary>
/// Computes values of a loop's body for all steps at once, outside of it: each gets a new first axis, the step. What can't be computed so is
/// asked for.
/// </summary>
/// <param name="count">The loop's rounds.</param>
/// <param name="step">The name of its step.</param>
/// <param name="dependent">By node: whether it depends on the loop at all. Nodes made later do not.</param>
/// <param name="given">The stack of a value where it is known otherwise; null where it is not. Told whether the value could be computed here.</param>
internal sealed class StepStacks(GraphBuilder builder, Size count, string step, bool[] dependent, Func<Value, bool, Value?> given)
{
    private readonly Dictionary<int, Value?> _known = [];

    public bool Depends(Value value) => value.Id < dependent.Length && dependent[value.Id];

    /// <summary>The value at all steps, [count, …]; null where it is not to be had.</summary>
    public Value? TryStack(Value value)
    {
        if (!Depends(value)) return builder.Expand(value, 0, count);
        if (_known.TryGetValue(value.Id, out var known)) return known;
        var stack = given(value, false) ?? Compute(value) ?? given(value, true);
        _known.Add(value.Id, stack);
        return stack;
    }

    private Value? Compute(Value value)
    {
        var node = value.Node;
        var shape = value.Type.Shape.Prepend(count).ToEquatableArray();
        switch (node.Operation)
        {
            case SizeValue size:
                if (OperationSizes.Slope(size.Size, step) is not { } growth || !growth.TryGetConstant(out var number)) return null;
                return builder.Convert(builder.Iota(shape, 0), value.Type.Element) * number + builder.SizeValue(OperationSizes.At(size.Size, step, Size.Zero), value.Type.Element);
            case RandomUniform random when random.Round == Size.Axis(step):
                return builder.RandomUniform(random.Site, Size.Zero, shape);
            case View view:
                return OfView(view, builder.ValueOf(node.Inputs[0]), shape);
        }
        if (OperationSizes.Mentions(node.Operation, step)) return null;
        var inputs = new Value[node.Inputs.Count];
        // Which kinds there are is asked first: nothing is computed in vain.
        if (node.Operation is not (Elementwise or Graphs.Convert or Contract or Reduce or Graphs.Reshape or Concat or Gather or Attention)) return null;
        if (node.Operation is Gather g && (g.Axis != 0 || Depends(builder.ValueOf(node.Inputs[0])))) return null;
        for (var k = 0; k < inputs.Length; k++)
        {
            if (node.Operation is Gather && k == 0) inputs[k] = builder.ValueOf(node.Inputs[k]);
            else if (TryStack(builder.ValueOf(node.Inputs[k])) is { } stacked) inputs[k] = stacked;
            else return null;
        }
        return node.Operation switch
        {
            Elementwise elementwise => builder.Apply(elementwise.Operator, inputs.Select((input, k) => Spread(input, value, node.Inputs[k])).ToArray()),
            Graphs.Convert convert => builder.Convert(inputs[0], convert.To),
            Contract contract => builder.Contract(inputs[0], inputs[1], contract.BatchRank + 1, contract.LeftRank, contract.RightRank, contract.SumRank, contract.Operands),
            Reduce reduce => builder.Reduce(reduce.Kind, inputs[0], reduce.Axes.Select(axis => axis + 1).ToArray()),
            Graphs.Reshape => builder.Reshape(inputs[0], shape),
            Concat concat => builder.Concat(inputs, concat.Axis + 1),
            Gather => builder.Gather(inputs[0], inputs[1], 0),
            Attention attention => builder.Attention(inputs[0], inputs[1], inputs[2], attention.IsCausal, attention.Scale, attention.Operands),
            _ => null,
        };
    }

    // A rank-0 input of an elementwise operator is one number a step.
    private Value Spread(Value stacked, Value value, int input) => builder[input].Type.Rank == value.Type.Rank
        ? stacked
        : builder.SpreadOver(stacked, value.Type.Shape.Prepend(count).ToEquatableArray());

    private Value? OfView(View view, Value source, EquatableArray<Size> shape)
    {
        if (view.Map.Any(function => OperationSizes.Slope(function.Offset, step) is null || function.Coefficients.Any(coefficient => !coefficient.IsConstant && coefficient.AxisNames.Contains(step)))) return null;
        var map = view.Map.Select(function => new AffineIndex(
            OperationSizes.At(function.Offset, step, Size.Zero), function.Coefficients.Prepend(OperationSizes.Slope(function.Offset, step)!).ToEquatableArray())).ToEquatableArray();
        if (!Depends(source)) return builder.View(source, shape, map);
        if (TryStack(source) is not { } stacked) return null;
        return builder.View(stacked, shape, map.Prepend(AffineMap.Index(shape.Count, 0)).ToEquatableArray());
    }
}
