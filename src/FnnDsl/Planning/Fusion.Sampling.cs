using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>Sampling: what was drawn before is read where it lies.</summary>
internal sealed partial class Fusion
{
    private IEnumerable<int> ReadsOfSample(Node node) => node.Inputs.Select((input, position) => position == SampleInputs.History ? HistoryOf(node, out _, out _) : input);

    /// <summary>The tensor in which the history of a <see cref="Sample"/> lies, and where in it.</summary>
    public int HistoryOf(Node sample, out Size offset, out Size rowStride)
    {
        var input = sample.Inputs[SampleInputs.History];
        var shape = _graph[input].Type.Shape;
        var rows = sample.Type.Rank;
        if (_graph[input].Operation is View view && shape.Count == rows + 1)
        {
            var source = view.Map.Count == 0 ? null : _graph[_graph[input].Inputs[0]];
            var address = source is null ? null : Affine.Address(source.Type.Shape, view.Map, shape.Count);
            var merged = address is null ? default : MatrixLayout.Merge(address, shape, 0, rows);
            if (address is not null && merged.Count <= 1 && (address.Coefficients[rows].IsOne || shape[rows].IsOne))
            {
                offset = address.Offset;
                rowStride = merged.Count == 0 ? Types.Size.Zero : merged[0].Stride;
                return _graph[input].Inputs[0];
            }
        }
        offset = Types.Size.Zero;
        rowStride = Types.Size.Product(shape.Skip(rows));
        return input;
    }
}
