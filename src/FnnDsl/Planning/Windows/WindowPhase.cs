using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning.Windows;

/// <summary>
/// Every so many positions of a windowed axis, counted by q, and the elements u = First + Every·m of the window that reach them: q = Stride·i + Step·m + Start.
/// </summary>
/// <param name="Elements">How many m.</param>
/// <param name="Length">How many q.</param>
/// <param name="Before">Zeros before the image, so that every q and m finds an element of it.</param>
/// <param name="After">Zeros behind it.</param>
internal sealed record WindowPhase(Window Window, long Stride, long Step, Size Start, long First, long Every, Size Elements, Size Length, Size Before, Size After)
{
    /// <summary>A phase with as many zeros as it needs.</summary>
    public static WindowPhase Of(Window window, long stride, long step, Size start, long first, long every, Size elements, Size length) =>
        new(window, stride, step, start, first, every, elements, length, start + (elements - 1) * Math.Max(0, step),
            length - 1 - start + (elements - 1) * Math.Max(0, -step) - (window.ImageLength - 1) * stride);

    /// <summary>Whether all of the image is read, whatever its size: always so, where all positions are wanted.</summary>
    public bool IsAround => Elements.IsZero || (WindowMap.IsNotNegative(Before) && WindowMap.IsNotNegative(After));

    /// <summary>A value along q instead of i, and along m as a new axis: what comes from i = q - Step·m - Start, and zeros where there is no such i.</summary>
    public Value Read(Value x, int newAxis)
    {
        var shape = x.Type.Shape.ToList();
        shape[Window.Image] = Length;
        shape.Insert(newAxis, Elements);
        return View(Padded(x), shape, axis => AffineMap.Index(shape.Count, axis < newAxis ? axis : axis + 1), newAxis);
    }

    /// <summary>The same of a value that has an axis for u, along m in its place.</summary>
    public Value ReadInPlace(Value x)
    {
        var shape = x.Type.Shape.ToList();
        shape[Window.Image] = Length;
        shape[Window.Own] = Elements;
        return InPlace(x, shape);
    }

    private Value InPlace(Value x, List<Size> shape)
    {
        if (x.Type.Rank == 0) return x;
        switch (x.Node.Operation)
        {
            // A choice between zeros is zero, whatever chooses; a product is zero where a factor is.
            case Elementwise { Operator: var op } when op == OperatorTable.Select && Anywhere(Input(x, 0), shape) is { } condition:
                return x.Builder.Apply(op, condition, InPlace(Input(x, 1), shape), InPlace(Input(x, 2), shape));
            case Elementwise { Operator: var op } when op == OperatorTable.Mul && IsSameAlongImage(Input(x, 1)) && Anywhere(Input(x, 1), shape) is { } factor:
                return InPlace(Input(x, 0), shape) * factor;
            case Elementwise { Operator: var op } when op == OperatorTable.Mul && IsSameAlongImage(Input(x, 0)) && Anywhere(Input(x, 0), shape) is { } factor:
                return factor * InPlace(Input(x, 1), shape);
            default:
                return View(Padded(x), shape, InPlace(shape.Count), Window.Own);
        }
    }

    private bool IsSameAlongImage(Value x) => x.Type.Rank == 0 || (x.Node.Operation is View view && AffineMap.IsConstantAlong(view.Map, Window.Image));

    // A value that may be anything where there is no such i; null where it would be read outside of its memory.
    private Value? Anywhere(Value x, List<Size> shape)
    {
        if (x.Type.Rank == 0) return x;
        switch (x.Node.Operation)
        {
            case Elementwise or Graphs.Convert:
                var inputs = x.Node.Inputs.Select((_, position) => Anywhere(Input(x, position), shape)).ToArray();
                return inputs.All(input => input is not null) ? x.Builder.Make(x.Node.Operation, inputs.Select(input => input!.Value).ToArray(), x.Type with { Shape = shape.ToEquatableArray() }) : null;
            // What all elements of a window share lies around the image as what they choose from does.
            case View view when AffineMap.IsConstantAlong(view.Map, Window.Own) && !IsSameAlongImage(x):
                return View(Padded(x), shape, InPlace(shape.Count), Window.Own);
            case View view:
                var source = Input(x, 0);
                var map = AffineMap.Compose(view.Map, Enumerable.Range(0, x.Type.Rank).Select(axis => axis == Window.Image ? Place(shape.Count) : InPlace(shape.Count)(axis)).ToEquatableArray(), shape.Count);
                return map.Zip(source.Type.Shape, (index, length) => IsWithin(index, length, shape)).All(isWithin => isWithin) ? x.Builder.View(source, shape.ToEquatableArray(), map) : null;
            default:
                return null;
        }
    }

    private static bool IsWithin(AffineIndex index, Size length, IReadOnlyList<Size> shape)
    {
        if (AffineMap.SingleAxis(index) is >= 0 and var axis && index.Offset.IsZero && index.Coefficients[axis].IsOne && shape[axis] == length) return true;
        var (least, most) = (index.Offset, index.Offset);
        for (var k = 0; k < shape.Count; k++)
        {
            if (!index.Coefficients[k].TryGetConstant(out var step)) return false;
            if (step < 0) least += step * (shape[k] - 1);
            else most += step * (shape[k] - 1);
        }
        return least.TryGetConstant(out var first) && first >= 0 && (length - 1 - most).TryGetConstant(out var room) && room >= 0;
    }

    private static Value Input(Value x, int position) => x.Builder.ValueOf(x.Node.Inputs[position]);

    // i for each q and m.
    private AffineIndex Place(int rank) => new(Size.Zero - Start, Enumerable.Range(0, rank).Select(k => k == Window.Image ? Size.One : k == Window.Own ? (Size)(-Step) : Size.Zero).ToEquatableArray());

    private Func<int, AffineIndex> InPlace(int rank) => axis => axis == Window.Own ? AffineMap.Index(rank, axis, Every, First) : AffineMap.Index(rank, axis);

    // The padded value at the place of i; the other axes as they are told.
    private Value View(Value padded, List<Size> shape, Func<int, AffineIndex> index, int own) =>
        padded.Builder.View(padded, shape.ToEquatableArray(), Enumerable.Range(0, padded.Type.Rank).Select(axis => axis != Window.Image
            ? index(axis)
            : new AffineIndex(Before - Start, index(axis).Coefficients.Select((factor, k) => k == own ? (Size)(-Step) : factor).ToEquatableArray())).ToEquatableArray());

    // A value with zeros around, and between, its elements along i: i' = q - Step·m - Start + Before.
    private Value Padded(Value x) => PadWithin(x, Window.Image, Before, After);

    // Zeros are added as far inside an expression as they can be, where there are fewer elements: a product is zero where a factor is, and a view is where its source is.
    private Value PadWithin(Value x, int axis, Size before, Size after)
    {
        var node = x.Node;
        switch (node.Operation)
        {
            case View view when WindowMap.WholeAxis(x, axis) is { } source:
                return x.Builder.View(PadWithin(Input(x, 0), source, before, after), Longer(x, axis, before, after), view.Map);
            case Elementwise { Operator: var op } when op == OperatorTable.Mul && Extended(Input(x, 1), axis, before, after) is { } factor:
                return PadWithin(Input(x, 0), axis, before, after) * factor;
            case Elementwise { Operator: var op } when op == OperatorTable.Mul && Extended(Input(x, 0), axis, before, after) is { } factor:
                return factor * PadWithin(Input(x, 1), axis, before, after);
            case Elementwise { Operator: var op } when op == OperatorTable.Div && Extended(Input(x, 1), axis, before, after) is { } divisor:
                return PadWithin(Input(x, 0), axis, before, after) / divisor;
            default:
                EquatableArray<Size> Along(Size size) => Enumerable.Range(0, x.Type.Rank).Select(k => k == axis ? size : Size.Zero).ToEquatableArray();
                return x.Builder.Pad(x, Along(before), Along(after), Along(Stride - 1), 0);
        }
    }

    // A value that is the same all along an axis, with that axis as long as the padded one; null for others.
    private Value? Extended(Value x, int axis, Size before, Size after) => x.Node.Operation is View view && AffineMap.IsConstantAlong(view.Map, axis)
        ? x.Builder.View(Input(x, 0), Longer(x, axis, before, after), view.Map)
        : null;

    private EquatableArray<Size> Longer(Value x, int axis, Size before, Size after) =>
        x.Type.Shape.Select((size, k) => k == axis ? before + after + (size - 1) * Stride + 1 : size).ToEquatableArray();
}
