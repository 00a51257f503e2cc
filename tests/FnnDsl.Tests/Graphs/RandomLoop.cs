using FeedbackNN.Dsl.Derivatives;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Tests.Graphs;

/// <summary>
/// Grows a graph with loops at random: several states of different types, swapped, unused, constant; bodies of many operations that read slices at the step, the
/// step as a number and draws keyed by it; forwards and backwards, ended early, nested, in segments; with stacks of any value.
/// </summary>
internal sealed class RandomLoop
{
    private static readonly Size Batch = Size.Axis("batch");
    private static readonly Size Time = Size.Axis("time");

    private readonly Random _random;
    private readonly GraphBuilder _builder;
    private readonly ElementType _real;
    private readonly bool _isSmooth;
    private readonly Value[] _inputs;
    private readonly Value _steps;
    private readonly Value _table;
    private readonly Value _weight;
    private int _sites;

    private RandomLoop(int seed, GraphBuilder builder, Value[] inputs, bool isSmooth)
    {
        _random = new Random(seed);
        _builder = builder;
        _inputs = inputs;
        _isSmooth = isSmooth;
        (_steps, _table, _weight) = (inputs[0], inputs[1], inputs[2]);
        _real = _steps.Type.Element;
    }

    /// <summary>What a graph is a function of. The last is of integers, 0 to 3.</summary>
    public static TensorType[] Types(ElementType real) =>
    [
        new(real, EquatableArray<Size>.Own(Time, Batch, 4)), new(real, EquatableArray<Size>.Own(8, 4)), new(real, EquatableArray<Size>.Own(4, 4)), new(real, EquatableArray<Size>.Own(4)),
        new(real, EquatableArray<Size>.Own(Batch, 4)), new(ElementType.I32, EquatableArray<Size>.Own(Batch)),
    ];

    /// <summary>The function: values of any type.</summary>
    /// <param name="isSmooth">Whether its float values depend on its float inputs without a jump or a kink.</param>
    public static Value[] Values(GraphBuilder builder, Value[] inputs, int seed, bool isSmooth) => new RandomLoop(seed, builder, inputs, isSmooth).Make();

    /// <summary>All float values of the function in one row.</summary>
    public static Value Row(GraphBuilder builder, Value[] inputs, int seed, bool isSmooth)
    {
        var flat = Values(builder, inputs, seed, isSmooth).Where(value => value.Type.Element == inputs[0].Type.Element)
            .Select(value => builder.Reshape(value, EquatableArray<Size>.Own(value.Type.ElementCount))).ToArray();
        return builder.Concat(flat, 0);
    }

    /// <summary>The function with its gradients.</summary>
    public static Graph Make(GraphBuilder builder, int seed, ElementType real, bool isSmooth)
    {
        var inputs = Types(real).Select((type, k) => builder.Input(k, "x" + k, type)).ToArray();
        var values = Values(builder, inputs, seed, isSmooth);
        var seeds = values.Select((value, k) => (Value: value, k)).Where(item => item.Value.Type.Element == real).Select(item => (item.Value, builder.OutputGradient(item.k, item.Value.Type))).ToArray();
        var gradients = Differentiation.Gradients(builder, seeds, inputs.Take(5).ToArray());
        return builder.Build(values.Select((value, k) => new GraphOutput(new ResultTarget(k, "y" + k), value.Id))
            .Concat(gradients.Select((gradient, k) => new GraphOutput(new InputGradientTarget(k), gradient.Id))));
    }

    private Value[] Make()
    {
        var pool = _inputs.ToList();
        Grow(pool, null, _random.Next(0, 3));
        var loops = _random.Next(1, 3);
        for (var k = 0; k < loops; k++)
        {
            Loop(pool, null, 0);
            Grow(pool, null, _random.Next(0, 3));
        }
        // The last is something to differentiate.
        return pool.Skip(_inputs.Length).Reverse().Take(4).Append(Fit(pool, new TensorType(_real, EquatableArray<Size>.Own(Batch, 4)))).ToArray();
    }

    // ---- Loops --------------------------------------------------------------------------------------------------

    /// <summary>The loop at hand: its number, how often it runs and whether that is at most the steps there are.</summary>
    private sealed record Around(LoopRegion Region, bool IsWithinTime, bool IsWithinTable, Around? Outer);

    private void Loop(List<Value> pool, Around? outer, int depth)
    {
        var (count, isWithinTime, isWithinTable) = _random.Next(9) switch
        {
            0 => (Size.Zero, true, true),
            1 => (Size.One, true, true),
            2 => (Size.Constant(2), false, true),
            3 or 4 => (Size.Constant(3), false, true),
            5 => (Size.Divide(Time, 2), true, false),
            6 => (Time + 1, false, false),
            _ => (Time, true, false),
        };
        var canStop = _random.Next(3) == 0;
        var hasTrips = !canStop && _random.Next(8) == 0;
        // A loop that ends early is one that goes upwards.
        var isReverse = !canStop && _random.Next(3) == 0;
        var around = new Around(_builder.BeginLoop(count, isReverse), isWithinTime, isWithinTable, outer);
        var types = Enumerable.Range(0, _random.Next(1, 4)).Select(_ => StateType()).ToArray();
        var initials = types.Select(type => Fit(pool, type)).ToArray();
        var states = types.Select(around.Region.AddState).ToArray();
        var body = pool.Concat(states).Concat(states).ToList();
        Grow(body, around, _random.Next(1, 5));
        if (depth < 2 && _random.Next(depth == 0 ? 3 : 5) == 0)
        {
            Loop(body, around, depth + 1);
            Grow(body, around, _random.Next(0, 3));
        }
        var fresh = body.Skip(pool.Count).ToList();
        var nexts = types.Select((type, k) => _random.Next(10) switch
        {
            0 => states[k],
            1 => _builder.Fill(type.Element == ElementType.Bool ? 1 : 0.5 is var half && type.Element.IsFloat() ? half : 2, type),
            2 => Fit(pool, type),
            3 => Any(states.Where(state => state.Type == type).ToArray()),
            _ => Fit(fresh, type),
        }).ToArray();
        // The next states may be read by others, and by what is kept.
        fresh.AddRange(nexts);
        var stop = canStop ? Condition(fresh, around) : (Value?)null;
        var trips = hasTrips ? Trips(count) : (Value?)null;
        var stacked = Enumerable.Range(0, _random.Next(0, 3)).Select(_ => Any(_random.Next(4) == 0 ? body : fresh)).Where(value => value.Type.Rank <= 3).ToArray();
        var whole = around.Region.Finish(initials, nexts, stop, trips, stacked);
        FinishedLoop loop = whole;
        if (stop is null && trips is null && _random.Next(4) == 0) loop = whole.InSegments(_random.Next(4) == 0 ? Size.Divide(Time + 1, 2) : _random.Next(1, 4));
        foreach (var value in stacked) pool.Add(loop.Stack(value));
        if (_random.Next(3) == 0) pool.Add(loop.Stack(Any(states)));
        if (_random.Next(3) == 0) pool.Add(loop.Stack(Any(nexts)));
        if (_random.Next(4) == 0) pool.Add(loop.Rounds);
        for (var k = 0; k < types.Length; k++)
        {
            if (_random.Next(4) != 0) pool.Add(loop.Final(k));
        }
    }

    private TensorType StateType() => _random.Next(8) switch
    {
        0 => TensorType.Scalar(_real),
        1 => new(_real, EquatableArray<Size>.Own(4)),
        2 => new(_real, EquatableArray<Size>.Own(2, Batch, 4)),
        3 => _random.Next(2) == 0 ? TensorType.Scalar(ElementType.I32) : new(ElementType.I32, EquatableArray<Size>.Own(Batch)),
        4 => _random.Next(2) == 0 ? TensorType.Scalar(ElementType.Bool) : new(ElementType.Bool, EquatableArray<Size>.Own(Batch)),
        _ => new(_real, EquatableArray<Size>.Own(Batch, 4)),
    };

    // A bool that says that this was the last round.
    private Value Condition(List<Value> pool, Around around)
    {
        var step = _builder.SizeValue(around.Region.Step, ElementType.I32);
        if (_isSmooth) return step.GreaterOrEqual(_random.Next(0, 3));
        return _random.Next(3) switch
        {
            0 => step.GreaterOrEqual(_random.Next(0, 3)),
            1 => Fit(pool, TensorType.Scalar(_real)).Greater(0.2),
            _ => Fit(pool, TensorType.Scalar(ElementType.Bool)),
        };
    }

    private Value Trips(Size count) => _builder.Apply(OperatorTable.Minimum,
        _builder.SizeValue(count, ElementType.I32), _builder.Apply(OperatorTable.Maximum, _builder.Reduce(ReduceKind.Max, _inputs[5], 0), _builder.Constant(0, ElementType.I32)));

    // ---- Values -------------------------------------------------------------------------------------------------

    private T Any<T>(IReadOnlyList<T> items) => items[_random.Next(items.Count)];

    // A value of a type, made of one that is near.
    private Value Fit(List<Value> pool, TensorType type)
    {
        var same = pool.Where(value => value.Type == type).ToArray();
        if (same.Length > 0 && _random.Next(6) != 0) return Any(same);
        if (type.Element == ElementType.Bool)
        {
            var integers = Fit(pool, type with { Element = ElementType.I32 });
            return integers.Less(_random.Next(0, 3));
        }
        if (type.Element == ElementType.I32)
        {
            var bools = pool.Where(value => value.Type == type with { Element = ElementType.Bool }).ToArray();
            if (bools.Length > 0 && _random.Next(2) == 0) return _builder.Convert(Any(bools), ElementType.I32);
            var given = type.Rank == 0 ? _builder.Reduce(ReduceKind.Max, _inputs[5], 0) : _inputs[5];
            return same.Length > 0 ? _builder.Apply(OperatorTable.Minimum, Any(same) + given, _builder.Fill(5, type)) : given;
        }
        // Floats: sums over what is too much, copies of what is too little.
        var x = Any(pool.Where(value => value.Type.Element == _real).ToArray());
        if (x.Type == type) return x * 0.5;
        if (x.Type.Rank > 0 && !IsTail(x.Type, type)) x = Bounded(_builder.Reduce(ReduceKind.Sum, x, Enumerable.Range(0, x.Type.Rank).ToArray()) * 0.2);
        return _builder.Broadcast(x, type.Shape);
    }

    private static bool IsTail(TensorType x, TensorType of) => x.Rank <= of.Rank && of.Shape.Skip(of.Rank - x.Rank).SequenceEqual(x.Shape);

    private Value Bounded(Value x) => _builder.Apply(OperatorTable.Tanh, x);

    private void Grow(List<Value> pool, Around? around, int operations)
    {
        for (var k = 0; k < operations; k++)
        {
            var grown = around is not null && _random.Next(3) == 0 ? OfStep(pool, around) : _random.Next(6) == 0 ? OfIntegers(pool, around) : OfFloats(pool);
            if (grown.Type.Rank <= 4) pool.Add(grown);
        }
    }

    private Value Float(List<Value> pool) => Any(pool.Where(value => value.Type.Element == _real).ToArray());

    private Value Like(List<Value> pool, Value x) => Any(pool.Where(value => value.Type == x.Type).ToArray());

    private Value OfFloats(List<Value> pool)
    {
        var x = Float(pool);
        var axis = x.Type.Rank == 0 ? 0 : _random.Next(x.Type.Rank);
        switch (_random.Next(_isSmooth ? 14 : 18))
        {
            case 0: return Bounded(x);
            case 1: return _builder.Apply(OperatorTable.Sin, x);
            case 2: return _builder.Apply(OperatorTable.Sigmoid, x) - 0.5;
            case 3: return (x + Like(pool, x)) * 0.7;
            case 4: return x - Like(pool, x) * 0.5;
            case 5: return Bounded(x * Like(pool, x));
            case 6 or 7:
                if (x.Type.Rank == 0 || x.Type.Shape[x.Type.Rank - 1] != Size.Constant(4)) return Bounded(x * 0.9);
                return Bounded(_builder.Contract(x, _random.Next(3) == 0 ? Bounded(_builder.Contract(_weight, _weight, 0, 1, 1, 1)) : _weight, 0, x.Type.Rank - 1, 1, 1));
            case 8:
                // Over a random cut of the axes, against something like it.
                var y = Like(pool, x);
                var batch = _random.Next(x.Type.Rank + 1);
                var rows = _random.Next(x.Type.Rank - batch + 1);
                return Bounded(_builder.Contract(x, y, batch, rows, rows, x.Type.Rank - batch - rows) * 0.3);
            case 9:
                return x.Type.Rank == 0 ? x : Bounded(_builder.Reduce(ReduceKind.Sum, x, axis));
            case 10:
                return _builder.Transpose(x, Enumerable.Range(0, x.Type.Rank).OrderBy(_ => _random.Next()).ToArray());
            case 11:
                // Backwards, and back into its shape.
                return x.Type.Rank == 0 ? x : _builder.Slice(x, axis, x.Type.Shape[axis] - 1, x.Type.Shape[axis], -1);
            case 12:
                if (x.Type.Rank == 0 || x.Type.Shape[axis] != Size.Constant(4)) return (_isSmooth ? x : _builder.Stop(x)) * x;
                return _builder.Concat([_builder.Slice(x, axis, 1, 3), _builder.Slice(Like(pool, x), axis, 2, 1)], axis);
            case 13:
                if (x.Type.Rank == 0 || x.Type.Shape[axis] != Size.Constant(4)) return _builder.Reshape(x, x.Type.Shape.Where(size => !size.IsOne).ToEquatableArray());
                EquatableArray<Size> One(bool isFirst) => x.Type.Shape.Select((_, k) => k == axis && isFirst ? Size.One : Size.Zero).ToEquatableArray();
                return _builder.Pad(_builder.Slice(x, axis, 0, 3), One(true), One(false), One(false), 0);
            case 14: return _builder.Apply(OperatorTable.Maximum, x, Like(pool, x));
            case 15: return x.Less(Like(pool, x)).Select(x * 0.5, Like(pool, x));
            case 16: return x.Type.Rank == 0 ? _builder.Apply(OperatorTable.Abs, x) : _builder.Reduce(Any([ReduceKind.Max, ReduceKind.Min]), x, axis);
            default: return _builder.Apply(OperatorTable.Relu, x);
        }
    }

    private Value OfIntegers(List<Value> pool, Around? around)
    {
        var index = Fit(pool, new TensorType(ElementType.I32, EquatableArray<Size>.Own(Batch)));
        var safe = _builder.Apply(OperatorTable.Minimum, _builder.Apply(OperatorTable.Maximum, index, _builder.Fill(0, index.Type)), _builder.Fill(3, index.Type));
        switch (_random.Next(_isSmooth ? 5 : 6))
        {
            case 0: return _builder.Gather(_weight, _builder.CheckRange(safe, 4, "row"), 0);
            case 1: return _builder.Gather(_table, safe + 1, 0);
            case 2: return _builder.Apply(OperatorTable.Minimum, index + 1, _builder.Fill(4, index.Type));
            case 3:
                var x = Fit(pool, new TensorType(_real, EquatableArray<Size>.Own(Batch, 4)));
                var limit = around is null ? _builder.Constant(2, ElementType.I32) : _builder.SizeValue(around.Region.Step, ElementType.I32);
                var isBelow = index.Less(_builder.Broadcast(limit, index.Type.Shape));
                return _builder.View(isBelow, x.Type.Shape, EquatableArray<AffineIndex>.Own(AffineMap.Index(2, 0))).Select(x, Fit(pool, x.Type));
            case 4: return Fit(pool, new TensorType(ElementType.Bool, EquatableArray<Size>.Own(Batch)));
            default:
                return _builder.ArgReduce(_random.Next(2) == 0, Fit(pool, new TensorType(_real, EquatableArray<Size>.Own(Batch, 4))), 1);
        }
    }

    // Something that the number of the round goes into.
    private Value OfStep(List<Value> pool, Around around)
    {
        if (around.Outer is { } outer && _random.Next(4) == 0) around = outer;
        var step = around.Region.Step;
        var number = _builder.SizeValue(step, _real);
        var rounds = around.Region.Count;
        switch (_random.Next(10))
        {
            case 0 or 1 or 2 when around.IsWithinTime:
                return _builder.AtStep(_steps, _random.Next(3) == 0 ? rounds - step - 1 : step);
            case 0 or 1 or 2 or 3 when around.IsWithinTable:
                return _builder.AtStep(_table, Any([step, 2 * step + 1, 7 - step, rounds + 1 - step]));
            case 4:
                var draws = _builder.RandomUniform(_sites++, around.Outer is { } o && _random.Next(2) == 0 ? o.Region.Step * rounds + step : step, EquatableArray<Size>.Own(Batch, 4));
                return _builder.Convert(draws, _real) - 0.5;
            case 5: return number * 0.1;
            case 6: return Fit(pool, TensorType.Scalar(_real)) * (number + 1);
            case 7:
                var x = Fit(pool, new TensorType(_real, EquatableArray<Size>.Own(Batch, 4)));
                var isOdd = _builder.SizeValue(Size.Remainder(step, 2), ElementType.I32).EqualTo(0);
                return _builder.Broadcast(isOdd, x.Type.Shape).Select(x, Fit(pool, x.Type));
            case 8 when around.IsWithinTable:
                // A row at the place of the step, zeros elsewhere.
                var row = _builder.Expand(Fit(pool, new TensorType(_real, EquatableArray<Size>.Own(4))), 0, 1);
                return _builder.Pad(row, EquatableArray<Size>.Own(step, 0), EquatableArray<Size>.Own(3 - step, 0), EquatableArray<Size>.Own(0, 0), 0);
            case 9:
                var position = _builder.SizeValue(step, ElementType.I32);
                return _random.Next(2) == 0 ? position : _builder.Gather(_table, _builder.Apply(OperatorTable.Minimum, position, _builder.Constant(5, ElementType.I32)), 0);
            default:
                return Bounded(Float(pool) * number);
        }
    }
}
