using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning.Windows;

/// <summary>
/// One axis p of a tensor that is read through overlapping windows: p = Stride·i + Step·u + Start for an index i of the image and an index u of the window.
/// </summary>
/// <param name="Axis">Of the tensor.</param>
/// <param name="Image">The axis of i in what was read.</param>
/// <param name="Own">The axis of u.</param>
/// <param name="Length">How many p there are.</param>
/// <param name="ImageLength">How many i.</param>
/// <param name="OwnLength">How many u.</param>
internal sealed record Window(int Axis, int Image, int Own, long Stride, long Step, Size Start, Size Length, Size ImageLength, Size OwnLength)
{
    // Steps of the window that lie before p, where it goes forwards.
    private Size Reach => (OwnLength - 1) * Math.Max(0, Step);

    /// <summary>A value with zeros between and around its elements along i, so that every p and u finds one: i' = p - Step·u + <see cref="Reach"/>.</summary>
    public Value Padded(Value x)
    {
        var before = Start + Reach;
        var after = Length - 1 - Start + (OwnLength - 1) * Math.Max(0, -Step) - (ImageLength - 1) * Stride;
        return PadWithin(x, Image, before, after);
    }

    /// <summary>The padded value along p instead of i, and along u as a new axis.</summary>
    public Value Read(Value padded, int newAxis)
    {
        var shape = padded.Type.Shape.ToList();
        shape[Image] = Length;
        shape.Insert(newAxis, OwnLength);
        return View(padded, shape, axis => axis < newAxis ? axis : axis + 1, newAxis);
    }

    /// <summary>The padded value, which has an axis for u, along p instead of i.</summary>
    public Value ReadInPlace(Value padded)
    {
        var shape = padded.Type.Shape.ToList();
        shape[Image] = Length;
        return View(padded, shape, axis => axis, Own);
    }

    private Value View(Value padded, List<Size> shape, Func<int, int> axisOf, int own) =>
        padded.Builder.View(padded, shape.ToEquatableArray(), Enumerable.Range(0, padded.Type.Rank).Select(axis =>
        {
            var index = AffineMap.Index(shape.Count, axisOf(axis));
            if (axis != Image) return index;
            return new AffineIndex(Reach, index.Coefficients.Select((factor, k) => k == own ? (Size)(-Step) : factor).ToEquatableArray());
        }).ToEquatableArray());

    // Zeros are added as far inside an expression as they can be, where there are fewer elements: a product is zero where a factor is, and a view is where its source is.
    private Value PadWithin(Value x, int axis, Size before, Size after)
    {
        var node = x.Node;
        Value Input(int position) => x.Builder.ValueOf(node.Inputs[position]);
        switch (node.Operation)
        {
            case View view when WindowMap.WholeAxis(x, axis) is { } source:
                return x.Builder.View(PadWithin(Input(0), source, before, after), Longer(x, axis, before, after), view.Map);
            case Elementwise { Operator: var op } when op == OperatorTable.Mul && Extended(Input(1), axis, before, after) is { } factor:
                return PadWithin(Input(0), axis, before, after) * factor;
            case Elementwise { Operator: var op } when op == OperatorTable.Mul && Extended(Input(0), axis, before, after) is { } factor:
                return factor * PadWithin(Input(1), axis, before, after);
            case Elementwise { Operator: var op } when op == OperatorTable.Div && Extended(Input(1), axis, before, after) is { } divisor:
                return PadWithin(Input(0), axis, before, after) / divisor;
            default:
                EquatableArray<Size> Along(Size size) => Enumerable.Range(0, x.Type.Rank).Select(k => k == axis ? size : Size.Zero).ToEquatableArray();
                return x.Builder.Pad(x, Along(before), Along(after), Along(Stride - 1), 0);
        }
    }

    // A value that is the same all along an axis, with that axis as long as the padded one; null for others.
    private Value? Extended(Value x, int axis, Size before, Size after) => x.Node.Operation is View view && AffineMap.IsConstantAlong(view.Map, axis)
        ? x.Builder.View(x.Builder.ValueOf(x.Node.Inputs[0]), Longer(x, axis, before, after), view.Map)
        : null;

    private EquatableArray<Size> Longer(Value x, int axis, Size before, Size after) =>
        x.Type.Shape.Select((size, k) => k == axis ? before + after + (size - 1) * Stride + 1 : size).ToEquatableArray();
}
