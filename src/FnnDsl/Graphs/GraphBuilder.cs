using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

/// <summary>
/// Makes graphs. Equal nodes are made once (the first origin stays), and each constructor simplifies: constants fold, operations that
/// do nothing disappear, views compose. So what is built is already simple, forward and backward alike.
/// </summary>
public sealed partial class GraphBuilder
{
    private readonly List<Node> _nodes = [];
    private readonly Dictionary<(Operation Operation, EquatableArray<int> Inputs, TensorType Type), int> _known = [];

    /// <summary>Given to nodes made from now on.</summary>
    public Origin Origin { get; set; }

    /// <summary>Off only where tests compare with the plain meaning: then nothing is simplified, but equal nodes are still one.</summary>
    internal bool Simplifies { get; set; } = true;

    /// <summary>All nodes made so far, dead ones too.</summary>
    public IReadOnlyList<Node> Nodes => _nodes;

    public Node this[int id] => _nodes[id];

    /// <summary>The value of a node made earlier.</summary>
    public Value ValueOf(int id) => new(this, id);

    // ---- Leaves ----

    public Value Input(int index, string name, TensorType type) => Add(new Input(index, name), type);

    public Value Parameter(int net, int index, TensorType type) => Add(new Parameter(net, index), type);

    public Value BufferValue(int net, int index, TensorType type) => Add(new BufferValue(net, index), type);

    public Value OutputGradient(int index, TensorType type) => Add(new OutputGradient(index), type);

    /// <summary>A number, of rank 0.</summary>
    public Value Constant(double value, ElementType element) => Add(new Constant(value), TensorType.Scalar(element));

    /// <summary>A size as a number, of rank 0.</summary>
    public Value SizeValue(Size size, ElementType element) =>
        Simplifies && size.TryGetConstant(out var value) ? Constant(value, element) : Add(new SizeValue(size), TensorType.Scalar(element));

    /// <summary>The position along an axis, i32.</summary>
    public Value Iota(EquatableArray<Size> shape, int axis)
    {
        if (axis < 0 || axis >= shape.Count) throw new ArgumentOutOfRangeException(nameof(axis), $"Axis {axis} of a shape of rank {shape.Count}.");
        if (Simplifies && shape[axis].IsOne) return Fill(0, new TensorType(ElementType.I32, shape));
        return Add(new Iota(axis), new TensorType(ElementType.I32, shape));
    }

    /// <summary>Draws in [0, 1), f32. One site, round and shape is one node: the same draws.</summary>
    public Value RandomUniform(int site, Size round, EquatableArray<Size> shape) => Add(new RandomUniform(site, round), new TensorType(ElementType.F32, shape));

    /// <summary>A tensor that has one number everywhere.</summary>
    public Value Fill(double value, TensorType type) => Broadcast(Constant(value, type.Element), type.Shape);

    /// <summary>Whether all elements of a value are one known number.</summary>
    public bool TryGetConstant(Value x, out double value)
    {
        value = 0;
        var node = x.Node;
        if (node.Operation is View && this[node.Inputs[0]].Type.Rank == 0) node = this[node.Inputs[0]];
        if (node.Operation is not Constant constant) return false;
        value = constant.Value;
        return true;
    }

    /// <summary>
    /// The graph that computes the outputs: without nodes that none of them needs, numbered anew in order.
    /// </summary>
    public Graph Build(IEnumerable<GraphOutput> outputs) => Build(outputs, [], out _);

    /// <summary>As <see cref="Build(IEnumerable{GraphOutput})"/>, keeping some more nodes, whose new ids it gives.</summary>
    public Graph Build(IEnumerable<GraphOutput> outputs, IReadOnlyList<Value> kept, out int[] keptIds)
    {
        var wanted = outputs.ToArray();
        var live = new bool[_nodes.Count];
        foreach (var output in wanted) live[output.Node] = true;
        foreach (var value in kept) live[value.Id] = true;
        for (var id = _nodes.Count - 1; id >= 0; id--)
        {
            if (!live[id]) continue;
            foreach (var input in _nodes[id].Inputs) live[input] = true;
        }
        var renumbered = new int[_nodes.Count];
        var nodes = new List<Node>();
        foreach (var node in _nodes)
        {
            if (!live[node.Id]) continue;
            renumbered[node.Id] = nodes.Count;
            nodes.Add(node with { Id = nodes.Count, Inputs = node.Inputs.Select(input => renumbered[input]).ToEquatableArray() });
        }
        keptIds = kept.Select(value => renumbered[value.Id]).ToArray();
        return new Graph(nodes.ToEquatableArray(), wanted.Select(output => output with { Node = renumbered[output.Node] }).ToEquatableArray());
    }

    /// <summary>Makes the nodes of a graph here, origins included; gives their values in the graph's order.</summary>
    public IReadOnlyList<Value> Import(Graph graph) => Import(graph, null, null);

    /// <summary>As <see cref="Import(Graph)"/>, a loop's body: with values for its arguments, and another name for its step.</summary>
    /// <param name="live">The nodes to make; null for all.</param>
    internal IReadOnlyList<Value> Import(Graph graph, IReadOnlyList<Value>? arguments, Func<string, Size?>? sizes, bool[]? live = null)
    {
        var values = new Value[graph.Nodes.Count];
        var loops = new Dictionary<int, RemadeLoop>();
        var origin = Origin;
        foreach (var node in graph.Nodes)
        {
            if (live is not null && !live[node.Id]) continue;
            Origin = node.Origin;
            var inputs = node.Inputs.Select(input => values[input]).ToArray();
            var operation = sizes is null ? node.Operation : OperationSizes.Substitute(node.Operation, sizes);
            switch (operation)
            {
                case LoopArgument argument when arguments is not null:
                    values[node.Id] = arguments[argument.Index];
                    break;
                case Loop loop:
                    var reads = graph.ReadsOf(node.Id).Where(read => live?[read.Id] != false).Select(read => read.Operation).ToArray();
                    loops.Add(node.Id, Remake(loop, inputs, reads.OfType<LoopStack>().Select(read => read.BodyNode).Distinct().ToArray(),
                        reads.OfType<LoopFinal>().Select(read => read.State).Distinct().ToArray()));
                    values[node.Id] = loops[node.Id].Loop.Rounds;
                    break;
                case Graphs.LoopFinal final:
                    values[node.Id] = loops[node.Inputs[0]].Final(final.State);
                    break;
                case Graphs.LoopStack stack:
                    values[node.Id] = loops[node.Inputs[0]].Stack(stack.BodyNode);
                    break;
                default:
                    values[node.Id] = Make(operation, inputs, node.Type);
                    break;
            }
        }
        Origin = origin;
        return values;
    }

    /// <summary>Makes a node of any operation through its constructor. The type is that of the node, as far as the operation leaves it open.</summary>
    public Value Make(Operation operation, IReadOnlyList<Value> inputs, TensorType type) => operation switch
    {
        SizeValue size => SizeValue(size.Size, type.Element),
        Iota iota => Iota(type.Shape, iota.Axis),
        Elementwise elementwise => Apply(elementwise.Operator, inputs.ToArray()),
        Convert convert => Convert(inputs[0], convert.To),
        Graphs.Stop => Stop(inputs[0]),
        View view => View(inputs[0], type.Shape, view.Map),
        ViewTranspose transpose => ViewTranspose(inputs[0], type.Shape, transpose.Map),
        Graphs.Reshape => Reshape(inputs[0], type.Shape),
        Pad pad => Pad(inputs[0], pad.Before, pad.After, pad.Between, pad.Value),
        Concat concat => Concat(inputs, concat.Axis),
        Reduce reduce => Reduce(reduce.Kind, inputs[0], reduce.Axes.ToArray()),
        ArgReduce argument => ArgReduce(argument.IsMax, inputs[0], argument.Axis),
        Contract contract => Contract(inputs[0], inputs[1], contract.BatchRank, contract.LeftRank, contract.RightRank, contract.SumRank, contract.Operands),
        Gather gather => Gather(inputs[0], inputs[1], gather.Axis),
        ScatterAdd scatter => ScatterAdd(inputs[0], inputs[1], scatter.Axis, type.Shape[scatter.Axis]),
        CheckRange check => CheckRange(inputs[0], check.Bound, check.What, check.IsLength),
        _ => Add(operation, type, inputs.ToArray()),
    };

    // The node itself, if there is none like it yet.
    private Value Add(Operation operation, TensorType type, params Value[] inputs)
    {
        var ids = new int[inputs.Length];
        for (var k = 0; k < ids.Length; k++)
        {
            if (inputs[k].Builder != this) throw new ArgumentException("A value of another graph.", nameof(inputs));
            ids[k] = inputs[k].Id;
        }
        var key = (operation, EquatableArray<int>.Own(ids), type);
        if (!_known.TryGetValue(key, out var id))
        {
            id = _nodes.Count;
            _nodes.Add(new Node(id, operation, key.Item2, type, Origin));
            _known.Add(key, id);
        }
        return new Value(this, id);
    }

    private bool Exists(Operation operation, TensorType type, params Value[] inputs) =>
        _known.ContainsKey((operation, inputs.Select(input => input.Id).ToEquatableArray(), type));

    private static ArgumentException Mismatch(string what, params Value[] values) =>
        new($"{what}: {string.Join(", ", values.Select(value => value.Type))}.");
}
