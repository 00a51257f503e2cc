using FeedbackNN.Dsl.Graphs;

namespace FeedbackNN.Dsl.Planning;

/// <summary>One thing to run: a group of fused nodes (with its product), or a structured operation.</summary>
internal readonly record struct ScheduledUnit(FusionGroup? Group, int Structured, bool IsBackward);

/// <summary>
/// Orders groups and structured operations: each after what it reads, otherwise in the order of the source, and all that needs gradients
/// from outside after all that does not.
/// </summary>
internal static class Schedule
{
    public static IReadOnlyList<ScheduledUnit> Run(Graph graph, Fusion fusion)
    {
        var reachable = Reachable(graph);
        var order = new List<ScheduledUnit>();
        var begun = new HashSet<object>();
        var done = new HashSet<object>();
        var units = fusion.Groups.Select(group => (Unit: (object)group, Position: group.Anchors.Max(anchor => anchor.Node.Id)))
            .Concat(graph.Nodes
                .Where(node => Fusion.IsStructured(node.Operation) && node.Operation is not (LoopFinal or LoopStack) && reachable[node.Id] && fusion.GroupOfProduct(node.Id) is null && fusion.RunsWith(node.Id) == node.Id)
                .Select(node => (Unit: (object)node.Id, Position: node.Id)))
            .OrderBy(unit => IsBackward(unit.Unit)).ThenBy(unit => unit.Position);
        foreach (var (unit, _) in units) Visit(unit);
        return order;

        void Visit(object root)
        {
            // An explicit stack: graphs can be deeper than the machine's.
            var stack = new Stack<(object Unit, bool IsReady)>();
            stack.Push((root, false));
            while (stack.Count > 0)
            {
                var (unit, isReady) = stack.Pop();
                if (isReady)
                {
                    done.Add(unit);
                    order.Add(unit is FusionGroup group ? new ScheduledUnit(group, -1, group.IsBackward) : new ScheduledUnit(null, (int)unit, fusion.IsBackward((int)unit)));
                    continue;
                }
                if (!begun.Add(unit)) continue;
                stack.Push((unit, true));
                foreach (var next in fusion.UnitsBefore(unit))
                {
                    if (done.Contains(next)) continue;
                    // What has begun and is not done waits for this unit.
                    if (begun.Contains(next)) throw new InvalidOperationException("Two kernels wait for each other's results.");
                    stack.Push((next, false));
                }
            }
        }

        bool IsBackward(object unit) => unit is FusionGroup group ? group.IsBackward : fusion.IsBackward((int)unit);
    }

    private static bool[] Reachable(Graph graph)
    {
        var reachable = new bool[graph.Nodes.Count];
        foreach (var output in graph.Outputs) reachable[output.Node] = true;
        for (var id = graph.Nodes.Count - 1; id >= 0; id--)
        {
            if (!reachable[id]) continue;
            foreach (var input in graph[id].Inputs) reachable[input] = true;
        }
        return reachable;
    }
}
