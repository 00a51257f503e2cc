using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Onnx;

/// <summary>Sizes as values of the ONNX graph: what is known at export is a number, an axis is asked of the shape of an input, the step of a loop is the round.</summary>
/// <param name="writer">Where to.</param>
/// <param name="step">The step of a loop around, by its name: i64, of rank 0; null where the name is none's.</param>
/// <param name="axis">The size of an axis by its name: i64, of one element and rank 1.</param>
internal sealed class SizeLowering(OnnxWriter writer, Func<string, string?> step, Func<string, string> axis)
{
    // Index tensors that are known are written out up to so many elements; longer ones are computed when the model runs.
    private const long LargestTable = 1 << 16;

    /// <summary>A size as one element of rank 1.</summary>
    public string One(Size size)
    {
        if (size.TryGetConstant(out var value)) return writer.Integers(value);
        string? sum = null;
        foreach (var term in size.Terms)
        {
            var product = term.Coefficient == 1 && term.Factors.Count > 0 ? null : writer.Integers(term.Coefficient);
            foreach (var factor in term.Factors) product = product is null ? Atom(factor) : writer.Emit("Mul", product, Atom(factor));
            sum = sum is null ? product : writer.Emit("Add", sum, product!);
        }
        return sum!;
    }

    /// <summary>A size as a number of rank 0.</summary>
    public string Scalar(Size size)
    {
        if (size.TryGetConstant(out var value)) return writer.Number(value, ElementType.I64);
        return size.Terms is [{ Coefficient: 1, Factors: [Size.NamedAtom name] }] && step(name.Name) is { } round ? round : writer.Squeeze(One(size), 0);
    }

    /// <summary>Sizes as a vector.</summary>
    public string Vector(IReadOnlyList<Size> sizes)
    {
        if (sizes.All(size => size.IsConstant)) return writer.Integers(sizes.Select(size => size.Value).ToArray());
        return sizes.Count == 1 ? One(sizes[0]) : writer.Emit("Concat", sizes.Select(One).ToArray(), OnnxWriter.Setting("axis", 0));
    }

    /// <summary>The same elements under another shape. One size that is not known follows from the others.</summary>
    public string Reshape(string value, IReadOnlyList<Size> shape)
    {
        if (shape.Any(size => size.IsZero) || shape.Count(size => !size.IsConstant) > 1)
        {
            // A size of 0 would be a copy of the old one otherwise.
            return writer.Emit("Reshape", [value, Vector(shape)], OnnxWriter.Setting("allowzero", 1));
        }
        return writer.Emit("Reshape", value, writer.Integers(shape.Select(size => size.IsConstant ? size.Value : -1).ToArray()));
    }

    /// <summary>offset + Σ steps[k] * index[k] for all indices below the lengths, i64, with an axis for each.</summary>
    public string Indices(Size offset, IReadOnlyList<(Size Step, Size Length)> axes)
    {
        if (offset.IsConstant && axes.All(axis => axis.Step.IsConstant && axis.Length.IsConstant) && axes.Aggregate(1L, (count, axis) => count * axis.Length.Value) is var count and <= LargestTable)
        {
            return writer.Integers(axes.Select(axis => axis.Length.Value).ToArray(), Table(offset.Value, axes, count));
        }
        string? sum = null;
        for (var k = 0; k < axes.Count; k++)
        {
            var along = writer.Emit("Range", writer.Number(0, ElementType.I64), Scalar(axes[k].Length), writer.Number(1, ElementType.I64));
            if (!axes[k].Step.IsOne) along = writer.Emit("Mul", along, One(axes[k].Step));
            along = writer.Unsqueeze(along, Enumerable.Range(1, axes.Count - 1 - k).Select(axis => (long)axis).ToArray());
            sum = sum is null ? along : writer.Emit("Add", sum, along);
        }
        if (sum is null) return Scalar(offset);
        return offset.IsZero ? sum : writer.Emit("Add", sum, Scalar(offset));
    }

    private static long[] Table(long offset, IReadOnlyList<(Size Step, Size Length)> axes, long count)
    {
        var values = new long[count];
        for (var k = 0L; k < count; k++)
        {
            var (rest, sum) = (k, offset);
            for (var axis = axes.Count - 1; axis >= 0; axis--)
            {
                sum += axes[axis].Step.Value * (rest % axes[axis].Length.Value);
                rest /= axes[axis].Length.Value;
            }
            values[k] = sum;
        }
        return values;
    }

    private string Atom(Size.Atom atom) => atom switch
    {
        Size.NamedAtom name => step(name.Name) is { } round ? writer.Unsqueeze(round, 0) : axis(name.Name),
        // The remainder has the sign of the divisor, so that what is left is a multiple: the quotient is rounded down.
        Size.DivAtom div => writer.Emit("Div", writer.Emit("Sub", One(div.Numerator), writer.Emit("Mod", One(div.Numerator), One(div.Denominator))), One(div.Denominator)),
        Size.RemainderAtom rest => writer.Emit("Mod", One(rest.Numerator), One(rest.Denominator)),
        _ => throw new ArgumentOutOfRangeException(nameof(atom)),
    };
}
