using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

/// <summary>A finished loop, and how to read it from outside.</summary>
public abstract class FinishedLoop
{
    /// <summary>How many rounds it ran: i32.</summary>
    public abstract Value Rounds { get; }

    /// <summary>A state after the last round.</summary>
    public abstract Value Final(int state);

    /// <summary>
    /// A value of the body at each step, along a new first axis; zeros at steps that were not run. The value is one of those that were said to be stacked,
    /// a state, or a next state.
    /// </summary>
    public abstract Value Stack(Value value);
}

/// <summary>One loop of the graph.</summary>
public sealed class WholeLoop : FinishedLoop
{
    private readonly GraphBuilder _builder;
    private readonly IReadOnlyList<Value> _initials;
    private readonly Value[] _states;
    private readonly IReadOnlyList<Value> _nexts;
    private readonly IReadOnlyDictionary<int, (int Node, Value? Outside)> _bodyNodes;

    /// <param name="bodyNodes">By value: its node in the body, and the value itself where it is the same in every round.</param>
    internal WholeLoop(
        GraphBuilder builder, Value rounds, IReadOnlyList<Value> initials, IReadOnlyList<Value> states, IReadOnlyList<Value> nexts,
        IReadOnlyDictionary<int, (int Node, Value? Outside)> bodyNodes)
    {
        (_builder, Rounds, _initials, _states, _nexts, _bodyNodes) = (builder, rounds, initials, states.ToArray(), nexts, bodyNodes);
    }

    /// <inheritdoc/>
    public override Value Rounds { get; }

    private Loop Loop => (Loop)Rounds.Node.Operation;

    /// <inheritdoc/>
    public override Value Final(int state) => _builder.Simplifies && _nexts[state].Id == _states[state].Id ? _initials[state] : _builder.LoopFinal(Rounds, state);

    /// <inheritdoc/>
    public override Value Stack(Value value)
    {
        var (node, outside) = Find(value);
        return Loop.IsCounted && outside is { } same ? _builder.Expand(same, 0, Loop.Count) : _builder.LoopStack(Rounds, node);
    }

    /// <summary>
    /// The same loop in segments of so many rounds, a loop of loops: of the forward rounds the derivative keeps the states between segments only, and runs each
    /// segment again. With segments of √T rounds its memory grows with √T.
    /// </summary>
    public FinishedLoop InSegments(Size length)
    {
        var whole = Size.Divide(Loop.Count, length);
        var inputs = Rounds.Node.Inputs.Select(_builder.ValueOf).ToArray();
        var rest = Loop.Count - whole * length;
        // What is left over comes last: in a loop that goes downwards, first.
        var segments = new List<LoopSegments>();
        var isRestFirst = Loop.IsReverse && !rest.IsZero;
        if (isRestFirst) inputs = Add(segments, new LoopSegments(_builder, Loop, inputs, Size.One, rest, whole * length));
        inputs = Add(segments, new LoopSegments(_builder, Loop, inputs, whole, length, Size.Zero));
        if (!isRestFirst && !rest.IsZero) Add(segments, new LoopSegments(_builder, Loop, inputs, Size.One, rest, whole * length));
        return new SegmentedLoop(_builder, this, segments, isRestFirst ? segments.AsEnumerable().Reverse().ToArray() : segments);
    }

    // The next segments begin with what these end with.
    private Value[] Add(List<LoopSegments> list, LoopSegments segments)
    {
        list.Add(segments);
        return segments.Inputs.Select((input, k) => k < Loop.States ? segments.Final(k) : input).ToArray();
    }

    /// <summary>The node of the body that a value is, or the value itself where it is the same in every round.</summary>
    private (int Node, Value? Outside) Find(Value value) => _bodyNodes[value.Id];

    private sealed class SegmentedLoop(GraphBuilder builder, WholeLoop whole, IReadOnlyList<LoopSegments> inOrderOfRounds, IReadOnlyList<LoopSegments> inOrderOfSteps) : FinishedLoop
    {
        public override Value Rounds => builder.SizeValue(whole.Loop.Count, ElementType.I32);

        public override Value Final(int state) => inOrderOfRounds[inOrderOfRounds.Count - 1].Final(state);

        public override Value Stack(Value value)
        {
            var (node, outside) = whole.Find(value);
            if (outside is { } same) return builder.Expand(same, 0, whole.Loop.Count);
            return builder.Concat(inOrderOfSteps.Select(segments => segments.Stack(node)).ToArray(), 0);
        }
    }

    /// <summary>Rounds of a loop from one step on: an outer loop over segments and an inner one over the rounds of each.</summary>
    private sealed class LoopSegments
    {
        private readonly GraphBuilder _builder;
        private readonly Size _rounds;
        private readonly FinishedLoop _outer;
        private readonly Value[] _innerStacks;
        private readonly int[] _stacked;

        public LoopSegments(GraphBuilder builder, Loop loop, Value[] inputs, Size count, Size length, Size first)
        {
            _builder = builder;
            _rounds = count * length;
            Inputs = inputs;
            var outer = builder.BeginLoop(count, loop.IsReverse);
            var begin = inputs.Take(loop.States).Select(input => outer.AddState(input.Type)).ToArray();
            var inner = builder.BeginLoop(length, loop.IsReverse);
            var states = inputs.Take(loop.States).Select(input => inner.AddState(input.Type)).ToArray();
            var step = first + outer.Step * length + inner.Step;
            var body = builder.Import(loop.Body, states.Concat(inputs.Skip(loop.States)).ToArray(), name => name == loop.Step ? step : null);
            // Any node may be asked for; those nobody asks for go when the graph is made again.
            _stacked = Enumerable.Range(0, body.Count).Where(node => loop.Body[node].Operation is not LoopArgument argument || argument.Index < loop.States).ToArray();
            var finished = inner.Finish(begin, loop.Body.Outputs.Select(output => body[output.Node]).ToArray(), null, null, _stacked.Select(node => body[node]).ToArray());
            _innerStacks = _stacked.Select(node => finished.Stack(body[node])).ToArray();
            _outer = outer.Finish(inputs.Take(loop.States).ToArray(), Enumerable.Range(0, loop.States).Select(finished.Final).ToArray(), null, null, _innerStacks);
        }

        public Value[] Inputs { get; }

        public Value Final(int state) => _outer.Final(state);

        public Value Stack(int node)
        {
            var stack = _outer.Stack(_innerStacks[Array.IndexOf(_stacked, node)]);
            return _builder.Reshape(stack, stack.Type.Shape.Skip(2).Prepend(_rounds).ToEquatableArray());
        }
    }
}
