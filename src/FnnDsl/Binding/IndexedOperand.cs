using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// The worth of an index-notation term: an operand whose axes are the ranges of some indices, in this order. It has only the indices that it
/// depends on, so that nothing is repeated before it must be.
/// </summary>
/// <param name="IsPosition">It is made of indices, sizes and whole numbers only: an integer that takes the element type of what it meets.</param>
internal sealed record IndexedOperand(Operand Operand, IReadOnlyList<RunningIndex> Indices, bool IsPosition = false)
{
    public bool DependsOn(RunningIndex index) => Indices.Contains(index);

    /// <summary>The tensor of an operand that is one.</summary>
    public Value Value => ((TensorOperand)Operand).Value;

    /// <summary>The union of indices in the order of the statement.</summary>
    public static IReadOnlyList<RunningIndex> Union(IEnumerable<IndexedOperand> operands) =>
        operands.SelectMany(operand => operand.Indices).Distinct().OrderBy(index => index.Order).ToArray();

    /// <summary>The operand with its axes in the order of <paramref name="indices"/>, repeated along those that it does not depend on.</summary>
    public IndexedOperand Over(IReadOnlyList<RunningIndex> indices)
    {
        if (indices.SequenceEqual(Indices)) return this;
        var operand = Operand switch
        {
            TensorOperand tensor => new TensorOperand(Arrange(tensor.Value, indices)) { MadeBy = tensor.MadeBy },
            AdaptingOperand adapting when Indices.Count > 0 => new AdaptingOperand(element => Arrange(adapting.Make(element), indices)),
            _ => Operand,
        };
        return this with { Operand = operand, Indices = indices };
    }

    /// <summary>As <see cref="Over"/>, except that what depends on no index stays as it is: it goes with any shape.</summary>
    public IndexedOperand OverUnlessScalar(IReadOnlyList<RunningIndex> indices) => Indices.Count == 0 ? this : Over(indices);

    /// <summary>The shape of a space of indices.</summary>
    public static EquatableArray<Size> Shape(IEnumerable<RunningIndex> indices) => indices.SelectMany(index => index.Sizes!.Value).ToEquatableArray();

    /// <summary>The first axis of an index in a space.</summary>
    public static int AxisOf(IReadOnlyList<RunningIndex> space, RunningIndex index) => space.TakeWhile(other => other != index).Sum(other => other.Rank);

    private Value Arrange(Value value, IReadOnlyList<RunningIndex> indices)
    {
        var rank = indices.Sum(index => index.Rank);
        var map = Indices.SelectMany(index => Enumerable.Range(AxisOf(indices, index), index.Rank)).Select(axis => AffineMap.Index(rank, axis));
        return value.Builder.View(value, Shape(indices), map.ToEquatableArray());
    }
}
