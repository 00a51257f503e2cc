using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>A feedback with a state that grows, as values of a builder.</summary>
/// <param name="Leaves">The states where a round begins, and after the last: first the one that grows.</param>
/// <param name="Nexts">What is appended, and the next values of the others.</param>
/// <param name="Step">The name of the round's number in sizes.</param>
internal sealed record GrowthBinding(
    string Axis, int Position, Size Start, Size Capacity, Size Rounds, IReadOnlyList<Value> Leaves, IReadOnlyList<Value> Initials, IReadOnlyList<Value> Nexts, Value? Stop, string Step, Size? Slide, Origin Origin)
{
    /// <summary>The number of the round as a run-time size: no name of the language begins so.</summary>
    public string RoundAxis => "#" + Axis;

    public BoundGrowth Bound(GraphBuilder builder) => new(
        Axis, Position, Start, Capacity, Rounds, Leaves.Select(leaf => leaf.Type).ToEquatableArray(),
        WithArguments(builder.Build(Outputs(Initials))), WithArguments(builder.Build(Outputs(Stop is { } stop ? Nexts.Append(stop) : Nexts))), Stop is not null, RoundAxis, Slide, Origin);

    private static IEnumerable<GraphOutput> Outputs(IEnumerable<Value> values) => values.Select((value, k) => new GraphOutput(new ResultTarget(k, "state" + k), value.Id));

    /// <summary>A graph whose leaves for states are arguments, and in which the round's number is a size.</summary>
    public Graph WithArguments(Graph graph) => graph with
    {
        Nodes = OperationSizes.Substitute(graph, name => name == Step ? Size.Axis(RoundAxis) : null).Nodes.Select(node => node.Operation is Placeholder leaf
            ? node with { Operation = new LoopArgument(Enumerable.Range(0, Leaves.Count).First(k => Leaves[k].Node.Operation.Equals(leaf))) }
            : node).ToEquatableArray(),
    };
}

/// <summary>A state with one more element.</summary>
internal sealed record AppendOperand(Value Whole, EquatableArray<AxisNote> AxisNotes, FeedbackState State, Value Next) : TensorOperand(Whole, AxisNotes);
