using FeedbackNN.Dsl.Graphs;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// What a loss is the mean of: of so many numbers a sample, mostly, so that the count that it is divided by grows with the batch. A sum of two means is one number however many samples
/// there are; then a part of a batch counts by its samples, not by its count.
/// </summary>
internal static class LossCount
{
    /// <summary>Whether the count depends on the samples of a batch: on their number, or on what they are.</summary>
    /// <param name="graph">An objective's, whose scalar 1 is the count.</param>
    /// <param name="batchAxis">The axis of samples, with which all inputs begin.</param>
    public static bool IsOfSamples(Graph graph, string batchAxis)
    {
        var count = graph.Outputs.First(output => output.Target is ScalarTarget { Index: 1 }).Node;
        var seen = new HashSet<int> { count };
        var next = new Stack<int>(seen);
        while (next.Count > 0)
        {
            var node = graph.Nodes[next.Pop()];
            if (node.Operation is SizeValue size && size.Size.AxisNames.Contains(batchAxis)) return true;
            if (node.Type.Shape.Any(axis => axis.AxisNames.Contains(batchAxis))) return true;
            foreach (var input in node.Inputs)
            {
                if (seen.Add(input)) next.Push(input);
            }
        }
        return false;
    }
}
