using FeedbackNN.Dsl.Derivatives;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Interpretation;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Tests.Passes;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Tests.Operators;

/// <summary>What every row of the operator table must fulfil, by theory over the table, and the corners of single rows.</summary>
public sealed class OperatorTableTests
{
    private const int Count = 7;

    public static TheoryData<string> Rows => new(OperatorTable.All.Select(row => row.Name));

    public static TheoryData<string> RowsWithGradient => new(OperatorTable.All.Where(row => row.Gradients.Any(gradient => gradient is not null)).Select(row => row.Name));

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_row_is_complete(string name)
    {
        var row = OperatorTable.TryFind(name)!;
        Assert.Equal(name, row.Name);
        Assert.Matches("^[a-z][a-z0-9_]*$", row.Name);
        Assert.Equal(row.Arity, row.Samples.Length);
        Assert.All(row.Samples, sample => Assert.True(sample.Low < sample.High));
        Assert.EndsWith(".", row.Documentation);
        Assert.True(row.Cost >= 1);
        Assert.InRange(row.Tolerance, 0, 1e-4);
    }

    [Fact]
    public void Names_are_unique_and_every_property_is_in_the_list()
    {
        Assert.Distinct(OperatorTable.All.Select(row => row.Name));
        var properties = typeof(OperatorTable).GetProperties().Where(property => property.PropertyType == typeof(ScalarOperator)).Select(property => (ScalarOperator)property.GetValue(null)!);
        Assert.Equal(properties.Select(row => row.Name).Order(), OperatorTable.All.Select(row => row.Name).Order());
        Assert.Null(OperatorTable.TryFind("no_such_operator"));
    }

    [Theory]
    [MemberData(nameof(RowsWithGradient))]
    public void The_gradient_is_that_of_central_differences(string name)
    {
        var (function, types, at) = Case(OperatorTable.TryFind(name)!);
        GradientCheck.Run(function, types, at);
    }

    [Theory]
    [MemberData(nameof(RowsWithGradient))]
    public void The_second_derivative_is_that_of_central_differences(string name)
    {
        var row = OperatorTable.TryFind(name)!;
        if (row.Typing == OperatorTyping.Select) return; // Input 0 has no gradient, and the others are linear.
        var (function, types, at) = Case(row);
        GradientCheck.Run(GradientCheck.FirstGradient(function), types, at);
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_missing_gradient_is_zero(string name)
    {
        var row = OperatorTable.TryFind(name)!;
        if (row.Typing is OperatorTyping.Comparison or OperatorTyping.Logical) return;
        for (var k = 0; k < row.Arity; k++)
        {
            if (row.Gradients[k] is not null || (row.Typing == OperatorTyping.Select && k == 0)) continue;
            var x = row.Samples.Select(sample => (sample.Low + sample.High) / 2 + 0.01).ToArray();
            var y = row.Evaluate(x);
            x[k] += 1e-5;
            Assert.Equal(y, row.Evaluate(x));
        }
    }

    [Theory]
    [InlineData("relu", 0.0, 0.0)]
    [InlineData("abs", 0.0, 0.0)]
    [InlineData("softplus", 1000.0, 1.0)]
    [InlineData("softplus", -1000.0, 0.0)]
    [InlineData("sigmoid", 1000.0, 0.0)]
    [InlineData("sigmoid", -1000.0, 0.0)]
    [InlineData("tanh", 1000.0, 0.0)]
    [InlineData("erf", 40.0, 0.0)]
    [InlineData("log1p", 1e-300, 1.0)]
    [InlineData("expm1", 1e-300, 1.0)]
    public void The_derivative_at_a_corner_is(string name, double x, double expected) => Assert.Equal(expected, Derivative(name, 0, x), 12);

    [Theory]
    [InlineData("maximum", 0, 2.0, 2.0, 0.5)]
    [InlineData("minimum", 1, 2.0, 2.0, 0.5)]
    [InlineData("pow", 0, 0.0, 0.0, 0.0)]
    [InlineData("pow", 0, 0.0, 2.0, 0.0)]
    [InlineData("pow", 0, 0.0, 1.0, 1.0)]
    [InlineData("pow", 1, 0.0, 2.0, 0.0)]
    [InlineData("pow", 0, -2.0, 3.0, 12.0)]
    [InlineData("pow", 1, -2.0, 3.0, 0.0)]
    public void The_derivative_of_two_at_a_corner_is(string name, int input, double a, double b, double expected) => Assert.Equal(expected, Derivative(name, input, a, b), 12);

    [Theory]
    [InlineData("softplus", 1000.0, 1000.0)]
    [InlineData("softplus", -1000.0, 0.0)]
    [InlineData("sigmoid", -1000.0, 0.0)]
    [InlineData("sigmoid", 1000.0, 1.0)]
    [InlineData("log1p", 1e-20, 1e-20)]
    [InlineData("log1p", -1.0, double.NegativeInfinity)]
    [InlineData("log1p", double.PositiveInfinity, double.PositiveInfinity)]
    [InlineData("expm1", 1e-20, 1e-20)]
    [InlineData("expm1", -1000.0, -1.0)]
    [InlineData("expm1", 1000.0, double.PositiveInfinity)]
    [InlineData("erf", 0.5, 0.5204998778130465)]
    [InlineData("erf", 2.0, 0.9953222650189527)]
    [InlineData("erf", -1.0, -0.8427007929497149)]
    [InlineData("erf", 7.0, 1.0)]
    [InlineData("round", 2.5, 2.0)]
    [InlineData("round", 3.5, 4.0)]
    [InlineData("sign", -0.3, -1.0)]
    [InlineData("sign", double.NaN, double.NaN)]
    [InlineData("relu", double.NaN, double.NaN)]
    public void The_value_at_an_extreme_is(string name, double x, double expected) => Assert.Equal(expected, OperatorTable.TryFind(name)!.Evaluate([x]), 13);

    [Theory]
    [InlineData(7, 3, 1)]
    [InlineData(-7, 3, 2)]
    [InlineData(7, -3, -2)]
    [InlineData(-7, -3, -1)]
    [InlineData(6, 3, 0)]
    public void The_remainder_has_the_sign_of_the_divisor(double a, double b, double expected) => Assert.Equal(expected, OperatorTable.Rem.Evaluate([a, b]));

    [Theory]
    [InlineData(7, 2, 3)]
    [InlineData(-7, 2, -4)]
    public void Division_of_integers_rounds_down(double a, double b, double expected)
    {
        var builder = new GraphBuilder();
        var x = builder.Input(0, "x", TensorType.Scalar(ElementType.I32));
        var y = x / builder.Input(1, "y", TensorType.Scalar(ElementType.I32));
        var folded = builder.Constant(a, ElementType.I32) / b;
        Assert.True(builder.TryGetConstant(folded, out var number));
        Assert.Equal(expected, number);
        Assert.Equal(expected, Interpreter.Run(builder.Build([new GraphOutput(new ResultTarget(0, "y"), y.Id)]), new InterpreterInputs { Inputs = [[a], [b]] })[0][0]);
    }

    private static double Derivative(string name, int input, params double[] at)
    {
        var builder = new GraphBuilder();
        var x = at.Select((_, k) => builder.Input(k, "x", GradientCheck.F64())).ToArray();
        var y = builder.Apply(OperatorTable.TryFind(name)!, x);
        var gradient = Differentiation.Gradients(builder, [(y, builder.Constant(1, ElementType.F64))], [x[input]])[0];
        return Interpreter.Run(builder.Build([new GraphOutput(new InputGradientTarget(0), gradient.Id)]), new InterpreterInputs { Inputs = at.Select(number => new[] { number }).ToArray() })[0][0];
    }

    // The row on tensors drawn from its samples; conditions come from comparing integers.
    private static (GraphFunction Function, TensorType[] Types, double[][] At) Case(ScalarOperator row)
    {
        var random = new Random(row.Name.Length);
        var isSelect = row.Typing == OperatorTyping.Select;
        var types = row.Samples.Select((_, k) => isSelect && k == 0 ? GradientCheck.I32(Count) : GradientCheck.F64(Count)).ToArray();
        var at = row.Samples.Select((sample, k) => isSelect && k == 0
            ? Enumerable.Range(0, Count).Select(i => (double)(i % 2)).ToArray()
            : GradientCheck.Draw(random, types[k], null, sample.Low, sample.High)).ToArray();
        return ((builder, x) => builder.Apply(row, isSelect ? [builder.Convert(x[0], ElementType.Bool), x[1], x[2]] : x), types, at);
    }
}
