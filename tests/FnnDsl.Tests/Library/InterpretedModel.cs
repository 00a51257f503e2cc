using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Interpretation;
using FeedbackNN.Dsl.Passes;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Library;

/// <summary>
/// A model made from text and run by the interpreter, in float64: for comparing what the language means with formulas in C#, and its derivatives with
/// differences.
/// </summary>
internal sealed class InterpretedModel
{
    private readonly Dictionary<string, long> _sizes;
    private readonly double[][] _parameters;
    private readonly double[][] _buffers;

    /// <param name="text">A file with one model.</param>
    /// <param name="sizes">The lengths of its run-time axes.</param>
    public InterpretedModel(string text, params (string Axis, long Length)[] sizes)
    {
        Model = TestCompiler.BindModel(text);
        GraphVerifier.Verified(Model.Inference);
        GraphVerifier.Verified(Model.Training);
        _sizes = sizes.ToDictionary(size => size.Axis, size => size.Length);
        var random = new Random(7);
        _parameters = Model.Parameters.Select(parameter => Draw(random, Count(parameter.Type.ElementCount))).ToArray();
        _buffers = Model.Buffers.Select(buffer => Draw(random, Count(buffer.Type.ElementCount)).Select(Math.Abs).ToArray()).ToArray();
    }

    public BoundModel Model { get; }

    /// <summary>The draw for a random site and an element.</summary>
    public Func<int, long, double> Random { get; init; } = (site, element) => new Random(unchecked(site * 7919 + (int)element)).NextDouble();

    /// <summary>A parameter by its path, to read or to change.</summary>
    public double[] Parameter(string path) => _parameters[IndexOf(Model.Parameters, path)];

    public double[] Buffer(string path) => _buffers[IndexOf(Model.Buffers, path)];

    /// <summary>Numbers for an input: as many as it has elements.</summary>
    public double[] Draw(int input, int seed = 1, double low = -2, double high = 2) =>
        Draw(new Random(seed), Count(Model.Inputs[input].Type.ElementCount), low, high);

    /// <summary>The results, with <c>training</c> false.</summary>
    public double[][] Predict(params double[][] inputs) => Run(Model.Inference, inputs).Values.ToArray();

    /// <summary>The results with <c>training</c> true, and new values of buffers by path.</summary>
    public (double[][] Results, Dictionary<string, double[]> Buffers) Train(params double[][] inputs)
    {
        var outputs = Run(Model.Training, inputs);
        return (outputs.Where(output => output.Key is ResultTarget).Select(output => output.Value).ToArray(),
            outputs.Where(output => output.Key is BufferTarget).ToDictionary(output => Model.Buffers[((BufferTarget)output.Key).Buffer].Path, output => output.Value));
    }

    /// <summary>Fails unless the gradients of all parameters and float inputs agree with central differences.</summary>
    public void CheckGradients(params double[][] inputs)
    {
        inputs = inputs.Select(input => (double[])input.Clone()).ToArray();
        var weights = Weights(inputs);
        double Total() => Train(inputs).Results.Zip(weights, (result, weight) => result.Zip(weight, (a, b) => a * b).Sum()).Sum();

        var gradients = Interpreter.Run(GraphVerifier.Verified(ProgramGraphs.Training(Model)), Inputs(inputs) with { OutputGradients = weights });
        var targets = ProgramGraphs.Training(Model).Outputs;
        var isChecked = false;
        for (var k = 0; k < targets.Count; k++)
        {
            var tensor = targets[k].Target switch
            {
                GradientTarget parameter => _parameters[parameter.Parameter],
                InputGradientTarget input => inputs[input.Input],
                _ => null,
            };
            for (var element = 0; element < (tensor?.Length ?? 0); element++)
            {
                const double step = 1e-5;
                var there = tensor![element];
                tensor[element] = there + step;
                var after = Total();
                tensor[element] = there - step;
                var before = Total();
                tensor[element] = there;
                var expected = (after - before) / (2 * step);
                isChecked = true;
                if (Math.Abs(gradients[k][element] - expected) <= 2e-6 * (1 + Math.Abs(expected))) continue;
                Assert.Fail($"{targets[k].Target}[{element}] is {gradients[k][element]}, differences say {expected}\n{Model.Training}");
            }
        }
        Assert.True(isChecked);
    }

    /// <summary>The gradients of the float inputs, then those of the parameters, for an uneven gradient of the results.</summary>
    public double[][] Gradients(params double[][] inputs) => Gradients(graph => graph, inputs);

    /// <summary>The same, of what a pass makes of the graph.</summary>
    public double[][] Gradients(Func<Graph, Graph> pass, params double[][] inputs)
    {
        var graph = pass(ProgramGraphs.Training(Model));
        var values = Interpreter.Run(GraphVerifier.Verified(graph), Inputs(inputs) with { OutputGradients = Weights(inputs) });
        return graph.Outputs.Select((output, k) => (output.Target, Value: values[k])).Where(output => output.Target is InputGradientTarget or GradientTarget)
            .OrderBy(output => output.Target is GradientTarget).Select(output => output.Value).ToArray();
    }

    // No two elements of the results count alike.
    private double[][] Weights(double[][] inputs) => Train(inputs).Results
        .Select((values, result) => Enumerable.Range(0, values.Length).Select(element => Math.Sin(1 + 7 * element + 3 * result)).ToArray()).ToArray();

    /// <summary>Fails unless two tensors are equal up to rounding.</summary>
    public static void AssertClose(IReadOnlyList<double> expected, IReadOnlyList<double> actual, double tolerance = 1e-9)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (var k = 0; k < expected.Count; k++)
        {
            if (expected[k].Equals(actual[k]) || Math.Abs(expected[k] - actual[k]) <= tolerance * (1 + Math.Abs(expected[k]))) continue;
            Assert.Fail($"[{k}]: expected {expected[k]}, got {actual[k]}");
        }
    }

    /// <summary>Runs another graph with this model's weights.</summary>
    public double[][] Run(Graph graph, InterpreterInputs given) => Interpreter.Run(graph, given with { Parameter = (_, index) => _parameters[index], Buffer = (_, index) => _buffers[index], Random = Random });

    private Dictionary<OutputTarget, double[]> Run(Graph graph, double[][] inputs)
    {
        var values = Interpreter.Run(graph, Inputs(inputs));
        return graph.Outputs.Select((output, k) => (output.Target, values[k])).ToDictionary(pair => pair.Target, pair => pair.Item2);
    }

    private InterpreterInputs Inputs(double[][] inputs) => new()
    {
        Sizes = _sizes,
        Inputs = inputs,
        Parameter = (_, index) => _parameters[index],
        Buffer = (_, index) => _buffers[index],
        Random = Random,
    };

    private int Count(Dsl.Types.Size size) => (int)size.Evaluate(axis => _sizes[axis]);

    private static int IndexOf(EquatableArray<BoundStorage> storages, string path) => storages.Select(storage => storage.Path).ToList().IndexOf(path);

    private static double[] Draw(Random random, int count, double low = -1, double high = 1) =>
        Enumerable.Range(0, count).Select(_ => low + (high - low) * random.NextDouble()).ToArray();
}
