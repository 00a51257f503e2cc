using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning.Windows;

/// <summary>
/// A product of an image that was made one axis (the dense layer behind a convolution) is a product over the image's own axes: then it reads the image as it lies, channels last, and its gradient comes so, and nothing
/// is brought into another order.
/// </summary>
internal static class Flattenings
{
    /// <summary>A product whose operands are flattened.</summary>
    public static Value? OfOperands(WindowSite site)
    {
        if (site.Node.Operation is not Contract contract) return null;
        var (batch, m, n, k) = (contract.BatchRank, contract.LeftRank, contract.RightRank, contract.SumRank);
        var (left, right) = (site.Inputs[0], site.Inputs[1]);
        var isSplit = false;
        // From the last axis to the first, so that those before keep their numbers. Columns of both operands go together.
        for (var axis = k - 1; axis >= 0; axis--)
        {
            if ((Parts(left, batch + m + axis) ?? Parts(right, batch + n + axis)) is not { } parts) continue;
            (left, right, k, isSplit) = (Split(left, batch + m + axis, parts), Split(right, batch + n + axis, parts), k + parts.Count - 1, true);
        }
        for (var axis = n - 1; axis >= 0; axis--)
        {
            if (Parts(right, batch + axis) is not { } parts) continue;
            (right, n, isSplit) = (Split(right, batch + axis, parts), n + parts.Count - 1, true);
        }
        if (!isSplit) return null;
        var product = ProductAxes.Ordered(site.Builder, left, right, contract with { RightRank = n, SumRank = k }) ?? site.Builder.Contract(left, right, batch, m, n, k, contract.Operands);
        return site.Builder.Reshape(product, site.Node.Type.Shape);
    }

    /// <summary>A product that is made an image and read in another order of its axes: it gives its columns in that order. Any other value stays.</summary>
    public static Value InOrder(Value value)
    {
        if (value.Node.Operation is not View view) return value;
        var image = value.Builder.ValueOf(value.Node.Inputs[0]);
        if (image.Node.Operation is not Reshape || Transposed.OrderOf(view.Map, image.Type.Shape, value.Type.Shape) is not { } order) return value;
        var product = value.Builder.ValueOf(image.Node.Inputs[0]);
        if (product.Node.Operation is not Contract { RightRank: 1 } contract) return value;
        var rows = contract.BatchRank + contract.LeftRank;
        var parts = image.Type.Shape.Skip(rows).ToEquatableArray();
        if (!image.Type.Shape.Take(rows).SequenceEqual(product.Type.Shape.Take(rows)) || !order.Take(rows).SequenceEqual(Enumerable.Range(0, rows))) return value;
        var left = value.Builder.ValueOf(product.Node.Inputs[0]);
        var right = Split(value.Builder.ValueOf(product.Node.Inputs[1]), contract.BatchRank, parts);
        var columns = order.Skip(rows).Select(axis => axis - contract.LeftRank).ToArray();
        var before = Enumerable.Range(0, contract.BatchRank);
        var behind = Enumerable.Range(contract.BatchRank + parts.Count, contract.SumRank);
        return value.Builder.Contract(left, value.Builder.Transpose(right, before.Concat(columns).Concat(behind).ToArray()), contract.BatchRank, contract.LeftRank, parts.Count, contract.SumRank, contract.Operands);
    }

    // The axes that one axis of a flattened value was, where the value was in another order before.
    private static EquatableArray<Size>? Parts(Value x, int axis)
    {
        while (x.Node.Operation is View)
        {
            if (WindowMap.WholeAxis(x, axis) is not { } own) return null;
            (x, axis) = (x.Builder.ValueOf(x.Node.Inputs[0]), own);
        }
        if (x.Node.Operation is not Reshape) return null;
        var image = x.Builder.ValueOf(x.Node.Inputs[0]);
        return Transposed.Of(image) is null ? null : PartsOf(image.Type.Shape, x.Type.Shape, axis);
    }

    private static EquatableArray<Size>? PartsOf(EquatableArray<Size> from, EquatableArray<Size> to, int axis)
    {
        var next = 0;
        for (var place = 0; place <= axis; place++)
        {
            var (first, length) = (next, Size.One);
            while (next < from.Count && (length != to[place] || next == first)) length *= from[next++];
            if (length != to[place]) return null;
            if (place == axis && next - first > 1) return from.Skip(first).Take(next - first).ToEquatableArray();
        }
        return null;
    }

    // A value with one axis as several: through views, as far as they leave the axis whole.
    private static Value Split(Value x, int axis, EquatableArray<Size> parts)
    {
        var shape = x.Type.Shape.Take(axis).Concat(parts).Concat(x.Type.Shape.Skip(axis + 1)).ToEquatableArray();
        if (x.Node.Operation is not View view) return x.Builder.Reshape(x, shape);
        var source = x.Builder.ValueOf(x.Node.Inputs[0]);
        var own = WindowMap.WholeAxis(x, axis);
        var isRepeated = AffineMap.IsConstantAlong(view.Map, axis);
        if (own is null && !isRepeated) return x.Builder.Reshape(x, shape);
        var map = view.Map.SelectMany((function, place) => place == own
            ? Enumerable.Range(0, parts.Count).Select(part => AffineMap.Index(shape.Count, axis + part))
            : [function with { Coefficients = function.Coefficients.Take(axis).Concat(parts.Select(_ => Size.Zero)).Concat(function.Coefficients.Skip(axis + 1)).ToEquatableArray() }]);
        return x.Builder.View(own is { } whole ? Split(source, whole, parts) : source, shape, map.ToEquatableArray());
    }
}
