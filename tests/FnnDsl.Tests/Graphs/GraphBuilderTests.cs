using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;
using static FeedbackNN.Dsl.Tests.Passes.GradientCheck;

namespace FeedbackNN.Dsl.Tests.Graphs;

/// <summary>What the builder makes of what it is asked for: equal nodes are one, and each simplification by an example.</summary>
public sealed class GraphBuilderTests
{
    private static readonly Size N = Size.Axis("n");

    private readonly GraphBuilder _builder = new();

    [Fact]
    public void Equal_nodes_are_one_and_the_first_origin_stays()
    {
        _builder.Origin = new Origin("M", 1);
        var x = _builder.Input(0, "x", F64(N));
        var first = _builder.Apply(OperatorTable.Exp, x);
        _builder.Origin = new Origin("M", 2);
        var second = _builder.Apply(OperatorTable.Exp, _builder.Input(0, "x", F64(N)));
        Assert.Equal(first.Id, second.Id);
        Assert.Equal(new Origin("M", 1), second.Node.Origin);
        Assert.Equal((x + first).Id, (first + x).Id);
        Assert.NotEqual((x - first).Id, (first - x).Id);
    }

    [Fact]
    public void Random_draws_are_one_node_for_one_site_and_shape()
    {
        var shape = Sizes(N, 4);
        Assert.Equal(_builder.RandomUniform(1, 0, shape).Id, _builder.RandomUniform(1, 0, shape).Id);
        Assert.NotEqual(_builder.RandomUniform(1, 0, shape).Id, _builder.RandomUniform(2, 0, shape).Id);
        Assert.NotEqual(_builder.RandomUniform(1, 0, shape).Id, _builder.RandomUniform(1, 1, shape).Id);
        Assert.NotEqual(_builder.RandomUniform(1, 0, shape).Id, _builder.RandomUniform(1, 0, Sizes(4, N)).Id);
    }

    public static TheoryData<string> Names => new(Identities.Keys);

    private static readonly Dictionary<string, Func<GraphBuilder, Value, Value>> Identities = new()
    {
        ["x + 0"] = (_, x) => x + 0,
        ["0 + x"] = (_, x) => 0 + x,
        ["x - 0"] = (_, x) => x - 0,
        ["x * 1"] = (_, x) => x * 1,
        ["1 * x"] = (_, x) => 1 * x,
        ["x / 1"] = (_, x) => x / 1,
        ["--x"] = (_, x) => -(-x),
        ["x * -1 * -1"] = (_, x) => x * -1 * -1,
        ["x + zeros"] = (b, x) => x + b.Fill(0, x.Type),
        ["x to the 1"] = (b, x) => b.Apply(OperatorTable.Pow, x, x.Number(1)),
        ["select of a known condition"] = (b, x) => b.Constant(1, ElementType.Bool).Select(x, x + 1),
        ["select of two equals"] = (_, x) => x.Greater(0).Select(x, x),
        ["convert to the same type"] = (b, x) => b.Convert(x, ElementType.F64),
        ["broadcast to the same shape"] = (b, x) => b.Broadcast(x, x.Type.Shape),
        ["transpose twice"] = (b, x) => b.Transpose(b.Transpose(x, 1, 0), 1, 0),
        ["flip twice"] = (b, x) => b.Slice(b.Slice(x, 0, N - 1, N, -1), 0, N - 1, N, -1),
        ["whole slice"] = (b, x) => b.Slice(x, 1, 0, 4),
        ["reshape and back"] = (b, x) => b.Reshape(b.Reshape(x, Sizes(4 * N)), Sizes(N, 4)),
        ["expand and take"] = (b, x) => b.View(b.Expand(x, 1, 7), x.Type.Shape, EquatableArray<AffineIndex>.Own(AffineMap.Index(2, 0), AffineMap.At(2, 3), AffineMap.Index(2, 1))),
        ["no pad"] = (b, x) => b.Pad(x, Sizes(0, 0), Sizes(0, 0), Sizes(0, 0), 1),
        ["one part"] = (b, x) => b.Concat([x], 0),
        ["an empty part"] = (b, x) => b.Concat([x, b.Slice(x, 0, 0, 0)], 0),
        ["reduce over no axes"] = (b, x) => b.Reduce(ReduceKind.Sum, x),
        ["reduce over an axis of one"] = (b, x) => b.Reduce(ReduceKind.Prod, b.Expand(x, 1, 1), 1),
        ["largest of repeated"] = (b, x) => b.Reduce(ReduceKind.Max, b.Expand(x, 0, 5), 0),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void What_does_nothing_makes_nothing(string name)
    {
        var x = _builder.Input(0, "x", F64(N, 4));
        Assert.Equal(x.Id, Identities[name](_builder, x).Id);
    }

    [Fact]
    public void A_product_with_zero_stays_because_of_infinities()
    {
        var x = _builder.Input(0, "x", F64(N));
        Assert.IsType<Elementwise>((x * 0).Node.Operation);
        Assert.IsType<Elementwise>((x - x).Node.Operation);
    }

    [Fact]
    public void Constants_fold_through_shapes()
    {
        var tensor = _builder.Fill(3, F64(N, 2));
        AssertNumber(9, _builder.Transpose(tensor * 2 + tensor, 1, 0));
        AssertNumber(3, _builder.Reshape(tensor, Sizes(2 * N)));
        AssertNumber(6, _builder.Reduce(ReduceKind.Sum, tensor, 1));
        AssertNumber(1, tensor.Greater(2));
        AssertNumber(2, _builder.Convert(_builder.Constant(2.7, ElementType.F64), ElementType.I32));
        AssertNumber(12, _builder.SizeValue(Size.Constant(12), ElementType.F32));
        Assert.Equal(ElementType.Bool, tensor.Greater(2).Type.Element);
    }

    [Fact]
    public void Integers_that_overflow_are_left_to_the_program()
    {
        Assert.IsType<Elementwise>((_builder.Constant(2e9, ElementType.I32) * 2).Node.Operation);
        Assert.IsType<Elementwise>((_builder.Constant(1, ElementType.I32) / 0).Node.Operation);
    }

    [Fact]
    public void What_repeats_is_computed_once()
    {
        var x = _builder.Input(0, "x", F64(4));
        var y = _builder.Apply(OperatorTable.Exp, _builder.Broadcast(x, Sizes(N, 4)) * 2);
        Assert.Equal("view of exp", y.Node.Operation is View && _builder[y.Node.Inputs[0]].Operation is Elementwise { Operator.Name: "exp" } ? "view of exp" : y.ToString());
        Assert.Equal(F64(4), _builder[y.Node.Inputs[0]].Type);
        Assert.Equal(F64(N, 4), y.Type);
    }

    [Fact]
    public void Views_compose_and_reshapes_that_only_add_axes_are_views()
    {
        var x = _builder.Input(0, "x", F64(N, 4));
        var y = _builder.Transpose(_builder.Slice(_builder.Reshape(x, Sizes(N, 1, 4)), 2, 1, 2), 2, 1, 0);
        Assert.IsType<View>(y.Node.Operation);
        Assert.Equal(x.Id, y.Node.Inputs[0]);
        Assert.Equal(F64(2, 1, N), y.Type);
    }

    [Fact]
    public void A_position_along_an_axis_stays_one_when_it_is_repeated_or_transposed()
    {
        var iota = _builder.Iota(Sizes(4), 0);
        Assert.Equal(_builder.Iota(Sizes(N, 4), 1).Id, _builder.Broadcast(iota, Sizes(N, 4)).Id);
        Assert.Equal(_builder.Iota(Sizes(4, N), 0).Id, _builder.Transpose(_builder.Iota(Sizes(N, 4), 1), 1, 0).Id);
    }

    [Fact]
    public void Sums_over_repeated_axes_are_products_with_the_size()
    {
        var x = _builder.Input(0, "x", F64(4));
        var sum = _builder.Reduce(ReduceKind.Sum, _builder.Broadcast(x, Sizes(N, 4)), 0);
        Assert.Equal((x * _builder.SizeValue(N, ElementType.F64)).Id, sum.Id);
    }

    [Fact]
    public void Sums_of_sums_are_one()
    {
        var x = _builder.Input(0, "x", F64(2, N, 4));
        Assert.Equal(_builder.Reduce(ReduceKind.Sum, x, 0, 2).Id, _builder.Reduce(ReduceKind.Sum, _builder.Reduce(ReduceKind.Sum, x, 2), 0).Id);
        Assert.NotEqual(_builder.Reduce(ReduceKind.Max, x, 0, 2).Id, _builder.Reduce(ReduceKind.Max, _builder.Reduce(ReduceKind.Sum, x, 2), 0).Id);
    }

    [Fact]
    public void The_transpose_of_a_broadcast_is_a_sum_and_of_a_slice_a_pad()
    {
        var broadcast = EquatableArray<AffineIndex>.Own(AffineMap.Index(2, 1));
        var dy = _builder.Input(0, "dy", F64(N, 4));
        Assert.Equal(_builder.Reduce(ReduceKind.Sum, dy, 0).Id, _builder.ViewTranspose(dy, Sizes(4), broadcast).Id);

        var slice = EquatableArray<AffineIndex>.Own(AffineMap.Index(2, 0), AffineMap.Index(2, 1, 2, 1));
        var pad = _builder.ViewTranspose(dy, Sizes(N, 9), slice);
        Assert.Equal(new Pad(Sizes(0, 1), Sizes(0, 1), Sizes(0, 1), 0), pad.Node.Operation);
    }

    [Fact]
    public void Outer_and_inner_products_are_elementwise()
    {
        var x = _builder.Input(0, "x", F64(N, 4));
        Assert.IsType<Elementwise>(_builder.Contract(x, x, 1, 1, 1, 0).Node.Operation);
        Assert.Equal(_builder.Reduce(ReduceKind.Sum, x * x, 1).Id, _builder.Contract(x, x, 1, 0, 0, 1).Id);
        Assert.IsType<Contract>(_builder.Contract(x, x, 0, 1, 1, 1).Node.Operation);
    }

    [Fact]
    public void A_batch_along_which_one_side_repeats_counts_rows()
    {
        var x = _builder.Input(0, "x", F64(N, 2, 4));
        var weight = _builder.Input(1, "weight", F64(3, 4));
        Assert.Equal(_builder.Contract(x, weight, 0, 2, 1, 1).Id, _builder.Contract(x, _builder.Expand(weight, 0, N), 1, 1, 1, 1).Id);
        var row = _builder.Input(2, "row", F64(N, 4));
        Assert.Equal(_builder.Contract(row, weight, 0, 1, 1, 1).Id, _builder.Contract(row, _builder.Expand(weight, 0, N), 1, 0, 1, 1).Id);
    }

    [Fact]
    public void Checks_that_cannot_fail_go_away()
    {
        var index = _builder.Input(0, "index", I32(N));
        var once = _builder.CheckRange(index, 10, "class");
        Assert.NotEqual(index.Id, once.Id);
        Assert.Equal(once.Id, _builder.CheckRange(once, 10, "label").Id);
        Assert.NotEqual(once.Id, _builder.CheckRange(once, 9, "label").Id);
        var iota = _builder.Iota(Sizes(N), 0);
        Assert.Equal(iota.Id, _builder.CheckRange(iota, N, "row").Id);
        Assert.NotEqual(iota.Id, _builder.CheckRange(iota, N - 1, "row").Id);
    }

    [Fact]
    public void Building_drops_dead_nodes_and_renumbers()
    {
        var x = _builder.Input(0, "x", F64(N));
        _ = _builder.Apply(OperatorTable.Exp, x);
        var y = _builder.Apply(OperatorTable.Log, x);
        var kept = _builder.Apply(OperatorTable.Sin, x);
        var graph = _builder.Build([new GraphOutput(new ResultTarget(0, "y"), y.Id)], [kept], out var ids);
        Assert.Equal(["%0 = Input { Index = 0, Name = x }() : f64[n]", "%1 = log(%0) : f64[n]", "%2 = sin(%0) : f64[n]"], graph.Nodes.Select(node => node.ToString()));
        Assert.Equal([2], ids);
        Assert.Equal(2, _builder.Build([new GraphOutput(new ResultTarget(0, "y"), y.Id)]).Nodes.Count);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        var x = _builder.Input(0, "x", F64(N, 4));
        var y = _builder.Input(1, "y", F64(4));
        Assert.Throws<ArgumentException>(() => x + y);
        Assert.Throws<ArgumentException>(() => x + _builder.Input(2, "i", I32(N, 4)));
        Assert.Throws<ArgumentException>(() => _builder.Apply(OperatorTable.Exp, _builder.Input(2, "i", I32(N, 4))));
        Assert.Throws<ArgumentException>(() => _builder.Apply(OperatorTable.Exp, x, x));
        Assert.Throws<ArgumentException>(() => _builder.Reshape(x, Sizes(N, 5)));
        Assert.Throws<ArgumentException>(() => _builder.Broadcast(x, Sizes(2 * N, 4)));
        Assert.Throws<ArgumentException>(() => _builder.Reduce(ReduceKind.Sum, x, 2));
        Assert.Throws<ArgumentException>(() => _builder.Contract(x, y, 0, 1, 1, 1));
        Assert.Throws<ArgumentException>(() => _builder.Gather(x, y, 0));
        Assert.Throws<ArgumentException>(() => new GraphBuilder().Stop(x + 1));
    }

    /// <summary>Whether a sum puts padded parts together is not looked for along the whole chain of sums, at each of its links.</summary>
    [Fact]
    public void A_long_chain_of_sums_takes_time_that_grows_with_its_length()
    {
        Make(1_000);
        var (small, large) = (Make(5_000), Make(40_000));
        Assert.True(large < 30 * Math.Max(small, 0.02), $"40,000 sums take {large:0.00} s, 5,000 take {small:0.00} s.");

        double Make(int count) => Enumerable.Range(0, 3).Min(_ =>
        {
            var watch = System.Diagnostics.Stopwatch.StartNew();
            var sum = new GraphBuilder().Input(0, "x", F64(N));
            for (var k = 0; k < count; k++) sum += sum;
            return watch.Elapsed.TotalSeconds;
        });
    }

    private void AssertNumber(double expected, Value actual)
    {
        Assert.True(_builder.TryGetConstant(actual, out var number), actual.ToString());
        Assert.Equal(expected, number);
    }

    private static EquatableArray<Size> Sizes(params Size[] sizes) => EquatableArray<Size>.Own(sizes);
}
