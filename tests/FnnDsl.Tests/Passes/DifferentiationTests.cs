using FeedbackNN.Dsl.Derivatives;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Interpretation;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;
using static FeedbackNN.Dsl.Tests.Passes.GradientCheck;

namespace FeedbackNN.Dsl.Tests.Passes;

/// <summary>The gradient of each operation that is not elementwise, first and second, on small shapes with run-time sizes among them.</summary>
public sealed class DifferentiationTests
{
    private static readonly Size N = Size.Axis("n");
    private static readonly InterpreterInputs Given = new() { Sizes = new Dictionary<string, long> { ["n"] = 3 } };

    private static readonly Dictionary<string, (GraphFunction Function, TensorType[] Types)> Functions = new()
    {
        ["convert"] = ((b, x) => b.Convert(b.Convert(x[0], ElementType.F32), ElementType.F64), [F64(4)]),
        ["broadcast"] = ((b, x) => b.Broadcast(x[0], Sizes(2, N, 4)), [F64(N, 1)]),
        ["transpose"] = ((b, x) => b.Transpose(x[0], 2, 0, 1), [F64(2, N, 4)]),
        ["slice"] = ((b, x) => b.Slice(x[0], 1, 1, 2), [F64(N, 4)]),
        ["strided slice"] = ((b, x) => b.Slice(x[0], 1, 1, 3, 2), [F64(N, 7)]),
        ["flip"] = ((b, x) => b.Slice(x[0], 0, N - 1, N, -1), [F64(N, 2)]),
        ["backwards in steps"] = ((b, x) => b.Slice(x[0], 0, 5, 3, -2), [F64(7)]),
        ["one of an axis"] = ((b, x) => b.View(x[0], Sizes(N), Map(AffineMap.Index(1, 0), AffineMap.At(1, 2))), [F64(N, 4)]),
        ["diagonal"] = ((b, x) => b.View(x[0], Sizes(N), Map(AffineMap.Index(1, 0), AffineMap.Index(1, 0))), [F64(N, N)]),
        ["window"] = ((b, x) => b.View(x[0], Sizes(4, 3), Map(Window(1, 1))), [F64(6)]),
        ["dilated window over rows"] = ((b, x) => b.View(x[0], Sizes(N, 2, 3), Map(AffineMap.Index(3, 0), new AffineIndex(0, Sizes(0, 2, 1)))), [F64(N, 5)]),
        ["window transposed"] = ((b, x) => b.ViewTranspose(x[0], Sizes(6), Map(Window(1, 1))), [F64(4, 3)]),
        ["reshape"] = ((b, x) => b.Reshape(x[0], Sizes(2 * N, 2)), [F64(N, 4)]),
        ["reshape with unit axes"] = ((b, x) => b.Reshape(x[0], Sizes(1, N, 1, 4)), [F64(N, 4)]),
        ["pad"] = ((b, x) => b.Pad(x[0], Sizes(1, 0), Sizes(2, 1), Sizes(1, 2), 3), [F64(N, 2)]),
        ["concat"] = ((b, x) => b.Concat([x[0], x[1], x[0]], 1), [F64(N, 2), F64(N, 1)]),
        ["sum"] = ((b, x) => b.Reduce(ReduceKind.Sum, x[0], 0, 2), [F64(2, N, 4)]),
        ["max"] = ((b, x) => b.Reduce(ReduceKind.Max, x[0], 1), [F64(2, N)]),
        ["min over two axes"] = ((b, x) => b.Reduce(ReduceKind.Min, x[0], 0, 1), [F64(2, N)]),
        ["product"] = ((b, x) => b.Reduce(ReduceKind.Prod, x[0], 1), [F64(2, 4)]),
        ["product of repeated"] = ((b, x) => b.Reduce(ReduceKind.Prod, b.Expand(x[0], 1, 3), 1), [F64(2)]),
        ["sum of repeated"] = ((b, x) => b.Reduce(ReduceKind.Sum, b.Expand(x[0], 1, N), 1), [F64(2)]),
        ["matrix product"] = ((b, x) => b.Contract(x[0], x[1], 0, 1, 1, 1), [F64(N, 4), F64(2, 4)]),
        ["batched matrix product"] = ((b, x) => b.Contract(x[0], x[1], 1, 1, 1, 1), [F64(2, N, 4), F64(2, 2, 4)]),
        ["product over two axes"] = ((b, x) => b.Contract(x[0], x[1], 0, 2, 1, 2), [F64(2, N, 2, 2), F64(3, 2, 2)]),
        ["matrix and vector"] = ((b, x) => b.Contract(x[0], x[1], 0, 1, 0, 1), [F64(N, 4), F64(4)]),
        ["outer product"] = ((b, x) => b.Contract(x[0], x[1], 1, 1, 1, 0), [F64(2, N), F64(2, 4)]),
        ["inner product"] = ((b, x) => b.Contract(x[0], x[1], 1, 0, 0, 1), [F64(2, 4), F64(2, 4)]),
        ["gram matrix"] = ((b, x) => b.Contract(x[0], x[0], 0, 1, 1, 1), [F64(N, 4)]),
        ["rows against one matrix"] = ((b, x) => b.Contract(x[0], b.Expand(b.Expand(x[1], 0, 2), 1, N), 2, 1, 1, 1), [F64(2, N, 3, 4), F64(2, 4)]),
        ["one matrix against columns"] = ((b, x) => b.Contract(b.Expand(x[1], 1, N), x[0], 2, 1, 1, 1), [F64(2, N, 3, 4), F64(2, 2, 4)]),
        ["gather"] = ((b, x) => b.Gather(x[0], b.CheckRange(x[1], 4, "class"), 1), [F64(2, 4, 2), I32(N, 2)]),
        ["scatter"] = ((b, x) => b.ScatterAdd(x[0], x[1], 1, 4), [F64(2, N, 2, 2), I32(N, 2)]),
        ["softmax"] = ((b, x) => Softmax(b, x[0]), [F64(N, 4)]),
        ["cross entropy"] = ((b, x) => -b.Reduce(ReduceKind.Sum, b.Apply(OperatorTable.Log, Softmax(b, x[0])), 1) / b.SizeValue(N, ElementType.F64), [F64(N, 4)]),
        ["layer norm"] = ((b, x) => LayerNorm(b, x[0]) * b.Broadcast(x[1], Sizes(N, 4)), [F64(N, 4), F64(4)]),
        ["gelu"] = ((b, x) => Gelu(b, x[0]), [F64(N)]),
        ["gelu of gelu, used twice"] = ((b, x) => Gelu(b, Gelu(b, x[0])) is var y ? y * b.Apply(OperatorTable.Sigmoid, y) + x[0] : default, [F64(N)]),
        ["two uses"] = ((b, x) => x[0] * b.Apply(OperatorTable.Tanh, x[0]) + x[0], [F64(N)]),
    };

    public static TheoryData<string> Names => new(Functions.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void The_gradient_is_that_of_central_differences(string name)
    {
        var (function, types) = Functions[name];
        GradientCheck.Run(function, types, At(types), Given);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_second_derivative_is_that_of_central_differences(string name)
    {
        // Squared, so that a linear operation has a second derivative too.
        var (function, types) = Functions[name];
        GradientCheck.Run(FirstGradient((b, x) => function(b, x) is var y ? y * y : default), types, At(types), Given, 1e-5);
    }

    [Fact]
    public void Equal_extremes_share_the_gradient()
    {
        Assert.Equal([0.5, 0, 0.5], GradientAt((b, x) => b.Reduce(ReduceKind.Max, x, 0), 3, 1, 3));
        Assert.Equal([1 / 3.0, 1 / 3.0, 1 / 3.0], GradientAt((b, x) => b.Reduce(ReduceKind.Min, x, 0), 2, 2, 2));
    }

    [Theory]
    [InlineData(new double[] { 2, 3, 4 }, new double[] { 12, 8, 6 })]
    [InlineData(new double[] { 2, 0, 4 }, new double[] { 0, 8, 0 })]
    [InlineData(new double[] { 0, 0, 4 }, new double[] { 0, 0, 0 })]
    public void The_gradient_of_a_product_is_exact_with_zeros(double[] x, double[] expected) => Assert.Equal(expected, GradientAt((b, v) => b.Reduce(ReduceKind.Prod, v, 0), x));

    [Fact]
    public void Nothing_flows_through_stop_comparison_and_rounding()
    {
        Assert.Equal([0, 0], GradientAt((b, x) => b.Reduce(ReduceKind.Sum, b.Stop(x * 2), 0), 1, 2));
        Assert.Equal([0, 0], GradientAt((b, x) => b.Reduce(ReduceKind.Sum, b.Convert(x.Greater(1), ElementType.F64), 0), 1, 2));
        Assert.Equal([0, 0], GradientAt((b, x) => b.Reduce(ReduceKind.Sum, b.Apply(OperatorTable.Floor, x), 0), 1, 2));
        Assert.Equal([3, 3], GradientAt((b, x) => b.Reduce(ReduceKind.Sum, b.Stop(x) + x * 3, 0), 1, 2));
    }

    [Fact]
    public void A_branch_that_is_not_taken_does_not_poison_the_gradient() =>
        Assert.Equal([0.5, 0], GradientAt((b, x) => b.Reduce(ReduceKind.Sum, x.Greater(0).Select(b.Apply(OperatorTable.Log, x.Greater(0).Select(x, 1)), 0), 0), 2, -1));

    [Fact]
    public void A_function_of_one_value_is_one_factor_of_the_gradient()
    {
        var builder = new GraphBuilder();
        var x = builder.Input(0, "x", F64(N));
        var y = Gelu(builder, x + 1);
        var dy = builder.OutputGradient(0, y.Type);
        var gradient = Differentiation.Gradients(builder, [(y, dy)], [x])[0];
        Assert.Equal(OperatorTable.Mul, ((Elementwise)gradient.Node.Operation).Operator);
        var factors = gradient.Node.Inputs.ToArray();
        Assert.Contains(dy.Id, factors);
        var reached = new HashSet<int>();
        var stack = new Stack<int>(factors.Where(factor => factor != dy.Id));
        while (stack.Count > 0)
        {
            var id = stack.Pop();
            if (reached.Add(id)) foreach (var input in builder[id].Inputs) stack.Push(input);
        }
        Assert.DoesNotContain(dy.Id, reached);
    }

    [Fact]
    public void A_value_inside_a_function_keeps_its_own_gradient()
    {
        var builder = new GraphBuilder();
        var x = builder.Input(0, "x", F64(N));
        var inner = builder.Apply(OperatorTable.Sigmoid, x);
        var y = x * inner;
        var dy = builder.OutputGradient(0, y.Type);
        var gradients = Differentiation.Gradients(builder, [(y, dy)], [inner, x]);
        Assert.Equal((x * dy).Id, gradients[0].Id);
        Assert.NotEqual(gradients[0].Id, gradients[1].Id);
    }

    [Fact]
    public void Gradients_of_several_seeds_add_up_and_those_of_inner_values_can_be_wanted()
    {
        var builder = new GraphBuilder();
        var x = builder.Input(0, "x", F64());
        var middle = x * x;
        var (first, second) = (middle * 3, middle * x);
        var one = builder.Constant(1, ElementType.F64);
        var gradients = Differentiation.Gradients(builder, [(first, one), (second, one)], [x, middle]);
        var values = Interpreter.Run(builder.Build(gradients.Select((gradient, k) => new GraphOutput(new InputGradientTarget(k), gradient.Id))), new InterpreterInputs { Inputs = [[2]] });
        Assert.Equal(6 * 2 + 3 * 4, values[0][0]);
        Assert.Equal(3 + 2, values[1][0]);
    }

    [Fact]
    public void Reachable_are_the_values_that_a_gradient_reaches()
    {
        var builder = new GraphBuilder();
        var used = builder.Parameter(0, 0, F64(2));
        var stopped = builder.Parameter(0, 1, F64(2));
        var compared = builder.Parameter(0, 2, F64(2));
        var unused = builder.Parameter(0, 3, F64(2));
        var loss = builder.Reduce(ReduceKind.Sum, compared.Greater(0).Select(used, builder.Stop(stopped)), 0);
        var reached = Differentiation.ReachableFrom(builder.Nodes, [loss.Id]);
        Assert.Contains(used.Id, reached);
        Assert.DoesNotContain(stopped.Id, reached);
        Assert.DoesNotContain(compared.Id, reached);
        Assert.DoesNotContain(unused.Id, reached);
    }

    [Fact]
    public void The_gradient_nodes_come_from_where_their_forward_nodes_do()
    {
        var builder = new GraphBuilder { Origin = new Origin("M", 5) };
        var x = builder.Input(0, "x", F64());
        var y = builder.Apply(OperatorTable.Sin, x);
        builder.Origin = new Origin("M", 9);
        var gradient = Differentiation.Gradients(builder, [(y, builder.OutputGradient(0, F64()))], [x])[0];
        Assert.Equal(new Origin("M", 5), gradient.Node.Origin);
        Assert.Equal(new Origin("M", 9), builder.Origin);
    }

    private static AffineIndex Window(long first, long second) => new(0, Sizes(first, second));

    private static EquatableArray<Size> Sizes(params Size[] sizes) => EquatableArray<Size>.Own(sizes);

    private static EquatableArray<AffineIndex> Map(params AffineIndex[] functions) => EquatableArray<AffineIndex>.Own(functions);

    private static Value Softmax(GraphBuilder b, Value x)
    {
        var largest = b.Stop(b.Reduce(ReduceKind.Max, x, 1));
        var e = b.Apply(OperatorTable.Exp, x - b.Expand(largest, 1, x.Type.Shape[1]));
        return e / b.Expand(b.Reduce(ReduceKind.Sum, e, 1), 1, x.Type.Shape[1]);
    }

    private static Value LayerNorm(GraphBuilder b, Value x)
    {
        var size = b.SizeValue(x.Type.Shape[1], ElementType.F64);
        Value Mean(Value value) => b.Expand(b.Reduce(ReduceKind.Sum, value, 1) / size, 1, x.Type.Shape[1]);
        var centred = x - Mean(x);
        return centred * b.Apply(OperatorTable.Rsqrt, Mean(centred * centred) + 0.1);
    }

    private static double[] GradientAt(Func<GraphBuilder, Value, Value> function, params double[] at)
    {
        var builder = new GraphBuilder();
        var x = builder.Input(0, "x", F64(at.Length));
        var y = function(builder, x);
        var gradient = Differentiation.Gradients(builder, [(y, builder.Constant(1, ElementType.F64))], [x])[0];
        return Interpreter.Run(builder.Build([new GraphOutput(new InputGradientTarget(0), gradient.Id)]), new InterpreterInputs { Inputs = [at] })[0];
    }

    private static double[][] At(TensorType[] types)
    {
        var random = new Random(types.Length);
        return types.Select(type => type.Element == ElementType.I32
            ? Draw(random, type, Given, 0, 3.99).Select(Math.Floor).ToArray()
            : Draw(random, type, Given)).ToArray();
    }

    private static Value Gelu(GraphBuilder b, Value x) => x * 0.5 * (b.Apply(OperatorTable.Erf, x * 0.7071067811865476) + 1);
}
