using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>
/// Reads an operand of a <see cref="Contract"/> through the views in front of it: where element (batch, row, column) of the canonical operand lies in the memory of the tensor
/// behind the views. An address is a sum of what batch, row and column contribute, each along one or several axes, because views are affine.
/// </summary>
internal sealed record MatrixLayout(Size Offset, Size BatchStride, EquatableArray<MatrixAxis> Rows, EquatableArray<MatrixAxis> Columns)
{
    /// <summary>The most axes of rows or columns that products read, in the runtime as well.</summary>
    private const int MostAxes = 6;

    public static bool TryRead(Graph graph, Node product, int input, out int source, out MatrixLayout layout)
    {
        // Only what is in memory, or has to be computed into memory anyway, can be read through views.
        var indices = IndicesOfSource(graph, input, out source);
        if (TryMake(graph, product, input, Affine.Address(graph[source].Type.Shape, indices, graph[input].Type.Rank), out layout)) return true;
        source = input;
        layout = Contiguous((Contract)product.Operation, graph[input].Type.Shape);
        return false;
    }

    /// <summary>The same where what is behind the views lies in a larger tensor.</summary>
    public static bool TryReadWithin(Graph graph, Node product, int input, Fusion.PartOf part, out MatrixLayout layout)
    {
        var indices = part.Within(IndicesOfSource(graph, input, out _));
        return TryMake(graph, product, input, Affine.Address(graph[part.Whole].Type.Shape, indices, graph[input].Type.Rank), out layout);
    }

    private static EquatableArray<AffineIndex> IndicesOfSource(Graph graph, int input, out int source)
    {
        var rank = graph[input].Type.Rank;
        var indices = AffineMap.Identity(rank, rank);
        source = input;
        while (graph[source].Operation is View view)
        {
            indices = AffineMap.Compose(view.Map, indices, rank);
            source = graph[source].Inputs[0];
        }
        return indices;
    }

    private static bool TryMake(Graph graph, Node product, int input, AffineIndex address, out MatrixLayout layout)
    {
        var (contract, type) = ((Contract)product.Operation, graph[input].Type);
        var rowRank = type.Rank - contract.BatchRank - contract.SumRank;
        var batch = Merge(address, type.Shape, 0, contract.BatchRank);
        var rows = Merge(address, type.Shape, contract.BatchRank, rowRank);
        var columns = Merge(address, type.Shape, contract.BatchRank + rowRank, contract.SumRank);
        layout = new MatrixLayout(address.Offset, batch.Count == 0 ? Size.Zero : batch[0].Stride, rows, columns);
        // Products in float64 are for checking: they know one stride each.
        var most = type.Element == ElementType.F32 ? MostAxes : 1;
        return batch.Count <= 1 && rows.Count <= most && columns.Count <= most;
    }

    private static MatrixLayout Contiguous(Contract contract, EquatableArray<Size> shape)
    {
        var sum = Size.Product(shape.Skip(shape.Count - contract.SumRank));
        var rows = Size.Product(shape.Skip(contract.BatchRank).Take(shape.Count - contract.SumRank - contract.BatchRank));
        return new MatrixLayout(Size.Zero, rows * sum, EquatableArray<MatrixAxis>.Own(new MatrixAxis(rows, sum)), EquatableArray<MatrixAxis>.Own(new MatrixAxis(sum, Size.One)));
    }

    /// <summary>Several axes are one when each step of an outer one is as far as all of the inner ones together.</summary>
    public static EquatableArray<MatrixAxis> Merge(AffineIndex address, EquatableArray<Size> shape, int first, int count)
    {
        var merged = new List<MatrixAxis>();
        for (var axis = first; axis < first + count; axis++)
        {
            if (shape[axis].IsOne) continue;
            var next = new MatrixAxis(shape[axis], address.Coefficients[axis]);
            var last = merged.Count - 1;
            if (last >= 0 && merged[last].Stride == next.Stride * next.Length) merged[last] = next with { Length = merged[last].Length * next.Length };
            else merged.Add(next);
        }
        return merged.ToEquatableArray();
    }
}
