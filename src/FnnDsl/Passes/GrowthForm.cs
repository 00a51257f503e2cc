using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Passes;

/// <summary>What a generate keeps between its runs.</summary>
/// <param name="IsTwice">Whether each run reads the one copy and writes the other; what grows is written in its place.</param>
public sealed record KeptTensor(TensorType Type, bool IsTwice);

/// <summary>
/// The programs of a generate with a state that grows: the first round computes everything for the whole beginning and fills what is kept; a step computes what one more element changes; the last one makes
/// the results of the states.
/// </summary>
/// <param name="Again">The round after a state that was full has slid: as the first, of what is left; null where none does.</param>
public sealed record GrowthForm(Graph First, Graph Step, Graph? Again, Graph Last, EquatableArray<KeptTensor> Kept)
{
    /// <summary>The programs; null, with the reason and its place, where a value along the axis depends on later ones.</summary>
    public static GrowthForm? TryMake(BoundGenerate generate, BoundGrowth growth, out (string Reason, Origin Origin) why)
    {
        var round = Equilibria.Resolve(growth.Round);
        if (OneStepForm.TryGrow(growth, round, out why) is not var (step, memory)) return null;
        return new GrowthForm(FirstRound(growth, round, memory), step, growth.Slide is null ? null : RoundAgain(growth, round, memory), Results(generate, growth, memory), memory.Kept);
    }

    private static Graph FirstRound(BoundGrowth growth, Graph round, GrowthMemory memory)
    {
        var builder = new GraphBuilder();
        var initial = builder.Import(growth.Initial);
        var states = growth.Initial.Outputs.Select(output => initial[output.Node]).ToArray();
        var (graph, finals) = WithFinals(AtStart(growth, round));
        var values = builder.Import(graph, states, null);
        var nexts = round.Outputs.Select(output => values[output.Node]).ToArray();
        return Simplification.Run(builder.Build(memory.FirstOutputs(builder, states[0], nexts, node => values[node], (loop, state) => values[finals[(loop, state)]])));
    }

    private static Graph RoundAgain(BoundGrowth growth, Graph round, GrowthMemory memory)
    {
        var builder = new GraphBuilder();
        var (graph, finals) = WithFinals(round);
        var values = builder.Import(graph, GrowthMemory.StateValues(builder, growth, memory.Kept), null);
        var nexts = round.Outputs.Select(output => values[output.Node]).ToArray();
        return Simplification.Run(builder.Build(memory.AgainOutputs(builder, nexts, node => values[node], (loop, state) => values[finals[(loop, state)]])));
    }

    private static Graph AtStart(BoundGrowth growth, Graph graph) =>
        OperationSizes.Substitute(graph, name => name == growth.Axis ? growth.Start : name == growth.RoundAxis ? Size.Zero : null);

    // The last values of all loops' states are nodes of the graph.
    private static (Graph Graph, Dictionary<(int Loop, int State), int> Finals) WithFinals(Graph graph)
    {
        var nodes = graph.Nodes.ToList();
        var finals = new Dictionary<(int, int), int>();
        foreach (var node in graph.Nodes)
        {
            if (node.Operation is LoopFinal final) finals[(node.Inputs[0], final.State)] = node.Id;
        }
        foreach (var node in graph.Nodes.Where(node => node.Operation is Loop))
        {
            for (var state = 0; state < ((Loop)node.Operation).States; state++)
            {
                if (finals.ContainsKey((node.Id, state))) continue;
                finals.Add((node.Id, state), nodes.Count);
                nodes.Add(new Node(nodes.Count, new LoopFinal(state), EquatableArray<int>.Own(node.Id), graph[node.Inputs[state]].Type, node.Origin));
            }
        }
        return (graph with { Nodes = nodes.ToEquatableArray() }, finals);
    }

    private static Graph Results(BoundGenerate generate, BoundGrowth growth, GrowthMemory memory)
    {
        var builder = new GraphBuilder();
        var body = Equilibria.Resolve(generate.Body);
        var values = builder.Import(body, GrowthMemory.StateValues(builder, growth, memory.Kept), null);
        return builder.Build(body.Outputs.Select(output => output with { Node = values[output.Node].Id }));
    }
}
