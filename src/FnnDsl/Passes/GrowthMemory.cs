using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Passes;

/// <summary>
/// What the rounds of a generate keep for the next: the states of its feedback; the states of loops along the axis that grows; values at all positions so far (keys, values), which a round appends to
/// where they lie; and what does not depend on what grows, which the first round computes.
/// </summary>
internal sealed class GrowthMemory
{
    private readonly GraphBuilder _builder;
    private readonly BoundGrowth _growth;
    private readonly List<KeptTensor> _kept = [];
    private readonly List<GraphOutput> _outputs = [];
    private readonly Dictionary<int, (int Index, int Axis, Value Written)> _caches = [];
    private readonly Dictionary<(int Loop, int State), int> _loops = [];
    private readonly Dictionary<int, (int Index, Value Value)> _hoisted = [];
    private readonly bool[] _isHoisted;

    public GrowthMemory(GraphBuilder builder, BoundGrowth growth, Graph round)
    {
        (_builder, _growth) = (builder, growth);
        _kept.Add(new KeptTensor(WithCapacity(growth.States[0], growth.Position), IsTwice: false));
        foreach (var state in growth.States.Skip(1)) _kept.Add(new KeptTensor(state, IsTwice: true));
        States = StateValues(builder, growth, _kept);
        _isHoisted = FindHoisted(growth, round);
    }

    public int Position => _growth.Position;

    public string RoundAxis => _growth.RoundAxis;

    /// <summary>What is kept, in the order of its indices.</summary>
    public EquatableArray<KeptTensor> Kept => _kept.ToEquatableArray();

    /// <summary>The states where a round begins: first the one that grows, as far as it has.</summary>
    public IReadOnlyList<Value> States { get; }

    /// <summary>The states of a generate, in a graph.</summary>
    public static IReadOnlyList<Value> StateValues(GraphBuilder builder, BoundGrowth growth, IReadOnlyList<KeptTensor> kept) => growth.States.Select((type, k) =>
    {
        var value = Leaf(builder, k, kept[k].Type);
        return k == 0 ? builder.Slice(value, growth.Position, Size.Zero, Size.Axis(growth.Axis)) : value;
    }).ToArray();

    public static Value Leaf(GraphBuilder builder, int index, TensorType type) => builder.Make(new Kept(index), [], type);

    public static Value Write(GraphBuilder builder, Value kept, Value part, int axis, Size at) => builder.Make(new WriteKept(axis, at), [kept, part], kept.Type);

    // ---- Values at all positions ------------------------------------------------------------------------------------

    /// <summary>A value at all positions so far.</summary>
    /// <param name="node">In the round's graph.</param>
    /// <param name="latest">The value at the latest position.</param>
    /// <param name="axis">The axis of the positions.</param>
    public Value All(Node node, Value latest, int axis)
    {
        if (node.Operation is LoopArgument { Index: 0 }) return States[0];
        if (!_caches.TryGetValue(node.Id, out var cache))
        {
            var index = Add(new KeptTensor(WithCapacity(node.Type, axis), IsTwice: false));
            cache = (index, axis, Write(_builder, Leaf(_builder, index, _kept[index].Type), latest, axis, Size.Axis(_growth.Axis) - Size.One));
            _caches.Add(node.Id, cache);
            _outputs.Add(new GraphOutput(new WrittenTarget(index), cache.Written.Id));
        }
        return _builder.Slice(cache.Written, axis, Size.Zero, Size.Axis(_growth.Axis));
    }

    // ---- States of loops --------------------------------------------------------------------------------------------

    /// <summary>A state of a loop along the axis, as the position before left it.</summary>
    public Value AddState(int loop, int state, TensorType type)
    {
        var index = Add(new KeptTensor(type, IsTwice: true));
        _loops.Add((loop, state), index);
        return Leaf(_builder, index, type);
    }

    public void SetState(int loop, int state, Value next) => _outputs.Add(new GraphOutput(new KeptTarget(_loops[(loop, state)]), next.Id));

    // ---- What does not depend on what grows -------------------------------------------------------------------------

    /// <summary>Whether a node of the round is worth to be computed in the first round only.</summary>
    public bool IsHoisted(int node) => _isHoisted[node];

    public Value Hoisted(Node node)
    {
        if (!_hoisted.TryGetValue(node.Id, out var known))
        {
            var index = Add(new KeptTensor(node.Type, IsTwice: false));
            _hoisted.Add(node.Id, known = (index, Leaf(_builder, index, node.Type)));
        }
        return known.Value;
    }

    // Elementwise work on inputs and weights costs less than a place; through views the value behind them is kept.
    private static bool[] FindHoisted(BoundGrowth growth, Graph round)
    {
        var depends = new bool[round.Nodes.Count];
        var isWork = new bool[round.Nodes.Count];
        foreach (var node in round.Nodes)
        {
            depends[node.Id] = node.Operation is LoopArgument || OperationSizes.Mentions(node.Operation, growth.Axis) || OperationSizes.Mentions(node.Operation, growth.RoundAxis) || node.Type.Shape.Any(size => size.Mentions(growth.Axis)) || node.Inputs.Any(input => depends[input]);
            isWork[node.Id] = node.Operation is Contract or Attention or Reduce or ArgReduce or Gather or ScatterAdd or Concat or Pad or ViewTranspose or Sample or Loop || node.Inputs.Any(input => isWork[input]);
        }
        return round.Nodes.Select(node => !depends[node.Id] && isWork[node.Id] && node.Operation is not (View or Reshape)).ToArray();
    }

    // ---- The programs' outputs --------------------------------------------------------------------------------------

    /// <summary>What a round writes.</summary>
    /// <param name="nexts">What it appends, the next values of the other states, and whether to stop.</param>
    public IEnumerable<GraphOutput> Outputs(IReadOnlyList<Value> nexts) =>
        RoundOutputs(_builder, Leaf(_builder, 0, _kept[0].Type), Size.Axis(_growth.Axis), nexts).Concat(_outputs);

    /// <summary>What the first round writes.</summary>
    /// <param name="builder">Makes its graph.</param>
    /// <param name="beginning">The state that grows before the first round.</param>
    /// <param name="valueOf">The value of a node of the round.</param>
    /// <param name="finalOf">The last value of a loop's state.</param>
    public IEnumerable<GraphOutput> FirstOutputs(GraphBuilder builder, Value beginning, IReadOnlyList<Value> nexts, Func<int, Value> valueOf, Func<int, int, Value> finalOf)
    {
        var begun = Write(builder, Leaf(builder, 0, _kept[0].Type), beginning, _growth.Position, Size.Zero);
        return RoundOutputs(builder, begun, _growth.Start, nexts)
            .Concat(Filled(builder, valueOf, finalOf))
            .Concat(_hoisted.Select(item => new GraphOutput(new KeptTarget(item.Value.Index), valueOf(item.Key).Id)));
    }

    /// <summary>What a round writes that reads all of what is left after the state has slid, where it lies.</summary>
    public IEnumerable<GraphOutput> AgainOutputs(GraphBuilder builder, IReadOnlyList<Value> nexts, Func<int, Value> valueOf, Func<int, int, Value> finalOf) =>
        RoundOutputs(builder, Leaf(builder, 0, _kept[0].Type), Size.Axis(_growth.Axis), nexts).Concat(Filled(builder, valueOf, finalOf));

    // Caches and states of loops, from values for all positions.
    private IEnumerable<GraphOutput> Filled(GraphBuilder builder, Func<int, Value> valueOf, Func<int, int, Value> finalOf) => _caches
        .Select(cache => new GraphOutput(new WrittenTarget(cache.Value.Index), Write(builder, Leaf(builder, cache.Value.Index, _kept[cache.Value.Index].Type), valueOf(cache.Key), cache.Value.Axis, Size.Zero).Id))
        .Concat(_loops.Select(state => new GraphOutput(new KeptTarget(state.Value), finalOf(state.Key.Loop, state.Key.State).Id)));

    private IEnumerable<GraphOutput> RoundOutputs(GraphBuilder builder, Value grown, Size length, IReadOnlyList<Value> nexts)
    {
        var appended = Write(builder, grown, builder.Expand(nexts[0], _growth.Position, Size.One), _growth.Position, length);
        yield return new GraphOutput(new WrittenTarget(0), appended.Id);
        yield return new GraphOutput(new ResultTarget(0, "next"), nexts[0].Id);
        if (_growth.CanStop) yield return new GraphOutput(new ResultTarget(1, "stop"), nexts[nexts.Count - 1].Id);
        for (var k = 1; k < _growth.States.Count; k++) yield return new GraphOutput(new KeptTarget(k), nexts[k].Id);
    }

    private int Add(KeptTensor kept)
    {
        _kept.Add(kept);
        return _kept.Count - 1;
    }

    private TensorType WithCapacity(TensorType type, int axis) => type with { Shape = type.Shape.Select((size, k) => k == axis ? _growth.Capacity : size).ToEquatableArray() };
}
