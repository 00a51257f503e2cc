using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

// What planning gives and printers print: every decision is made here. Equatable, without spans.

/// <summary>
/// A whole program: called with sizes and pointers, runs its steps in order.
/// </summary>
/// <param name="Axes">Run-time sizes, in the order in which the program takes them.</param>
/// <param name="Buffers">Places in the arena. Offsets are computed once per tuple of sizes from lengths and lifetimes.</param>
/// <param name="Loops">Stretches of steps that repeat and are printed as loops; they don't overlap.</param>
/// <param name="Kept">Products of loops whose right matrix stays the same from round to round.</param>
/// <param name="Updates">Products whose result is a gradient by which the processor's program may change the parameter at once.</param>
/// <param name="BackwardStart">Index of the first step that needs the gradients of the results; the number of steps when none does.</param>
/// <param name="ScalarCount">Numbers the host reads after a run.</param>
public sealed record ProgramPlan(
    string Name,
    EquatableArray<string> Axes,
    EquatableArray<BufferPlan> Buffers,
    EquatableArray<Kernel> Kernels,
    EquatableArray<Step> Steps,
    EquatableArray<StepLoop> Loops,
    EquatableArray<KeptOperand> Kept,
    EquatableArray<int> Updates,
    int BackwardStart,
    int ScalarCount,
    bool UsesRandom);

/// <param name="Name">From the source where there is one: <c>h</c>, <c>fc1</c>.</param>
/// <param name="Length">In elements.</param>
/// <param name="FirstStep">The step that writes it first.</param>
/// <param name="LastStep">The last step that reads or writes it.</param>
public sealed record BufferPlan(string Name, ElementType Element, Size Length, int FirstStep, int LastStep)
{
    /// <summary>Why it is in memory.</summary>
    public EquatableArray<StorageReason> Reasons { get; init; }
}

/// <summary>Where an operand lives.</summary>
/// <param name="Length">In elements.</param>
public abstract record Place(ElementType Element, Size Length)
{
    /// <summary>Where in the tensor it begins, in elements: what a loop's round reads or writes moves with the step.</summary>
    public Size Offset { get; init; } = Size.Zero;
}

public sealed record ArenaPlace(int Buffer, ElementType Element, Size Length) : Place(Element, Length);

public sealed record InputPlace(int Index, ElementType Element, Size Length) : Place(Element, Length);

public sealed record ResultPlace(int Index, ElementType Element, Size Length) : Place(Element, Length);

public sealed record OutputGradientPlace(int Index, ElementType Element, Size Length) : Place(Element, Length);

public sealed record InputGradientPlace(int Index, ElementType Element, Size Length) : Place(Element, Length);

/// <summary>A parameter in the net's flat buffer.</summary>
public sealed record ParameterPlace(int Net, int Index, ElementType Element, Size Length) : Place(Element, Length);

/// <summary>The same parameter's gradient in the flat gradient buffer.</summary>
public sealed record GradientPlace(int Net, int Index, ElementType Element, Size Length) : Place(Element, Length);

/// <summary>A buffer of a net as it was before this run.</summary>
public sealed record NetBufferPlace(int Net, int Index, ElementType Element, Size Length) : Place(Element, Length);

/// <summary>Where the new value of the buffer goes: memory of its own, so that every step reads the old one.</summary>
public sealed record NewNetBufferPlace(int Net, int Index, ElementType Element, Size Length) : Place(Element, Length);

/// <summary>What a generate keeps between runs, as it was before this one.</summary>
public sealed record KeptPlace(int Index, ElementType Element, Size Length) : Place(Element, Length);

/// <summary>Where its next value goes, in memory of its own.</summary>
public sealed record NewKeptPlace(int Index, ElementType Element, Size Length) : Place(Element, Length);

public sealed record ScalarPlace(int Index) : Place(ElementType.F32, Size.One);

// ---- Kernels ----------------------------------------------------------------------------------------------------

/// <summary>
/// A fused loop nest over rows and columns. Rows are independent of each other and run in parallel; columns are the vector axis. A
/// value has a level: computed once a kernel, once a row or once a column. A reduction makes a row-level value from a
/// column-level one, so a body runs in as many passes over its columns as reductions depend on each other.
/// </summary>
/// <param name="Rows">The row axes, outermost first; none is one row.</param>
/// <param name="Columns">The vector axis.</param>
/// <param name="Operands">Tensors read or written, in the order in which a call gives their places.</param>
/// <param name="Sizes">Names of run-time sizes it needs.</param>
/// <param name="IsVectorized">Columns are computed in vectors; otherwise one by one.</param>
/// <param name="Cost">About how many additions one column of one row costs: decides how finely the work is cut.</param>
public sealed record Kernel(
    string Name,
    EquatableArray<Size> Rows,
    Size Columns,
    EquatableArray<KernelOperand> Operands,
    EquatableArray<KernelValue> Values,
    EquatableArray<KernelStore> Stores,
    EquatableArray<string> Sizes,
    KernelForm Form,
    bool IsVectorized,
    int Cost)
{
    /// <summary>Into how many parts the processor cuts rows for column reductions, whatever the number of threads: the same bits on all. On a GPU sizes decide.</summary>
    public const int PartCount = 8;

    /// <summary>How a kernel that adds up the parts of the one before it does so; null for all others. A GPU, whose parts are more, has a kernel of its own for it.</summary>
    public ReduceKind? AddsParts { get; init; }

    /// <summary>Operands that are written in the memory of others: whoever runs the kernel gives both the same place.</summary>
    public EquatableArray<Replacement> Replacements { get; init; } = [];

    /// <summary>A copy that reads across memory along columns, and along its last row axis as near as it can: whoever runs it goes along both.</summary>
    public bool IsTransposition { get; init; }

    /// <summary>Row axes that column reductions sum over, the last so many.</summary>
    public int ReducedRows => Stores.Max(store => store.ReducedRows);
}

public enum KernelForm
{
    /// <summary>No reductions, one run over columns, cut anywhere: Rows is empty.</summary>
    Map,

    /// <summary>Rows in parallel.</summary>
    Rows,

    /// <summary>Rows are cut into a fixed number of parts for column reductions, whose parts are then added in order.</summary>
    Parts,

    /// <summary>Runs on tiles of a matrix product: operand 0 is the tile.</summary>
    Epilogue,

    /// <summary>Elements of the output one after the other: stores that add to places that are not distinct.</summary>
    Serial,
}

/// <summary>An operand whose elements are written where another one's were read, each by the round that has read it.</summary>
public sealed record Replacement(int Read, int Written);

/// <param name="Name">As in the source.</param>
public sealed record KernelOperand(string Name, ElementType Element);

/// <summary>
/// Where an operand's element for (row indices, column) lies: Offset + Σ RowStrides[k] * row_k + ColumnStride * column, in elements.
/// </summary>
public sealed record Access(int Operand, Size Offset, EquatableArray<Size> RowStrides, Size ColumnStride);

public enum Level { Kernel, Row, Column }

/// <summary>A scalar value of a kernel's body. Inputs are positions of earlier values.</summary>
public abstract record KernelValue(ElementType Element, Level Level);

public sealed record LoadValue(Access Access, ElementType Element, Level Level) : KernelValue(Element, Level);

public sealed record NumberValue(double Number, ElementType Element) : KernelValue(Element, Level.Kernel);

public sealed record SizeNumberValue(Size Size, ElementType Element) : KernelValue(Element, Level.Kernel);

/// <summary>An affine function of row indices and column, as an integer: an <c>Iota</c> seen through views.</summary>
public sealed record IndexValue(Size Offset, EquatableArray<Size> RowCoefficients, Size ColumnCoefficient, Level Level) : KernelValue(ElementType.I32, Level);

/// <summary>A uniform draw for the element with the given linear index.</summary>
public sealed record RandomValue(int Site, Size Offset, EquatableArray<Size> RowCoefficients, Size ColumnCoefficient, Level Level) : KernelValue(ElementType.F32, Level);

public sealed record ApplyValue(ScalarOperator Operator, EquatableArray<int> Inputs, ElementType Element, Level Level) : KernelValue(Element, Level);

public sealed record ConvertValue(int Input, ElementType Element, Level Level) : KernelValue(Element, Level);

/// <summary>Over the columns of a row.</summary>
public sealed record ReduceValue(ReduceKind Kind, int Input, ElementType Element) : KernelValue(Element, Level.Row);

/// <summary>The first column with the largest (smallest) value.</summary>
public sealed record ArgReduceValue(bool IsMax, int Input) : KernelValue(ElementType.I32, Level.Row);

/// <summary>Writes a value. <see cref="ReducedRows"/> tells a column reduction: the value is added up over the last so many row axes.</summary>
/// <param name="Adds">Adds to what is there instead of replacing it.</param>
public sealed record KernelStore(int Value, Access Access, ReduceKind? ColumnReduction, int ReducedRows, bool Adds);

// ---- Steps ------------------------------------------------------------------------------------------------------

/// <summary>One thing a program does.</summary>
public abstract record Step(Origin Origin);

/// <param name="Kernel">Position in the program's kernels.</param>
public sealed record KernelStep(int Kernel, EquatableArray<Place> Operands, Origin Origin) : Step(Origin);

/// <summary>An axis of a matrix in memory: so many places, so far apart.</summary>
public sealed record MatrixAxis(Size Length, Size Stride);

/// <summary>
/// A matrix operand: element (batch, row, column) lies at Offset + batch*BatchStride + what row and column contribute, each counted through its axes, the last one fastest. No axis is
/// one row (or column), one is a stride, several are the windows of a convolution and what else a view can see in a tensor.
/// </summary>
public sealed record MatrixOperand(Place Place, Size Offset, Size BatchStride, EquatableArray<MatrixAxis> Rows, EquatableArray<MatrixAxis> Columns)
{
    /// <summary>From a row to the next, along the innermost axis.</summary>
    public Size RowStride => Rows.Count == 0 ? Size.Zero : Rows[Rows.Count - 1].Stride;

    /// <summary>From a column to the next, along the innermost axis.</summary>
    public Size ColumnStride => Columns.Count == 0 ? Size.Zero : Columns[Columns.Count - 1].Stride;

    /// <summary>Whether its rows or columns run through several axes.</summary>
    public bool HasAxes => Rows.Count > 1 || Columns.Count > 1;
}

/// <summary>
/// C[b, m, n] = Σ_k A[b, m, k] · B[b, n, k]. Axes say how A and B lie. C is contiguous. With an epilogue, the epilogue kernel gets each
/// finished tile in operand 0 and writes what is to be kept; <see cref="Result"/> is null then unless C itself is kept.
/// </summary>
public sealed record ProductStep(
    Size Batch, Size M, Size N, Size K,
    MatrixOperand Left, MatrixOperand Right, Place? Result,
    int? Epilogue, EquatableArray<Place> EpilogueOperands, Origin Origin) : Step(Origin)
{
    /// <summary>Where the product itself comes from: the step's origin is that of its epilogue, where it has one.</summary>
    public Origin ProductOrigin { get; init; }

    /// <summary>What GPUs round elements of both operands to; the sums are float32. The processor takes them as they are.</summary>
    public FloatFormat Operands { get; init; } = FloatFormat.F32;
}

/// <summary>
/// One tensor of an attention, [batch, sequence, heads, elements]: a row of a head lies at Offset + batch*BatchStride + position*SequenceStride + head*HeadStride, its elements side by side.
/// </summary>
public sealed record AttentionOperand(Place Place, Size Offset, Size BatchStride, Size SequenceStride, Size HeadStride);

/// <param name="Queries">How many queries a sequence has.</param>
/// <param name="Keys">How many keys and values.</param>
/// <param name="Width">Elements of a query and a key.</param>
/// <param name="ValueWidth">Elements of a value.</param>
/// <param name="Scale">What scores are multiplied by; null for 1/√<paramref name="Width"/>.</param>
public sealed record AttentionSizes(Size Batch, Size Heads, Size Groups, Size Queries, Size Keys, Size Width, Size ValueWidth, bool IsCausal, double? Scale);

/// <summary>softmax(scale · q kᵀ) v for each head, and log Σ exp of the scores for each query, [batch, heads, queries].</summary>
/// <param name="V">Null where only log sums are computed; so is the result.</param>
/// <param name="LogSums">Null where nobody asks for them.</param>
public sealed record AttentionStep(AttentionSizes Sizes, AttentionOperand Q, AttentionOperand K, AttentionOperand? V, AttentionOperand? Result, Place? LogSums, Origin Origin) : Step(Origin)
{
    /// <summary>As a product's: of queries, keys, values, and the weights of values.</summary>
    public FloatFormat Operands { get; init; } = FloatFormat.F32;
}

/// <summary>The gradients of queries, keys and values of an attention, each null where nobody asks for it.</summary>
public sealed record AttentionGradientStep(
    AttentionSizes Sizes, AttentionOperand Q, AttentionOperand K, AttentionOperand V, AttentionOperand Result, Place LogSums, AttentionOperand ResultGradient,
    AttentionOperand? QGradient, AttentionOperand? KGradient, AttentionOperand? VGradient, Origin Origin) : Step(Origin)
{
    /// <summary>As a product's: of the gradients of the result and of scores too.</summary>
    public FloatFormat Operands { get; init; } = FloatFormat.F32;

    /// <summary>Gradients of scores are computed, for which a GPU makes a number of each row of the result first.</summary>
    public bool HasSlopes => QGradient is not null || KGradient is not null;
}

public sealed record FillStep(Place Place, Size Length, double Value, Origin Origin) : Step(Origin);

/// <summary>out[p, j, q] = x[p, index[j], q]</summary>
public sealed record GatherStep(Place Source, Place Index, Place Result, Size Outer, Size AxisLength, Size IndexCount, Size Inner, Origin Origin) : Step(Origin);

/// <summary>out[p, index[j], q] += values[p, j, q], from zeros, in the order of j.</summary>
public sealed record ScatterAddStep(Place Values, Place Index, Place Result, Size Outer, Size AxisLength, Size IndexCount, Size Inner, Origin Origin) : Step(Origin);

/// <summary>An index for each row of logits, drawn by its probability: see <see cref="Sample"/>.</summary>
/// <param name="Logits">[rows, columns].</param>
/// <param name="Draws">One from [0, 1) for each row.</param>
/// <param name="Numbers">Temperature, top_k, top_p and repetition_penalty.</param>
/// <param name="History">Integers that have been drawn before; null where nothing is made of them.</param>
/// <param name="Scores">Room for as many numbers as there are logits.</param>
public sealed record SampleStep(Place Logits, Place Draws, EquatableArray<Place> Numbers, SampleHistory? History, Place Scores, Place Result, Size Rows, Size Columns, Origin Origin) : Step(Origin);

/// <summary>What has been drawn before: so many integers for each row, the first at Offset + row*RowStride.</summary>
public sealed record SampleHistory(Place Place, Size Offset, Size RowStride, Size Count);

public sealed record CheckRangeStep(Place Values, Size Count, Size Bound, string What, Origin Origin) : Step(Origin);

/// <summary>Tells of samples whose equilibrium was not reached: how many (i32) and the largest residual (f32) are in memory.</summary>
public sealed record CheckConvergedStep(Place Unconverged, Place Residual, string What, Otherwise Otherwise, Size Rounds, Origin Origin) : Step(Origin);

public sealed record CopyStep(Place Source, Place Result, Size Length, Origin Origin) : Step(Origin);

// ---- Loops ------------------------------------------------------------------------------------------------------

/// <summary>The steps from here to the <see cref="LoopEndStep"/> that belongs to it run once for each value of a size.</summary>
/// <param name="Step">The size's name; sizes and offsets of the steps inside name it.</param>
/// <param name="Count">It runs from 0 to <c>Count - 1</c>, or down from there.</param>
/// <param name="Trips">A number in memory of rounds to run, at most the count; null for all.</param>
/// <param name="CanStop">Whether a <see cref="LoopExitStep"/> may end it.</param>
public sealed record LoopBeginStep(string Step, Size Count, bool IsReverse, Place? Trips, bool CanStop, Origin Origin) : Step(Origin);

/// <summary>The loop ends after this round if a bool in memory says so.</summary>
public sealed record LoopExitStep(string Step, Place Flag, Origin Origin) : Step(Origin);

/// <param name="Rounds">Where the number of rounds that were run goes, if anyone asks.</param>
public sealed record LoopEndStep(string Step, Place? Rounds, Origin Origin) : Step(Origin);
