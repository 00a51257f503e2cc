using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

// Weights with a low-rank update: W + s B A, of which products make x W + s (x A) B, so that neither the sum nor its gradient is ever a whole matrix.
public sealed partial class GraphBuilder
{
    /// <summary>Weights W [out, in…] with their update: B [out, rank] and A [rank, in…].</summary>
    private sealed record LowRankWeight(Value Weight, Value B, Value A, double Scale)
    {
        /// <summary>A with the rank last.</summary>
        public Value RankLast => A.Builder.MoveAxis(A, 0, A.Type.Rank - 1);
    }

    // By the node of the sum.
    private readonly Dictionary<int, LowRankWeight> _lowRank = [];

    /// <summary>
    /// W + scale · B A. What is made of it here by products along all axes but W's first, along the first alone, or by gathers of rows, is made of the three one by one; anything else reads
    /// the sum. Hu et al., LoRA: Low-Rank Adaptation of Large Language Models, 2021 (arXiv:2106.09685).
    /// </summary>
    /// <param name="weight">W: [out, in…].</param>
    /// <param name="b">[out, rank].</param>
    /// <param name="a">[rank, in…].</param>
    /// <param name="scale">Most often alpha / rank.</param>
    public Value LowRank(Value weight, Value b, Value a, double scale)
    {
        var parts = new LowRankWeight(weight, b, a, scale);
        var sum = weight + scale * Contract(b, parts.RankLast, 0, 1, weight.Type.Rank - 1, 1);
        _lowRank[sum.Id] = parts;
        return sum;
    }

    /// <summary>The product of x with weights that have an update; null where it reads their sum.</summary>
    /// <param name="x">[m…, k…].</param>
    /// <param name="weights">[n…, k…].</param>
    private Value? LowRankProduct(Value x, Value weights, int rows, int columns, int sums, FloatFormat? operands)
    {
        if (_lowRank.Count == 0 || PartsOf(weights, out var order) is not { } parts) return null;
        var plain = Contract(x, Transposed(parts.Weight, order), 0, rows, columns, sums, operands);
        if (columns == 1 && order[0] == 0)
        {
            // A's axes behind the rank are W's behind the first.
            var narrow = Contract(x, Transposed(parts.A, order), 0, rows, 1, sums, operands);
            return plain + Contract(parts.Scale * narrow, parts.B, 0, rows, 1, 1, operands);
        }
        if (sums == 1 && order[order.Length - 1] == 0)
        {
            var narrow = Contract(x, Transpose(parts.B, 1, 0), 0, rows, 1, 1, operands);
            var wide = Transpose(parts.A, order.Take(columns).Append(0).ToArray());
            return plain + Contract(parts.Scale * narrow, wide, 0, rows, columns, 1, operands);
        }
        return null;
    }

    /// <summary>Rows of weights that have an update; null where they have none.</summary>
    private Value? LowRankRows(Value weights, Value index)
    {
        if (_lowRank.Count == 0 || !_lowRank.TryGetValue(weights.Id, out var parts)) return null;
        var narrow = Gather(parts.B, index, 0);
        return Gather(parts.Weight, index, 0) + Contract(parts.Scale * narrow, parts.RankLast, 0, index.Type.Rank, weights.Type.Rank - 1, 1);
    }

    /// <summary>The parts of a weight, seen with its axes in another order.</summary>
    /// <param name="order">For each axis, the weight's own.</param>
    private LowRankWeight? PartsOf(Value x, out int[] order)
    {
        order = Enumerable.Range(0, x.Type.Rank).ToArray();
        if (_lowRank.TryGetValue(x.Id, out var parts)) return parts;
        if (x.Node.Operation is not View view || !_lowRank.TryGetValue(x.Node.Inputs[0], out parts) || view.Map.Count != x.Type.Rank) return null;
        for (var axis = 0; axis < view.Map.Count; axis++)
        {
            if (!view.Map[axis].Offset.IsZero || AffineMap.SingleAxis(view.Map[axis]) is not (>= 0 and var place) || !view.Map[axis].Coefficients[place].IsOne
                || x.Type.Shape[place] != parts.Weight.Type.Shape[axis]) return null;
            order[place] = axis;
        }
        return order.Distinct().Count() == order.Length ? parts : null;
    }

    private Value Transposed(Value x, int[] order) => order.Select((axis, place) => axis == place).All(same => same) ? x : Transpose(x, order);
}
