using System.Globalization;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// What an expression is worth while a body is bound: binding is abstract interpretation, so names stand for graph values, sizes and
/// build-time values, never for syntax.
/// </summary>
internal abstract record Operand
{
    /// <summary>The kind in the words of a message: "a tensor", "a size".</summary>
    public abstract string Kind { get; }
}

/// <summary>What is known of one axis besides its size: its name in the declaration at hand, and where its size came from.</summary>
internal sealed record AxisNote(string? Name, Location? Source)
{
    public static AxisNote None { get; } = new(null, null);
}

/// <summary>A tensor, as a value of the graph. <see cref="Notes"/> has one entry for each axis.</summary>
internal record TensorOperand(Value Value, EquatableArray<AxisNote> Notes) : Operand
{
    /// <summary>A tensor of whose axes nothing but the size is known.</summary>
    public TensorOperand(Value value) : this(value, Enumerable.Repeat(AxisNote.None, value.Type.Rank).ToEquatableArray()) { }

    /// <summary>How a scalar came from reductions over everything: what a metric adds up over batches. Null for other tensors.</summary>
    public ReductionFormula? Formula { get; init; }

    /// <summary>The function whose result this is, where user code called it; null for other tensors.</summary>
    public MadeBy? MadeBy { get; init; }

    /// <summary>The number that stands at every place, where it was given without an element type: it takes that of what it meets, as the number alone does. Null for other tensors.</summary>
    public Operand? Filled { get; init; }

    public TensorType Type => Value.Type;

    public ElementType Element => Value.Type.Element;

    public int Rank => Value.Type.Rank;

    public EquatableArray<Size> Shape => Value.Type.Shape;

    public override string Kind => "a tensor";
}

/// <summary>A number known at build. It takes the element type of what it meets.</summary>
internal sealed record NumberOperand(double Number, bool IsInteger) : Operand
{
    public override string Kind => "a number";

    public override string ToString() => Number.ToString("R", CultureInfo.InvariantCulture);
}

/// <summary>A size: a number that may depend on run-time axes. It takes the element type of what it meets.</summary>
internal sealed record SizeOperand(Size Size) : Operand
{
    public override string Kind => "a size";
}

/// <summary>
/// A number that depends on run-time sizes but is no size, such as <c>1 / time</c>: it takes the element type of what it meets.
/// </summary>
internal record AdaptingOperand(Func<ElementType, Value> Make) : Operand
{
    /// <summary>Whether it is one without a fraction, which takes the place of an integer too.</summary>
    public bool IsInteger { get; init; }

    public override string Kind => "a number";
}

/// <summary>The step of a loop, inside of it: a number from 0 to <paramref name="Count"/> - 1 that is another one in each round.</summary>
internal sealed record StepOperand(Size Step, Size Count, Func<ElementType, Value> Make) : AdaptingOperand(Make)
{
    public override string Kind => "the step of a loop";
}

/// <summary>A truth known at build.</summary>
internal sealed record BoolOperand(bool Truth) : Operand
{
    public override string Kind => "a bool";
}

internal sealed record TextOperand(string Text) : Operand
{
    public override string Kind => "a string";
}

/// <summary>A shape as a value: <c>[n, 3]</c>.</summary>
internal sealed record ShapeOperand(EquatableArray<Size> Sizes, EquatableArray<AxisNote> Notes) : Operand
{
    public override string Kind => "a shape";
}

internal sealed record TupleOperand(EquatableArray<Operand> Items) : Operand
{
    public override string Kind => "a tuple";
}

/// <summary>A declared <c>fn</c>, <c>layer</c> or <c>model</c>.</summary>
internal sealed record CallableOperand(CallableSymbol Symbol) : Operand
{
    public override string Kind => Symbol.IsLayer ? "a layer" : "a fn";
}

/// <summary>A fn that the compiler knows by itself: an operator, a reduction, a movement.</summary>
internal sealed record BuiltInOperand(string Name) : Operand
{
    public override string Kind => "a fn";
}

/// <summary>A layer with its config and its place: it owns weights, which every use shares.</summary>
internal sealed record InstanceOperand(LayerInstance Instance) : Operand
{
    public override string Kind => "a layer";
}

/// <summary>What cannot be known because an error was reported: everything that uses it stays silent.</summary>
internal sealed record PoisonOperand : Operand
{
    public static PoisonOperand Instance { get; } = new();

    public override string Kind => "unknown";
}

/// <summary>How a scalar was made from reductions over everything.</summary>
internal abstract record ReductionFormula;

/// <summary>A mean: a sum and what to divide it by, both rank 0 and f32.</summary>
internal sealed record MeanReduction(Value Sum, Value Count) : ReductionFormula;

/// <summary>A sum, maximum or minimum of everything.</summary>
internal sealed record WholeReduction(ReduceKind Kind, Value Value) : ReductionFormula;

internal sealed record NumberReduction(double Number) : ReductionFormula;

internal sealed record AppliedReduction(Operators.ScalarOperator Operator, EquatableArray<ReductionFormula> Inputs) : ReductionFormula;
