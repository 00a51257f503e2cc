using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Onnx.Operations;

/// <summary>Products of matrices: <c>Gemm</c>, <c>MatMul</c> or <c>Conv</c> where their forms fit, which every runtime has fast, else <c>Einsum</c>.</summary>
internal static class ProductRows
{
    public static LoweredValue Contract(GraphLowering graph, Node node)
    {
        if (ConvolutionRows.TryLower(graph, node) is { } convolution) return convolution;
        var (contract, w) = ((Contract)node.Operation, graph.Writer);
        var (left, right) = (graph.Whole(node, 0), graph.Whole(node, 1));
        // y = x wᵀ: a linear layer.
        if (contract is { BatchRank: 0, LeftRank: 1, RightRank: 1, SumRank: 1 } && node.Type.Element.IsFloat()) return new LoweredValue(w.Emit("Gemm", [left, right], OnnxWriter.Setting("transB", 1)), node.Type);
        if (contract is { RightRank: 1, SumRank: 1 } && (contract.BatchRank == 0 ? contract.LeftRank > 0 : contract.LeftRank == 1))
        {
            var order = Enumerable.Range(0, contract.BatchRank).Concat([contract.BatchRank + 1, contract.BatchRank]).ToArray();
            return new LoweredValue(w.Emit("MatMul", left, w.Transpose(right, order)), node.Type);
        }
        return new LoweredValue(w.Emit("Einsum", [left, right], OnnxWriter.Setting("equation", Equation(contract))), node.Type);
    }

    // bmk,bnk->bmn with as many letters for each.
    private static string Equation(Contract contract)
    {
        const string letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        var used = 0;
        var (batch, rows, columns, summed) = (Next(contract.BatchRank), Next(contract.LeftRank), Next(contract.RightRank), Next(contract.SumRank));
        return $"{batch}{rows}{summed},{batch}{columns}{summed}->{batch}{rows}{columns}";

        string Next(int count) => letters.Substring((used += count) - count, count);
    }
}
