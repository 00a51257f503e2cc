using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Types;
using FeedbackNN.Onnx.Operations;

namespace FeedbackNN.Onnx;

/// <summary>What an operation becomes: the value of a node whose inputs are there.</summary>
internal delegate LoweredValue OperationRow(GraphLowering graph, Node node);

/// <summary>
/// Lowers one graph, a model's or a loop's body, to ONNX, node by node. Each operation has a row; what ONNX lacks is spelled out in what it has, and what can't be is an error with its place.
/// </summary>
internal sealed class GraphLowering
{
    /// <summary>Every operation of <see cref="Operation"/>. A test goes over them.</summary>
    public static IReadOnlyDictionary<Type, OperationRow> Rows { get; } = new Dictionary<Type, OperationRow>
    {
        [typeof(Input)] = (graph, node) => new(graph.Outside.Input(((Input)node.Operation).Index), node.Type),
        [typeof(Parameter)] = (graph, node) => new(graph.Outside.Parameter(((Parameter)node.Operation).Index), node.Type),
        [typeof(BufferValue)] = (graph, node) => new(graph.Outside.Buffer(((BufferValue)node.Operation).Index), node.Type),
        [typeof(Constant)] = (graph, node) => new(graph.Writer.Number(((Constant)node.Operation).Value, node.Type.Element), node.Type),
        [typeof(SizeValue)] = MovementRows.SizeValue,
        [typeof(Iota)] = MovementRows.Iota,
        [typeof(RandomUniform)] = (_, node) => throw new OnnxExportException("it draws random numbers, and those of ONNX are others on every machine. Make the draws an input of the model.", node.Origin),
        [typeof(Elementwise)] = (graph, node) => ElementwiseRows.Lower(graph, node),
        [typeof(Dsl.Graphs.Convert)] = (graph, node) => graph.Input(node, 0) is var x && x.Type.Element == node.Type.Element ? x : x with { Name = graph.Writer.Cast(x.Name, node.Type.Element), Type = node.Type },
        [typeof(Stop)] = Same,
        [typeof(View)] = ViewRows.View,
        [typeof(ViewTranspose)] = ViewRows.ViewTranspose,
        [typeof(Reshape)] = MovementRows.Reshape,
        [typeof(Pad)] = MovementRows.Pad,
        [typeof(Concat)] = MovementRows.Concat,
        [typeof(Reduce)] = ReductionRows.Reduce,
        [typeof(ArgReduce)] = ReductionRows.ArgReduce,
        [typeof(Contract)] = ProductRows.Contract,
        [typeof(Gather)] = IndexRows.Gather,
        [typeof(ScatterAdd)] = IndexRows.ScatterAdd,
        [typeof(CheckRange)] = IndexRows.CheckRange,
        [typeof(Attention)] = AttentionRows.Attention,
        [typeof(AttentionLogSums)] = AttentionRows.LogSums,
        [typeof(AttentionGradient)] = AttentionRows.Gradient,
        [typeof(LoopArgument)] = (graph, node) => graph._arguments[((LoopArgument)node.Operation).Index],
        [typeof(Loop)] = LoopRows.Loop,
        [typeof(LoopFinal)] = (graph, node) => graph.Loops[node.Inputs[0]].Final(((LoopFinal)node.Operation).State),
        [typeof(LoopStack)] = (graph, node) => graph.Loops[node.Inputs[0]].Stack(((LoopStack)node.Operation).BodyNode),
        [typeof(Equilibrium)] = (graph, node) => new(graph.Writer.Number(0, ElementType.I32), node.Type),
        [typeof(EquilibriumState)] = (graph, node) => graph.Value(graph.Graph[node.Inputs[0]].Inputs[((EquilibriumState)node.Operation).State]),
        [typeof(CheckConverged)] = IndexRows.CheckConverged,
    };

    /// <summary>Operations that no inference graph of a model has, and why.</summary>
    public static IReadOnlyDictionary<Type, string> NeverThere { get; } = new Dictionary<Type, string>
    {
        [typeof(OutputGradient)] = "only programs that end in Backward have it",
        [typeof(Kept)] = "only a generate keeps anything",
        [typeof(WriteKept)] = "only a generate keeps anything",
        [typeof(Sample)] = "only a generate samples",
        [typeof(Segment)] = "only training steps compute anything again",
        [typeof(SegmentValue)] = "only training steps compute anything again",
        [typeof(After)] = "only training steps compute anything again",
        [typeof(Placeholder)] = "no finished graph has any",
    };

    private readonly LoweredValue[] _values;
    private readonly IReadOnlyList<LoweredValue> _arguments;
    private readonly GraphLowering? _outer;
    private readonly Dictionary<string, string> _steps;

    /// <param name="outside">What the model owns and is given.</param>
    /// <param name="graph">What is lowered.</param>
    /// <param name="scope">Where to.</param>
    /// <param name="outer">The graph around a loop's body.</param>
    /// <param name="arguments">What stands for a body's arguments.</param>
    /// <param name="step">The name of the loop's step and its value, i64 of rank 0.</param>
    public GraphLowering(OnnxOutside outside, Graph graph, OnnxScope scope, GraphLowering? outer = null, IReadOnlyList<LoweredValue>? arguments = null, (string Name, string Value)? step = null)
    {
        (Outside, Graph, Scope, _outer, _arguments) = (outside, graph, scope, outer, arguments ?? []);
        _values = new LoweredValue[graph.Nodes.Count];
        _steps = step is { } known ? new() { [known.Name] = known.Value } : [];
        Sizes = new SizeLowering(outside.Writer, Step, outside.Axis);
        foreach (var node in graph.Nodes) _values[node.Id] = Lower(node);
    }

    public OnnxOutside Outside { get; }

    public OnnxWriter Writer => Outside.Writer;

    public Graph Graph { get; }

    public OnnxScope Scope { get; }

    public SizeLowering Sizes { get; }

    /// <summary>Its loops, by node.</summary>
    public Dictionary<int, LoweredLoop> Loops { get; } = [];

    public LoweredValue Value(int node) => _values[node];

    public LoweredValue Input(Node node, int position) => _values[node.Inputs[position]];

    /// <summary>The name of an input with all its elements.</summary>
    public string Whole(Node node, int position) => Whole(Input(node, position));

    /// <summary>The name of a value with all its elements.</summary>
    public string Whole(LoweredValue value) => value.IsWhole
        ? value.Name
        : Writer.Emit("Expand", value.Name, Sizes.Vector(value.Type.Shape.Select((size, axis) => value.Narrow[axis] ? size : Size.One).ToArray()));

    private LoweredValue Lower(Node node) => Rows.TryGetValue(node.Operation.GetType(), out var row)
        ? row(this, node)
        : throw new OnnxExportException($"there is no way to write '{node.Operation.GetType().Name}' in ONNX yet: {nameof(GraphLowering)}.{nameof(Rows)} has no row for it.", node.Origin);

    private string? Step(string name)
    {
        for (var graph = this; graph is not null; graph = graph._outer)
        {
            if (graph._steps.TryGetValue(name, out var step)) return step;
        }
        return null;
    }

    private static LoweredValue Same(GraphLowering graph, Node node) => graph.Input(node, 0);
}
