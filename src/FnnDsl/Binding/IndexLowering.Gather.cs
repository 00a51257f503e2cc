using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

// Indices that are read from tensors.
internal sealed partial class IndexLowering
{
    /// <summary>
    /// A view with the axes of <paramref name="indices"/> and, between them, axes to gather along. One axis whose integers have indices of their own
    /// is a <see cref="Gather"/>. Where each row picks one of its own elements it is a masked sum, which fuses with what made the row. The rest flattens what
    /// gathers and what goes along into one axis.
    /// </summary>
    private IndexedOperand Gather(Value view, IReadOnlyList<RunningIndex> indices, int[] axes, IReadOnlyList<(Value Index, IReadOnlyList<RunningIndex> Indices)> gathers)
    {
        if (gathers.Count == 1)
        {
            var (index, own) = gathers[0];
            if (!own.Any(indices.Contains))
            {
                var before = IndicesBefore(indices, axes[0]);
                return new IndexedOperand(new TensorOperand(builder.Gather(view, index, axes[0])), indices.Take(before).Concat(own).Concat(indices.Skip(before)).ToArray());
            }
            if (axes[0] == view.Type.Rank - 1 && own.All(indices.Contains) && view.Type.Element != ElementType.Bool) return Pick(view, indices, index, own);
        }

        // Along: indices that the view shares with the integers, which go into the flat axis with the gathered axes.
        var along = indices.Where(index => gathers.Any(gather => gather.Indices.Contains(index))).ToArray();
        var rest = indices.Except(along).ToArray();
        var order = along.SelectMany(index => AxesIn(indices, axes, index)).Concat(axes).Concat(rest.SelectMany(index => AxesIn(indices, axes, index))).ToArray();
        var sorted = builder.Transpose(view, order);
        var flatRank = order.Length - rest.Sum(index => index.Rank);
        var flatSizes = sorted.Type.Shape.Take(flatRank).ToArray();
        var flat = builder.Reshape(sorted, new[] { Size.Product(flatSizes) }.Concat(sorted.Type.Shape.Skip(flatRank)).ToEquatableArray());

        // Row-major position in the flat axis: ((along · size + first) · size + second) …
        var space = IndexedOperand.Union(gathers.Select(gather => new IndexedOperand(new TensorOperand(gather.Index), gather.Indices)));
        var shape = IndexedOperand.Shape(space);
        var digits = along
            .SelectMany(index => Enumerable.Range(IndexedOperand.AxisOf(space, index), index.Rank).Select(axis => builder.Iota(shape, axis)))
            .Concat(gathers.Select(gather => new IndexedOperand(new TensorOperand(gather.Index), gather.Indices).Over(space).Value));
        var position = digits.Select((digit, k) => (digit, k)).Aggregate(builder.Constant(0, ElementType.I32),
            (sum, next) => sum * builder.SizeValue(flatSizes[next.k], ElementType.I32) + next.digit);
        return new IndexedOperand(new TensorOperand(builder.Gather(flat, position, 0)), space.Concat(rest).ToArray());
    }

    // Σ over the last axis of what stands where the position equals the index, and 0.
    private IndexedOperand Pick(Value view, IReadOnlyList<RunningIndex> indices, Value index, IReadOnlyList<RunningIndex> own)
    {
        var shape = view.Type.Shape;
        var last = shape.Count - 1;
        var wanted = new IndexedOperand(new TensorOperand(index), own).Over(indices).Value;
        var isWanted = builder.Iota(shape, last).EqualTo(builder.Expand(wanted, last, shape[last]));
        return new IndexedOperand(new TensorOperand(builder.Reduce(ReduceKind.Sum, isWanted.Select(view, 0), last)), indices);
    }

    // How many indices have their axes before an axis of the view.
    private static int IndicesBefore(IReadOnlyList<RunningIndex> indices, int axis)
    {
        var count = 0;
        for (var rank = 0; count < indices.Count && rank < axis; count++) rank += indices[count].Rank;
        return count;
    }

    // The axes of an index in a view that has axes to gather along between those of the indices.
    private static IEnumerable<int> AxesIn(IReadOnlyList<RunningIndex> indices, int[] gathered, RunningIndex index)
    {
        var first = IndexedOperand.AxisOf(indices, index);
        foreach (var axis in gathered)
        {
            if (axis <= first) first++;
        }
        return Enumerable.Range(first, index.Rank);
    }
}
