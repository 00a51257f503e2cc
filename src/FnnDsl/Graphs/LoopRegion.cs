using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

/// <summary>
/// A loop under construction. Its states are leaves among the builder's other nodes; whatever is made from them or from the step is its body, and all that
/// is not (a projection of the input, say) is computed once, outside. <see cref="Finish"/> cuts the body out.
/// </summary>
public sealed class LoopRegion
{
    private readonly GraphBuilder _builder;
    private readonly int _id;
    private readonly int _firstNode;
    private readonly bool _isReverse;
    private readonly List<Value> _states = [];
    private int _leaves;

    internal LoopRegion(GraphBuilder builder, int id, Size count, bool isReverse)
    {
        _builder = builder;
        _id = id;
        _firstNode = builder.Nodes.Count;
        _isReverse = isReverse;
        Count = count;
        StepName = "@" + id;
        Step = Size.Axis(StepName);
    }

    public Size Count { get; }

    /// <summary>The number of the round, from 0 on: a size in the body's operations.</summary>
    public Size Step { get; }

    internal string StepName { get; }

    /// <summary>The value a state has when a round begins.</summary>
    public Value AddState(TensorType type)
    {
        var state = AddLeaf(type);
        _states.Add(state);
        return state;
    }

    /// <summary>A leaf that will have been replaced when the loop is finished.</summary>
    internal Value AddLeaf(TensorType type) => _builder.Placeholder(_id, _leaves++, type);

    /// <summary>A leaf that has been added, by its number among all of this loop's.</summary>
    internal Value Leaf(int index, TensorType type) => _builder.Placeholder(_id, index, type);

    internal void KeepStates(IReadOnlyList<int> kept)
    {
        var states = kept.Select(state => _states[state]).ToArray();
        _states.Clear();
        _states.AddRange(states);
    }

    /// <summary>Whether a value is made of the step or of a leaf of this loop.</summary>
    internal bool[] Dependent(bool countsStep)
    {
        var dependent = new bool[_builder.Nodes.Count];
        for (var id = _firstNode; id < dependent.Length; id++)
        {
            var node = _builder[id];
            dependent[id] = node.Operation is Placeholder leaf && leaf.Region == _id || (countsStep && OperationSizes.Mentions(node.Operation, StepName));
            foreach (var input in node.Inputs) dependent[id] |= dependent[input];
        }
        return dependent;
    }

    /// <summary>Whether a value is another one in each round.</summary>
    public bool DependsOn(Value value) => Dependent(countsStep: true)[value.Id];

    /// <summary>Makes the loop.</summary>
    /// <param name="initials">One for each state, of its type.</param>
    /// <param name="nexts">The states' next values.</param>
    /// <param name="stop">A bool: this was the last round. Null in a loop that runs to its count.</param>
    /// <param name="trips">How many rounds to run, no more than the count; null for all.</param>
    /// <param name="stacked">Values of the body whose stacks will be asked for.</param>
    public WholeLoop Finish(IReadOnlyList<Value> initials, IReadOnlyList<Value> nexts, Value? stop, Value? trips, IReadOnlyList<Value> stacked)
    {
        // The derivative goes back from the last round that was run, which only a loop that begins at step 0 tells by their number.
        if (stop is not null && _isReverse) throw new ArgumentException("A loop that goes downwards runs to its count.", nameof(stop));
        for (var k = 0; k < _states.Count; k++)
        {
            if (initials[k].Type != _states[k].Type || nexts[k].Type != _states[k].Type) throw new ArgumentException($"State {k} is {_states[k].Type}, begins as {initials[k].Type} and goes on as {nexts[k].Type}.");
        }
        var roots = nexts.Concat(stop is { } end ? [end] : []).Concat(stacked).ToArray();
        var wanted = stop is null && trips is null && _builder.Simplifies ? HoistProducts(roots) : roots;
        var cut = new BodyCut(_builder, _states, Dependent(countsStep: true));
        var graph = cut.Graph(wanted.Take(nexts.Count + (stop is null ? 0 : 1)).ToArray(), wanted);

        // Loops inside have lower numbers, so that names are the same however a loop came about.
        var height = graph.Nodes.Select(node => node.Operation).OfType<Loop>().Select(inner => Height(inner.Step) + 1).DefaultIfEmpty(0).Max();
        var name = "#" + height;
        graph = OperationSizes.Substitute(graph, size => size == StepName ? Size.Axis(name) : null);
        var inputs = initials.Concat(cut.Captured).Concat(trips is { } rounds ? [rounds] : []).ToArray();
        var loop = _builder.AddLoop(new Loop(name, Count, _states.Count, _isReverse, trips is not null, graph), inputs);
        var bodyNodes = new Dictionary<int, (int, Value?)>();
        for (var k = 0; k < _states.Count; k++) bodyNodes[_states[k].Id] = (k, null);
        for (var k = 0; k < roots.Length; k++) bodyNodes[roots[k].Id] = (cut.Position(wanted[k]), cut.Depends(wanted[k]) ? null : wanted[k]);
        return new WholeLoop(_builder, loop, initials, _states, nexts, bodyNodes);
    }

    private static int Height(string step) => int.Parse(step.Substring(1), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>
    /// Products that no state goes into are one product over all steps, made before the loop: the input projection of a recurrent layer.
    /// </summary>
    private Value[] HoistProducts(IReadOnlyList<Value> roots)
    {
        var byState = Dependent(countsStep: false);
        var byStep = Dependent(countsStep: true);
        var stacks = new StepStacks(_builder, Count, StepName, byStep, (_, _) => null);
        var replacements = new Dictionary<int, Value>();
        foreach (var id in _builder.ConeOf(roots.Select(root => root.Id), id => id >= byStep.Length || !byStep[id]))
        {
            if (_builder[id].Operation is Contract && byStep[id] && !byState[id] && stacks.TryStack(_builder.ValueOf(id)) is { } stack) replacements.Add(id, _builder.AtStep(stack, Step));
        }
        return replacements.Count == 0 ? roots.ToArray() : _builder.Rewrite(roots, replacements);
    }

    /// <summary>Finds a loop's body among all nodes: what depends on it, and the views and numbers in front of that, which cost nothing where they are used.</summary>
    private sealed class BodyCut(GraphBuilder builder, IReadOnlyList<Value> states, bool[] dependent)
    {
        private readonly List<Node> _nodes = [];
        private readonly Dictionary<int, int> _positions = [];

        public List<Value> Captured { get; } = [];

        public int Position(Value value) => _positions[value.Id];

        public bool Depends(Value value) => dependent[value.Id];

        public Graph Graph(IReadOnlyList<Value> outputs, IReadOnlyList<Value> wanted)
        {
            var cone = builder.ConeOf(wanted.Select(value => value.Id), id => !IsInside(id));
            foreach (var state in states) Add(state.Node, new LoopArgument(_nodes.Count), []);
            foreach (var id in cone.Where(id => !IsInside(id)))
            {
                Captured.Add(builder.ValueOf(id));
                Add(builder[id], new LoopArgument(_nodes.Count), []);
            }
            foreach (var id in cone.Where(id => IsInside(id) && !_positions.ContainsKey(id))) Add(builder[id], builder[id].Operation, builder[id].Inputs.Select(input => _positions[input]));
            return new Graph(_nodes.ToEquatableArray(), outputs.Select((output, k) => new GraphOutput(new NextTarget(k), _positions[output.Id])).ToEquatableArray());
        }

        private bool IsInside(int id) => dependent[id] || builder[id].Operation is View or Constant or SizeValue or Iota;

        private void Add(Node node, Operation operation, IEnumerable<int> inputs)
        {
            _positions.Add(node.Id, _nodes.Count);
            _nodes.Add(node with { Id = _nodes.Count, Operation = operation, Inputs = inputs.ToEquatableArray() });
        }
    }
}

