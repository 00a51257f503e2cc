using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Interpretation;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;
using static FeedbackNN.Dsl.Tests.Passes.GradientCheck;

namespace FeedbackNN.Dsl.Tests.Interpretation;

/// <summary>The meaning of each operation on numbers small enough to check by eye. Nothing is simplified, so that the operation itself runs.</summary>
public sealed class InterpreterTests
{
    private static readonly Size N = Size.Axis("n");

    // [[1, 2, 3], [4, 5, 6]] where not said otherwise; n is 2.
    private static readonly double[] Matrix = [1, 2, 3, 4, 5, 6];

    [Fact]
    public void Leaves_are_what_is_given()
    {
        var given = new InterpreterInputs
        {
            Sizes = new Dictionary<string, long> { ["n"] = 2 },
            Inputs = [[1, 2]],
            Parameter = (net, index) => [10 * net + index, 0],
            Buffer = (net, index) => [100 * net + index, 0],
            OutputGradients = [[7, 8]],
            Random = (site, index) => site + index / 10.0,
        };
        Assert.Equal([1, 2], Run(b => b.Input(0, "x", F64(N)), given));
        Assert.Equal([21, 0], Run(b => b.Parameter(2, 1, F64(N)), given));
        Assert.Equal([301, 0], Run(b => b.BufferValue(3, 1, F64(N)), given));
        Assert.Equal([7, 8], Run(b => b.OutputGradient(0, F64(N)), given));
        Assert.Equal([2.5], Run(b => b.Constant(2.5, ElementType.F32), given));
        Assert.Equal([5], Run(b => b.SizeValue(2 * N + 1, ElementType.F32), given));
        Assert.Equal([0, 1, 2, 0, 1, 2], Run(b => b.Iota(Sizes(N, 3), 1), given));
        Assert.Equal([0, 0, 0, 1, 1, 1], Run(b => b.Iota(Sizes(N, 3), 0), given));
        Assert.Equal([4, 4.1, 4.2, 4.3], Run(b => b.RandomUniform(4, 0, Sizes(N, 2)), given));
    }

    [Fact]
    public void Conversions_truncate_and_compare_with_zero()
    {
        Assert.Equal([-1, 1, 0], Run((b, x) => b.Convert(x, ElementType.I32), F64(3), -1.7, 1.7, 0.2));
        Assert.Equal([1, 0, 1], Run((b, x) => b.Convert(x, ElementType.Bool), F64(3), -1.7, 0, 0.2));
    }

    [Fact]
    public void Views_read_where_their_map_says()
    {
        Assert.Equal([1, 4, 2, 5, 3, 6], Run((b, x) => b.Transpose(x, 1, 0)));
        Assert.Equal([3, 1, 6, 4], Run((b, x) => b.Slice(x, 1, 2, 2, -2)));
        Assert.Equal([1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6], Run((b, x) => b.Expand(x, 1, 2)));
        Assert.Equal([1, 2, 2, 3], Run((b, x) => b.View(x, Sizes(2, 2), Map(new AffineIndex(0, Sizes(1, 1)))), F64(3), 1, 2, 3));
        Assert.Equal([1, 4, 3], Run((b, x) => b.ViewTranspose(x, Sizes(3), Map(new AffineIndex(0, Sizes(1, 1)))), F64(2, 2), 1, 2, 2, 3));
        Assert.Throws<InvalidOperationException>(() => Run((b, x) => b.Slice(x, 1, 1, 3)));
    }

    [Fact]
    public void Shapes_pads_and_parts()
    {
        Assert.Equal(Matrix, Run((b, x) => b.Reshape(x, Sizes(3, N))));
        Assert.Equal([9, 1, 9, 2, 9, 9], Run((b, x) => b.Pad(x, Sizes(1), Sizes(2), Sizes(1), 9), F64(2), 1, 2));
        Assert.Equal([1, 2, 3, 1, 4, 5, 6, 4], Run((b, x) => b.Concat([x, b.Slice(x, 1, 0, 1)], 1)));
    }

    [Fact]
    public void Reductions_and_their_positions()
    {
        Assert.Equal([6, 15], Run((b, x) => b.Reduce(ReduceKind.Sum, x, 1)));
        Assert.Equal([4, 10, 18], Run((b, x) => b.Reduce(ReduceKind.Prod, x, 0)));
        Assert.Equal([6], Run((b, x) => b.Reduce(ReduceKind.Max, x, 0, 1)));
        Assert.Equal([1, 2, 3], Run((b, x) => b.Reduce(ReduceKind.Min, x, 0)));
        Assert.Equal([1], Run((b, x) => b.ArgReduce(true, x, 0), F64(4), 1, 5, 5, 2));
        Assert.Equal([0], Run((b, x) => b.ArgReduce(false, x, 0), F64(4), 1, 5, 1, 2));
        Assert.Equal([double.NegativeInfinity], Run((b, x) => b.Reduce(ReduceKind.Max, b.Slice(x, 0, 0, 0), 0), F64(1), 1));
    }

    [Fact]
    public void Products_sum_over_the_last_axes()
    {
        // Rows times rows: [[14, 32], [32, 77]].
        Assert.Equal([14, 32, 32, 77], Run((b, x) => b.Contract(x, x, 0, 1, 1, 1)));
        Assert.Equal([14, 77], Run((b, x) => b.Contract(x, x, 1, 0, 0, 1)));
        Assert.Equal([1, 2, 2, 4], Run((b, x) => b.Contract(x, x, 0, 1, 1, 0), F64(2), 1, 2));
    }

    [Fact]
    public void Gather_reads_and_scatter_adds_through_the_index()
    {
        static Value Index(GraphBuilder b) => b.Iota(Sizes(3), 0) * b.Constant(2, ElementType.I32) / b.Constant(3, ElementType.I32); // 0, 0, 1
        Assert.Equal([1, 2, 3, 1, 2, 3, 4, 5, 6], Run((b, x) => b.Gather(x, Index(b), 0)));
        Assert.Equal([3, 3, 0, 9, 6, 0], Run((b, x) => b.ScatterAdd(x, Index(b), 1, 3)));
    }

    [Fact]
    public void An_index_out_of_range_stops_with_a_message()
    {
        var error = Assert.Throws<InvalidOperationException>(() => Run((b, x) => b.CheckRange(x, N + 1, "labels"), I32(3), 0, 2, 3));
        Assert.Equal("labels: 3 is not in [0, 3).", error.Message);
    }

    [Fact]
    public void What_was_not_given_is_named()
    {
        Assert.Contains("'m'", Assert.Throws<InvalidOperationException>(() => Run(b => b.Fill(1, F64(Size.Axis("m"))), new InterpreterInputs())).Message);
        Assert.Contains("6 elements, but 1 were given", Assert.Throws<InvalidOperationException>(() => Run(b => b.Input(0, "x", F64(6)), new InterpreterInputs { Inputs = [[1]] })).Message);
    }

    private static double[] Run(Func<GraphBuilder, Value, Value> function) => Run(function, F64(N, 3), Matrix);

    private static double[] Run(Func<GraphBuilder, Value, Value> function, TensorType type, params double[] x) =>
        Run(b => function(b, b.Input(0, "x", type)), new InterpreterInputs { Sizes = new Dictionary<string, long> { ["n"] = 2 }, Inputs = [x] });

    private static double[] Run(Func<GraphBuilder, Value> function, InterpreterInputs given)
    {
        var builder = new GraphBuilder { Simplifies = false };
        var y = function(builder);
        return Interpreter.Run(builder.Build([new GraphOutput(new ResultTarget(0, "y"), y.Id)]), given)[0];
    }

    private static EquatableArray<Size> Sizes(params Size[] sizes) => EquatableArray<Size>.Own(sizes);

    private static EquatableArray<AffineIndex> Map(params AffineIndex[] functions) => EquatableArray<AffineIndex>.Own(functions);
}
