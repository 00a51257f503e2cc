using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Passes;

/// <summary>
/// When all derivatives are there, an equilibrium is no more than the states that were found: what is left of it goes, and with it the evaluation of its map
/// where nothing else needs that.
/// </summary>
public static class Equilibria
{
    public static Graph Resolve(Graph graph) => Has(graph) ? Simplification.Run(WithoutEquilibria(graph)) : graph;

    private static bool Has(Graph graph) => graph.Nodes.Any(node => node.Operation is EquilibriumState || (node.Operation is Loop loop && Has(loop.Body)));

    private static Graph WithoutEquilibria(Graph graph) => graph with
    {
        Nodes = graph.Nodes.Select(node => node.Operation switch
        {
            EquilibriumState state => node with { Operation = new View(AffineMap.Identity(node.Type.Rank)), Inputs = EquatableArray<int>.Own(graph[node.Inputs[0]].Inputs[state.State]) },
            Loop loop => node with { Operation = loop with { Body = WithoutEquilibria(loop.Body) } },
            _ => node,
        }).ToEquatableArray(),
    };
}
