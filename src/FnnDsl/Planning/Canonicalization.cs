using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>
/// Brings a graph into the form that kernels have: a reduction is over the last axis, or over one block of neighbouring axes before
/// it; the position of an extremum is along the last axis; <see cref="Stop"/> is gone.
/// </summary>
internal static class Canonicalization
{
    public static Graph Run(Graph graph)
    {
        var rewriter = new Rewriter();
        var moved = new int[graph.Nodes.Count];
        foreach (var node in graph.Nodes)
        {
            var inputs = node.Inputs.Select(id => moved[id]).ToEquatableArray();
            moved[node.Id] = node.Operation switch
            {
                Stop => inputs[0],
                Reduce reduce => rewriter.ReduceInBlocks(reduce, inputs[0], node.Origin),
                ArgReduce arg => rewriter.ArgReduceLast(arg, inputs[0], node),
                Reshape when rewriter.IsBroadcastScalar(inputs[0], out var scalar) => rewriter.BroadcastScalar(scalar, node),
                _ => rewriter.Add(node.Operation, inputs, node.Type, node.Origin),
            };
        }
        return new Graph(rewriter.Nodes.ToEquatableArray(), graph.Outputs.Select(output => output with { Node = moved[output.Node] }).ToEquatableArray());
    }

    private sealed class Rewriter
    {
        private readonly Dictionary<(Operation, EquatableArray<int>, TensorType), int> _known = [];

        public List<Node> Nodes { get; } = [];

        public int Add(Operation operation, EquatableArray<int> inputs, TensorType type, Origin origin)
        {
            var key = (operation, inputs, type);
            if (_known.TryGetValue(key, out var id)) return id;
            id = Nodes.Count;
            Nodes.Add(new Node(id, operation, inputs, type, origin));
            _known.Add(key, id);
            return id;
        }

        /// <summary>Sum over [0, 2] of three axes is a sum over the last, then over the first: blocks from the back to the front.</summary>
        public int ReduceInBlocks(Reduce reduce, int input, Origin origin)
        {
            var remaining = reduce.Axes.OrderBy(axis => axis).ToList();
            while (remaining.Count > 0)
            {
                var type = Nodes[input].Type;
                var last = type.Rank - 1;
                var block = new List<int> { remaining[remaining.Count - 1] };
                // The last axis goes alone: its partial results are summed by rows, in parallel.
                if (block[0] != last)
                {
                    for (var i = remaining.Count - 2; i >= 0 && remaining[i] == block[0] - 1; i--) block.Insert(0, remaining[i]);
                }
                remaining.RemoveRange(remaining.Count - block.Count, block.Count);
                var shape = type.Shape.Where((_, axis) => !block.Contains(axis)).ToEquatableArray();
                input = Add(new Reduce(reduce.Kind, block.ToEquatableArray()), EquatableArray<int>.Own(input), new TensorType(type.Element, shape), origin);
            }
            return input;
        }

        public int ArgReduceLast(ArgReduce arg, int input, Node node)
        {
            var type = Nodes[input].Type;
            var last = type.Rank - 1;
            if (arg.Axis != last)
            {
                // out[…, last] = in[…] with the axis moved behind the others.
                var order = Enumerable.Range(0, type.Rank).Where(axis => axis != arg.Axis).Append(arg.Axis).ToArray();
                var map = AffineMap.Inverse(order).Select(axis => AffineMap.Index(type.Rank, axis)).ToEquatableArray();
                var shape = order.Select(axis => type.Shape[axis]).ToEquatableArray();
                input = Add(new View(map), EquatableArray<int>.Own(input), new TensorType(type.Element, shape), node.Origin);
            }
            return Add(arg with { Axis = last }, EquatableArray<int>.Own(input), node.Type, node.Origin);
        }

        public bool IsBroadcastScalar(int id, out int scalar)
        {
            scalar = id;
            while (Nodes[scalar].Operation is View or Reshape && Nodes[scalar].Type.Rank > 0) scalar = Nodes[scalar].Inputs[0];
            return Nodes[scalar].Type.Rank == 0;
        }

        public int BroadcastScalar(int scalar, Node node) => node.Type.Rank == 0
            ? scalar
            : Add(new View(default), EquatableArray<int>.Own(scalar), node.Type, node.Origin);
    }
}
