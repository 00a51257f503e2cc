using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Passes;

/// <summary>When all derivatives are there, or where there is none, a segment is no more than its values: what is left of it goes.</summary>
public static class Segments
{
    public static Graph Resolve(Graph graph) => graph.Nodes.Any(node => node.Operation is SegmentValue) ? Simplification.Run(Without(graph)) : graph;

    private static Graph Without(Graph graph) => graph with
    {
        Nodes = graph.Nodes.Select(node => node.Operation is SegmentValue value
            ? node with { Operation = new View(AffineMap.Identity(node.Type.Rank)), Inputs = EquatableArray<int>.Own(graph[node.Inputs[0]].Inputs[value.Index]) }
            : node).ToEquatableArray(),
    };
}
