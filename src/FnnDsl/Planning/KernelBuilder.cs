using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>
/// Writes a kernel's body: walks the expressions of its anchors from the stores back to what is in memory, composing index
/// functions through views on the way, so that no view is ever copied.
/// </summary>
internal sealed class KernelBuilder(Graph graph, Fusion fusion, FusionGroup? group, LoopDomain domain)
{
    private readonly List<KernelOperand> _operands = [];
    private readonly List<int> _operandNodes = [];
    private readonly List<KernelValue> _values = [];
    private readonly List<KernelStore> _stores = [];
    private readonly Dictionary<KernelValue, int> _known = [];
    private readonly Dictionary<Fusion.Read, int> _emitted = [];

    /// <summary>The node behind each operand that is read, in order; -1 for operands that are written.</summary>
    public IReadOnlyList<int> OperandNodes => _operandNodes;

    public IReadOnlyList<KernelValue> Values => _values;

    public int AddOperand(string name, ElementType element, int node)
    {
        _operands.Add(new KernelOperand(name, element));
        _operandNodes.Add(node);
        return _operands.Count - 1;
    }

    public void Store(KernelStore store) => _stores.Add(store);

    /// <summary>A number.</summary>
    public int Number(double value, ElementType element) => Add(new NumberValue(value, element));

    /// <summary>The sum of some values, one after the other.</summary>
    public int Sum(IEnumerable<int> values) => values.Aggregate((left, right) =>
        Add(new ApplyValue(OperatorTable.Add, EquatableArray<int>.Own(left, right), _values[left].Element, (Level)Math.Max((int)_values[left].Level, (int)_values[right].Level))));

    /// <summary>The value of an anchor of this group at its own place.</summary>
    public int EmitAnchor(Anchor anchor)
    {
        var indices = anchor.BodyIndices();
        switch (anchor.Node.Operation)
        {
            case Reduce reduce when anchor.Placement == Placement.RowReduction:
                return Add(new ReduceValue(reduce.Kind, Emit(anchor.Node.Inputs[0], indices), anchor.Node.Type.Element));
            case ArgReduce arg:
                return Add(new ArgReduceValue(arg.IsMax, Emit(anchor.Node.Inputs[0], indices)));
            case Reduce:
                return Emit(anchor.Node.Inputs[0], indices);
            default:
                return EmitInside(anchor.Node, indices);
        }
    }

    /// <summary>The value of a node at indices over the loop variables.</summary>
    public int Emit(int id, EquatableArray<AffineIndex> indices)
    {
        var key = new Fusion.Read(id, indices);
        if (_emitted.TryGetValue(key, out var value)) return value;
        var node = graph[id];
        if (group is not null && fusion.GroupOf(id) == group) value = EmitAnchor(group.Anchors.First(anchor => anchor.Node.Id == id));
        else if (fusion.IsLoaded(id)) value = Load(node, indices);
        else value = EmitInside(node, indices);
        _emitted.Add(key, value);
        return value;
    }

    public Kernel Build(string name, KernelForm form)
    {
        var kernel = new Kernel(name, domain.Rows, domain.Columns, _operands.ToEquatableArray(), _values.ToEquatableArray(), _stores.ToEquatableArray(),
            default, form, IsVectorized: false, Cost: 0);
        return KernelTraits.Decide(form == KernelForm.Serial ? kernel : KernelCoalescing.Run(kernel));
    }

    private int EmitInside(Node node, EquatableArray<AffineIndex> indices)
    {
        switch (node.Operation)
        {
            case Constant constant:
                return Number(constant.Value, node.Type.Element);
            case SizeValue size:
                return Add(new SizeNumberValue(size.Size, node.Type.Element));
            case Iota iota:
                return Index(indices[iota.Axis]);
            case RandomUniform random:
                var linear = Affine.Address(node.Type.Shape, indices, domain.Variables);
                var offset = linear.Offset + random.Round * node.Type.ElementCount;
                return Add(new RandomValue(random.Site, offset, Rows(linear), Column(linear), LevelOf(linear)));
            case View view:
                return Emit(node.Inputs[0], AffineMap.Compose(view.Map, indices, domain.Variables));
            case Graphs.Convert:
                var input = Emit(node.Inputs[0], indices);
                return Add(new ConvertValue(input, node.Type.Element, _values[input].Level));
            case Elementwise elementwise:
                var inputs = node.Inputs.Select(id => Emit(id, graph[id].Type.Rank == 0 ? default : indices)).ToEquatableArray();
                var level = inputs.Count == 0 ? Level.Kernel : inputs.Max(id => _values[id].Level);
                return Add(new ApplyValue(elementwise.Operator, inputs, node.Type.Element, level));
            default:
                throw new InvalidOperationException($"A kernel can't compute {node} inline.");
        }
    }

    private int Load(Node node, EquatableArray<AffineIndex> indices)
    {
        if (fusion.PartsOf(node.Id).FirstOrDefault() is { } part)
        {
            node = graph[part.Whole];
            indices = part.Within(indices);
        }
        var address = Affine.Address(node.Type.Shape, indices, domain.Variables);
        var source = fusion.Resolve(node.Id);
        var operand = _operandNodes.IndexOf(source);
        if (operand < 0) operand = AddOperand("", graph[source].Type.Element, source);
        return Add(new LoadValue(AccessTo(operand, address), node.Type.Element, LevelOf(address)));
    }

    private int Index(AffineIndex index) => Add(new IndexValue(index.Offset, Rows(index), Column(index), LevelOf(index)));

    private int Add(KernelValue value)
    {
        if (_known.TryGetValue(value, out var position)) return position;
        _values.Add(value);
        _known.Add(value, _values.Count - 1);
        return _values.Count - 1;
    }

    public static Access AccessTo(int operand, AffineIndex address) => new(operand, address.Offset, Rows(address), Column(address));

    private static EquatableArray<Size> Rows(AffineIndex index) => index.Coefficients.Take(index.Coefficients.Count - 1).ToEquatableArray();

    private static Size Column(AffineIndex index) => index.Coefficients[index.Coefficients.Count - 1];

    private static Level LevelOf(AffineIndex index) =>
        !Column(index).IsZero ? Level.Column : Rows(index).Any(size => !size.IsZero) ? Level.Row : Level.Kernel;
}
