using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

/// <summary>
/// Where a node comes from: the n-th token of a declaration. It survives edits elsewhere in the file, so that a plan stays equal
/// when lines move; the printer turns it into a line.
/// </summary>
public readonly record struct Origin(string Declaration, int Token);

/// <summary>One operation of a graph. Inputs are ids of earlier nodes.</summary>
public sealed record Node(int Id, Operation Operation, EquatableArray<int> Inputs, TensorType Type, Origin Origin)
{
    public override string ToString() => $"%{Id} = {Operation}({string.Join(", ", Inputs.Select(id => "%" + id))}) : {Type}";
}

/// <summary>
/// A straight-line program over tensors. Nodes stand in an order in which each comes after its inputs; equal nodes are one node.
/// </summary>
public sealed record Graph(EquatableArray<Node> Nodes, EquatableArray<GraphOutput> Outputs)
{
    public Node this[int id] => Nodes[id];

    /// <summary>The nodes that read a loop: its <see cref="LoopFinal"/>s and <see cref="LoopStack"/>s.</summary>
    public IEnumerable<Node> ReadsOf(int loop) => Nodes.Where(node => node.Operation is LoopFinal or LoopStack && node.Inputs[0] == loop);

    public override string ToString() => string.Join("\n", Nodes.Select(node => node.ToString()).Concat(Outputs.Select(output => $"{output.Target} = %{output.Node}")));
}

/// <summary>A value that leaves the graph, and where it goes.</summary>
public sealed record GraphOutput(OutputTarget Target, int Node);

/// <summary>Where a graph's output is written.</summary>
public abstract record OutputTarget;

/// <summary>A result of the program, by position: what a model returns.</summary>
public sealed record ResultTarget(int Index, string Name) : OutputTarget;

/// <summary>The gradient of a parameter of one of the nets.</summary>
public sealed record GradientTarget(int Net, int Parameter) : OutputTarget;

/// <summary>The gradient of a tensor input.</summary>
public sealed record InputGradientTarget(int Input) : OutputTarget;

/// <summary>The new value of a buffer of one of the nets.</summary>
public sealed record BufferTarget(int Net, int Buffer) : OutputTarget;

/// <summary>A number the host reads after the run: a loss's sum, a metric's count. f32 scalars, by position.</summary>
public sealed record ScalarTarget(int Index, string Name) : OutputTarget;

/// <summary>The next value of what a generate keeps between runs, in memory of its own.</summary>
public sealed record KeptTarget(int Index) : OutputTarget;

/// <summary>What a <see cref="WriteKept"/> has written: it is in its place.</summary>
public sealed record WrittenTarget(int Index) : OutputTarget;
