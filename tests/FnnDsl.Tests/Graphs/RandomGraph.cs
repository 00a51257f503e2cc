using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Tests.Graphs;

/// <summary>Grows a graph by random operations on values it already has, rich in what the builder simplifies: constants, views of views, repeated axes.</summary>
internal sealed class RandomGraph
{
    public const long LengthOfN = 3;

    private static readonly Size N = Size.Axis("n");
    private static readonly ScalarOperator[] Unaries = [OperatorTable.Neg, OperatorTable.Abs, OperatorTable.Relu, OperatorTable.Tanh, OperatorTable.Sign, OperatorTable.Floor, OperatorTable.Sigmoid];
    private static readonly ScalarOperator[] Binaries = [OperatorTable.Add, OperatorTable.Sub, OperatorTable.Mul, OperatorTable.Div, OperatorTable.Maximum, OperatorTable.Minimum];
    private static readonly ScalarOperator[] Comparisons = [OperatorTable.Less, OperatorTable.LessOrEqual, OperatorTable.Equal, OperatorTable.NotEqual, OperatorTable.Greater, OperatorTable.GreaterOrEqual];
    private static readonly double[] Numbers = [0, 1, -1, 2, 0.5, 3, -0.25];

    private readonly Random _random;
    private readonly GraphBuilder _builder;
    private readonly List<Value> _values = [];

    private RandomGraph(int seed, bool simplifies)
    {
        _random = new Random(seed);
        _builder = new GraphBuilder { Simplifies = simplifies };
        Shapes = [[N, 4], [2, N], [4], [2, 1, 4]];
        for (var k = 0; k < Shapes.Length; k++) _values.Add(_builder.Input(k, "x" + k, new TensorType(ElementType.F64, Shapes[k].ToEquatableArray())));
    }

    /// <summary>The shapes of the inputs.</summary>
    public Size[][] Shapes { get; }

    /// <summary>The same operations for the same seed, simplified or not; the outputs are some of the last values.</summary>
    public static Graph Make(int seed, int operations, bool simplifies)
    {
        var graph = new RandomGraph(seed, simplifies);
        for (var k = 0; k < operations; k++) graph.Grow();
        return graph._builder.Build(graph._values.Skip(graph._values.Count - 3).Select((value, k) => new GraphOutput(new ResultTarget(k, "y" + k), value.Id)));
    }

    public static double[][] Inputs(int seed)
    {
        var random = new Random(~seed);
        return new RandomGraph(seed, true).Shapes.Select(shape => Enumerable.Range(0, (int)Size.Product(shape).Evaluate(_ => LengthOfN)).Select(_ => Math.Round(random.NextDouble() * 8 - 4) / 2).ToArray()).ToArray();
    }

    private void Grow()
    {
        var x = Pick();
        var grown = _random.Next(16) switch
        {
            0 or 1 => _builder.Apply(Any(Unaries), x),
            2 or 3 => _builder.Apply(Any(Binaries), OfShape(x), OfShape(x)),
            4 => _builder.Apply(OperatorTable.Pow, x, _builder.Constant(Any([0.0, 1, 2, 3]), ElementType.F64)),
            5 => Condition(x).Select(OfShape(x), OfShape(x)),
            6 => _builder.Convert(Condition(x), ElementType.F64),
            7 => Expanded(x),
            8 => Transposed(x),
            9 => Sliced(x),
            10 => Reshaped(x),
            11 => Padded(x),
            12 => x.Type.Rank == 0 ? x : Along(x, axis => _builder.Concat([x, OfShape(x)], axis)),
            13 => Reduced(x),
            14 => Product(x),
            _ => Indexed(x),
        };
        // Bounded, so that nothing overflows.
        if (_random.Next(3) == 0) grown = _builder.Apply(OperatorTable.Minimum, _builder.Apply(OperatorTable.Maximum, grown, Number(-9)), Number(9));
        _values.Add(grown);
    }

    private Value Pick() => _values[_random.Next(_values.Count)];

    private Value Number(double number) => _builder.Constant(number, ElementType.F64);

    private T Any<T>(T[] items) => items[_random.Next(items.Length)];

    // A value of x's shape: x itself, another one, a number.
    private Value OfShape(Value x)
    {
        if (_random.Next(3) == 0) return _builder.Broadcast(Number(Any(Numbers)), x.Type.Shape);
        var same = _values.Where(value => value.Type == x.Type).ToArray();
        return Any(same);
    }

    private Value Condition(Value x)
    {
        var condition = _builder.Apply(Any(Comparisons), OfShape(x), OfShape(x));
        return _random.Next(3) switch
        {
            0 => !condition,
            1 => condition.And(_builder.Apply(Any(Comparisons), OfShape(x), OfShape(x))),
            _ => condition,
        };
    }

    private Value Along(Value x, Func<int, Value> make) => make(_random.Next(x.Type.Rank));

    private Value Expanded(Value x) => x.Type.Rank >= 4 ? x : _builder.Expand(x, _random.Next(x.Type.Rank + 1), Any([Size.One, Size.Constant(2), N]));

    private Value Transposed(Value x) => _builder.Transpose(x, Enumerable.Range(0, x.Type.Rank).OrderBy(_ => _random.Next()).ToArray());

    private Value Sliced(Value x) => x.Type.Rank == 0 ? x : Along(x, axis =>
    {
        if (!x.Type.Shape[axis].TryGetConstant(out var length)) return _builder.Slice(x, axis, x.Type.Shape[axis] - 1, x.Type.Shape[axis], -1);
        var start = _random.NextInt64(length);
        return _random.Next(2) == 0 ? _builder.Slice(x, axis, start, length - start) : _builder.Slice(x, axis, start, start / 2 + 1, -2);
    });

    private Value Reshaped(Value x) => _random.Next(3) switch
    {
        0 => _builder.Reshape(x, EquatableArray<Size>.Own(x.Type.ElementCount)),
        1 => _builder.Reshape(x, x.Type.Shape.Where(size => !size.IsOne).ToEquatableArray()),
        _ => _builder.Reshape(x, x.Type.Shape.Reverse().ToEquatableArray()),
    };

    private Value Padded(Value x)
    {
        if (x.Type.ElementCount.Evaluate(_ => LengthOfN) > 100) return x;
        EquatableArray<Size> Draw() => x.Type.Shape.Select(_ => Size.Constant(_random.Next(2))).ToEquatableArray();
        return _builder.Pad(x, Draw(), Draw(), Draw(), Any([0.0, 0, 1]));
    }

    private Value Reduced(Value x) => _builder.Reduce(Any([ReduceKind.Sum, ReduceKind.Sum, ReduceKind.Max, ReduceKind.Min]), x,
        Enumerable.Range(0, x.Type.Rank).Where(_ => _random.Next(2) == 0).ToArray());

    // x · x' over a random cut of the axes.
    private Value Product(Value x)
    {
        if (x.Type.ElementCount.Evaluate(_ => LengthOfN) > 60) return x;
        var batch = _random.Next(x.Type.Rank + 1);
        var rows = _random.Next(x.Type.Rank - batch + 1);
        return _builder.Contract(x, OfShape(x), batch, rows, rows, x.Type.Rank - batch - rows);
    }

    private Value Indexed(Value x) => x.Type.Rank == 0 || !x.Type.Shape[0].TryGetConstant(out var length) || length == 0
        ? x
        : _builder.Gather(x, _builder.CheckRange(_builder.Iota(EquatableArray<Size>.Own(length, 2), _random.Next(2)) / 2, length, "row"), 0) is var gathered && gathered.Type.Rank <= 4
            ? gathered
            : x;
}
