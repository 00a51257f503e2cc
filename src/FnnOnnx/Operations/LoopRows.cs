using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;
using FeedbackNN.Onnx.Format;

namespace FeedbackNN.Onnx.Operations;

/// <summary>Loops: states are carried from round to round, and stacks are what ONNX collects from each.</summary>
internal static class LoopRows
{
    public static LoweredValue Loop(GraphLowering graph, Node node)
    {
        var lowered = new LoweredLoop(graph, node, (Loop)node.Operation);
        graph.Loops.Add(node.Id, lowered);
        return lowered.Rounds;
    }
}

/// <summary>A loop that has been written, and what can be read of it.</summary>
internal sealed class LoweredLoop
{
    private readonly GraphLowering _graph;
    private readonly Loop _loop;
    private readonly string _rounds;
    private readonly IReadOnlyList<LoweredValue> _finals;
    private readonly Dictionary<int, LoweredValue> _stacks = [];

    public LoweredLoop(GraphLowering graph, Node node, Loop loop)
    {
        (_graph, _loop) = (graph, loop);
        var w = graph.Writer;
        var inputs = Enumerable.Range(0, node.Inputs.Count).Select(k => graph.Input(node, k)).ToArray();
        var most = graph.Sizes.Scalar(loop.Count);
        // Never below 0.
        if (loop.HasTrips) most = w.Emit("Max", w.Emit("Min", w.Cast(graph.Whole(inputs[^1]), ElementType.I64), most), w.Number(0, ElementType.I64));

        var scope = new OnnxScope(graph.Scope);
        var (round, goesOn) = (w.Declare(scope, "round"), w.Declare(scope, "goes_on"));
        var states = inputs.Take(loop.States).Select(input => new LoweredValue(w.Declare(scope, "state"), input.Type)).ToArray();
        var step = loop.IsReverse ? w.Emit("Sub", w.Emit("Sub", most, w.Number(1, ElementType.I64)), round) : round;
        var body = new GraphLowering(graph.Outside, loop.Body, scope, graph, [.. states, .. inputs.Skip(loop.States)], (loop.Step, step));

        var stacked = graph.Graph.ReadsOf(node.Id).Select(read => read.Operation).OfType<LoopStack>().Select(stack => stack.BodyNode).Distinct().ToArray();
        var counter = TensorType.Scalar(ElementType.I64);
        var flag = TensorType.Scalar(ElementType.Bool);
        // The name that each value leaves the body under, and its type there.
        var leaving = new List<(string Name, TensorType Type)>
        {
            (w.Alias(scope, loop.CanStop ? w.Emit("Not", body.Whole(body.Value(loop.Body.Outputs[loop.States].Node))) : goesOn, "go_on"), flag),
        };
        leaving.AddRange(states.Select((state, k) => (w.Alias(scope, body.Whole(body.Value(loop.Body.Outputs[k].Node)), "next"), state.Type)));
        if (loop.CanStop) leaving.Add((w.Alias(scope, w.Emit("Add", round, w.Number(1, ElementType.I64)), "rounds"), counter));
        leaving.AddRange(stacked.Select(id => (w.Alias(scope, body.Whole(body.Value(id)), "each"), loop.Body[id].Type)));

        var entering = new List<(string Name, TensorType Type)> { (round, counter), (goesOn, flag) };
        entering.AddRange(states.Select(state => (state.Name, state.Type)));
        var carried = inputs.Take(loop.States).Select(graph.Whole).ToList();
        if (loop.CanStop)
        {
            entering.Add((w.Declare(scope, "rounds_so_far"), counter));
            carried.Add(w.Number(0, ElementType.I64));
        }
        var graphProto = new GraphProto
        {
            Name = w.Fresh("body"),
            Input = { entering.Select(value => OnnxTypes.Value(value.Name, value.Type)) },
            Output = { leaving.Select(value => OnnxTypes.Value(value.Name, value.Type)) },
            Node = { OnnxWriter.Live(scope.Nodes, leaving.Select(value => value.Name), out _) },
        };
        var outputs = leaving.Skip(1).Select(_ => w.Fresh("Loop")).ToArray();
        // A loop of which only the count is read leaves nothing else behind.
        if (outputs.Length > 0) w.EmitIn(graph.Scope, "Loop", [most, loop.CanStop ? w.Number(1, ElementType.Bool) : "", .. carried], [OnnxWriter.Setting("body", graphProto)], outputs);

        _finals = states.Select((state, k) => new LoweredValue(outputs[k], state.Type)).ToArray();
        _rounds = loop.CanStop ? outputs[loop.States] : most;
        Rounds = new LoweredValue(w.Cast(_rounds, ElementType.I32), node.Type);
        for (var k = 0; k < stacked.Length; k++) _stacks.Add(stacked[k], WholeStack(outputs[outputs.Length - stacked.Length + k], loop.Body[stacked[k]].Type));
    }

    /// <summary>How many rounds it ran, i32.</summary>
    public LoweredValue Rounds { get; }

    /// <summary>A state after the last round.</summary>
    public LoweredValue Final(int state) => _finals[state];

    /// <summary>The values of a node of its body, by step.</summary>
    public LoweredValue Stack(int bodyNode) => _stacks[bodyNode];

    // ONNX has them by round, and only those that were run.
    private LoweredValue WholeStack(string each, TensorType type)
    {
        var w = _graph.Writer;
        var whole = type with { Shape = type.Shape.Prepend(_loop.Count).ToEquatableArray() };
        if (!_loop.IsCounted || !_loop.Count.IsConstant || _loop.Count.IsZero)
        {
            // Of no rounds at all, the shape is lost.
            var shape = w.Emit("Concat", [w.Unsqueeze(_rounds, 0), _graph.Sizes.Vector(type.Shape)], OnnxWriter.Setting("axis", 0));
            each = w.Emit("Reshape", [each, shape], OnnxWriter.Setting("allowzero", 1));
        }
        if (_loop.IsReverse) each = w.Emit("Slice", each, w.Integers(-1), w.Integers(long.MinValue), w.Integers(0), w.Integers(-1));
        if (_loop.IsCounted) return new LoweredValue(each, whole);
        var missing = w.Emit("Sub", _graph.Sizes.One(_loop.Count), w.Unsqueeze(_rounds, 0));
        var room = w.Emit("Concat", [w.Integers(new long[whole.Rank]), missing, .. type.Rank == 0 ? [] : new[] { w.Integers(new long[type.Rank]) }], OnnxWriter.Setting("axis", 0));
        return new LoweredValue(w.Emit("Pad", each, room, w.Number(0, type.Element)), whole);
    }
}
