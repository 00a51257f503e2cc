using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning.Windows;

/// <summary>What the maps of views and their transposes say of windows: which indices share an axis, and whether two of them can meet.</summary>
internal static class WindowMap
{
    /// <summary>What an axis known at run time only counts as where sizes are compared: an order that only costs time where it is wrong.</summary>
    private const long TypicalSize = 64;

    /// <summary>Whether an axis is read at a sum of several indices.</summary>
    public static bool HasWindow(EquatableArray<AffineIndex> map) => map.Any(function => AffineMap.SingleAxis(function) is null);

    /// <summary>The indices that a function depends on.</summary>
    public static int[] Axes(AffineIndex function) => Enumerable.Range(0, function.Coefficients.Count).Where(axis => !function.Coefficients[axis].IsZero).ToArray();

    public static long Weight(Size size) => Math.Abs(size.Evaluate(_ => TypicalSize));

    /// <summary>Whether a size is known not to be below zero. Quotients are as large as without rounding, or smaller by less than one.</summary>
    public static bool IsNotNegative(Size size)
    {
        var times = 1L;
        while (size.Terms.FirstOrDefault(term => term.Factors.Count == 1 && term.Factors[0] is Size.DivAtom { Denominator.IsConstant: true }) is { } term)
        {
            var (quotient, factor) = ((Size.DivAtom)term.Factors[0], Size.Constant(term.Coefficient));
            var divisor = quotient.Denominator.Value;
            var least = term.Coefficient > 0 ? quotient.Numerator - (divisor - 1) : quotient.Numerator;
            size = divisor * (size - factor * Size.Divide(quotient.Numerator, quotient.Denominator, quotient.IsExact)) + factor * least;
            times *= divisor;
        }
        return size.TryGetConstant(out var bound) && bound > -times;
    }

    /// <summary>Whether no two elements have one place.</summary>
    /// <param name="from">The shape whose elements the map places.</param>
    public static bool IsInjective(EquatableArray<AffineIndex> map, EquatableArray<Size> from) => EveryAxisOnce(map, from) && map.All(function => IsApart(function, from));

    /// <summary>Whether moreover every place has an element.</summary>
    /// <param name="to">The shape that has the places.</param>
    public static bool IsBijective(EquatableArray<AffineIndex> map, EquatableArray<Size> from, EquatableArray<Size> to) =>
        IsInjective(map, from) && Size.Product(from) == Size.Product(to);

    private static bool EveryAxisOnce(EquatableArray<AffineIndex> map, EquatableArray<Size> from) =>
        Enumerable.Range(0, from.Count).All(axis => from[axis].IsOne || map.Count(function => !function.Coefficients[axis].IsZero) == 1);

    // Along each index the place moves further than all smaller steps reach together.
    private static bool IsApart(AffineIndex function, EquatableArray<Size> from)
    {
        var reach = Size.Zero;
        foreach (var axis in Axes(function).OrderBy(axis => Weight(function.Coefficients[axis])))
        {
            var step = function.Coefficients[axis];
            if (step.Terms.Any(term => term.Coefficient < 0)) step = Size.Zero - step;
            if ((step - reach - Size.One).Terms.Any(term => term.Coefficient < 0)) return false;
            reach += step * (from[axis] - Size.One);
        }
        return true;
    }

    /// <summary>The axis of what a view reads that an axis of the view is as a whole, and no other; null where it is not so simple, or no view.</summary>
    public static int? WholeAxis(Value value, int axis)
    {
        if (value.Node.Operation is not View view) return null;
        var readers = Enumerable.Range(0, view.Map.Count).Where(k => !view.Map[k].Coefficients[axis].IsZero).ToArray();
        if (readers.Length != 1) return null;
        var function = view.Map[readers[0]];
        var length = value.Builder[value.Node.Inputs[0]].Type.Shape[readers[0]];
        var isWhole = AffineMap.SingleAxis(function) == axis && function.Offset.IsZero && function.Coefficients[axis].IsOne && length == value.Type.Shape[axis];
        return isWhole ? readers[0] : null;
    }

    /// <summary>Some axes of a view (or of any other value) from the outermost to the innermost in the memory of what it reads.</summary>
    /// <param name="repeated">As far from the next element as which an axis counts along which elements repeat.</param>
    public static int[] InMemoryOrder(Value value, IEnumerable<int> axes, Func<int, double> repeated)
    {
        var strides = Strides(value);
        return axes.OrderByDescending(axis => strides[axis].IsZero ? repeated(axis) : Weight(strides[axis])).ToArray();
    }

    /// <summary>How far each axis of a view (or of any other value) moves in the memory of what it reads.</summary>
    public static Size[] Strides(Value value)
    {
        var rank = value.Type.Rank;
        if (value.Node.Operation is not View view) return Affine.Strides(value.Type.Shape);
        var source = value.Builder[value.Node.Inputs[0]].Type.Shape;
        return Affine.Address(source, view.Map, rank).Coefficients.ToArray();
    }
}
