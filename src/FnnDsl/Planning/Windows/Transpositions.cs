using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning.Windows;

/// <summary>
/// A value seen as another one with its axes in another order: axis k is the source's axis <c>Order[k]</c>.
/// </summary>
internal sealed record Transposed(Value Source, int[] Order)
{
    public Value Value => Source.Builder.Transpose(Source, Order);

    /// <summary>Another value of the same shape, with its axes as the source has them.</summary>
    public Value Undo(Value other) => other.Builder.Transpose(other, AffineMap.Inverse(Order));

    /// <summary>The same of what takes axes away.</summary>
    /// <param name="axes">Of the value.</param>
    /// <param name="reduce">Given the source, and the axes of the source.</param>
    public Transposed Without(int[] axes, Func<Value, int[], Value> reduce)
    {
        var own = axes.Select(axis => Order[axis]).OrderBy(axis => axis).ToArray();
        var kept = Enumerable.Range(0, Order.Length).Where(axis => !own.Contains(axis)).ToArray();
        return new Transposed(reduce(Source, own), Order.Where((_, axis) => !axes.Contains(axis)).Select(axis => Array.IndexOf(kept, axis)).ToArray());
    }

    /// <summary>
    /// Reads a value so: a view that only changes the order of a computed value's axes, or one of windows, whose axes then stand as they lie in memory. Null for all others, also for those of tensors
    /// that are given and so lie as they do.
    /// </summary>
    public static Transposed? Of(Value value)
    {
        if (value.Node.Operation is not View view) return null;
        var source = value.Builder.ValueOf(value.Node.Inputs[0]);
        if (source.Node.Operation is not (Contract or Elementwise or Graphs.Convert or Pad or Reduce or ViewTranspose)) return null;
        if (WindowMap.HasWindow(view.Map)) return InMemoryOrder(value);
        return OrderOf(view.Map, source.Type.Shape, value.Type.Shape) is { } order ? new Transposed(source, order) : null;
    }

    private static Transposed? InMemoryOrder(Value value)
    {
        var strides = WindowMap.Strides(value);
        var inMemory = Enumerable.Range(0, strides.Length).OrderByDescending(axis => WindowMap.Weight(strides[axis])).ToArray();
        if (inMemory.SequenceEqual(Enumerable.Range(0, strides.Length))) return null;
        return new Transposed(value.Builder.Transpose(value, inMemory), AffineMap.Inverse(inMemory));
    }

    /// <summary>The order in which a view has all axes of what it reads; null where it does anything else.</summary>
    public static int[]? OrderOf(EquatableArray<AffineIndex> map, EquatableArray<Size> from, EquatableArray<Size> to)
    {
        if (from.Count != to.Count) return null;
        var order = Enumerable.Repeat(-1, to.Count).ToArray();
        for (var axis = 0; axis < map.Count; axis++)
        {
            if (from[axis].IsOne) continue;
            if (!map[axis].Offset.IsZero || AffineMap.SingleAxis(map[axis]) is not (>= 0 and var place)) return null;
            if (!map[axis].Coefficients[place].IsOne || from[axis] != to[place] || order[place] >= 0) return null;
            order[place] = axis;
        }
        // Axes of size 1 stand where room is left.
        var ones = new Queue<int>(Enumerable.Range(0, from.Count).Where(axis => from[axis].IsOne));
        for (var place = 0; place < order.Length; place++)
        {
            if (order[place] >= 0) continue;
            if (!to[place].IsOne) return null;
            order[place] = ones.Dequeue();
        }
        return order;
    }
}

/// <summary>Lets changes of the order of axes sink towards what uses a value: f(xᵀ) is f(x)ᵀ. So values lie as a product gave them, and no kernel reads across memory.</summary>
internal static class Transpositions
{
    public static Value? Sunk(WindowSite site) => site.Node.Operation switch
    {
        Stop when Transposed.Of(site.Inputs[0]) is not null => site.Inputs[0],
        Elementwise or Graphs.Convert => Computed(site),
        Pad pad => Padded(site, pad),
        ViewTranspose transpose when Transposed.Of(site.Inputs[0]) is not null => Place(site.Inputs[0], site.Node.Type.Shape, transpose.Map),
        _ => null,
    };

    private static Value? Computed(WindowSite site)
    {
        if (site.Inputs.Select(Transposed.Of).FirstOrDefault(input => input is not null) is not { } first) return null;
        var inputs = site.Inputs.Select(input => input.Type.Rank == 0 ? input : Flattenings.InOrder(first.Undo(input))).ToArray();
        return (first with { Source = Rearrangements.Sunk(site with { Inputs = inputs }) ?? site.Builder.Make(site.Node.Operation, inputs, site.Node.Type) }).Value;
    }

    private static Value? Padded(WindowSite site, Pad pad)
    {
        if (Transposed.Of(site.Inputs[0]) is not { } x) return null;
        EquatableArray<Size> InOrder(EquatableArray<Size> sizes) => AffineMap.Inverse(x.Order).Select(axis => sizes[axis]).ToEquatableArray();
        return (x with { Source = site.Builder.Pad(x.Source, InOrder(pad.Before), InOrder(pad.After), InOrder(pad.Between), pad.Value) }).Value;
    }

    /// <summary>The transpose of a view, whose result's axes then stand in the order of those of the source that they are made of.</summary>
    public static Value Place(Value value, EquatableArray<Size> shape, EquatableArray<AffineIndex> whole)
    {
        if (Transposed.Of(value) is not { } x) return value.Builder.ViewTranspose(value, shape, whole);
        var map = whole.Select(function => function with
        {
            Coefficients = AffineMap.Inverse(x.Order).Select(axis => function.Coefficients[axis]).ToEquatableArray(),
        }).ToArray();
        var inOrder = Enumerable.Range(0, map.Length).OrderBy(axis => WindowMap.Axes(map[axis]).DefaultIfEmpty(-1).First()).ToArray();
        var placed = value.Builder.ViewTranspose(x.Source, inOrder.Select(axis => shape[axis]).ToEquatableArray(), inOrder.Select(axis => map[axis]).ToEquatableArray());
        return new Transposed(placed, AffineMap.Inverse(inOrder)).Value;
    }
}
