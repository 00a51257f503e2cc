using FeedbackNN.Dsl.Derivatives;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Interpretation;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Tests.Passes;

/// <summary>A function of tensors as graph.</summary>
public delegate Value GraphFunction(GraphBuilder builder, Value[] x);

/// <summary>Compares the gradients of a function, from the differentiation pass, with central differences of the interpreter, in float64.</summary>
public static class GradientCheck
{
    public static TensorType F64(params Size[] shape) => new(ElementType.F64, shape.ToEquatableArray());

    public static TensorType I32(params Size[] shape) => new(ElementType.I32, shape.ToEquatableArray());

    /// <summary>Fails unless all gradients of <paramref name="function"/> at <paramref name="at"/> agree, simplified and not.</summary>
    public static void Run(GraphFunction function, TensorType[] types, double[][] at, InterpreterInputs? given = null, double tolerance = 1e-6)
    {
        foreach (var simplifies in new[] { false, true }) Run(function, types, at, given ?? new InterpreterInputs(), tolerance, simplifies);
    }

    /// <summary>The function whose value is the gradient of another with respect to one input, for a fixed but uneven gradient of the output.</summary>
    public static GraphFunction FirstGradient(GraphFunction function, int input = 0) => (builder, x) =>
    {
        var y = function(builder, x);
        return Differentiation.Gradients(builder, [(y, Uneven(builder, y))], [x[input]])[0];
    };

    public static double[] Draw(Random random, TensorType type, InterpreterInputs? given = null, double low = -2, double high = 2)
    {
        var count = type.ElementCount.Evaluate(axis => given!.Sizes[axis]);
        return Enumerable.Range(0, (int)count).Select(_ => low + (high - low) * random.NextDouble()).ToArray();
    }

    private static void Run(GraphFunction function, TensorType[] types, double[][] at, InterpreterInputs given, double tolerance, bool simplifies)
    {
        var builder = new GraphBuilder { Simplifies = simplifies };
        var x = types.Select((type, k) => builder.Input(k, "x" + k, type)).ToArray();
        var y = function(builder, x);
        var weights = Uneven(builder, y);
        var wanted = x.Where(value => value.Type.Element.IsFloat()).ToArray();
        var gradients = Differentiation.Gradients(builder, [(y, weights)], wanted);
        var total = builder.Reduce(ReduceKind.Sum, y * weights, Enumerable.Range(0, y.Type.Rank).ToArray());
        var forward = GraphVerifier.Verified(builder.Build([new GraphOutput(new ResultTarget(0, "total"), total.Id)]));
        var backward = GraphVerifier.Verified(builder.Build(gradients.Select((gradient, k) => new GraphOutput(new InputGradientTarget(k), gradient.Id))));

        var inputs = at.Select(tensor => (double[])tensor.Clone()).ToArray();
        var actual = Interpreter.Run(backward, given with { Inputs = inputs });
        for (var k = 0; k < wanted.Length; k++)
        {
            var tensor = inputs[((Input)wanted[k].Node.Operation).Index];
            for (var element = 0; element < tensor.Length; element++)
            {
                var there = tensor[element];
                const double step = 1e-5;
                tensor[element] = there + step;
                var after = Interpreter.Run(forward, given with { Inputs = inputs })[0][0];
                tensor[element] = there - step;
                var before = Interpreter.Run(forward, given with { Inputs = inputs })[0][0];
                tensor[element] = there;
                var expected = (after - before) / (2 * step);
                if (Math.Abs(actual[k][element] - expected) <= tolerance * (1 + Math.Abs(expected))) continue;
                Assert.Fail($"d/dx{k}[{element}] is {actual[k][element]}, differences say {expected} (simplified: {simplifies})\n{forward}\n\n{backward}");
            }
        }
    }

    // sin(1 + 7k) for the k-th element: no two gradients alike.
    private static Value Uneven(GraphBuilder builder, Value y)
    {
        var flat = EquatableArray<Size>.Own(y.Type.ElementCount);
        var position = builder.Convert(builder.Iota(flat, 0), y.Type.Element);
        return builder.Reshape(builder.Apply(Dsl.Operators.OperatorTable.Sin, position * 7 + 1), y.Type.Shape);
    }
}
