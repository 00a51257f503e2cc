using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

// Reductions, the matrix product, indexing by tensors.
public sealed partial class GraphBuilder
{
    /// <summary>Over axes, which go away.</summary>
    public Value Reduce(ReduceKind kind, Value x, params int[] axes)
    {
        var type = x.Type;
        if (axes.Any(axis => axis < 0 || axis >= type.Rank) || axes.Distinct().Count() != axes.Length) throw Mismatch($"Cannot reduce over axes {string.Join(", ", axes)}", x);
        var sorted = axes.OrderBy(axis => axis).ToArray();
        bool Goes(int axis) => Array.IndexOf(sorted, axis) >= 0;
        var result = type with { Shape = type.Shape.Where((_, axis) => !Goes(axis)).ToEquatableArray() };
        if (!Simplifies) return Add(new Reduce(kind, sorted.ToEquatableArray()), result, x);

        if (sorted.Length == 0) return x;
        if (sorted.Any(axis => type.Shape[axis].IsOne))
        {
            // Axes of size 1 go by a view; the others keep their places.
            var dropped = sorted.Where(axis => type.Shape[axis].IsOne).ToArray();
            var rest = Without(x, dropped);
            return Reduce(kind, rest, sorted.Except(dropped).Select(axis => axis - dropped.Count(before => before < axis)).ToArray());
        }
        if (x.Node.Operation is View view && kind != ReduceKind.Prod && sorted.Where(axis => AffineMap.IsConstantAlong(view.Map, axis)).ToArray() is { Length: > 0 } repeated)
        {
            var flags = Enumerable.Range(0, type.Rank).Select(axis => Array.IndexOf(repeated, axis) >= 0).ToArray();
            var once = DropRepeated(x, flags);
            var reduced = Reduce(kind, once, sorted.Except(repeated).Select(axis => axis - repeated.Count(before => before < axis)).ToArray());
            return kind == ReduceKind.Sum ? reduced * SizeValue(Size.Product(repeated.Select(axis => type.Shape[axis])), type.Element) : reduced;
        }
        if (x.Node.Operation is Reduce inner && inner.Kind == kind)
        {
            var source = ValueOf(x.Node.Inputs[0]);
            var kept = Enumerable.Range(0, source.Type.Rank).Where(axis => !inner.Axes.Contains(axis)).ToArray();
            return Reduce(kind, source, inner.Axes.Concat(sorted.Select(axis => kept[axis])).ToArray());
        }
        // Σ -x is -Σ x.
        if (kind == ReduceKind.Sum && x.Node.Operation is Elementwise { Operator: var op } && op == OperatorTable.Neg) return -Reduce(kind, ValueOf(x.Node.Inputs[0]), sorted);
        return Add(new Reduce(kind, sorted.ToEquatableArray()), result, x);
    }

    /// <summary>The position of the first of the largest (smallest) elements along an axis, i32.</summary>
    public Value ArgReduce(bool isMax, Value x, int axis)
    {
        if (axis < 0 || axis >= x.Type.Rank) throw Mismatch($"There is no axis {axis}", x);
        var type = new TensorType(ElementType.I32, x.Type.Shape.Where((_, k) => k != axis).ToEquatableArray());
        return Simplifies && (x.Type.Shape[axis].IsOne || TryGetConstant(x, out _)) ? Fill(0, type) : Add(new ArgReduce(isMax, axis), type, x);
    }

    /// <summary>
    /// Σ over k of left[batch…, m…, k…] · right[batch…, n…, k…], of shape [batch…, m…, n…]. Outer products and products without rows or
    /// columns are made of elementwise operators and a sum instead, whose operands stay as they are.
    /// </summary>
    public Value Contract(Value left, Value right, int batchRank, int leftRank, int rightRank, int sumRank, FloatFormat? operands = null)
    {
        var a = left.Type.Shape;
        var b = right.Type.Shape;
        if (left.Type.Element != right.Type.Element || a.Count != batchRank + leftRank + sumRank || b.Count != batchRank + rightRank + sumRank
            || !a.Take(batchRank).SequenceEqual(b.Take(batchRank)) || !a.Skip(batchRank + leftRank).SequenceEqual(b.Skip(batchRank + rightRank)))
        {
            throw Mismatch($"Cannot contract with ranks {batchRank}, {leftRank}, {rightRank}, {sumRank}", left, right);
        }
        var shape = a.Take(batchRank + leftRank).Concat(b.Skip(batchRank).Take(rightRank)).ToEquatableArray();
        if (Simplifies)
        {
            if (sumRank == 0) return Spread(left, 0) * Spread(right, leftRank);
            if (a.Skip(batchRank + leftRank).All(size => size.IsOne))
            {
                var leftRows = Without(left, Enumerable.Range(batchRank + leftRank, sumRank).ToArray());
                var rightRows = Without(right, Enumerable.Range(batchRank + rightRank, sumRank).ToArray());
                return Contract(leftRows, rightRows, batchRank, leftRank, rightRank, 0, operands);
            }
            if (leftRank == 0 && rightRank == 0) return Reduce(ReduceKind.Sum, left * right, Enumerable.Range(batchRank, sumRank).ToArray());
            for (var axis = batchRank - 1; axis >= 0; axis--)
            {
                if (RepeatsAlong(right, axis)) return RowsInsteadOfBatch(axis);
                if (RepeatsAlong(left, axis)) return ColumnsInsteadOfBatch(axis);
            }
            if (batchRank == 0 && LowRankProduct(left, right, leftRank, rightRank, sumRank, operands) is { } updated) return updated;
            if (batchRank == 0 && LowRankProduct(right, left, rightRank, leftRank, sumRank, operands) is { } mirrored)
            {
                return Transpose(mirrored, Enumerable.Range(rightRank, leftRank).Concat(Enumerable.Range(0, rightRank)).ToArray());
            }
        }
        return Add(new Contract(batchRank, leftRank, rightRank, sumRank) { Operands = operands }, new TensorType(left.Type.Element, shape), left, right);

        // An operand of an outer product in the product's shape: its own axes stand after the batch and so many others.
        Value Spread(Value x, int others) => View(x, shape, Enumerable.Range(0, x.Type.Rank)
            .Select(axis => AffineMap.Index(shape.Count, axis < batchRank ? axis : axis + others)).ToEquatableArray());

        // A batch axis along which the right operand repeats counts rows: one product instead of many.
        Value RowsInsteadOfBatch(int axis)
        {
            var product = Contract(MoveAxis(left, axis, batchRank - 1), DropRepeated(right, Only(right, axis)), batchRank - 1, leftRank + 1, rightRank, sumRank, operands);
            return MoveAxis(product, batchRank - 1, axis);
        }

        // The same with the left operand: the axis counts columns.
        Value ColumnsInsteadOfBatch(int axis)
        {
            var product = Contract(DropRepeated(left, Only(left, axis)), MoveAxis(right, axis, batchRank - 1), batchRank - 1, leftRank, rightRank + 1, sumRank, operands);
            return MoveAxis(product, batchRank - 1 + leftRank, axis);
        }
    }

    private static bool RepeatsAlong(Value x, int axis) => x.Node.Operation is View view && !x.Type.Shape[axis].IsOne && AffineMap.IsConstantAlong(view.Map, axis);

    private static bool[] Only(Value x, int axis) => Enumerable.Range(0, x.Type.Rank).Select(k => k == axis).ToArray();

    /// <summary>x with an axis replaced by the index's axes: out[p…, j…, q…] = x[p…, index[j…], q…]. The index must be in range.</summary>
    public Value Gather(Value x, Value index, int axis)
    {
        if (!index.Type.Element.IsInteger() || axis < 0 || axis >= x.Type.Rank) throw Mismatch($"Cannot gather along axis {axis}", x, index);
        var type = x.Type with { Shape = x.Type.Shape.Take(axis).Concat(index.Type.Shape).Concat(x.Type.Shape.Skip(axis + 1)).ToEquatableArray() };
        if (Simplifies && TryGetConstant(x, out var number)) return Fill(number, type);
        if (Simplifies && axis == 0 && LowRankRows(x, index) is { } updated) return updated;
        return Add(new Gather(axis), type, x, index);
    }

    /// <summary>The transpose of <see cref="Gather"/>: out[p…, index[j…], q…] += values[p…, j…, q…], from zeros.</summary>
    public Value ScatterAdd(Value values, Value index, int axis, Size axisLength)
    {
        var rank = index.Type.Rank;
        if (!index.Type.Element.IsInteger() || axis < 0 || axis + rank > values.Type.Rank || !values.Type.Shape.Skip(axis).Take(rank).SequenceEqual(index.Type.Shape))
        {
            throw Mismatch($"Cannot scatter along axis {axis}", values, index);
        }
        var type = values.Type with { Shape = values.Type.Shape.Take(axis).Append(axisLength).Concat(values.Type.Shape.Skip(axis + rank)).ToEquatableArray() };
        if (Simplifies && TryGetConstant(values, out var number) && number == 0) return Fill(0, type);
        return Add(new ScatterAdd(axis), type, values, index);
    }

    /// <summary>Integers that must lie in [0, bound); the program stops with a message about <paramref name="what"/> otherwise.</summary>
    public Value CheckRange(Value index, Size bound, string what, bool isLength = false)
    {
        if (!index.Type.Element.IsInteger()) throw Mismatch("Not an index", index);
        if (Simplifies)
        {
            if (TryGetConstant(index, out var number) && bound.TryGetConstant(out var limit) && number >= 0 && number < limit) return index;
            if (index.Node.Operation is Iota iota && index.Type.Shape[iota.Axis] == bound) return index;
            if (index.Node.Operation is CheckRange check && check.Bound == bound) return index;
        }
        return Add(new CheckRange(bound, what, isLength), index.Type, index);
    }

    // Without axes of size 1.
    private Value Without(Value x, int[] unitAxes)
    {
        var kept = Enumerable.Range(0, x.Type.Rank).Where(axis => Array.IndexOf(unitAxes, axis) < 0).ToArray();
        return View(x, kept.Select(axis => x.Type.Shape[axis]).ToEquatableArray(), Enumerable.Range(0, x.Type.Rank)
            .Select(axis => Array.IndexOf(kept, axis) is >= 0 and var k ? AffineMap.Index(kept.Length, k) : AffineMap.At(kept.Length, Size.Zero)).ToEquatableArray());
    }
}
