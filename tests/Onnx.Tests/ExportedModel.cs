using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Interpretation;
using FeedbackNN.Dsl.Passes;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;
using FeedbackNN.Onnx.Format;

namespace FeedbackNN.Onnx.Tests;

/// <summary>A model with drawn weights, exported and opened by ONNX Runtime, to be compared with the interpreter.</summary>
internal sealed class ExportedModel : IDisposable
{
    private readonly BoundModel _model;
    private readonly Func<Random, Node, double> _draw;
    private readonly Dictionary<BoundStorage, double[]> _weights = [];
    private readonly OnnxSession _session;

    /// <param name="model">The model.</param>
    /// <param name="draw">Gives a number for an element of an input, a parameter or a buffer.</param>
    public ExportedModel(BoundModel model, Func<Random, Node, double>? draw = null)
    {
        (_model, _draw) = (model, draw ?? Draw);
        var random = new Random(7);
        foreach (var (storage, operation) in model.Parameters.Select((storage, k) => (storage, (Operation)new Parameter(0, k))).Concat(model.Buffers.Select((storage, k) => (storage, (Operation)new BufferValue(0, k)))))
        {
            _weights[storage] = Values(random, new Node(0, operation, default, storage.Type, default), _ => 0);
        }
        Proto = OnnxExport.ToOnnx(model, storage => _weights[storage].SelectMany(value => OnnxTypes.Bytes(value, storage.Type.Element)).ToArray());
        _session = new OnnxSession(Proto);
    }

    public ModelProto Proto { get; }

    public OnnxSession Session => _session;

    /// <summary>The operators it is made of, loops' bodies included.</summary>
    public IEnumerable<string> Operators => OperatorsOf(Proto.Graph);

    public static ExportedModel Of(string source, string name, Func<Random, Node, double>? draw = null) => new(Bind(source, name), draw);

    public static BoundModel Bind(string source, string name)
    {
        var scope = Binder.Collect([FnnParser.Parse(new SourceText("model.fnn", source))], "Tests");
        var declaration = scope.Models.Single(model => model.Name == name);
        var bound = Binder.BindModel(scope, declaration.Namespace, declaration.Name);
        Assert.True(bound.Result is not null, string.Join("\n", bound.Diagnostics));
        return bound.Result!;
    }

    /// <summary>A graph as a model that computes it.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="types">The types of its inputs, where it does not read all of them.</param>
    public static BoundModel Model(Graph graph, IReadOnlyList<TensorType>? types = null)
    {
        var read = graph.Nodes.Where(node => node.Operation is Input).ToDictionary(node => ((Input)node.Operation).Index, node => Signature(((Input)node.Operation).Name, node.Type));
        var inputs = types is null ? read.OrderBy(input => input.Key).Select(input => input.Value) : types.Select((type, k) => Signature("x" + k, type));
        var results = graph.Outputs.Select(output => Signature(((ResultTarget)output.Target).Name, graph[output.Node].Type));
        return new BoundModel("Tests", "Graph", null, default, inputs.ToEquatableArray(), results.ToEquatableArray(), default, default, default, graph, graph, default);
    }

    /// <summary>ONNX Runtime gives what the interpreter gives.</summary>
    public void Check(IReadOnlyDictionary<string, long> sizes, double tolerance = 1e-4, int seed = 1)
    {
        var random = new Random(seed);
        long Axis(string name) => sizes[name];
        var inputs = _model.Inputs.Select((input, k) => Values(random, new Node(0, new Input(k, input.Name), default, input.Type, default), Axis)).ToArray();
        Check(sizes, inputs, tolerance);
    }

    public void Check(IReadOnlyDictionary<string, long> sizes, double[][] inputs, double tolerance = 1e-4)
    {
        var graph = Simplification.Run(Equilibria.Resolve(_model.Inference));
        var expected = Interpreter.Run(graph, new InterpreterInputs
        {
            Sizes = sizes, Inputs = inputs, Parameter = (_, k) => _weights[_model.Parameters[k]], Buffer = (_, k) => _weights[_model.Buffers[k]],
        });
        var actual = Run(sizes, inputs);
        for (var k = 0; k < expected.Length; k++)
        {
            var shape = _model.Results[k].Type.Shape.Select(size => size.Evaluate(name => sizes[name])).ToArray();
            Assert.Equal(shape, actual[k].Shape);
            var scale = Math.Max(1, expected[k].Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max());
            for (var i = 0; i < expected[k].Length; i++)
            {
                var (e, a) = (expected[k][i], actual[k].Values[i]);
                if (double.IsFinite(e) ? Math.Abs(e - a) <= tolerance * scale : e.Equals(a) || (double.IsNaN(e) && double.IsNaN(a))) continue;
                Assert.Fail($"{_model.Name}.{_model.Results[k].Name}[{i}]: expected {e}, got {a}; sizes {string.Join(", ", sizes)}; inputs {string.Join("; ", inputs.Select(input => string.Join(" ", input.Take(20))))}\n{graph}\n{string.Join("\n", Proto.Graph.Node.Select(node => $"{string.Join(", ", node.Output)} = {node.OpType}({string.Join(", ", node.Input)})"))}");
            }
        }
    }

    /// <summary>What ONNX Runtime gives.</summary>
    public IReadOnlyList<(long[] Shape, double[] Values)> Run(IReadOnlyDictionary<string, long> sizes, double[][] inputs) =>
        _session.Run(_model.Inputs.Select((input, k) => (input.Name, input.Element, input.Type.Shape.Select(size => size.Evaluate(name => sizes[name])).ToArray(), inputs[k])).ToArray());

    public void Dispose() => _session.Dispose();

    private double[] Values(Random random, Node node, Func<string, long> axis)
    {
        var values = new double[node.Type.ElementCount.Evaluate(axis)];
        for (var k = 0; k < values.Length; k++)
        {
            var value = _draw(random, node);
            values[k] = node.Type.Element == ElementType.F32 ? (float)value : node.Type.Element == ElementType.Bool ? (value > 0 ? 1 : 0) : value;
        }
        return values;
    }

    private static double Draw(Random random, Node node) => node.Type.Element.IsFloat() ? random.NextDouble() * 2 - 1 : random.Next(0, 3);

    private static BoundTensor Signature(string name, TensorType type) => new(name, type.Element, type.Shape.Select(size => new BoundAxis(null, size)).ToEquatableArray());

    private static IEnumerable<string> OperatorsOf(GraphProto graph) => graph.Node.SelectMany(node => node.Attribute.Where(attribute => attribute.G is not null).SelectMany(attribute => OperatorsOf(attribute.G)).Append(node.OpType));
}
