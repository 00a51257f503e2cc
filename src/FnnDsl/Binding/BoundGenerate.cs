using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>What a caller of a generate gives, in the order of its signature.</summary>
/// <param name="Input">The position of the tensor among the inputs; -1 for a size.</param>
/// <param name="Default">The number that it is when it is not given; null where it must be.</param>
public sealed record BoundArgument(string Name, int Input, double? Default);

/// <summary>A program over trained networks, without a gradient.</summary>
/// <param name="RuntimeAxes">Sizes that the caller gives, then axes of the inputs.</param>
/// <param name="Body">The results. With a state that grows these are what is made of the states after the last round, which are its <see cref="LoopArgument"/>s.</param>
/// <param name="Growth">The state that grows; null in a generate without one.</param>
public sealed record BoundGenerate(
    string Namespace,
    string Name,
    string? Doc,
    EquatableArray<BoundNet> Nets,
    EquatableArray<BoundArgument> Arguments,
    EquatableArray<string> RuntimeAxes,
    EquatableArray<BoundTensor> Inputs,
    EquatableArray<BoundTensor> Results,
    EquatableArray<BoundGuard> Guards,
    Graph Body,
    BoundGrowth? Growth,
    Origin Origin)
{
    /// <summary>What each round appends; null where nothing grows.</summary>
    public BoundTensor? Streamed { get; init; }
}

/// <summary>The feedback in which a state grows by one element a round.</summary>
/// <param name="Axis">The name of the axis along which state 0 grows: a run-time size in the graphs.</param>
/// <param name="Position">Where that axis is in the state's type.</param>
/// <param name="Start">How long the state is before the first round.</param>
/// <param name="Capacity">How long it may become.</param>
/// <param name="Rounds">How many rounds there are at most.</param>
/// <param name="States">The types of the states: first the one that grows.</param>
/// <param name="Initial">Their values before the first round.</param>
/// <param name="Round">One round: its <see cref="LoopArgument"/>s are the states; its results are what is appended, then the next values of the others, then, where <paramref name="CanStop"/>, a bool: whether this was the last.</param>
/// <param name="RoundAxis">The name of the run-time size that is the number of the round.</param>
/// <param name="Slide">How many of its first elements the state forgets when it is full; null where it never is.</param>
public sealed record BoundGrowth(
    string Axis, int Position, Size Start, Size Capacity, Size Rounds, EquatableArray<TensorType> States, Graph Initial, Graph Round, bool CanStop, string RoundAxis, Size? Slide, Origin Origin)
{
    /// <summary>The type of what a round appends.</summary>
    public TensorType Element => States[0] with { Shape = States[0].Shape.Where((_, axis) => axis != Position).ToEquatableArray() };
}
