using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>
/// Reads an operand of a <see cref="Contract"/> through the views in front of it: where element (batch, row, column) of the
/// canonical operand lies in the memory of the tensor behind the views, if that is one stride each.
/// </summary>
internal sealed record MatrixLayout(Size Offset, Size BatchStride, Size RowStride, Size ColumnStride)
{
    public static bool TryRead(Graph graph, Node product, int input, out int source, out MatrixLayout layout)
    {
        var contract = (Contract)product.Operation;
        var operand = graph[input];
        var rank = operand.Type.Rank;
        var indices = Affine.Identity(rank, rank);
        source = input;
        while (graph[source].Operation is View view)
        {
            indices = Affine.Compose(view.Map, indices, rank);
            source = graph[source].Inputs[0];
        }
        // Only what is in memory, or has to be computed into memory anyway, can be read through views.
        var address = Affine.Address(graph[source].Type.Shape, indices, rank);
        var rows = rank - contract.BatchRank - contract.SumRank;
        var shape = operand.Type.Shape;
        if (TryMerge(address, shape, 0, contract.BatchRank, out var batch)
            && TryMerge(address, shape, contract.BatchRank, rows, out var row)
            && TryMerge(address, shape, contract.BatchRank + rows, contract.SumRank, out var column))
        {
            layout = new MatrixLayout(address.Offset, batch, row, column);
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
        return new MatrixLayout(Size.Zero, rows * sum, sum, Size.One);
    }

    /// <summary>Several axes are one when each step of an outer one is as far as all of the inner ones together.</summary>
    public static bool TryMerge(AffineIndex address, EquatableArray<Size> shape, int first, int count, out Size stride)
    {
        stride = Size.Zero;
        Size? reach = null;
        for (var axis = first + count - 1; axis >= first; axis--)
        {
            if (shape[axis].IsOne) continue;
            var step = address.Coefficients[axis];
            if (reach is null) stride = step;
            else if (step != reach) return false;
            reach = step * shape[axis];
        }
        return true;
    }
}
