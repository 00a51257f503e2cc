using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning.Windows;

/// <summary>
/// Numbers whose neighbours are apart in memory, brought together once for all that read them: the few that each row of an elementwise expression reads again, such as a depthwise convolution's weights for the
/// channels, and weights that products read in another order of axes, channels last, than they are kept in.
/// </summary>
internal static class PackedOperands
{
    /// <summary>How often each number is read, from where on bringing them together costs nothing beside it.</summary>
    private const long FewestReads = 16;

    public static Graph Run(Graph graph)
    {
        var builder = new GraphBuilder();
        var values = new Value[graph.Nodes.Count];
        var weights = new Dictionary<int, (Value Packed, Size[] Strides)>();
        foreach (var node in graph.Nodes)
        {
            builder.Origin = node.Origin;
            var inputs = node.Inputs.Select(input => values[input]).ToArray();
            if (node.Operation is Elementwise) inputs = inputs.Select(Packed).ToArray();
            if (node.Operation is Contract contract) inputs = inputs.Select(input => PackedWeights(input, contract, weights)).ToArray();
            values[node.Id] = builder.Make(node.Operation, inputs, node.Type);
        }
        return builder.Build(graph.Outputs.Select(output => output with { Node = values[output.Node].Id }));
    }

    private static Value Packed(Value x)
    {
        if (x.Node.Operation is not View view || x.Type.Rank < 2) return x;
        var source = x.Builder.ValueOf(x.Node.Inputs[0]);
        var last = x.Type.Rank - 1;
        var stride = Affine.Address(source.Type.Shape, view.Map, x.Type.Rank).Coefficients[last];
        var readers = Enumerable.Range(0, view.Map.Count).Where(axis => !view.Map[axis].Coefficients[last].IsZero).ToArray();
        if (stride.IsZero || stride.IsOne || readers.Length != 1 || WindowMap.Weight(x.Type.ElementCount) < FewestReads * WindowMap.Weight(source.Type.ElementCount)) return x;

        var order = Enumerable.Range(0, source.Type.Rank).Where(axis => axis != readers[0]).Append(readers[0]).ToArray();
        var packed = x.Builder.Transpose(source, order);
        var address = Affine.Address(packed.Type.Shape, order.Select(axis => view.Map[axis]).ToEquatableArray(), x.Type.Rank);
        return x.Builder.View(x.Builder.Reshape(packed, EquatableArray<Size>.Own(source.Type.ElementCount)), x.Type.Shape, EquatableArray<AffineIndex>.Own(address));
    }

    /// <param name="known">What is packed of each tensor, and how far each of its axes moves there.</param>
    private static Value PackedWeights(Value x, Contract contract, Dictionary<int, (Value Packed, Size[] Strides)> known)
    {
        if (x.Node.Operation is not View view) return x;
        var source = x.Builder.ValueOf(x.Node.Inputs[0]);
        var kept = source.Node.Operation is Reshape ? x.Builder.ValueOf(source.Node.Inputs[0]) : source;
        if (kept.Node.Operation is not Parameter || Transposed.OrderOf(view.Map, source.Type.Shape, x.Type.Shape) is not { } order || IsAlong(WindowMap.Strides(x))) return x;

        if (!known.TryGetValue(source.Id, out var weights))
        {
            // As the first product reads them.
            var inOrder = Affine.Strides(x.Type.Shape);
            var places = AffineMap.Inverse(order);
            weights = (x.Builder.Reshape(x, EquatableArray<Size>.Own(x.Type.ElementCount)), places.Select(axis => inOrder[axis]).ToArray());
            known.Add(source.Id, weights);
        }
        var strides = order.Select(axis => weights.Strides[axis]).ToArray();
        return IsAlong(strides) ? x.Builder.View(weights.Packed, x.Type.Shape, EquatableArray<AffineIndex>.Own(new AffineIndex(Size.Zero, strides.ToEquatableArray()))) : x;

        // Whether neighbours along the rows or along what is summed over are neighbours in memory.
        bool IsAlong(IReadOnlyList<Size> strides)
        {
            var sums = x.Type.Rank - contract.SumRank;
            return IsOne(contract.BatchRank, sums) || IsOne(sums, x.Type.Rank);

            bool IsOne(int from, int to)
            {
                for (var axis = to - 1; axis >= from; axis--) if (!x.Type.Shape[axis].IsOne) return strides[axis].IsOne;
                return false;
            }
        }
    }
}
