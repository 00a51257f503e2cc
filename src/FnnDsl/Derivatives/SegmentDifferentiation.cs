using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Derivatives;

/// <summary>
/// The derivative of a segment: its inside is made once more, from what went in, once the gradients of what came out are there; and that copy is differentiated. So of the first
/// one nothing has to be kept. Chen, Xu, Zhang and Guestrin, Training Deep Nets with Sublinear Memory Cost, 2016 (arXiv:1604.06174).
/// </summary>
internal static class SegmentDifferentiation
{
    /// <param name="node">The segment.</param>
    /// <param name="known">The gradients of its values.</param>
    /// <param name="isWanted">Whether a node from before the segment leads to a wanted value.</param>
    /// <returns>Gradients of nodes outside: what went in, and weights that the inside reads.</returns>
    public static IEnumerable<(int Node, Value Gradient)> Gradients(GraphBuilder builder, Node node, IReadOnlyDictionary<Operation, Value> known, Func<int, bool> isWanted)
    {
        var count = ((Segment)node.Operation).Values;
        var entries = node.Inputs.Skip(count).ToArray();
        var gradients = known.OrderBy(item => ((SegmentValue)item.Key).Index).Select(item => (Index: ((SegmentValue)item.Key).Index, item.Value)).ToArray();
        var read = entries.Select(entry => builder.After(builder.ValueOf(entry), gradients.Select(gradient => gradient.Value).ToArray())).ToArray();
        var again = Again(builder, gradients.Select(gradient => node.Inputs[gradient.Index]).ToArray(), entries, read, out var leaves);

        var targets = entries.Zip(read, (entry, value) => (Node: entry, Value: value)).Concat(leaves.Select(leaf => (Node: leaf, Value: builder.ValueOf(leaf))))
            .Where(target => target.Value.Type.Element.IsFloat() && isWanted(target.Node)).ToArray();
        var flowing = Differentiation.Gradients(
            builder, again.Zip(gradients, (value, gradient) => (value, gradient.Value)).ToArray(), targets.Select(target => target.Value).ToArray(), new HashSet<int>(targets.Select(target => target.Value.Id)));
        return targets.Zip(flowing, (target, gradient) => (target.Node, gradient));
    }

    // Makes the inside of the segment again, for some of its values.
    private static Value[] Again(GraphBuilder builder, int[] values, int[] entries, Value[] read, out int[] leaves)
    {
        var isEntry = new HashSet<int>(entries);
        var inside = builder.ConeOf(values, isEntry.Contains).Where(id => !isEntry.Contains(id)).ToArray();
        leaves = inside.Where(id => builder[id].Inputs.Count == 0).ToArray();
        var nodes = entries.Select((entry, k) => new Node(k, new LoopArgument(k), default, builder[entry].Type, builder[entry].Origin)).ToList();
        var places = entries.Select((entry, k) => (entry, k)).ToDictionary(item => item.entry, item => item.k);
        foreach (var id in inside)
        {
            var node = builder[id];
            var operation = node.Operation is RandomUniform random ? random with { Again = random.Again + 1 } : node.Operation;
            places.Add(id, nodes.Count);
            nodes.Add(new Node(nodes.Count, operation, node.Inputs.Select(input => places[input]).ToEquatableArray(), node.Type, node.Origin));
        }
        var made = builder.Import(new Graph(nodes.ToEquatableArray(), default), read, null);
        return values.Select(value => made[places[value]]).ToArray();
    }
}
