using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>Where elements lie in memory, as affine functions of a kernel's loop variables.</summary>
internal static class Affine
{
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
        return AffineMap.Sum(Size.Zero, strides, indices, variables);
    }
}
