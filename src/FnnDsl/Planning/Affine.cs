using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>Affine index functions: how a tensor's indices follow from a kernel's loop variables.</summary>
internal static class Affine
{
    /// <summary>The variable itself.</summary>
    public static AffineIndex Unit(int variable, int variables) =>
        new(Size.Zero, Enumerable.Range(0, variables).Select(k => k == variable ? Size.One : Size.Zero).ToEquatableArray());

    /// <summary>Index k is variable k.</summary>
    public static EquatableArray<AffineIndex> Identity(int count, int variables) =>
        Enumerable.Range(0, count).Select(k => Unit(k, variables)).ToEquatableArray();

    /// <summary>The outer function after the inner: outer's variables are inner's results.</summary>
    public static EquatableArray<AffineIndex> Compose(EquatableArray<AffineIndex> outer, EquatableArray<AffineIndex> inner, int variables) =>
        outer.Select(index => Sum(index.Offset, index.Coefficients, inner, variables)).ToEquatableArray();

    /// <summary>offset + Σ factors[k] * terms[k].</summary>
    public static AffineIndex Sum(Size offset, IReadOnlyList<Size> factors, EquatableArray<AffineIndex> terms, int variables)
    {
        var coefficients = new Size[variables];
        for (var v = 0; v < variables; v++) coefficients[v] = Size.Zero;
        for (var k = 0; k < factors.Count; k++)
        {
            var factor = factors[k];
            if (factor.IsZero) continue;
            var term = terms[k];
            if (!term.Offset.IsZero) offset += factor * term.Offset;
            for (var v = 0; v < variables; v++)
            {
                if (term.Coefficients[v].IsZero) continue;
                var product = factor.IsOne ? term.Coefficients[v] : factor * term.Coefficients[v];
                coefficients[v] = coefficients[v].IsZero ? product : coefficients[v] + product;
            }
        }
        return new AffineIndex(offset, EquatableArray<Size>.Own(coefficients));
    }

    /// <summary>Distances between neighbours along each axis of a contiguous tensor, in elements.</summary>
    public static Size[] Strides(EquatableArray<Size> shape)
    {
        var strides = new Size[shape.Count];
        var stride = Size.One;
        for (var axis = shape.Count - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride = shape[axis] * stride;
        }
        return strides;
    }

    /// <summary>The position in memory of the element at these indices.</summary>
    public static AffineIndex Address(EquatableArray<Size> shape, EquatableArray<AffineIndex> indices, int variables)
    {
        // An axis of size 1 is only ever at 0.
        var strides = Strides(shape);
        for (var axis = 0; axis < strides.Length; axis++)
        {
            if (shape[axis].IsOne) strides[axis] = Size.Zero;
        }
        return Sum(Size.Zero, strides, indices, variables);
    }
}
