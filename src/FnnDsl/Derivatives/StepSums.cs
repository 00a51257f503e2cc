using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Derivatives;

/// <summary>
/// Sums over a loop's rounds of values of its body. Where one operation over all rounds gives the sum, what it needs is stacked and the sum made outside: a product of
/// two values is one product over all rounds. What is left is added up in a state of its own.
/// </summary>
/// <remarks>Used in two turns: all sums are collected before the loop is finished, and made after it.</remarks>
internal sealed class StepSums
{
    private readonly GraphBuilder _builder;
    private readonly LoopRegion _region;
    private readonly bool _isCounted;
    private readonly List<Value> _nexts;
    private readonly List<Value> _initials;
    private readonly bool[] _dependent;
    private readonly HashSet<int> _neededInside;
    private readonly List<Value> _emitted = [];
    private readonly Dictionary<int, int> _accumulators = [];
    private FinishedLoop? _loop;
    private StepStacks _stacks;

    public StepSums(GraphBuilder builder, LoopRegion region, bool isCounted, List<Value> nexts, List<Value> initials)
    {
        _builder = builder;
        _region = region;
        _isCounted = isCounted;
        _nexts = nexts;
        _initials = initials;
        _dependent = region.Dependent(countsStep: true);
        _neededInside = new HashSet<int>(builder.ConeOf(nexts.Select(next => next.Id), id => id >= _dependent.Length || !_dependent[id]));
        _stacks = Stacks();
    }

    /// <summary>Values of the body whose stacks the sums need.</summary>
    public IReadOnlyList<Value> Emitted => _emitted;

    /// <summary>Finds out what a sum needs: stacks, or a state that adds up.</summary>
    public void Collect(Value value) => Make(value);

    /// <summary>The loop is there; sums can be made.</summary>
    public void Finish(FinishedLoop loop)
    {
        _loop = loop;
        _stacks = Stacks();
    }

    /// <summary>The sum of a collected value over all rounds.</summary>
    public Value Sum(Value value) => Make(value);

    private StepStacks Stacks() => new(_builder, _region.Count, _region.StepName, _dependent, (value, isLast) =>
        isLast || _neededInside.Contains(value.Id) || value.Node.Operation is not (View or Graphs.Reshape or Contract or SizeValue) || IsReadByStep(value) ? Emit(value) : null);

    // Outside values at the step, in a loop that may end early: computed outside they would count at the steps that were not run, where a stack of the loop is zero.
    private bool IsReadByStep(Value value) => !_isCounted && !value.Node.Inputs.Any(input => _dependent[input]);

    private Value Emit(Value value)
    {
        if (_loop is not null) return _loop.Stack(value);
        if (!_emitted.Any(other => other.Id == value.Id)) _emitted.Add(value);
        // Something of the right type, for now.
        return _region.AddLeaf(value.Type with { Shape = value.Type.Shape.Prepend(_region.Count).ToEquatableArray() });
    }

    // What is the same in every round counts only in those that were run.
    private Value Stack(Value value) => !_isCounted && !Depends(value) ? Emit(value) : _stacks.TryStack(value) ?? throw new InvalidOperationException($"{value} has no stack.");

    private bool Depends(Value value) => _stacks.Depends(value);

    private Value Make(Value value)
    {
        var zero = _builder.TryGetConstant(value, out var number) && number == 0;
        if (zero || (_isCounted && !Depends(value))) return value * _builder.SizeValue(_region.Count, value.Type.Element);
        return TryMake(value) ?? Accumulate(value);
    }

    // The sum without a state of its own; null where there is no such way.
    private Value? TryMake(Value value)
    {
        if (!Depends(value)) return null;
        var node = value.Node;
        var inputs = node.Inputs.Select(_builder.ValueOf).ToArray();
        switch (node.Operation)
        {
            // What an inner loop stacked is not stacked again: an outer round's share is added up, so that segments cost no more memory than one of them.
            case Reduce or Contract when inputs.Any(IsInnerStack):
                return null;
            case Reduce { Kind: ReduceKind.Sum } reduce:
                return _builder.Reduce(ReduceKind.Sum, Stack(inputs[0]), reduce.Axes.Select(axis => axis + 1).Prepend(0).ToArray());
            case View or ViewTranspose or Graphs.Reshape or Pad { Value: 0 } when !OperationSizes.Mentions(node.Operation, _region.StepName):
                return TryMake(inputs[0]) is { } sum ? _builder.Make(node.Operation, [sum], value.Type) : null;
            case Graphs.Convert when inputs[0].Type.Element.IsFloat():
                return TryMake(inputs[0]) is { } converted ? _builder.Convert(converted, value.Type.Element) : null;
            case Pad { Value: 0 } pad:
                return Unstack(pad, inputs[0], value.Type);
            case Contract contract:
                return OfProduct(contract, inputs[0], inputs[1]);
            case ScatterAdd scatter:
                return _builder.ScatterAdd(_builder.MoveAxis(Stack(inputs[0]), 0, scatter.Axis), Stack(inputs[1]), scatter.Axis, value.Type.Shape[scatter.Axis]);
            case Elementwise { Operator: var op } when op == OperatorTable.Neg:
                return TryMake(inputs[0]) is { } negated ? -negated : null;
            case Elementwise { Operator: var op } when op == OperatorTable.Add || op == OperatorTable.Sub:
                if (TryMake(inputs[0]) is not { } left || TryMake(inputs[1]) is not { } right) return null;
                return _builder.Apply(op, left, right);
            default:
                return null;
        }
    }

    private bool IsInnerStack(Value value)
    {
        var node = value.Node;
        while (node.Operation is View or Graphs.Reshape) node = _builder[node.Inputs[0]];
        return node.Operation is LoopStack && Depends(_builder.ValueOf(node.Id));
    }

    // Σ over the rounds of a product: the rounds are one more axis that is summed over.
    private Value OfProduct(Contract contract, Value left, Value right)
    {
        var (batch, rows, columns, summed) = (contract.BatchRank, contract.LeftRank, contract.RightRank, contract.SumRank);
        if (!Depends(right)) return _builder.Contract(Make(left), right, batch, rows, columns, summed, contract.Operands);
        if (!Depends(left)) return _builder.Contract(left, Make(right), batch, rows, columns, summed, contract.Operands);
        return _builder.Contract(_builder.MoveAxis(Stack(left), 0, batch + rows), _builder.MoveAxis(Stack(right), 0, batch + columns), batch, rows, columns, summed + 1, contract.Operands);
    }

    // What each round puts at its own place of an axis, one place behind the other, together: the stack, its first axis and the one along which the round's part lies
    // joined to one.
    private Value? Unstack(Pad pad, Value input, TensorType type)
    {
        var step = _region.StepName;
        var axis = -1;
        for (var k = 0; k < type.Rank; k++)
        {
            if (OperationSizes.Slope(pad.Before[k], step) is not { } slope) return null;
            if (slope.IsZero) continue;
            if (axis >= 0 || slope != input.Type.Shape[k] || !pad.Between[k].IsZero) return null;
            axis = k;
        }
        if (axis < 0) return null;
        // [T, …, n, …] to […, T, n, …] to […, T n, …].
        var placed = _builder.Reshape(_builder.MoveAxis(Stack(input), 0, axis), input.Type.Shape.Select((size, k) => k == axis ? _region.Count * size : size).ToEquatableArray());
        var before = pad.Before.Select(size => OperationSizes.At(size, step, Size.Zero)).ToEquatableArray();
        var after = pad.After.Select((size, k) => k == axis ? type.Shape[k] - before[k] - placed.Type.Shape[k] : size).ToEquatableArray();
        return _builder.Pad(placed, before, after, pad.Between, 0);
    }

    private Value Accumulate(Value value)
    {
        if (_loop is not null) return _loop.Final(_accumulators[value.Id]);
        if (!_accumulators.ContainsKey(value.Id))
        {
            _accumulators.Add(value.Id, _nexts.Count);
            _nexts.Add(_region.AddState(value.Type) + value);
            _initials.Add(_builder.Fill(0, value.Type));
        }
        return value;
    }
}
