using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

// Loops: their bodies are built among the nodes around them and cut out when they are finished.
public sealed partial class GraphBuilder
{
    private int _regions;

    /// <summary>Begins a loop. Nodes made from its states and its step will be its body; all others stay outside, wherever they are made.</summary>
    public LoopRegion BeginLoop(Size count, bool isReverse = false) => new(this, _regions++, count, isReverse);

    internal Value Placeholder(int region, int index, TensorType type) => Add(new Placeholder(region, index), type);

    internal Value AddLoop(Loop loop, IReadOnlyList<Value> inputs) => Add(loop, TensorType.Scalar(ElementType.I32), inputs.ToArray());

    /// <summary>The value of a loop's state after its last round.</summary>
    internal Value LoopFinal(Value loop, int state) => Add(new LoopFinal(state), this[loop.Node.Inputs[state]].Type, loop);

    /// <summary>A value of a loop's body, by step.</summary>
    internal Value LoopStack(Value loop, int bodyNode)
    {
        var operation = (Loop)loop.Node.Operation;
        var type = operation.Body[bodyNode].Type;
        return Add(new LoopStack(bodyNode), type with { Shape = type.Shape.Prepend(operation.Count).ToEquatableArray() }, loop);
    }

    /// <summary>States at which a map gives back what it is given, with the gradient that the equilibrium has.</summary>
    /// <param name="states">Where a solver found it; of the way there they know nothing.</param>
    /// <param name="mapped">What the map makes of them.</param>
    public Value[] Equilibrium(IReadOnlyList<Value> states, IReadOnlyList<Value> mapped, SolverSettings gradient, Otherwise otherwise)
    {
        var point = Add(new Equilibrium(states.Count, gradient, otherwise), TensorType.Scalar(ElementType.I32), states.Concat(mapped).ToArray());
        return states.Select((state, k) => Add(new EquilibriumState(k), state.Type, point)).ToArray();
    }

    /// <summary>The value itself; the program tells of samples that have not converged.</summary>
    public Value CheckConverged(Value value, Value unconverged, Value residual, string what, Otherwise otherwise, Size rounds) =>
        Add(new CheckConverged(what, otherwise, rounds), value.Type, value, unconverged, residual);

    /// <summary>The element of a stack at a step.</summary>
    public Value AtStep(Value stack, Size step) => ElementAt(stack, 0, step);

    /// <summary>Values made again with others in the place of some nodes they are made of.</summary>
    /// <param name="replacements">By node.</param>
    public Value[] Rewrite(IReadOnlyList<Value> roots, IReadOnlyDictionary<int, Value> replacements)
    {
        var origin = Origin;
        var cone = ConeOf(roots.Select(root => root.Id), id => replacements.ContainsKey(id));
        var moved = new Dictionary<int, Value>();
        foreach (var id in cone)
        {
            if (replacements.TryGetValue(id, out var replacement))
            {
                moved[id] = replacement;
                continue;
            }
            var node = this[id];
            if (node.Inputs.All(input => moved[input].Id == input))
            {
                moved[id] = ValueOf(id);
                continue;
            }
            Origin = node.Origin;
            moved[id] = Make(node.Operation, node.Inputs.Select(input => moved[input]).ToArray(), node.Type);
        }
        Origin = origin;
        return roots.Select(root => moved[root.Id]).ToArray();
    }

    /// <summary>All nodes that some nodes are made of, in order. What <paramref name="isLeaf"/> holds for is taken without its inputs.</summary>
    internal IReadOnlyCollection<int> ConeOf(IEnumerable<int> roots, Func<int, bool> isLeaf)
    {
        var cone = new SortedSet<int>();
        var stack = new Stack<int>(roots);
        while (stack.Count > 0)
        {
            var id = stack.Pop();
            if (!cone.Add(id) || isLeaf(id)) continue;
            foreach (var input in this[id].Inputs) stack.Push(input);
        }
        return cone;
    }

    /// <summary>Makes a loop of another graph here: only the states and stacks of it that somebody wants.</summary>
    /// <param name="inputs">The loop's inputs, here.</param>
    /// <param name="stacks">The nodes of its body whose stacks are wanted.</param>
    /// <param name="finals">The states whose last values are wanted.</param>
    private RemadeLoop Remake(Loop loop, IReadOnlyList<Value> inputs, IReadOnlyList<int> stacks, IReadOnlyCollection<int> finals)
    {
        var region = BeginLoop(loop.Count, loop.IsReverse);
        var arguments = inputs.Select((input, k) => k < loop.States ? region.AddState(input.Type) : input).ToArray();
        var body = Import(loop.Body, arguments, name => name == loop.Step ? region.Step : null, LiveNodes(loop, stacks, finals));
        var nexts = loop.Body.Outputs.Take(loop.States).Select(output => body[output.Node]).ToArray();
        var stop = loop.CanStop ? body[loop.Body.Outputs[loop.States].Node] : (Value?)null;

        // A state nobody asks for goes, unless another one is made of it.
        var live = new HashSet<int>(finals);
        var roots = new Stack<int>(stacks.Select(node => body[node].Id).Concat(stop is { } end ? [end.Id] : []).Concat(finals.Select(state => nexts[state].Id)));
        while (roots.Count > 0)
        {
            var reached = new HashSet<int>(ConeOf(roots, _ => false));
            roots.Clear();
            for (var state = 0; state < loop.States; state++)
            {
                if (reached.Contains(arguments[state].Id) && live.Add(state)) roots.Push(nexts[state].Id);
            }
        }
        var kept = Enumerable.Range(0, loop.States).Where(live.Contains).ToArray();
        region.KeepStates(kept);
        var finished = region.Finish(kept.Select(state => inputs[state]).ToArray(), kept.Select(state => nexts[state]).ToArray(), stop,
            loop.HasTrips ? inputs[inputs.Count - 1] : null, stacks.Select(node => body[node]).ToArray());
        return new RemadeLoop(finished, body, kept);
    }

    // The nodes of a loop's body that what is wanted of it is made of.
    private static bool[] LiveNodes(Loop loop, IEnumerable<int> stacks, IEnumerable<int> finals)
    {
        var live = new bool[loop.Body.Nodes.Count];
        var roots = new Stack<int>(stacks.Concat(finals.Select(state => loop.Body.Outputs[state].Node)).Concat(loop.Body.Outputs.Skip(loop.States).Select(stop => stop.Node)));
        while (roots.Count > 0)
        {
            var id = roots.Pop();
            if (live[id]) continue;
            live[id] = true;
            foreach (var input in loop.Body[id].Inputs) roots.Push(input);
            if (loop.Body[id].Operation is LoopArgument argument && argument.Index < loop.States) roots.Push(loop.Body.Outputs[argument.Index].Node);
        }
        return live;
    }

    /// <summary>A loop made again: the new values of what its old nodes gave.</summary>
    private sealed record RemadeLoop(FinishedLoop Loop, IReadOnlyList<Value> Body, int[] States)
    {
        public Value Final(int state) => Loop.Final(Array.IndexOf(States, state));

        public Value Stack(int node) => Loop.Stack(Body[node]);
    }
}
