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
        var contract = (Contract)product.Operation;
        var operand = graph[input];
        var rank = operand.Type.Rank;
        var indices = AffineMap.Identity(rank, rank);
        source = input;
        while (graph[source].Operation is View view)
        {
            indices = AffineMap.Compose(view.Map, indices, rank);
            source = graph[source].Inputs[0];
        }
        // Only what is in memory, or has to be computed into memory anyway, can be read through views.
        var address = Affine.Address(graph[source].Type.Shape, indices, rank);
        var rowRank = rank - contract.BatchRank - contract.SumRank;
        var shape = operand.Type.Shape;
        var batch = Merge(address, shape, 0, contract.BatchRank);
        var rows = Merge(address, shape, contract.BatchRank, rowRank);
        var columns = Merge(address, shape, contract.BatchRank + rowRank, contract.SumRank);
        // Products in float64 are for checking: they know one stride each.
        var most = operand.Type.Element == ElementType.F32 ? MostAxes : 1;
        if (batch.Count <= 1 && rows.Count <= most && columns.Count <= most)
        {
            layout = new MatrixLayout(address.Offset, batch.Count == 0 ? Size.Zero : batch[0].Stride, rows, columns);
            return true;
        }
        source = input;
        layout = Contiguous(contract, shape);
        return false;
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
