using FeedbackNN.Cpu;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Interpretation;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Programs.Tests;

/// <summary>Runs a graph as generated code and in the interpreter on the same random numbers, and compares.</summary>
internal static class ProgramComparison
{
    /// <param name="draw">Gives a number for an input, parameter or buffer element; by default between -1 and 1.</param>
    public static void Check(Graph graph, IReadOnlyDictionary<string, long> sizes, int seed, double tolerance = 2e-5, Func<Random, Node, double>? draw = null, GeneratedProgram? program = null)
    {
        var inputs = Draw(graph, sizes, seed, draw ?? ((random, node) => node.Type.Element.IsFloat() ? random.NextDouble() * 2 - 1 : random.Next(0, 3)));
        using var own = program is null ? GeneratedProgram.Compile(graph) : null;
        var generated = (program ?? own)!;
        var expected = Interpreter.Run(graph, inputs with { RoundsOperands = !generated.Device.IsCpu });
        var actual = generated.Run(inputs);
        // A gradient that is zero because large terms cancel is as exact as those terms: the graph's largest number tells how large they are.
        var largest = expected.SelectMany(values => values).Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
        for (var output = 0; output < expected.Length; output++)
        {
            var scale = Math.Max(Math.Max(1e-3, 0.03 * largest), expected[output].Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max());
            for (var i = 0; i < expected[output].Length; i++)
            {
                var (e, a) = (expected[output][i], actual[output][i]);
                var same = double.IsFinite(e) ? Math.Abs(e - a) <= tolerance * (scale + Math.Abs(e)) : e.Equals(a) || (double.IsNaN(e) && double.IsNaN(a));
                if (!same) Assert.Fail($"{graph.Outputs[output].Target}[{i}]: expected {e}, got {a}; sizes {string.Join(", ", sizes)}\n{graph}\n{generated.Text}");
            }
        }
    }

    public static InterpreterInputs Draw(Graph graph, IReadOnlyDictionary<string, long> sizes, int seed, Func<Random, Node, double> draw)
    {
        var inputs = new List<double[]>();
        var gradients = new List<double[]>();
        var kept = new List<double[]>();
        var parameters = new Dictionary<(int, int), double[]>();
        var buffers = new Dictionary<(int, int), double[]>();
        foreach (var node in graph.Nodes)
        {
            switch (node.Operation)
            {
                case Input input: Set(inputs, input.Index, Values(node)); break;
                case Kept place: Set(kept, place.Index, Values(node)); break;
                case OutputGradient gradient: Set(gradients, gradient.Index, Values(node)); break;
                case Parameter parameter: parameters[(parameter.Net, parameter.Index)] = Values(node); break;
                case BufferValue buffer: buffers[(buffer.Net, buffer.Index)] = Values(node); break;
            }
        }
        return new InterpreterInputs
        {
            Sizes = sizes,
            Inputs = inputs,
            Kept = kept,
            OutputGradients = gradients,
            Parameter = (net, index) => parameters[(net, index)],
            Buffer = (net, index) => buffers[(net, index)],
            Random = (site, index) => Philox.Uniform(1, 1, (uint)site, index),
        };

        double[] Values(Node node)
        {
            // Each tensor has its own numbers, whatever else the graph holds.
            var random = new Random(seed * 7919 + node.Id);
            var values = new double[node.Type.ElementCount.Evaluate(name => sizes[name])];
            for (var i = 0; i < values.Length; i++)
            {
                var value = draw(random, node);
                values[i] = node.Type.Element == ElementType.F32 ? (float)value : node.Type.Element == ElementType.Bool ? (value > 0 ? 1 : 0) : value;
            }
            return values;
        }
    }

    private static void Set(List<double[]> list, int index, double[] values)
    {
        while (list.Count <= index) list.Add([]);
        list[index] = values;
    }
}
