using FeedbackNN.Dsl.Graphs;

namespace FeedbackNN.Dsl.Passes;

/// <summary>Makes a graph again through the builder's simplifying constructors, and drops what nothing needs. Doing it twice changes nothing more.</summary>
public static class Simplification
{
    public static Graph Run(Graph graph)
    {
        var builder = new GraphBuilder();
        var values = builder.Import(graph);
        return builder.Build(graph.Outputs.Select(output => output with { Node = values[output.Node].Id }));
    }
}
