using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Planning.Windows;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>A value of a loop's body, kept for each step.</summary>
internal sealed record StackTarget(int BodyNode) : OutputTarget;

// Loops: where states and stacks lie, and the steps around a body.
internal sealed partial class PlanWriter
{
    private void WriteLoop(Node node, Loop loop)
    {
        var reads = graph.ReadsOf(node.Id).ToArray();
        var stacked = reads.Select(read => read.Operation).OfType<LoopStack>().Select(stack => stack.BodyNode).Distinct().ToArray();
        var frame = new LoopFrame(loop, stacked, program);
        for (var state = 0; state < loop.States; state++) Begin(node.Inputs[state], frame.Initial(state), node.Origin);
        if (!loop.IsCounted)
        {
            // Rounds that are not run leave zeros.
            foreach (var stack in frame.OwnStacks) _steps.Add(new FillStep(stack, stack.Length, 0, node.Origin));
        }

        _steps.Add(new LoopBeginStep(loop.Step, loop.Count, loop.IsReverse, loop.HasTrips ? PlaceOf(node.Inputs[node.Inputs.Count - 1]) : null, loop.CanStop, node.Origin));
        var body = Canonicalization.Run(WindowForms.Run(loop.Body with { Outputs = loop.Body.Outputs.Concat(stacked.Select(id => new GraphOutput(new StackTarget(id), id))).ToEquatableArray() }));
        var captured = node.Inputs.Skip(loop.States).Take(node.Inputs.Count - loop.States - (loop.HasTrips ? 1 : 0)).Select(PlaceOf);
        var arguments = Enumerable.Range(0, loop.States).Select(frame.Before).Concat(captured).ToArray();
        var flag = new PlanWriter(body, Fusion.Run(body), program).WriteBody(loop, frame, arguments, node.Origin);
        if (flag is { } place) _steps.Add(new LoopExitStep(loop.Step, place, node.Origin));
        var isCounted = graph.Nodes.Any(other => other.Operation is not (LoopFinal or LoopStack) && other.Inputs.Contains(node.Id)) || graph.Outputs.Any(output => output.Node == node.Id);
        _steps.Add(new LoopEndStep(loop.Step, isCounted ? PlaceOf(node.Id) : null, node.Origin));

        foreach (var read in reads) _places[read.Id] = read.Operation is LoopFinal final ? frame.Final(final.State) : frame.Stack(((LoopStack)read.Operation).BodyNode);
    }

    /// <summary>A state's first value.</summary>
    private void Begin(int input, Place place, Origin origin)
    {
        if (fusion.IsFilled(input, out var value)) _steps.Add(new FillStep(place, place.Length, value, origin));
        else _steps.Add(new CopyStep(PlaceOf(input), place, place.Length, origin));
    }

    /// <summary>The steps of one round. Gives the place of the bool that ends the loop, if there is one.</summary>
    private Place? WriteBody(Loop loop, LoopFrame frame, IReadOnlyList<Place> arguments, Origin origin)
    {
        foreach (var leaf in graph.Nodes.Where(leaf => leaf.Operation is LoopArgument)) _places.Add(leaf.Id, arguments[((LoopArgument)leaf.Operation).Index]);
        var copies = new List<(int Node, Place Target)>();
        foreach (var output in graph.Outputs)
        {
            if (frame.Target(output.Target) is not { } target) continue;
            var source = fusion.Resolve(output.Node);
            if (IsWrittenAnywhere(source) && !_places.ContainsKey(source)) _places.Add(source, target);
            else if (!(_places.TryGetValue(source, out var place) && place.Equals(target))) copies.Add((source, target));
        }
        foreach (var unit in Schedule.Run(graph, fusion)) WriteUnit(unit);
        foreach (var (node, target) in copies) _steps.Add(new CopyStep(PlaceOf(node), target, target.Length, origin));

        // States with one place each are replaced at the end of the round; what comes from another state is set aside first.
        var next = loop.Body.Outputs.Take(frame.IsInPlace ? loop.States : 0).Select((_, state) => (State: state, Source: PlaceOf(graph.Outputs[state].Node)))
            .Where(item => !item.Source.Equals(frame.Before(item.State))).ToArray();
        var taken = next.Select(item => frame.Before(item.State)).ToArray();
        next = next.Select(item => (item.State, SetAside(item.Source))).ToArray();
        var flag = loop.CanStop ? SetAside(PlaceOf(graph.Outputs[loop.States].Node)) : null;
        foreach (var (state, source) in next) _steps.Add(new CopyStep(source, frame.Before(state), source.Length, origin));
        return flag;

        Place SetAside(Place source)
        {
            if (!taken.Contains(source)) return source;
            var aside = program.NewBuffer("aside", source.Element, source.Length, StorageReason.Loop);
            _steps.Add(new CopyStep(source, aside, source.Length, origin));
            return aside;
        }
    }

    private void WriteUnit(ScheduledUnit unit)
    {
        if (unit.Group is { } group) WriteGroup(group);
        else WriteStructured(graph[unit.Structured]);
    }
}

/// <summary>
/// Where a loop's states and stacks lie. A state of a loop that runs to its count has two places that take turns, or one for each step where its
/// values are wanted later: then nothing is copied. Elsewhere it has one place.
/// </summary>
internal sealed class LoopFrame
{
    private readonly Loop _loop;
    private readonly Size _step;
    private readonly ArenaPlace[] _states;
    private readonly bool[] _isHistory;
    private readonly Dictionary<int, ArenaPlace> _stacks = [];

    public LoopFrame(Loop loop, IReadOnlyList<int> stacked, PlanParts parts)
    {
        _loop = loop;
        _step = Size.Axis(loop.Step);
        _isHistory = Enumerable.Range(0, loop.States).Select(state => !IsInPlace && stacked.Any(node => StateOf(node) is { } kept && kept.State == state)).ToArray();
        _states = Enumerable.Range(0, loop.States).Select(state =>
        {
            var type = loop.Body[state].Type;
            var slots = IsInPlace ? Size.One : _isHistory[state] ? loop.Count + 1 : Size.Constant(2);
            return parts.NewBuffer("state" + state, type.Element, type.ElementCount * slots, StorageReason.Loop);
        }).ToArray();
        foreach (var node in stacked)
        {
            if (!IsInPlace && StateOf(node) is not null) continue;
            var type = loop.Body[node].Type;
            _stacks.Add(node, parts.NewBuffer("stack" + node, type.Element, type.ElementCount * loop.Count, StorageReason.Loop));
        }
    }

    /// <summary>Whether states have one place each and are replaced when a round ends.</summary>
    public bool IsInPlace => !_loop.IsCounted;

    /// <summary>Stacks that are not the values of a state.</summary>
    public IEnumerable<Place> OwnStacks => _stacks.Values;

    public Place Initial(int state) => IsInPlace ? _states[state] : Slot(state, _loop.IsReverse ? _loop.Count : Size.Zero);

    public Place Final(int state) => IsInPlace ? _states[state] : Slot(state, _loop.IsReverse ? Size.Zero : _loop.Count);

    /// <summary>A state's value when a round begins.</summary>
    public Place Before(int state) => IsInPlace ? _states[state] : Slot(state, _loop.IsReverse ? _step + 1 : _step);

    /// <summary>Where an output of the body goes; null where it has no place of its own.</summary>
    public Place? Target(OutputTarget target) => target switch
    {
        NextTarget next when next.Index < _loop.States && !IsInPlace => Slot(next.Index, _loop.IsReverse ? _step : _step + 1),
        StackTarget stack when _stacks.TryGetValue(stack.BodyNode, out var place) => At(place, _loop.Body[stack.BodyNode].Type, _step),
        _ => null,
    };

    /// <summary>All values of a node of the body, by step.</summary>
    public Place Stack(int node)
    {
        if (_stacks.TryGetValue(node, out var own)) return own;
        var (state, isNext) = StateOf(node)!.Value;
        var first = isNext == _loop.IsReverse ? Size.Zero : Size.One;
        var length = _loop.Body[state].Type.ElementCount;
        return _states[state] with { Offset = first * length, Length = _loop.Count * length };
    }

    // The state whose value a node is: before the round, or after it.
    private (int State, bool IsNext)? StateOf(int node)
    {
        if (node < _loop.States) return (node, false);
        for (var state = 0; state < _loop.States; state++)
        {
            if (_loop.Body.Outputs[state].Node == node) return (state, true);
        }
        return null;
    }

    private Place Slot(int state, Size position)
    {
        var place = _states[state];
        return At(place, _loop.Body[state].Type, _isHistory[state] ? position : Size.Remainder(position, 2));
    }

    private static Place At(ArenaPlace place, TensorType type, Size position) => place with { Offset = position * type.ElementCount, Length = type.ElementCount };
}
