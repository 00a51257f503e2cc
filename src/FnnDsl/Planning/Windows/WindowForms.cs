using FeedbackNN.Dsl.Graphs;

namespace FeedbackNN.Dsl.Planning.Windows;

/// <summary>
/// Brings graphs with windows (convolutions, pooling, and their derivatives) into the form that is computed without copies of the windows: the gradient of an image becomes a product,
/// small windows are reduced element by element, and values lie as the products before them gave them, channels last, until something needs another order. Graphs without windows stay
/// as they are.
/// </summary>
internal static class WindowForms
{
    /// <summary>Rules in the order in which they are tried on a node whose inputs are already rewritten; the first that gives a value replaces it.</summary>
    private static readonly Func<WindowSite, Value?>[] Rules =
    [
        WindowGradients.OfPart,
        WindowGradients.AsProduct,
        WindowGradients.AsReduction,
        SmallWindows.Unrolled,
        NarrowProducts.AsElements,
        Transpositions.Sunk,
        Rearrangements.Sunk,
        Rearrangements.Reshaped,
        ProductAxes.Narrowed,
        Flattenings.OfOperands,
        ProductAxes.Ordered,
    ];

    public static Graph Run(Graph graph)
    {
        if (!graph.Nodes.Any(HasWindow)) return graph;
        var builder = new GraphBuilder();
        var values = new Value[graph.Nodes.Count];
        var sites = new WindowSite[graph.Nodes.Count];
        var uses = new int[graph.Nodes.Count];
        foreach (var input in graph.Nodes.SelectMany(node => node.Inputs)) uses[input]++;
        foreach (var output in graph.Outputs) uses[output.Node]++;
        foreach (var node in graph.Nodes)
        {
            builder.Origin = node.Origin;
            var inputs = node.Inputs.Select(input => values[input]).ToArray();
            var site = sites[node.Id] = new WindowSite(builder, node, inputs, node.Inputs.Select(input => uses[input]).ToArray(), node.Inputs.Select(input => sites[input]).ToArray());
            values[node.Id] = Rules.Select(rule => rule(site)).FirstOrDefault(value => value is not null) ?? builder.Make(node.Operation, inputs, node.Type);
        }
        return PackedOperands.Run(builder.Build(graph.Outputs.Select(output => output with { Node = values[output.Node].Id })));
    }

    private static bool HasWindow(Node node) => node.Operation switch
    {
        View view => WindowMap.HasWindow(view.Map),
        ViewTranspose transpose => WindowMap.HasWindow(transpose.Map),
        _ => false,
    };
}

/// <summary>A node that is being made again.</summary>
/// <param name="Inputs">Its inputs, already rewritten.</param>
/// <param name="Uses">How often each of them is read in the graph.</param>
/// <param name="Before">The inputs as they were.</param>
internal sealed record WindowSite(GraphBuilder Builder, Node Node, IReadOnlyList<Value> Inputs, IReadOnlyList<int> Uses, IReadOnlyList<WindowSite> Before);
