using System.Globalization;
using FeedbackNN.Dsl.Types;
using FeedbackNN.Onnx.Format;
using Google.Protobuf;

namespace FeedbackNN.Onnx;

/// <summary>A graph that is being written: the model's own, or a loop's body in it.</summary>
internal sealed class OnnxScope(OnnxScope? outer)
{
    /// <summary>How many graphs it lies in.</summary>
    public int Depth { get; } = outer is null ? 0 : outer.Depth + 1;

    public List<NodeProto> Nodes { get; } = [];
}

/// <summary>
/// Writes nodes. Equal nodes are written once, and each stands in the outermost graph in which its inputs are known: what is the same in every round of a loop is computed before it. Names are
/// made here, so that none is given twice.
/// </summary>
internal sealed class OnnxWriter
{
    private readonly Dictionary<string, OnnxScope> _scopes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

    /// <summary>The model's graph.</summary>
    public OnnxScope Root { get; } = new(null);

    /// <summary>Weights and numbers; all lie in the model's graph.</summary>
    public List<TensorProto> Initializers { get; } = [];

    /// <summary>A name that nothing has yet, the wanted one if it is free, for a value that a graph is given.</summary>
    public string Declare(OnnxScope scope, string wanted)
    {
        var name = Fresh(wanted);
        _scopes.Add(name, scope);
        return name;
    }

    /// <summary>The value of an operator of the standard set.</summary>
    public string Emit(string op, params ReadOnlySpan<string> inputs) => Emit(op, inputs.ToArray(), []);

    /// <summary>The value of an operator with settings.</summary>
    public string Emit(string op, IReadOnlyList<string> inputs, params IReadOnlyList<AttributeProto> attributes)
    {
        var key = $"{op}({string.Join(", ", inputs)}) {string.Join(" ", attributes)}";
        if (_known.TryGetValue(key, out var known)) return known;
        var scope = inputs.Where(input => input.Length > 0).Select(input => _scopes[input]).MaxBy(input => input.Depth) ?? Root;
        return _known[key] = EmitIn(scope, op, inputs, attributes, [Fresh(op)])[0];
    }

    /// <summary>A node of its own in a given graph.</summary>
    public IReadOnlyList<string> EmitIn(OnnxScope scope, string op, IReadOnlyList<string> inputs, IReadOnlyList<AttributeProto> attributes, IReadOnlyList<string> outputs)
    {
        scope.Nodes.Add(new NodeProto { Name = outputs[0], OpType = op, Input = { inputs }, Output = { outputs }, Attribute = { attributes } });
        foreach (var output in outputs) _scopes.TryAdd(output, scope);
        return outputs;
    }

    /// <summary>A value of a graph under a name that nothing else of it has: what leaves a graph needs one.</summary>
    public string Alias(OnnxScope scope, string value, string wanted)
    {
        var name = Declare(scope, wanted);
        EmitIn(scope, "Identity", [value], [], [name]);
        return name;
    }

    /// <summary>A name that nothing has yet.</summary>
    public string Fresh(string wanted)
    {
        var name = wanted;
        while (!_counts.TryAdd(name, 1)) name = string.Create(CultureInfo.InvariantCulture, $"{wanted}_{_counts[wanted]++}");
        return name;
    }

    /// <summary>The nodes that some values are made of, in their order: windows that became a convolution, for one, are read by nobody.</summary>
    public static IReadOnlyList<NodeProto> Live(IReadOnlyList<NodeProto> nodes, IEnumerable<string> wanted, out IReadOnlySet<string> read)
    {
        var names = wanted.ToHashSet(StringComparer.Ordinal);
        var live = new List<NodeProto>();
        foreach (var node in nodes.Reverse())
        {
            if (!node.Output.Any(names.Contains)) continue;
            live.Add(node);
            names.UnionWith(ReadBy(node));
        }
        live.Reverse();
        read = names;
        return live;
    }

    private static IEnumerable<string> ReadBy(NodeProto node) => node.Input.Concat(node.Attribute.Where(attribute => attribute.G is not null).SelectMany(attribute => attribute.G.Node.SelectMany(ReadBy)));

    // ---- Numbers ----------------------------------------------------------------------------------------------------

    /// <summary>A number, of rank 0.</summary>
    public string Number(double value, ElementType element)
    {
        var bytes = OnnxTypes.Bytes(value, element);
        return Initializer($"{element} {System.Convert.ToHexString(bytes)}", "number", name => OnnxTypes.Tensor(name, element, [], bytes));
    }

    /// <summary>Whole numbers, i64, of rank 1: axes, shapes, positions.</summary>
    public string Integers(params IReadOnlyList<long> values) => Integers([values.Count], values);

    /// <summary>A tensor of whole numbers, i64.</summary>
    public string Integers(IReadOnlyList<long> dims, IReadOnlyList<long> values) =>
        Initializer($"i64 [{string.Join(", ", dims)}] {string.Join(", ", values)}", "integers", name => OnnxTypes.Integers(name, dims, values));

    /// <summary>A weight under its own name.</summary>
    public string Weight(string wanted, TensorType type, ReadOnlyMemory<byte> bytes)
    {
        var name = Declare(Root, wanted);
        Initializers.Add(OnnxTypes.Tensor(name, type.Element, type.Shape.Select(size => size.Value), bytes));
        return name;
    }

    private string Initializer(string key, string hint, Func<string, TensorProto> make)
    {
        if (_known.TryGetValue(key, out var known)) return known;
        var name = Declare(Root, hint);
        Initializers.Add(make(name));
        return _known[key] = name;
    }

    // ---- Settings of nodes ------------------------------------------------------------------------------------------

    public static AttributeProto Setting(string name, long value) => new() { Name = name, I = value, Type = AttributeProto.Types.AttributeType.Int };

    public static AttributeProto Setting(string name, IEnumerable<int> values) => new() { Name = name, Ints = { values.Select(value => (long)value) }, Type = AttributeProto.Types.AttributeType.Ints };

    public static AttributeProto Setting(string name, string value) => new() { Name = name, S = ByteString.CopyFromUtf8(value), Type = AttributeProto.Types.AttributeType.String };

    public static AttributeProto Setting(string name, GraphProto graph) => new() { Name = name, G = graph, Type = AttributeProto.Types.AttributeType.Graph };

    // ---- What many rows are made of ---------------------------------------------------------------------------------

    public string Cast(string value, ElementType to) => Emit("Cast", [value], Setting("to", to.Code()));

    public string Transpose(string value, IReadOnlyList<int> order) => order.Select((axis, k) => axis == k).All(same => same) ? value : Emit("Transpose", [value], Setting("perm", order));

    public string Unsqueeze(string value, params IReadOnlyList<long> axes) => axes.Count == 0 ? value : Emit("Unsqueeze", value, Integers(axes));

    public string Squeeze(string value, params IReadOnlyList<long> axes) => Emit("Squeeze", value, Integers(axes));

    public string Gather(string value, string index, int axis) => Emit("Gather", [value, index], Setting("axis", axis));

    /// <summary>Without the axes that are reduced.</summary>
    public string Reduce(string op, string value, params IReadOnlyList<long> axes) => Emit(op, [value, Integers(axes)], Setting("keepdims", 0));
}
