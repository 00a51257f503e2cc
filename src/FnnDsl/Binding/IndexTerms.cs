using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// A variable of index notation while it is bound. <c>...</c> is one that runs over any number of axes at once.
/// </summary>
/// <param name="Order">Position among all variables of a statement: those on the left first, as written, then those of reducers.</param>
internal sealed class RunningIndex(string name, TextSpan span, int order, bool isGroup)
{
    public string Name => name;

    public TextSpan Span => span;

    public int Order => order;

    public bool IsGroup => isGroup;

    /// <summary>How far it runs: one size, or one for each axis of a group; null while nothing has fixed it.</summary>
    public EquatableArray<Size>? Sizes { get; private set; }

    public EquatableArray<AxisNote> Notes { get; private set; }

    /// <summary>Where the range comes from.</summary>
    public TextSpan Source { get; private set; }

    /// <summary>The range is written (<c>t: time</c>): axes it indexes may be longer.</summary>
    public bool HasWrittenRange { get; init; }

    /// <summary>The size of one that is no group. Throws while it is not fixed.</summary>
    public Size Size => Sizes!.Value[0];

    public int Rank => Sizes!.Value.Count;

    public void Fix(EquatableArray<Size> sizes, EquatableArray<AxisNote> notes, TextSpan source)
    {
        Sizes = sizes;
        Notes = notes;
        Source = source;
    }
}

/// <summary>
/// An expression of index notation with its names resolved: the value of one element, given the indices. What has no index in it has been bound by the
/// binder and is a <see cref="ConstantTerm"/>.
/// </summary>
internal abstract record IndexTerm(TextSpan Span);

/// <summary>The same for all indices: a number, a size, a tensor of rank 0.</summary>
internal sealed record ConstantTerm(Operand Operand, TextSpan Span) : IndexTerm(Span);

/// <summary>An index as an integer.</summary>
internal sealed record PositionTerm(RunningIndex Index, TextSpan Span) : IndexTerm(Span);

/// <summary>An element of a tensor.</summary>
internal sealed record AccessTerm(TensorOperand Tensor, string Text, IReadOnlyList<AxisAccess> Axes, TextSpan Span) : IndexTerm(Span);

internal sealed record BinaryTerm(BinaryExpression Expression, IndexTerm Left, IndexTerm Right) : IndexTerm(Expression.Span);

internal sealed record UnaryTerm(UnaryExpression Expression, IndexTerm Value) : IndexTerm(Expression.Span);

internal sealed record CallTerm(CallExpression Expression, IReadOnlyList<IndexTerm> Arguments) : IndexTerm(Expression.Span);

internal sealed record ReduceTerm(ReduceExpression Expression, IReadOnlyList<RunningIndex> Indices, IndexTerm Body) : IndexTerm(Expression.Span);

/// <summary>Which element along one axis of a tensor is read.</summary>
internal abstract record AxisAccess(TextSpan Span);

/// <summary>Offset + Σ coefficient · index: a bare index, a constant, a window, a step.</summary>
internal sealed record AffineAccess(Size Offset, IReadOnlyList<(RunningIndex Index, Size Coefficient)> Parts, TextSpan Span) : AxisAccess(Span)
{
    public bool IsBare => Offset.IsZero && Parts.Count == 1 && Parts[0].Coefficient.IsOne;
}

/// <summary>One axis of those that <c>...</c> stands for.</summary>
internal sealed record GroupAccess(RunningIndex Group, int Position, TextSpan Span) : AxisAccess(Span);

/// <summary>Where integers say: a gather.</summary>
internal sealed record GatherAccess(IndexTerm Index, string Text, TextSpan Span) : AxisAccess(Span);
