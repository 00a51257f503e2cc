using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Interpretation;
using FeedbackNN.Dsl.Passes;
using FeedbackNN.Dsl.Tests.Passes;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Tests.Graphs;

/// <summary>Random loops mean the same simplified and not, with their gradients; and those are what central differences say.</summary>
public sealed class RandomLoopTests
{
    public static TheoryData<int> Batches => new(Enumerable.Range(0, 6));

    [Theory]
    [MemberData(nameof(Batches))]
    public void Simplified_and_plain_loops_mean_the_same(int batch)
    {
        foreach (var seed in Enumerable.Range(batch * 30, 30))
        {
            var plain = GraphVerifier.Verified(RandomLoop.Make(new GraphBuilder { Simplifies = false }, seed, ElementType.F64, seed % 2 == 0));
            var given = Given(seed, plain);
            var expected = Interpreter.Run(plain, given);
            AssertSame(seed, plain, expected, Simplification.Run(plain), given);
            AssertSame(seed, plain, expected, RandomLoop.Make(new GraphBuilder(), seed, ElementType.F64, seed % 2 == 0), given);
        }
    }

    [Theory]
    [MemberData(nameof(Batches))]
    public void Gradients_are_those_of_central_differences(int batch)
    {
        foreach (var seed in Enumerable.Range(batch * 6, 6))
        {
            var given = Given(seed, null);
            GradientCheck.Run((builder, x) => RandomLoop.Row(builder, x, seed, isSmooth: true), RandomLoop.Types(ElementType.F64), given.Inputs.ToArray(), given, 1e-5);
        }
    }

    [Theory]
    [MemberData(nameof(Batches))]
    public void Second_derivatives_are_those_of_central_differences(int batch)
    {
        foreach (var seed in Enumerable.Range(batch, 1))
        {
            var given = Given(seed, null);
            Value Squared(GraphBuilder builder, Value[] x) => RandomLoop.Row(builder, x, seed, isSmooth: true) is var y ? y * y : default;
            GradientCheck.Run(GradientCheck.FirstGradient(Squared, input: 4), RandomLoop.Types(ElementType.F64), given.Inputs.ToArray(), given, 1e-4);
        }
    }

    [Fact]
    public void What_nobody_reads_of_loops_in_loops_is_gone_after_one_pass()
    {
        foreach (var seed in Enumerable.Range(0, 60))
        {
            AssertLive(seed, Simplification.Run(RandomLoop.Make(new GraphBuilder(), seed, ElementType.F64, isSmooth: true)));
        }
    }

    // Each node of a body is read by another, an output, or a stack.
    private static void AssertLive(int seed, Graph graph)
    {
        foreach (var node in graph.Nodes)
        {
            if (node.Operation is not Loop loop) continue;
            var read = graph.Nodes.Where(other => other.Inputs.Contains(node.Id)).Select(other => other.Operation).OfType<LoopStack>().Select(stack => stack.BodyNode)
                .Concat(loop.Body.Outputs.Select(output => output.Node)).Concat(loop.Body.Nodes.SelectMany(inner => inner.Inputs)).ToHashSet();
            var dead = loop.Body.Nodes.FirstOrDefault(inner => inner.Operation is not LoopArgument && !read.Contains(inner.Id));
            if (dead is not null) Assert.Fail($"seed {seed}: nothing reads {dead}\n{GraphPrinter.Print(graph)}");
            AssertLive(seed, loop.Body);
        }
    }

    private static InterpreterInputs Given(int seed, Graph? graph)
    {
        var random = new Random(seed);
        var sizes = new Dictionary<string, long> { ["batch"] = 1 + seed % 3, ["time"] = 1 + seed / 3 % 5 };
        double[] Draw(TensorType type) => Enumerable.Range(0, (int)type.ElementCount.Evaluate(axis => sizes[axis])).Select(_ => type.Element.IsFloat() ? random.NextDouble() * 2 - 1 : random.Next(0, 4)).ToArray();
        var inputs = RandomLoop.Types(ElementType.F64).Select(Draw).ToArray();
        var gradients = new double[8][];
        foreach (var node in graph?.Nodes.Where(node => node.Operation is OutputGradient) ?? []) gradients[((OutputGradient)node.Operation).Index] = Draw(node.Type);
        return new InterpreterInputs { Sizes = sizes, Inputs = inputs, OutputGradients = gradients, Random = (site, k) => (site * 0.37 + k * 0.61) % 1 };
    }

    private static void AssertSame(int seed, Graph plain, double[][] expected, Graph simplified, InterpreterInputs given)
    {
        var actual = Interpreter.Run(GraphVerifier.Verified(simplified), given);
        for (var output = 0; output < expected.Length; output++)
        {
            for (var k = 0; k < expected[output].Length; k++)
            {
                var (e, a) = (expected[output][k], actual[output][k]);
                if (e.Equals(a) || Math.Abs(e - a) <= 1e-9 * (1 + Math.Abs(e))) continue;
                Assert.Fail($"seed {seed}, {plain.Outputs[output].Target}[{k}]: {e} became {a}\n{GraphPrinter.Print(plain)}\n\n{GraphPrinter.Print(simplified)}");
            }
        }
    }
}
