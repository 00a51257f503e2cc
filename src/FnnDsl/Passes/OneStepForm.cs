using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Passes;

/// <summary>
/// A program for one step along an axis: what it computes for a whole sequence, step by step. Inputs and results that had the axis have one step of it; after the program's own
/// inputs come the states, then the number of the step; after its results the next states.
/// </summary>
/// <param name="Axis">The name of the axis.</param>
/// <param name="States">The types of the states, without what is kept of the position. All begin as zeros.</param>
/// <param name="UsesPosition">Whether the last input is the number of the step, i32: 0 in the first.</param>
public sealed record OneStep(string Axis, Graph Graph, EquatableArray<TensorType> States, bool UsesPosition);

/// <summary>
/// Derives the one-step form of a graph along a run-time axis, where there is one: every value along the axis depends on earlier steps through the states of loops only.
/// A result that had no such axis is the one for the sequence so far.
/// </summary>
public sealed partial class OneStepForm
{
    private readonly GraphBuilder _builder = new();
    private readonly string _axis;
    private readonly Size _length;
    private readonly int _inputs;
    private readonly List<(Value Before, Value After)> _states = [];
    private Value? _position;

    private OneStepForm(string axis, int inputs) => (_axis, _length, _inputs) = (axis, Size.Axis(axis), inputs);

    /// <summary>A value at one step: where its axis is (1 long here), or -1 when it has none.</summary>
    /// <param name="IsLatest">Whether it is of the steps so far, and another one at the next; without an axis and else the same at all.</param>
    /// <param name="Keys">In a generate: where it has a second axis of all steps so far, what the step's one looks at; else -1.</param>
    private readonly record struct Stepped(Value Value, int Axis, bool IsLatest = false, int Keys = -1);

    /// <summary>Why there is no one-step form, and where.</summary>
    private sealed class LooksAheadException(string reason, Origin origin) : Exception(reason)
    {
        public Origin Origin => origin;
    }

    /// <summary>The form along an axis; null, with the reason and its place, where there is none.</summary>
    /// <param name="graph">Results only, and without derivatives.</param>
    /// <param name="inputs">How many inputs the program has.</param>
    public static OneStep? TryMake(Graph graph, string axis, int inputs, out (string Reason, Origin Origin) why)
    {
        var form = new OneStepForm(axis, inputs);
        try
        {
            why = default;
            return form.Make(Equilibria.Resolve(graph));
        }
        catch (LooksAheadException ahead)
        {
            why = (ahead.Message, ahead.Origin);
            return null;
        }
    }

    /// <summary>The run-time axes along which a graph has a loop.</summary>
    public static IEnumerable<string> Axes(Graph graph, IEnumerable<string> runtimeAxes) =>
        runtimeAxes.Where(axis => graph.Nodes.Any(node => node.Operation is Loop loop && loop.Count == Size.Axis(axis)));

    private OneStep Make(Graph graph)
    {
        var scope = new Scope(this, graph, null, null);
        var results = graph.Outputs.Select(output => output with { Node = scope.At(output.Node).Value.Id }).ToList();
        for (var k = 0; k < _states.Count; k++) results.Add(new GraphOutput(new ResultTarget(graph.Outputs.Count + k, "state" + k), _states[k].After.Id));
        var made = Simplification.Run(_builder.Build(results));
        // Inputs behind the program's own are numbered as they came; the position is the last.
        return new OneStep(_axis, Renumber(made), _states.Select(state => state.Before.Type).ToEquatableArray(), _position is not null);
    }

    private const int PositionInput = int.MaxValue;

    private Graph Renumber(Graph graph) => graph with
    {
        Nodes = graph.Nodes.Select(node => node.Operation is Input { Index: PositionInput } input ? node with { Operation = input with { Index = _inputs + _states.Count } } : node).ToEquatableArray(),
    };

    private Value Position => _growth is not null ? _builder.SizeValue(_length - Size.One, ElementType.I32) : _position ??= _builder.Input(PositionInput, "position", TensorType.Scalar(ElementType.I32));

    /// <summary>A shape at one step.</summary>
    /// <param name="own">Where the axis is; -1 nowhere.</param>
    private static EquatableArray<Size> Short(EquatableArray<Size> shape, int own) => own < 0 ? shape : shape.Select((size, k) => k == own ? Size.One : size).ToEquatableArray();

    private int[] AxesOf(TensorType type) => Enumerable.Range(0, type.Rank).Where(k => type.Shape[k].Mentions(_axis)).ToArray();

    /// <summary>Where a shape has the axis: nowhere, once, or, in a generate, twice.</summary>
    private int[] OwnAxesOf(TensorType type, Origin origin)
    {
        var axes = AxesOf(type);
        if (axes.Any(k => type.Shape[k] != _length) || (_growth is null && axes.Length > 1)) throw new LooksAheadException($"it makes a tensor of {type}, in which '{_axis}' is no axis of its own", origin);
        return axes.Length <= 2 ? axes : throw new LooksAheadException($"it makes a tensor of {type}, which relates more than two elements of '{_axis}' with each other", origin);
    }

    /// <summary>The values of one graph, or of a loop's body, made as they are asked for.</summary>
    private sealed partial class Scope(OneStepForm form, Graph graph, IReadOnlyList<Stepped>? arguments, string? step)
    {
        private readonly Dictionary<(int Node, int Query), Stepped> _known = [];
        private readonly Dictionary<int, LoopScope> _loops = [];

        private GraphBuilder Builder => form._builder;

        /// <summary>For loops inside a body that is made as a loop: what their step is called here.</summary>
        public Func<string, Size?> Rename { get; init; } = _ => null;

        /// <summary>Whether values here are those of a round of another loop, in which a loop along the axis would need states of its own.</summary>
        public bool IsInLoop { get; init; }

        public Stepped At(int id)
        {
            // Made in order, so that nothing recurses as deep as the graph is long. What has the axis twice is made as its reader sees it.
            var cone = new SortedSet<(int Node, int Query)>();
            var open = new Stack<(int Node, int Query)>([(id, -1)]);
            while (open.Count > 0)
            {
                var next = open.Pop();
                if (_known.ContainsKey(next) || !cone.Add(next)) continue;
                foreach (var input in IsHoisted(next.Node) ? [] : NeededBy(graph[next.Node], next.Query)) open.Push(input);
            }
            foreach (var next in cone)
            {
                var node = graph[next.Node];
                Builder.Origin = node.Origin;
                _known[next] = IsHoisted(next.Node) ? new Stepped(form._growth!.Hoisted(node), -1) : Make(node, next.Query);
            }
            return _known[(id, -1)];
        }

        // What does not depend on what grows is computed once, in the first round.
        private bool IsHoisted(int id) => IsWhole && form._growth is { } growth && growth.IsHoisted(id);

        /// <summary>Whether this is the graph itself, and no loop's body.</summary>
        private bool IsWhole => !IsInLoop;

        // Where both branches are one, as without gradients on both sides of a truncation, nobody asks which.
        private IEnumerable<(int Node, int Query)> NeededBy(Node node, int query)
        {
            if (IsTruncation(node)) return [InputOf(node, query, 2)];
            return node.Operation is Loop or LoopFinal or LoopStack ? [] : node.Inputs.Select((_, k) => InputOf(node, query, k));
        }

        private bool IsTruncation(Node node) => node.Operation is Elementwise { Operator: var op } && op == OperatorTable.Select
            && graph[node.Inputs[1]] is { Operation: Stop } stop && stop.Inputs[0] == node.Inputs[2];

        private LooksAheadException Ahead(string reason, Node node) => new(reason, node.Origin);

        private Stepped Make(Node node, int query)
        {
            if (IsTruncation(node)) return _known[InputOf(node, query, 2)];
            if (node.Operation is LoopArgument argument) return arguments![argument.Index];
            switch (node.Operation)
            {
                case Loop: return LoopOf(node.Id).Rounds ?? throw Ahead($"it needs to know how long '{form._axis}' is", node);
                case LoopFinal final: return LoopOf(node.Inputs[0]).Finals[final.State];
                case LoopStack stack: return LoopOf(node.Inputs[0]).Stack(stack.BodyNode);
            }
            var axes = form.OwnAxesOf(node.Type, node.Origin);
            if (axes.Length == 2 && query < 0) throw Ahead(IsWhole ? $"it relates all elements of '{form._axis}' with all others, and what reads it does not go over those that each one looks at" : KeysInLoop, node);
            var own = axes.Length == 1 ? axes[0] : query;
            var keys = axes.Length == 2 ? axes.Single(axis => axis != query) : -1;
            var x = node.Inputs.Select((_, k) => _known[InputOf(node, query, k)]).ToArray();
            var shape = Short(node.Type.Shape, own);
            var type = node.Type with { Shape = shape };
            switch (node.Operation)
            {
                case Input input:
                    return new Stepped(Builder.Input(input.Index, input.Name, type), own);
                case SizeValue size when form._growth is not null && IsWhole:
                    return new Stepped(Builder.Make(size, [], type), -1, IsLatest: form.IsOfRound(size));
                case SizeValue size:
                    return new Stepped(Number(size.Size, node), -1);
                case Iota iota when iota.Axis == own:
                    return new Stepped(Builder.Broadcast(form.Position, shape), own);
                case RandomUniform when own < 0 && form._growth is not null && IsWhole:
                    break;
                case RandomUniform random when own >= 0 || OperationSizes.Mentions(random, form._axis) || (step is not null && OperationSizes.Mentions(random, step)):
                    throw Ahead("its random draws are those of the whole sequence", node);
                case View view:
                    return OfView(view, node, x[0], own, keys);
                case CheckRange { IsLength: true } check when check.Bound.Mentions(form._axis):
                    // Nobody knows how long it will become.
                    return x[0];
            }
            if (own >= 0 && x.Any(item => item.IsLatest)) throw Ahead($"it takes what is known only when all of '{form._axis}' is there", node);
            if (own < 0 && form._growth is not null && IsWhole) return OfAll(node, x);
            if (form._growth is not null && node.Operation is Attention attended && IsAlongQueries(x, node.Type.Rank)) return OfGrowingAttention(attended, node, x, own);
            if (step is not null && OperationSizes.Mentions(node.Operation, step)) throw Ahead($"it looks at other steps of '{form._axis}'", node);
            if (OperationSizes.Mentions(node.Operation, form._axis) && node.Operation is not Pad) throw Ahead($"it needs to know how long '{form._axis}' is", node);
            var read = node.Inputs.Select((_, k) => Operand(node, k, x[k], own, keys)).ToArray();
            if (own >= 0 && Enumerable.Range(0, x.Length).Any(k => IsOverKeys(node, k))) CheckHidden(node, own);
            var operation = OperationSizes.Substitute(node.Operation, name => name == form._axis ? Size.One : Rename(name));
            return new Stepped(Builder.Make(operation, read, type), own, x.Any(item => item.IsLatest), keys);
        }

        // A step keeps its place in the result, or is shared by all; what a step looks at is all of those so far.
        private Value Operand(Node node, int input, Stepped x, int own, int keys)
        {
            if (x.Axis < 0 && AxesOf(node.Inputs[input]).Length == 0) return x.Value;
            var to = x.Axis < 0 ? AxisPath.Joined : AxisPath.Of(graph, node, input, x.Axis);
            var looksBack = form._growth is not null && IsWhole && own >= 0;
            if (to == own && (x.Keys < 0 || AxisPath.Of(graph, node, input, x.Keys) is var over && (over == keys || over == AxisPath.Reduced))) return x.Value;
            if (looksBack && x.Keys < 0 && ((keys >= 0 && to == keys) || to == AxisPath.Reduced)) return All(node.Inputs[input]);
            throw Ahead(node.Operation is Graphs.Reshape ? $"it joins '{form._axis}' with other axes" : $"it puts several steps of '{form._axis}' together", node);
        }

        private Stepped OfView(View view, Node node, Stepped x, int own, int keys)
        {
            if (form._growth is not null && IsWhole) return OfGrowingView(view, node, x, own, keys);
            if (x.IsLatest && own >= 0) throw Ahead($"it takes what is known only when all of '{form._axis}' is there", node);
            var map = view.Map.ToArray();
            var value = x.Value;
            var isLatestElement = false;
            if (x.Axis < 0 && own >= 0 && !AffineMap.IsConstantAlong(view.Map, own))
            {
                // A table with a row for each step: the row of this one.
                var axis = Enumerable.Range(0, map.Length).Single(k => !map[k].Coefficients[own].IsZero);
                if (!map[axis].Coefficients[own].IsOne || AffineMap.SingleAxis(map[axis]) != own) throw Ahead($"it reads a table along '{form._axis}' in another order", node);
                var row = form.Position + Number(map[axis].Offset, node);
                value = Builder.Gather(value, Builder.CheckRange(row, value.Type.Shape[axis], form._axis), axis);
                map = map.Where((_, k) => k != axis).ToArray();
            }
            if (x.Axis >= 0)
            {
                var function = map[x.Axis];
                var isSame = own >= 0 && function.Offset.IsZero && function.Coefficients[own].IsOne && AffineMap.SingleAxis(function) == own && map.Where((_, k) => k != x.Axis).All(other => other.Coefficients[own].IsZero);
                var isLatest = AffineMap.SingleAxis(function) == -1 && (function.Offset == form._length - Size.One || (step is not null && function.Offset == Size.Axis(step)));
                if (!isSame && !(isLatest && own < 0)) throw Ahead(isLatest ? $"it puts several steps of '{form._axis}' together" : $"it looks at other steps of '{form._axis}'", node);
                isLatestElement = !isSame && (step is null || function.Offset != Size.Axis(step));
                map[x.Axis] = AffineMap.At(node.Type.Rank, Size.Zero);
            }
            var substituted = map.Select(function => new AffineIndex(Renamed(function.Offset, node), function.Coefficients.Select(coefficient => Renamed(coefficient, node)).ToEquatableArray()));
            return new Stepped(Builder.View(value, Short(node.Type.Shape, own), substituted.ToEquatableArray()), own, x.IsLatest || isLatestElement);
        }

        private Size Renamed(Size size, Node node)
        {
            if (size.IsConstant) return size;
            if (size.AxisNames.Contains(form._axis) || (step is not null && size.AxisNames.Contains(step))) throw Ahead($"it looks at other steps of '{form._axis}'", node);
            return size.Substitute(Rename);
        }

        // A size as a number: the step of the loop is the position.
        private Value Number(Size size, Node node)
        {
            if (size.AxisNames.Contains(form._axis)) throw Ahead($"it needs to know how long '{form._axis}' is", node);
            var element = node.Operation is SizeValue ? node.Type.Element : ElementType.I32;
            if (step is null || !size.AxisNames.Contains(step)) return Builder.SizeValue(size.Substitute(Rename), element);
            if (OperationSizes.Slope(size, step) is not { } slope) throw Ahead("it computes with the step in a way that has no step by step form", node);
            return Builder.Convert(form.Position, element) * Builder.SizeValue(slope.Substitute(Rename), element) + Builder.SizeValue(OperationSizes.At(size, step, Size.Zero).Substitute(Rename), element);
        }

        // ---- Loops ----

        private LoopScope LoopOf(int source)
        {
            if (_loops.TryGetValue(source, out var made)) return made;
            var loop = (Loop)graph[source].Operation;
            if (loop.Count != form._length && loop.Count.AxisNames.Contains(form._axis)) throw Ahead($"it needs to know how long '{form._axis}' is", graph[source]);
            made = loop.Count == form._length ? Along(loop, graph[source]) : Within(loop, graph[source]);
            _loops.Add(source, made);
            return made;
        }

        private sealed record LoopScope(IReadOnlyList<Stepped> Finals, Func<int, Stepped> Stack, Stepped? Rounds);

        private Stepped[] InputsOf(Node node)
        {
            if (form._growth is not null && node.Inputs.Any(input => AxesOf(input).Length > 1)) throw Ahead(KeysInLoop, node);
            return node.Inputs.Select(At).ToArray();
        }

        /// <summary>A loop along the axis: its body once, from the states of the step before.</summary>
        private LoopScope Along(Loop loop, Node node)
        {
            if (loop.IsReverse) throw Ahead($"a loop goes along '{form._axis}' from its end", node);
            if (!loop.IsCounted) throw Ahead($"a loop along '{form._axis}' ends early", node);
            if (IsInLoop) throw Ahead($"a loop along '{form._axis}' stands in another loop", node);
            var inputs = InputsOf(node);
            var before = new Value[loop.States];
            for (var k = 0; k < loop.States; k++)
            {
                if (inputs[k].Axis >= 0 || inputs[k].IsLatest) throw Ahead($"a state begins as several steps of '{form._axis}'", node);
                if (form._growth is { } growth)
                {
                    before[k] = growth.AddState(node.Id, k, inputs[k].Value.Type);
                    continue;
                }
                var kept = Builder.Input(form._inputs + form._states.Count, "state" + form._states.Count, inputs[k].Value.Type);
                form._states.Add((kept, kept));
                var isZero = Builder.TryGetConstant(inputs[k].Value, out var first) && first == 0;
                before[k] = isZero ? kept : form.Position.EqualTo(0).Select(inputs[k].Value, kept);
            }
            var place = form._states.Count - loop.States;
            var body = new Scope(form, loop.Body, before.Select(value => new Stepped(value, -1)).Concat(inputs.Skip(loop.States)).ToArray(), loop.Step) { IsInLoop = true };
            var nexts = new Stepped[loop.States];
            for (var k = 0; k < loop.States; k++)
            {
                nexts[k] = body.At(loop.Body.Outputs[k].Node);
                if (nexts[k].Axis >= 0 || nexts[k].IsLatest) throw Ahead($"a state is several steps of '{form._axis}'", node);
                if (form._growth is { } growth) growth.SetState(node.Id, k, nexts[k].Value);
                else form._states[place + k] = (form._states[place + k].Before, nexts[k].Value);
            }
            return new LoopScope(nexts.Select(next => next with { IsLatest = true }).ToArray(), id =>
            {
                var value = body.At(id);
                if (value.Axis >= 0 || value.IsLatest) throw Ahead($"a round gives several steps of '{form._axis}'", node);
                return new Stepped(Builder.Expand(value.Value, 0, Size.One), 0);
            }, null);
        }

        /// <summary>Any other loop is made again, at one step.</summary>
        private LoopScope Within(Loop loop, Node node)
        {
            var inputs = InputsOf(node);
            var region = Builder.BeginLoop(loop.Count.Substitute(Rename), loop.IsReverse);
            // What a loop makes of steps without keeping their axis is of the steps so far.
            var isLatest = inputs.Any(input => input.IsLatest || input.Axis >= 0);
            var states = inputs.Take(loop.States).Select(input => input with { Value = region.AddState(input.Value.Type), IsLatest = input.Axis < 0 && isLatest }).ToArray();
            var outer = Rename;
            var body = new Scope(form, loop.Body, states.Concat(inputs.Skip(loop.States)).ToArray(), step)
            {
                Rename = name => name == loop.Step ? region.Step : outer(name),
                IsInLoop = true,
            };
            var nexts = Enumerable.Range(0, loop.States).Select(k => body.At(loop.Body.Outputs[k].Node)).ToArray();
            for (var k = 0; k < nexts.Length; k++)
            {
                if (nexts[k].Axis != states[k].Axis) throw Ahead($"a state puts several steps of '{form._axis}' together", node);
            }
            var stop = loop.CanStop ? body.At(loop.Body.Outputs[loop.States].Node).Value : (Value?)null;
            var stacked = graph.ReadsOf(node.Id).Select(read => read.Operation).OfType<LoopStack>().Select(stack => stack.BodyNode).Distinct()
                .ToDictionary(id => id, body.At);
            var finished = region.Finish(inputs.Take(loop.States).Select(input => input.Value).ToArray(), nexts.Select(next => next.Value).ToArray(), stop,
                loop.HasTrips ? inputs[inputs.Length - 1].Value : null, stacked.Values.Select(value => value.Value).ToArray());
            return new LoopScope(
                nexts.Select((next, k) => next with { Value = finished.Final(k), IsLatest = states[k].IsLatest }).ToArray(),
                id => new Stepped(finished.Stack(stacked[id].Value), stacked[id].Axis < 0 ? -1 : stacked[id].Axis + 1, stacked[id].Axis < 0 && isLatest),
                new Stepped(finished.Rounds, -1, isLatest));
        }
    }
}
