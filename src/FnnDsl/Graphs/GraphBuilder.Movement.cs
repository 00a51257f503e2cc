using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

// Moving elements: views and their transposes, reshape, pad, concat.
public sealed partial class GraphBuilder
{
    /// <summary><c>out[o…] = x[map(o…)]</c>, of the given shape. The caller answers for bounds.</summary>
    public Value View(Value x, EquatableArray<Size> shape, EquatableArray<AffineIndex> map)
    {
        if (map.Count != x.Type.Rank) throw Mismatch($"A view with {map.Count} functions", x);
        if (map.Any(function => function.Coefficients.Count != shape.Count)) throw Mismatch($"A view whose functions are not of {shape.Count} indices", x);
        var type = new TensorType(x.Type.Element, shape);
        if (!Simplifies) return Add(new View(map), type, x);

        if (x.Node.Operation is View inner)
        {
            return View(ValueOf(x.Node.Inputs[0]), shape, AffineMap.Compose(inner.Map, map, shape.Count));
        }
        if (x.Node.Operation is Concat whole && OfPart(x.Node, whole.Axis, map) is var (part, within)) return View(part, shape, within);
        map = AffineMap.Normalize(map, x.Type.Shape, shape);
        if (x.Type.Shape == shape && map == AffineMap.Normalize(AffineMap.Identity(shape.Count), shape, shape)) return x;
        if (x.Node.Operation is Iota iota && IndexedBy(map[iota.Axis]) is { } axis) return Iota(shape, axis);
        return Add(new View(map), type, x);
    }

    // Where a view reads a single position of a concatenation that is a part of its own: the part, and the view of it.
    private (Value Part, EquatableArray<AffineIndex> Map)? OfPart(Node concat, int axis, EquatableArray<AffineIndex> map)
    {
        if (AffineMap.SingleAxis(map[axis]) != -1) return null;
        var start = Size.Zero;
        foreach (var input in concat.Inputs)
        {
            var length = this[input].Type.Shape[axis];
            if (length.IsOne && map[axis].Offset == start) return (ValueOf(input), map.Select((function, k) => k == axis ? function with { Offset = Size.Zero } : function).ToEquatableArray());
            start += length;
        }
        return null;
    }

    /// <summary>Repeats along new axes on the left and axes of size 1, as the broadcasting rule says.</summary>
    public Value Broadcast(Value x, EquatableArray<Size> shape)
    {
        if (x.Type.Shape == shape) return x;
        var added = shape.Count - x.Type.Rank;
        if (added < 0) throw Mismatch($"Cannot broadcast to rank {shape.Count}", x);
        return View(x, shape, x.Type.Shape.Select((size, axis) => size == shape[added + axis]
            ? AffineMap.Index(shape.Count, added + axis)
            : size.IsOne
                ? AffineMap.At(shape.Count, Size.Zero)
                : throw Mismatch($"Cannot broadcast to [{string.Join(", ", shape)}]", x)).ToEquatableArray());
    }

    /// <summary>Axis k of the result is axis <c>permutation[k]</c> of x.</summary>
    public Value Transpose(Value x, params int[] permutation)
    {
        if (permutation.Length != x.Type.Rank || permutation.Distinct().Count() != permutation.Length) throw Mismatch($"Not a permutation: {string.Join(", ", permutation)}", x);
        return View(x, permutation.Select(axis => x.Type.Shape[axis]).ToEquatableArray(),
            AffineMap.Inverse(permutation).Select(axis => AffineMap.Index(permutation.Length, axis)).ToEquatableArray());
    }

    /// <summary>One axis goes to another place; the others stay in their order.</summary>
    public Value MoveAxis(Value x, int from, int to)
    {
        var order = Enumerable.Range(0, x.Type.Rank).ToList();
        order.RemoveAt(from);
        order.Insert(to, from);
        return Transpose(x, order.ToArray());
    }

    /// <summary>The elements at one position of an axis, which goes away.</summary>
    public Value ElementAt(Value x, int axis, Size position)
    {
        var shape = x.Type.Shape.Where((_, k) => k != axis).ToEquatableArray();
        return View(x, shape, Enumerable.Range(0, x.Type.Rank)
            .Select(k => k == axis ? AffineMap.At(shape.Count, position) : AffineMap.Index(shape.Count, k < axis ? k : k - 1)).ToEquatableArray());
    }

    /// <summary>A value with the first axes of a shape, repeated along those behind them.</summary>
    public Value SpreadOver(Value x, EquatableArray<Size> shape) =>
        View(x, shape, Enumerable.Range(0, x.Type.Rank).Select(axis => AffineMap.Index(shape.Count, axis)).ToEquatableArray());

    /// <summary>The elements start, start + step, … along an axis, so many of them.</summary>
    public Value Slice(Value x, int axis, Size start, Size count, long step = 1)
    {
        var rank = x.Type.Rank;
        return View(x, x.Type.Shape.Select((size, k) => k == axis ? count : size).ToEquatableArray(),
            Enumerable.Range(0, rank).Select(k => k == axis ? AffineMap.Index(rank, k, step, start) : AffineMap.Index(rank, k)).ToEquatableArray());
    }

    /// <summary>A new axis along which the elements repeat.</summary>
    public Value Expand(Value x, int atAxis, Size size)
    {
        var shape = x.Type.Shape.ToList();
        shape.Insert(atAxis, size);
        return View(x, shape.ToEquatableArray(), Enumerable.Range(0, x.Type.Rank).Select(k => AffineMap.Index(shape.Count, k < atAxis ? k : k + 1)).ToEquatableArray());
    }

    /// <summary>The same elements in row-major order. Where only axes of size 1 come or go it is a view.</summary>
    public Value Reshape(Value x, EquatableArray<Size> shape)
    {
        if (Size.Product(shape) != x.Type.ElementCount) throw Mismatch($"Not as many elements as [{string.Join(", ", shape)}]", x);
        var type = new TensorType(x.Type.Element, shape);
        if (Simplifies)
        {
            if (x.Type.Shape == shape) return x;
            if (x.Node.Operation is Reshape) return Reshape(ValueOf(x.Node.Inputs[0]), shape);
            if (TryGetConstant(x, out var number)) return Fill(number, type);
            var from = AxesLongerThanOne(x.Type.Shape);
            var to = AxesLongerThanOne(shape);
            if (from.Select(axis => x.Type.Shape[axis]).SequenceEqual(to.Select(axis => shape[axis])))
            {
                return View(x, shape, Enumerable.Range(0, x.Type.Rank)
                    .Select(axis => Array.IndexOf(from, axis) is >= 0 and var k ? AffineMap.Index(shape.Count, to[k]) : AffineMap.At(shape.Count, Size.Zero)).ToEquatableArray());
            }
        }
        return Add(new Reshape(), type, x);
    }

    /// <summary>Room before, after and between the elements along each axis, filled with a number.</summary>
    public Value Pad(Value x, EquatableArray<Size> before, EquatableArray<Size> after, EquatableArray<Size> between, double value)
    {
        var rank = x.Type.Rank;
        if (before.Count != rank || after.Count != rank || between.Count != rank) throw Mismatch("A pad needs one number for each axis", x);
        var shape = x.Type.Shape.Select((size, axis) => before[axis] + after[axis] + PaddedLength(size, between[axis])).ToEquatableArray();
        var type = new TensorType(x.Type.Element, shape);
        if (Simplifies)
        {
            between = between.Select((gap, axis) => x.Type.Shape[axis].IsOne ? Size.Zero : gap).ToEquatableArray();
            if (before.Concat(after).Concat(between).All(size => size.IsZero)) return x;
            if (TryGetConstant(x, out var number) && number.Equals(value)) return Fill(value, type);
            if (x.Node.Operation is Pad inner && inner.Value.Equals(value) && between.All(gap => gap.IsZero))
            {
                return Pad(ValueOf(x.Node.Inputs[0]), inner.Before.Zip(before, (a, b) => a + b).ToEquatableArray(),
                    inner.After.Zip(after, (a, b) => a + b).ToEquatableArray(), inner.Between, value);
            }
        }
        return Add(new Pad(before, after, between, value), type, x);
    }

    /// <summary>One after the other along an axis.</summary>
    public Value Concat(IReadOnlyList<Value> parts, int axis)
    {
        var first = parts[0];
        if (parts.Any(part => part.Type.Element != first.Type.Element || part.Type.Rank != first.Type.Rank
            || part.Type.Shape.Where((size, k) => k != axis && size != first.Type.Shape[k]).Any()))
        {
            throw Mismatch($"The parts do not fit together along axis {axis}", parts.ToArray());
        }
        if (Simplifies)
        {
            parts = parts.Count(part => !part.Type.Shape[axis].IsZero) is > 0 ? parts.Where(part => !part.Type.Shape[axis].IsZero).ToArray() : [first];
            if (parts.Count == 1) return parts[0];
        }
        var length = parts.Aggregate(Size.Zero, (sum, part) => sum + part.Type.Shape[axis]);
        return Add(new Concat(axis), new TensorType(first.Type.Element, first.Type.Shape.Select((size, k) => k == axis ? length : size).ToEquatableArray()), parts.ToArray());
    }

    /// <summary>
    /// The transpose of a view that reads from <paramref name="shape"/>: <c>out[map(i…)] += x[i…]</c>, from zeros. Repeated axes
    /// become sums, permutations views, slices pads; what is left (diagonals, windows) is a node of its own.
    /// </summary>
    public Value ViewTranspose(Value x, EquatableArray<Size> shape, EquatableArray<AffineIndex> map)
    {
        if (map.Count != shape.Count) throw Mismatch($"A transposed view with {map.Count} functions for rank {shape.Count}", x);
        if (map.Any(function => function.Coefficients.Count != x.Type.Rank)) throw Mismatch("A transposed view whose functions are not of x's indices", x);
        var type = new TensorType(x.Type.Element, shape);
        if (!Simplifies) return Add(new ViewTranspose(map), type, x);

        map = AffineMap.Normalize(map, shape, x.Type.Shape);
        var repeated = Enumerable.Range(0, x.Type.Rank).Where(axis => AffineMap.IsConstantAlong(map, axis)).ToArray();
        if (repeated.Length > 0)
        {
            return ViewTranspose(Reduce(ReduceKind.Sum, x, repeated), shape, AffineMap.DropAxes(map, axis => Array.IndexOf(repeated, axis) >= 0));
        }
        return TryPlace(x, shape, map) ?? Add(new ViewTranspose(map), type, x);
    }

    // Each axis of x goes to one axis of its own: a transposition, then a pad. Null when it is not so simple.
    private Value? TryPlace(Value x, EquatableArray<Size> shape, EquatableArray<AffineIndex> map)
    {
        var rank = shape.Count;
        var sources = new int[rank];
        var before = new Size[rank];
        var after = new Size[rank];
        var between = new Size[rank];
        var reversed = new bool[rank];
        for (var axis = 0; axis < rank; axis++)
        {
            var function = map[axis];
            if (AffineMap.SingleAxis(function) is not { } source || (source >= 0 && Array.IndexOf(sources, source, 0, axis) >= 0)) return null;
            sources[axis] = source;
            var length = source < 0 ? Size.One : x.Type.Shape[source];
            var step = source < 0 ? Size.One : function.Coefficients[source];
            before[axis] = function.Offset;
            if (step.TryGetConstant(out var number))
            {
                reversed[axis] = number < 0;
                if (number < 0) before[axis] = function.Offset + step * (length - 1);
                if (number < 0) step = -number;
            }
            else if (step.Terms.Any(term => term.Coefficient < 0))
            {
                return null;
            }
            between[axis] = step - 1;
            after[axis] = shape[axis] - before[axis] - PaddedLength(length, between[axis]);
        }
        var placed = View(x, sources.Select(source => source < 0 ? Size.One : x.Type.Shape[source]).ToEquatableArray(),
            Enumerable.Range(0, x.Type.Rank).Select(source =>
            {
                var axis = Array.IndexOf(sources, source);
                return reversed[axis] ? AffineMap.Index(rank, axis, -1, x.Type.Shape[source] - 1) : AffineMap.Index(rank, axis);
            }).ToEquatableArray());
        return Pad(placed, before.ToEquatableArray(), after.ToEquatableArray(), between.ToEquatableArray(), 0);
    }

    // So many elements with gaps between them.
    private static Size PaddedLength(Size size, Size gap) => gap.IsZero ? size : size + (size - 1) * gap;

    private static int[] AxesLongerThanOne(EquatableArray<Size> shape) => Enumerable.Range(0, shape.Count).Where(axis => !shape[axis].IsOne).ToArray();

    // The output axis whose index the function is, if it is one.
    private static int? IndexedBy(AffineIndex function) =>
        AffineMap.SingleAxis(function) is >= 0 and var axis && function.Offset.IsZero && function.Coefficients[axis].IsOne ? axis : null;
}
