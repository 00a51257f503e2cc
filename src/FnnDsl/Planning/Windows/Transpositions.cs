using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning.Windows;

/// <summary>
/// A value seen as another one with its axes in another order: axis k is the source's axis <c>Order[k]</c>.
/// </summary>
internal sealed record Transposed(Value Source, int[] Order)
{
    /// <summary>Elements from which on an axis that repeats is worth going along.</summary>
    private const long FewestChannels = 8;

    public Value Value => Source.Builder.Transpose(Source, Order);

    /// <summary>Another value of the same shape, with its axes as the source has them.</summary>
    public Value Undo(Value other) => other.Builder.Transpose(other, AffineMap.Inverse(Order));

    /// <summary>Functions of the value's indices as functions of the source's.</summary>
    public EquatableArray<AffineIndex> Undo(EquatableArray<AffineIndex> map) =>
        map.Select(function => function with { Coefficients = AffineMap.Inverse(Order).Select(axis => function.Coefficients[axis]).ToEquatableArray() }).ToEquatableArray();

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
        if (!IsComputed(source)) return null;
        if (OrderOf(view.Map, source.Type.Shape, value.Type.Shape) is { } order) return new Transposed(source, order);
        return WindowMap.HasWindow(view.Map) || IsPart(view.Map) ? InMemoryOrder(value) : null;
    }

    /// <summary>What is made of views by a few operations, with its axes as the largest of the tensors behind them has them; null where that is their order.</summary>
    public static Transposed? OfExpression(Value x)
    {
        if (!SmallWindows.IsOfViews(x)) return null;
        var largest = Views(x).OrderByDescending(view => WindowMap.Weight(view.Builder[view.Node.Inputs[0]].Type.ElementCount)).First();
        // What repeats has no place in memory: as channels it is innermost, as a few outermost.
        var order = WindowMap.InMemoryOrder(largest, Enumerable.Range(0, x.Type.Rank), axis => WindowMap.Weight(x.Type.Shape[axis]) < FewestChannels ? double.PositiveInfinity : 0);
        return order.SequenceEqual(Enumerable.Range(0, order.Length)) ? null : new Transposed(SmallWindows.OfViews(x.Builder.Transpose(x, order)), AffineMap.Inverse(order));

        static IEnumerable<Value> Views(Value x) => x.Type.Rank == 0 ? [] : x.Node.Operation is View ? [x] : x.Node.Inputs.SelectMany(input => Views(x.Builder.ValueOf(input)));
    }

    /// <summary>Whether a value lies as whatever computes it likes.</summary>
    public static bool IsComputed(Value value) => value.Node.Operation is Contract or Elementwise or Graphs.Convert or Pad or Reduce or ViewTranspose
        || (value.Node.Operation is Reshape && value.Builder[value.Node.Inputs[0]].Operation is Concat);

    // Some neighbouring elements along some axes.
    private static bool IsPart(EquatableArray<AffineIndex> map)
    {
        var axes = map.Select(function => AffineMap.SingleAxis(function) is >= 0 and var axis && function.Coefficients[axis].IsOne ? axis : -1).ToArray();
        return axes.All(axis => axis >= 0) && axes.Distinct().Count() == axes.Length && map.All(function => function.Coefficients.Count == axes.Length);
    }

    private static Transposed? InMemoryOrder(Value value)
    {
        var inMemory = WindowMap.InMemoryOrder(value, Enumerable.Range(0, value.Type.Rank), _ => 0);
        if (inMemory.SequenceEqual(Enumerable.Range(0, inMemory.Length))) return null;
        return new Transposed(value.Builder.Transpose(value, inMemory), AffineMap.Inverse(inMemory));
    }

    /// <summary>The order in which a view has all axes of what it reads; null where it does anything else.</summary>
    public static int[]? OrderOf(EquatableArray<AffineIndex> map, EquatableArray<Size> from, EquatableArray<Size> to)
    {
        if (from.Count != to.Count || AffineMap.Sources(map, from, to) is not { } sources) return null;
        // Axes of size 1 stand where room is left.
        var ones = new Queue<int>(Enumerable.Range(0, from.Count).Where(axis => from[axis].IsOne));
        return sources.Select(source => source >= 0 ? source : ones.Dequeue()).ToArray();
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
        ViewTranspose transpose when Transposed.Of(site.Inputs[0]) is { } x => Place(x, site.Node.Type.Shape, transpose.Map),
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
    public static Value Place(Value value, EquatableArray<Size> shape, EquatableArray<AffineIndex> whole) =>
        Transposed.Of(value) is { } x ? Place(x, shape, whole) : value.Builder.ViewTranspose(value, shape, whole);

    /// <summary>The same of a value whose order is known.</summary>
    public static Value Place(Transposed x, EquatableArray<Size> shape, EquatableArray<AffineIndex> whole)
    {
        var map = x.Undo(whole);
        var inOrder = Enumerable.Range(0, map.Count).OrderBy(axis => WindowMap.Axes(map[axis]).DefaultIfEmpty(-1).First()).ToArray();
        var placed = x.Source.Builder.ViewTranspose(x.Source, inOrder.Select(axis => shape[axis]).ToEquatableArray(), inOrder.Select(axis => map[axis]).ToEquatableArray());
        return new Transposed(placed, AffineMap.Inverse(inOrder)).Value;
    }
}
