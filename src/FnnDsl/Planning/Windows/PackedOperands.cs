using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning.Windows;

/// <summary>
/// The few numbers that each row of an elementwise expression reads again, such as a depthwise convolution's weights for the channels: where neighbours along the vectors are apart in memory, they are brought
/// together once.
/// </summary>
internal static class PackedOperands
{
    /// <summary>How often each number is read, from where on bringing them together costs nothing beside it.</summary>
    private const long FewestReads = 16;

    public static Graph Run(Graph graph)
    {
        var builder = new GraphBuilder();
        var values = new Value[graph.Nodes.Count];
        foreach (var node in graph.Nodes)
        {
            builder.Origin = node.Origin;
            var inputs = node.Inputs.Select(input => values[input]).ToArray();
            if (node.Operation is Elementwise) inputs = inputs.Select(Packed).ToArray();
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
}
