using FeedbackNN.Dsl.Derivatives;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Interpretation;
using FeedbackNN.Dsl.Passes;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Tests.Graphs;

/// <summary>Random graphs mean the same simplified and not; simplifying twice changes nothing more; every graph on the way is sound.</summary>
public sealed class RandomGraphTests
{
    private const int Operations = 14;

    public static TheoryData<int> Batches => new(Enumerable.Range(0, 8));

    [Theory]
    [MemberData(nameof(Batches))]
    public void Simplified_and_plain_graphs_mean_the_same(int batch)
    {
        foreach (var seed in Enumerable.Range(batch * 50, 50))
        {
            var plain = GraphVerifier.Verified(RandomGraph.Make(seed, Operations, simplifies: false));
            var later = GraphVerifier.Verified(Simplification.Run(plain));
            AssertSame(seed, plain, later);
        }
    }

    [Theory]
    [MemberData(nameof(Batches))]
    public void Simplifying_twice_changes_nothing_more(int batch)
    {
        foreach (var seed in Enumerable.Range(batch * 50, 50))
        {
            var once = Simplification.Run(RandomGraph.Make(seed, Operations, simplifies: false));
            var twice = Simplification.Run(once);
            if (once != twice && once.ToString() != twice.ToString()) Assert.Fail($"seed {seed}:\n{once}\n\n{twice}");
        }
    }

    [Theory]
    [MemberData(nameof(Batches))]
    public void Gradients_of_simplified_and_plain_graphs_mean_the_same(int batch)
    {
        foreach (var seed in Enumerable.Range(batch * 25, 25))
        {
            var plain = RandomGraph.Make(seed, Operations, simplifies: false);
            AssertSame(seed, Derived(plain, simplifies: false), Derived(Simplification.Run(plain), simplifies: true));
        }
    }

    private static Graph Derived(Graph graph, bool simplifies)
    {
        var builder = new GraphBuilder { Simplifies = simplifies };
        var values = builder.Import(graph);
        var seeds = graph.Outputs.Select(output => values[output.Node]).Select(value => (value, builder.Broadcast(builder.Constant(1, ElementType.F64), value.Type.Shape))).ToArray();
        var inputs = values.Where(value => value.Node.Operation is Input).OrderBy(value => ((Input)value.Node.Operation).Index).ToArray();
        var gradients = Differentiation.Gradients(builder, seeds, inputs);
        return GraphVerifier.Verified(builder.Build(gradients.Select((gradient, k) => new GraphOutput(new InputGradientTarget(((Input)inputs[k].Node.Operation).Index), gradient.Id))));
    }

    private static void AssertSame(int seed, Graph plain, Graph simplified)
    {
        var given = new InterpreterInputs { Sizes = new Dictionary<string, long> { ["n"] = RandomGraph.LengthOfN }, Inputs = RandomGraph.Inputs(seed) };
        var expected = Outputs(plain, given);
        var actual = Outputs(simplified, given);
        foreach (var (target, values) in expected)
        {
            // An input that simplification has found unused has no gradient left; its plain gradient is zero.
            var others = actual.TryGetValue(target, out var found) ? found : new double[values.Length];
            for (var k = 0; k < values.Length; k++)
            {
                var close = values[k].Equals(others[k]) || Math.Abs(values[k] - others[k]) <= 1e-9 * (1 + Math.Abs(values[k]));
                if (!close) Assert.Fail($"seed {seed}, {target}[{k}]: {values[k]} became {others[k]}\n{plain}\n\n{simplified}");
            }
        }
    }

    private static Dictionary<OutputTarget, double[]> Outputs(Graph graph, InterpreterInputs given)
    {
        var values = Interpreter.Run(graph, given);
        return graph.Outputs.Select((output, k) => (output.Target, Values: values[k])).ToDictionary(pair => pair.Target, pair => pair.Values);
    }
}
