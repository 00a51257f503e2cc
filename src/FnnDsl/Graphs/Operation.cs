using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

/// <summary>
/// What a node does. The set is small and closed: everything the language has is lowered to these. Broadcasting is explicit (a
/// <see cref="View"/>), and elementwise operators take inputs of one shape.
/// </summary>
public abstract record Operation;

// ---- Leaves -----------------------------------------------------------------------------------------------------

/// <summary>A tensor the caller gives, by position in the program's signature.</summary>
public sealed record Input(int Index, string Name) : Operation;

/// <summary>A trained parameter of one of the nets.</summary>
public sealed record Parameter(int Net, int Index) : Operation;

/// <summary>The value of a buffer of one of the nets before this run.</summary>
public sealed record BufferValue(int Net, int Index) : Operation;

/// <summary>A number: rank 0.</summary>
public sealed record Constant(double Value) : Operation;

/// <summary>A size as a number: rank 0. Means divide by it.</summary>
public sealed record SizeValue(Size Size) : Operation;

/// <summary>The position along one axis: element [i0, i1, …] is i_axis. i32.</summary>
public sealed record Iota(int Axis) : Operation;

/// <summary>
/// Independent draws, uniform in [0, 1): f32, a pure function of (seed, step, site, copy, round, element's index), so that computing it
/// twice gives the same numbers. The site is stable across edits; the copy tells apart uses of one site (a layer used twice).
/// </summary>
/// <param name="Site">The call site with its copy.</param>
/// <param name="Round">The round of the loops it stands in, counted through; 0 outside of loops.</param>
/// <param name="Again">How often it has been made again for a derivative (see <see cref="Segment"/>): the same numbers, drawn anew instead of kept.</param>
public sealed record RandomUniform(int Site, Size Round, int Again = 0) : Operation;

/// <summary>The gradient that comes from outside, for the result at a position (programs that end in <c>Backward</c>).</summary>
public sealed record OutputGradient(int Index) : Operation;

/// <summary>A tensor that is kept on the device between runs, as it was before this one: what the programs of a generate remember, and the scale of a training's loss.</summary>
public sealed record Kept(int Index) : Operation;

// ---- One element at a time --------------------------------------------------------------------------------------

/// <summary>A row of the operator table applied element by element; all inputs have the node's shape.</summary>
public sealed record Elementwise(ScalarOperator Operator) : Operation
{
    public override string ToString() => Operator.Name;
}

/// <summary>To another element type. Floats to integers truncate; to bool is <c>!= 0</c>; from bool is 0 or 1.</summary>
public sealed record Convert(ElementType To) : Operation;

/// <summary>The value itself, with no gradient through it.</summary>
public sealed record Stop : Operation;

// ---- Moving elements --------------------------------------------------------------------------------------------

/// <summary>
/// One input axis of a <see cref="View"/> as an affine function of the output's indices: Offset + Σ Coefficients[k] * index[k].
/// </summary>
public sealed record AffineIndex(Size Offset, EquatableArray<Size> Coefficients);

/// <summary>
/// <c>out[o…] = in[A·o + b]</c>: broadcast, transpose, slice, flip, diagonal, window, all in one; never out of bounds. One
/// <see cref="AffineIndex"/> for each axis of the input. The node's type gives the output's shape.
/// </summary>
public sealed record View(EquatableArray<AffineIndex> Map) : Operation;

/// <summary>
/// The transpose of a <see cref="View"/>: <c>out[A·o + b] += in[o…]</c>, starting from zeros. The node's type has the shape the view
/// read from.
/// </summary>
public sealed record ViewTranspose(EquatableArray<AffineIndex> Map) : Operation;

/// <summary>The same elements in row-major order under another shape.</summary>
public sealed record Reshape : Operation;

/// <summary>
/// Room around (and, with <c>Between</c>, zero or more elements between) the elements, along each axis, filled with a number.
/// </summary>
public sealed record Pad(EquatableArray<Size> Before, EquatableArray<Size> After, EquatableArray<Size> Between, double Value) : Operation;

/// <summary>One after the other along an axis.</summary>
public sealed record Concat(int Axis) : Operation;

/// <summary>
/// Inputs: a <see cref="Kept"/> tensor, or what was written into it, and a tensor that lies in it from a position along the axis on. The value is the kept tensor with that part replaced: it is written in its place.
/// </summary>
public sealed record WriteKept(int Axis, Size At) : Operation;

// ---- Structured -------------------------------------------------------------------------------------------------

public enum ReduceKind { Sum, Max, Min, Prod }

/// <summary>Reduces over axes, which go away. (A mean is a sum divided by a <see cref="SizeValue"/>.)</summary>
public sealed record Reduce(ReduceKind Kind, EquatableArray<int> Axes) : Operation;

/// <summary>The position of the largest (smallest) element along an axis, the first of equals. i32.</summary>
public sealed record ArgReduce(bool IsMax, int Axis) : Operation;

/// <summary>
/// The general matrix product, in one canonical form: left is [batch…, m…, k…], right is [batch…, n…, k…], the result is
/// [batch…, m…, n…]: a sum over k. Other layouts come as <see cref="View"/>s of the inputs.
/// </summary>
public sealed record Contract(int BatchRank, int LeftRank, int RightRank, int SumRank) : Operation
{
    /// <summary>What both operands' elements are rounded to before they are multiplied; null where nobody has said, which is as they are.</summary>
    public FloatFormat? Operands { get; init; }
}

/// <summary>
/// Inputs: a tensor x and integers index. Result: x with the axis replaced by index's axes: out[p…, j…, q…] = x[p…, index[j…], q…].
/// </summary>
public sealed record Gather(int Axis) : Operation;

/// <summary>
/// The transpose of <see cref="Gather"/>. Inputs: values [p…, j…, q…] and integers index [j…]; out[p…, index[j…], q…] += values, from zeros.
/// </summary>
public sealed record ScatterAdd(int Axis) : Operation;

/// <summary>
/// softmax(scale · q kᵀ) v for each head. Inputs: queries [batch…, i, heads, e], keys [batch…, j, groups, e], values [batch…, j, groups, f]; the result is
/// [batch…, i, heads, f]. Heads are a multiple of groups: as many neighbouring heads share a group. A query that may look at no key gives zeros.
/// </summary>
/// <param name="IsCausal">Whether a query looks only at keys that are not behind it. The last query stands beside the last key.</param>
/// <param name="Scale">What scores are multiplied by; null for 1/√e.</param>
public sealed record Attention(bool IsCausal, double? Scale) : Operation
{
    /// <summary>What the elements of its products are rounded to, as those of a <see cref="Contract"/>: queries, keys, values, and the weights of values.</summary>
    public FloatFormat? Operands { get; init; }
}

/// <summary>
/// log Σ exp of the scores of each query, [batch…, heads, i], from queries and keys as in <see cref="Attention"/>: what its gradient needs to compute probabilities again.
/// -inf for a query that may look at no key.
/// </summary>
public sealed record AttentionLogSums(bool IsCausal, double? Scale) : Operation
{
    /// <summary>As in <see cref="Attention"/>.</summary>
    public FloatFormat? Operands { get; init; }
}

/// <summary>
/// The gradient that flows to one input of <see cref="Attention"/>. Inputs: its queries, keys and values, its result, its <see cref="AttentionLogSums"/>, and the gradient of the result.
/// </summary>
public sealed record AttentionGradient(AttentionInput Of, bool IsCausal, double? Scale) : Operation
{
    /// <summary>As in <see cref="Attention"/>: the result's gradient and those of scores too.</summary>
    public FloatFormat? Operands { get; init; }
}

/// <summary>The inputs of <see cref="Attention"/>, in their order.</summary>
public enum AttentionInput { Queries, Keys, Values }

/// <summary>
/// An index along the last axis of logits, drawn by its probability. Inputs, all f32: logits [rows…, n], a draw from [0, 1) for each row, the numbers (rank 0) temperature, top_k, top_p and
/// repetition_penalty, and, where the penalty is wanted, the integers that have been drawn before, [rows…, m]. The result is i32[rows…]. <see cref="Interpretation.SamplingMeaning"/> says what each number does.
/// </summary>
public sealed record Sample : Operation;

/// <summary>
/// Integers that must lie in [0, Bound): the value itself; the program stops with a message about <paramref name="What"/> otherwise.
/// Stands in front of every use of integers as an index, and as a length along an axis.
/// </summary>
public sealed record CheckRange(Size Bound, string What, bool IsLength = false) : Operation;

// ---- Loops ------------------------------------------------------------------------------------------------------

/// <summary>
/// A loop that feeds states back: its body is run once for each value of <paramref name="Step"/> in 0..Count-1, downwards where
/// <paramref name="IsReverse"/>. The node's inputs are the initial states, then what the body reads from outside, then, where there
/// are <paramref name="HasTrips"/>, how many rounds to run at most (i32). The node's own value is the number of rounds that were run: i32.
/// <see cref="LoopFinal"/> and <see cref="LoopStack"/> read the rest.
/// </summary>
/// <param name="Step">The name under which sizes in the body name the step.</param>
/// <param name="Count">How many rounds there can be.</param>
/// <param name="States">How many states there are.</param>
/// <param name="Body">
/// Its leaves are <see cref="LoopArgument"/>s, one for each input of the node but the trips; those of the states are its first nodes, in their order. Its outputs are the next states and, in a loop that may end early, a bool of
/// rank 0 after them: whether this was the last round.
/// </param>
public sealed record Loop(string Step, Size Count, int States, bool IsReverse, bool HasTrips, Graph Body) : Operation
{
    /// <summary>Whether the body can end the loop before <see cref="Count"/>.</summary>
    public bool CanStop => Body.Outputs.Count > States;

    /// <summary>Whether it always runs <see cref="Count"/> rounds.</summary>
    public bool IsCounted => !CanStop && !HasTrips;

    public override string ToString() => $"Loop {{ {Step} of {Count} }}";
}

/// <summary>In a loop's body: the state or outside value at this position of the loop's inputs.</summary>
public sealed record LoopArgument(int Index) : Operation;

/// <summary>Where a loop writes the next value of a state, or, behind the last state, whether to stop.</summary>
public sealed record NextTarget(int Index) : OutputTarget;

/// <summary>The value of a state after the last round. Its input is the loop.</summary>
public sealed record LoopFinal(int State) : Operation;

/// <summary>The values that a node of the body had, by step, along a new first axis of the loop's count; zeros where the loop did not come. Its input is the loop.</summary>
public sealed record LoopStack(int BodyNode) : Operation;

/// <summary>Stands for an argument while a body is being built among the nodes around it; no finished graph has any.</summary>
public sealed record Placeholder(int Region, int Index) : Operation;

// ---- Segments ---------------------------------------------------------------------------------------------------

/// <summary>
/// A stretch of the graph of whose values nothing is kept for the derivative but what comes out: the derivative computes the others again from what went in. Inputs: the
/// values that come out, then those from before that the stretch reads. <see cref="SegmentValue"/> reads a value behind it. The node's own value is 0, i32.
/// </summary>
/// <param name="Values">How many values come out.</param>
public sealed record Segment(int Values) : Operation;

/// <summary>A value that comes out of a <see cref="Segment"/>, its input.</summary>
public sealed record SegmentValue(int Index) : Operation;

/// <summary>
/// Inputs: any tensor, then tensors that must have been computed before it is read. The value is the first; it lies where that lies. So what is computed again for a gradient is
/// computed when that gradient is there, and is not the same node as what was computed before.
/// </summary>
public sealed record After : Operation;

// ---- Equilibria -------------------------------------------------------------------------------------------------

/// <summary>How an equilibrium is looked for.</summary>
/// <param name="Tolerance">The relative residual |f(z) - z| / |f(z)| of a sample at which it counts as reached.</param>
/// <param name="AtMost">Rounds after which the best iterate is taken.</param>
/// <param name="History">How many iterates Anderson's method mixes; 0 for Picard's.</param>
/// <param name="Damping">The share of the new value in the next iterate, above 0 and at most 1.</param>
public sealed record SolverSettings(double Tolerance, Size AtMost, int History, double Damping);

/// <summary>
/// A point at which a map gives back what it is given. Inputs: the states z as a solver found them, without their past, then f(z). <see cref="EquilibriumState"/>
/// reads a state from it: the value of z, with the gradient of the equilibrium that the map has there. The node's own value is 0, i32.
/// </summary>
/// <param name="States">How many there are.</param>
/// <param name="Gradient">How the gradient's own equilibrium is looked for.</param>
/// <param name="Otherwise">What happens when it is not reached.</param>
public sealed record Equilibrium(int States, SolverSettings Gradient, Otherwise Otherwise) : Operation;

/// <summary>A state of an <see cref="Equilibrium"/>, its input.</summary>
public sealed record EquilibriumState(int State) : Operation;

/// <summary>What happens when an equilibrium is not reached.</summary>
public enum Otherwise
{
    /// <summary>The best iterate is taken, and a warning is given.</summary>
    Warn,

    /// <summary>The program stops with an exception.</summary>
    Fail,

    /// <summary>The best iterate is taken; it is counted and reported to those who listen.</summary>
    Best,
}

/// <summary>
/// Inputs: any tensor, how many samples have not reached their equilibrium (i32), and the largest residual (f32). The value is the tensor; the program does as
/// <paramref name="Otherwise"/> says when there are such samples.
/// </summary>
/// <param name="What">What a message calls it.</param>
/// <param name="Rounds">After how many rounds it was given up.</param>
public sealed record CheckConverged(string What, Otherwise Otherwise, Size Rounds) : Operation;
