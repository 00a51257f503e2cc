using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Onnx.Operations;

/// <summary>Attention, its log sums and its gradient, spelled out in products and a softmax. Heads stand before the sequence while it is computed.</summary>
internal static class AttentionRows
{
    public static LoweredValue Attention(GraphLowering graph, Node node)
    {
        var attention = (Attention)node.Operation;
        var parts = new Parts(graph, node, attention.IsCausal, attention.Scale);
        var shares = graph.Writer.Emit("Softmax", [parts.Masked(parts.Scores, double.NegativeInfinity)], OnnxWriter.Setting("axis", -1));
        // A query that may look at no key has no largest score: it gives zeros.
        return new LoweredValue(parts.Swap(graph.Writer.Emit("MatMul", parts.Masked(shares, 0, onlyWithoutKeys: true), parts.Heads(2))), node.Type);
    }

    public static LoweredValue LogSums(GraphLowering graph, Node node)
    {
        var sums = (AttentionLogSums)node.Operation;
        var parts = new Parts(graph, node, sums.IsCausal, sums.Scale);
        var (w, last) = (graph.Writer, node.Type.Rank);
        var scores = parts.Masked(parts.Scores, double.NegativeInfinity);
        var largest = w.Emit("Max", w.Reduce("ReduceMax", scores, last), w.Number(parts.Lowest, node.Type.Element));
        var sum = w.Reduce("ReduceSum", w.Emit("Exp", w.Emit("Sub", scores, w.Unsqueeze(largest, last))), last);
        return new LoweredValue(w.Emit("Add", largest, w.Emit("Log", sum)), node.Type);
    }

    /// <summary>With shares p and dp = dy vᵀ, a score's gradient is ds = p (dp - dy · y); dv = pᵀ dy, dq = scale ds k, dk = scale dsᵀ q, added up over the heads of a group.</summary>
    public static LoweredValue Gradient(GraphLowering graph, Node node)
    {
        var gradient = (AttentionGradient)node.Operation;
        var (parts, w) = (new Parts(graph, node, gradient.IsCausal, gradient.Scale), graph.Writer);
        var last = node.Type.Rank - 1;
        var (y, dy) = (parts.Heads(3), parts.Heads(5));
        var shares = parts.Masked(w.Emit("Exp", w.Emit("Sub", parts.Scores, w.Unsqueeze(graph.Whole(node, LogSumsInput), last))), 0);
        if (gradient.Of == AttentionInput.Values) return Grouped(parts.Turned(shares), dy);
        var along = w.Unsqueeze(w.Reduce("ReduceSum", w.Emit("Mul", dy, y), last), last);
        var ofScores = w.Emit("Mul", parts.Factor, w.Emit("Mul", shares, w.Emit("Sub", w.Emit("MatMul", dy, parts.Turned(parts.Heads(2))), along)));
        return gradient.Of == AttentionInput.Keys
            ? Grouped(parts.Turned(ofScores), parts.Heads(0))
            : new LoweredValue(parts.Swap(w.Emit("MatMul", ofScores, parts.Heads(1))), node.Type);

        LoweredValue Grouped(string left, string right) => new(parts.Swap(parts.SumOverGroups(w.Emit("MatMul", left, right), node.Type)), node.Type);
    }

    // The position of the log sums among a gradient's inputs.
    private const int LogSumsInput = 4;

    private sealed class Parts
    {
        private readonly GraphLowering _graph;
        private readonly Node _node;
        private readonly bool _isCausal;
        private readonly TensorType _queries;
        private readonly TensorType _keys;
        private readonly int _rank;

        public Parts(GraphLowering graph, Node node, bool isCausal, double? scale)
        {
            (_graph, _node, _isCausal, _queries, _keys) = (graph, node, isCausal, graph.Input(node, 0).Type, graph.Input(node, 1).Type);
            _rank = _queries.Rank;
            var width = _queries.Shape[_rank - 1];
            Factor = scale is { } given ? W.Number(given, Element)
                : width.TryGetConstant(out var number) ? W.Number(1 / Math.Sqrt(number), Element)
                : W.Emit("Reciprocal", W.Emit("Sqrt", W.Cast(graph.Sizes.Scalar(width), Element)));
            Scores = W.Emit("MatMul", W.Emit("Mul", Heads(0), Factor), Turned(Heads(1)));
        }

        public string Factor { get; }

        /// <summary>[batch…, heads, i, j].</summary>
        public string Scores { get; }

        /// <summary>The least number, which stands for the largest of no scores.</summary>
        public double Lowest => Element == ElementType.F32 ? float.MinValue : double.MinValue;

        private OnnxWriter W => _graph.Writer;

        private ElementType Element => _queries.Element;

        private Size HeadCount => _queries.Shape[_rank - 2];

        /// <summary>An input as [batch…, heads, i, e]; heads that share a group have the same.</summary>
        public string Heads(int input)
        {
            var value = _graph.Whole(_node, input);
            var shape = _graph.Input(_node, input).Type.Shape;
            var groups = shape[_rank - 2];
            if (groups == HeadCount) return Swap(value);
            var spread = W.Emit("Expand", W.Unsqueeze(value, _rank - 1), _graph.Sizes.Vector([.. Enumerable.Repeat(Size.One, _rank - 1), Size.Divide(HeadCount, groups), Size.One]));
            return Swap(_graph.Sizes.Reshape(spread, shape.Select((size, axis) => axis == _rank - 2 ? HeadCount : size).ToArray()));
        }

        /// <summary>From heads of [batch…, heads, j, e] to groups of them, added up.</summary>
        public string SumOverGroups(string value, TensorType type)
        {
            var groups = type.Shape[_rank - 2];
            if (groups == HeadCount) return value;
            var apart = _graph.Sizes.Reshape(value, [.. type.Shape.Take(_rank - 3), groups, Size.Divide(HeadCount, groups), type.Shape[_rank - 3], type.Shape[_rank - 1]]);
            return W.Reduce("ReduceSum", apart, _rank - 2);
        }

        /// <summary>The sequence and the heads change places.</summary>
        public string Swap(string value) => W.Transpose(value, [.. Enumerable.Range(0, _rank - 3), _rank - 2, _rank - 3, _rank - 1]);

        /// <summary>The last two axes change places.</summary>
        public string Turned(string value) => W.Transpose(value, [.. Enumerable.Range(0, _rank - 2), _rank - 1, _rank - 2]);

        /// <summary>Scores, or what came of them, with a number where a query may not look.</summary>
        /// <param name="scores">[batch…, heads, i, j].</param>
        /// <param name="number">The number.</param>
        /// <param name="onlyWithoutKeys">Only where there can be queries without any key.</param>
        public string Masked(string scores, double number, bool onlyWithoutKeys = false)
        {
            var (queries, keys) = (_queries.Shape[_rank - 3], _keys.Shape[_rank - 3]);
            if (!_isCausal || (onlyWithoutKeys && queries == keys)) return scores;
            // The last query stands beside the last key.
            var query = W.Unsqueeze(_graph.Sizes.Indices(keys - queries, [(Size.One, queries)]), 1);
            var key = _graph.Sizes.Indices(Size.Zero, [(Size.One, keys)]);
            return W.Emit("Where", W.Emit("LessOrEqual", key, query), scores, W.Number(number, Element));
        }
    }
}
