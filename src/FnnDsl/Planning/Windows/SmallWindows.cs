using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning.Windows;

/// <summary>A reduction over a small window becomes its elements, reduced one after the other: so a pooling runs along the channels, and joins what is around it.</summary>
internal static class SmallWindows
{
    /// <summary>Elements of a window up to which a kernel reads them one by one: a kernel's body stays small enough to be compiled well.</summary>
    private const long MostElements = 64;

    /// <summary>Elements that one kernel computes and puts in their places for one column: each is an expression.</summary>
    private const long MostPlaced = 9;

    public static Value? Unrolled(WindowSite site) => site.Node.Operation is Reduce reduce ? Reduce(reduce.Kind, site.Inputs[0], reduce.Axes.ToArray()) : null;

    /// <summary>A reduction, element by element where it is over a small window.</summary>
    public static Value Reduce(ReduceKind kind, Value x, int[] axes)
    {
        if (Transposed.Of(x) is { } transposed) return transposed.Without(axes, (source, own) => Reduce(kind, source, own)).Value;
        if (!IsSmall(x, axes) || !axes.All(axis => x.Type.Shape[axis].IsOne || IsOfWindow(x, axis))) return x.Builder.Reduce(kind, x, axes);
        return Positions(x.Type.Shape, axes).Select(position => At(x, axes, position)).Aggregate((left, right) => x.Builder.Apply(OperatorOf(kind), left, right));
    }

    /// <summary>Whether there are so few elements along some axes that a kernel may read them one by one.</summary>
    public static bool IsSmall(Value x, int[] axes) => Size.Product(axes.Select(axis => x.Type.Shape[axis])).TryGetConstant(out var count) && count <= MostElements;

    /// <summary>The axes of windows that a kernel takes one by one, where a map puts their elements in their places.</summary>
    public static int[] AxesToUnroll(EquatableArray<AffineIndex> map, EquatableArray<Size> shape)
    {
        // Of the axes that share a place, those behind the one that moves furthest; the last axis of all is the one that vectors run along.
        var own = map.SelectMany(function => WindowMap.Axes(function).OrderByDescending(axis => WindowMap.Weight(function.Coefficients[axis])).Skip(1)).Where(axis => axis < shape.Count - 1).OrderBy(axis => axis).ToArray();
        return Size.Product(own.Select(axis => shape[axis])).TryGetConstant(out var count) && count <= MostPlaced ? own : [];
    }

    /// <summary>All positions along some axes of a shape, the last fastest.</summary>
    public static IEnumerable<long[]> Positions(EquatableArray<Size> shape, int[] axes) => axes.Aggregate(new[] { new long[0] }.AsEnumerable(), (before, axis) =>
        before.SelectMany(position => Enumerable.Range(0, (int)shape[axis].Value).Select(index => position.Append(index).ToArray())));

    /// <summary>Whether elements along an axis are neighbours of those along another one.</summary>
    private static bool IsOfWindow(Value x, int axis) => x.Node.Operation switch
    {
        View view => view.Map.Any(function => AffineMap.SingleAxis(function) is null && !function.Coefficients[axis].IsZero),
        Elementwise or Graphs.Convert => x.Node.Inputs.Any(input => x.Builder[input].Type.Rank > 0 && IsOfWindow(x.Builder.ValueOf(input), axis)),
        _ => false,
    };

    private static Value At(Value x, int[] axes, long[] position)
    {
        for (var k = axes.Length - 1; k >= 0; k--) x = x.Builder.ElementAt(x, axes[k], position[k]);
        return OfViews(x);
    }

    /// <summary>A view of what is made of views by a few operations: those operations of its views, which are an expression of its own. Any other value stays.</summary>
    public static Value OfViews(Value x)
    {
        return x.Node.Operation is View view && x.Builder.ValueOf(x.Node.Inputs[0]) is var source && IsOfViews(source) ? Read(source) : x;

        Value Read(Value value) => value.Type.Rank == 0 ? value
            : value.Node.Operation is View ? value.Builder.View(value, x.Type.Shape, view.Map)
            : value.Builder.Make(value.Node.Operation, value.Node.Inputs.Select(input => Read(value.Builder.ValueOf(input))).ToArray(), value.Type with { Shape = x.Type.Shape });
    }

    /// <summary>Whether a value is made of views, and of numbers, by a few operations.</summary>
    public static bool IsOfViews(Value x, int operations = 3) => operations > 0 && x.Type.Rank > 0 && x.Node.Operation is Elementwise
        && x.Node.Inputs.Select(x.Builder.ValueOf).All(input => input.Type.Rank == 0 || input.Node.Operation is View || IsOfViews(input, operations - 1));

    private static ScalarOperator OperatorOf(ReduceKind kind) => kind switch
    {
        ReduceKind.Sum => OperatorTable.Add,
        ReduceKind.Max => OperatorTable.Maximum,
        ReduceKind.Min => OperatorTable.Minimum,
        _ => OperatorTable.Mul,
    };
}
