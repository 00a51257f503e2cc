using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Onnx.Operations;

/// <summary>
/// Finds convolutions among products: [g, b, i…, c, u…] by [g, o, c, u…], where the left side is windows x[b, (g, c), stride i + dilation u] that go to the end of each axis. ONNX has one
/// operator for them, and then no windows are made in memory. Windows of a part of x stay windows.
/// </summary>
internal static class ConvolutionRows
{
    /// <summary>The product as a convolution; null where it is none.</summary>
    public static LoweredValue? TryLower(GraphLowering graph, Node node)
    {
        var contract = (Contract)node.Operation;
        var spatial = contract.SumRank - 1;
        // ONNX Runtime convolves float32 alone.
        if (contract.BatchRank > 1 || spatial is < 1 or > 3 || contract.LeftRank != spatial + 1 || contract.RightRank != 1 || node.Type.Element != ElementType.F32) return null;
        if (graph.Graph[node.Inputs[0]] is not { Operation: View view } windows || Windows.TryRead(view, windows.Type, graph.Graph[windows.Inputs[0]].Type, contract.BatchRank, spatial) is not { } read) return null;

        var w = graph.Writer;
        var x = graph.Input(windows, 0);
        var kernels = graph.Input(node, 1);
        var (groups, channels) = (read.Groups, node.Type.Shape[node.Type.Rank - 1]);
        if (!groups.IsConstant) return null;
        var images = graph.Whole(x);
        if (x.Type.Rank != spatial + 2) images = graph.Sizes.Reshape(images, [x.Type.Shape[0], groups * read.Channels, .. x.Type.Shape.Skip(x.Type.Rank - spatial)]);
        var weight = graph.Whole(kernels);
        if (contract.BatchRank > 0) weight = graph.Sizes.Reshape(weight, [groups * channels, .. kernels.Type.Shape.Skip(2)]);
        var y = w.Emit("Conv", [images, weight], OnnxWriter.Setting("group", groups.Value), OnnxWriter.Setting("strides", read.Strides), OnnxWriter.Setting("dilations", read.Dilations));
        if (contract.BatchRank == 0) return new LoweredValue(w.Transpose(y, [0, .. Enumerable.Range(2, spatial), 1]), node.Type);
        var apart = graph.Sizes.Reshape(y, [x.Type.Shape[0], groups, channels, .. node.Type.Shape.Skip(2).Take(spatial)]);
        return new LoweredValue(w.Transpose(apart, [1, 0, .. Enumerable.Range(3, spatial), 2]), node.Type);
    }

    private sealed record Windows(Size Groups, Size Channels, int[] Strides, int[] Dilations)
    {
        public static Windows? TryRead(View view, TensorType windows, TensorType x, int batchRank, int spatial)
        {
            // Where each index stands: [g] b i… c u….
            var (sample, channel) = (batchRank, batchRank + 1 + spatial);
            if (x.Rank < spatial + 1 || !IsIndex(0, sample)) return null;
            // Channels lie behind their groups; what has one of them need not have an axis.
            var wanted = Enumerable.Range(0, batchRank).Append(channel).Where(axis => !windows.Shape[axis].IsOne).ToArray();
            var middle = Enumerable.Range(1, x.Rank - spatial - 1).Where(axis => !x.Shape[axis].IsOne).ToArray();
            if (middle.Length != wanted.Length || middle.Where((axis, k) => !IsIndex(axis, wanted[k])).Any()) return null;

            var (strides, dilations) = (new int[spatial], new int[spatial]);
            for (var k = 0; k < spatial; k++)
            {
                var axis = x.Rank - spatial + k;
                var (place, offset) = (sample + 1 + k, channel + 1 + k);
                var function = view.Map[axis];
                if (!function.Offset.IsZero || function.Coefficients.Where((step, other) => other != place && other != offset && !step.IsZero).Any()) return null;
                if (Step(function, place) is not { } stride || Step(function, offset) is not { } dilation) return null;
                if (Size.Divide(x.Shape[axis] - dilation * (windows.Shape[offset] - 1) - 1, stride) + 1 != windows.Shape[place]) return null;
                (strides[k], dilations[k]) = (stride, dilation);
            }
            return new Windows(batchRank == 0 ? Size.One : windows.Shape[0], windows.Shape[channel], strides, dilations);

            bool IsIndex(int axis, int index) => windows.Shape[index] == x.Shape[axis]
                && (x.Shape[axis].IsOne || (view.Map[axis].Offset.IsZero && view.Map[axis].Coefficients[index].IsOne && view.Map[axis].Coefficients.Count(step => !step.IsZero) == 1));

            // Along an axis of one element, any step is none.
            int? Step(AffineIndex function, int axis) => windows.Shape[axis].IsOne ? 1 : function.Coefficients[axis].TryGetConstant(out var step) && step is > 0 and < int.MaxValue ? (int)step : null;
        }
    }
}
