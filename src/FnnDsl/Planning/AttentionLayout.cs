using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>
/// Reads a tensor [batch…, sequence, heads, elements] of an attention through the views in front of it: where each head's rows lie in the memory of the tensor behind
/// the views, if that is one stride for the batch and elements of a row lie side by side.
/// </summary>
internal sealed record AttentionLayout(Size Offset, Size BatchStride, Size SequenceStride, Size HeadStride)
{
    public static bool TryRead(Graph graph, int input, out int source, out AttentionLayout layout)
    {
        var shape = graph[input].Type.Shape;
        var indices = AffineMap.Identity(shape.Count, shape.Count);
        source = input;
        while (graph[source].Operation is View view)
        {
            indices = AffineMap.Compose(view.Map, indices, shape.Count);
            source = graph[source].Inputs[0];
        }
        if (TryMake(Affine.Address(graph[source].Type.Shape, indices, shape.Count), shape, out layout)) return true;
        source = input;
        layout = Contiguous(shape);
        return false;
    }

    /// <summary>A tensor that lies by itself.</summary>
    public static AttentionLayout Contiguous(EquatableArray<Size> shape)
    {
        TryMake(Affine.Address(shape, AffineMap.Identity(shape.Count, shape.Count), shape.Count), shape, out var layout);
        return layout;
    }

    /// <summary>Whether a part of a larger tensor, along an axis, can be written in its place there: one along an inner axis of the batch has no single stride for the batch.</summary>
    public static bool IsWrittenWithin(int rank, int axis) => axis == 0 || axis >= rank - AttentionShapes.OwnAxes;

    /// <summary>A part of a tensor, in its place there.</summary>
    public static AttentionLayout Within(EquatableArray<Size> whole, EquatableArray<Size> shape, Fusion.PartOf part)
    {
        var indices = part.Within(AffineMap.Identity(shape.Count, shape.Count));
        TryMake(Affine.Address(whole, indices, shape.Count), shape, out var layout);
        return layout;
    }

    private static bool TryMake(AffineIndex address, EquatableArray<Size> shape, out AttentionLayout layout)
    {
        var rank = shape.Count;
        var first = rank - AttentionShapes.OwnAxes;
        var batch = MatrixLayout.Merge(address, shape, 0, first);
        layout = new AttentionLayout(address.Offset, batch.Count == 0 ? Size.Zero : batch[0].Stride, address.Coefficients[first], address.Coefficients[first + 1]);
        return batch.Count <= 1 && (shape[rank - 1].IsOne || address.Coefficients[rank - 1].IsOne);
    }
}
