using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Derivatives;

/// <summary>
/// Reverse-mode derivative: adds to a graph the nodes that compute the gradients of some of its values. They are ordinary nodes, so
/// that they can be differentiated again.
/// </summary>
public static class Differentiation
{
    /// <summary>
    /// For each wanted value w: Σ over seeds of (∂output/∂w)ᵀ · gradient, of w's type; zeros where nothing flows.
    /// </summary>
    /// <param name="seeds">Outputs with their gradients, which have the outputs' types.</param>
    public static Value[] Gradients(GraphBuilder builder, IReadOnlyList<(Value Output, Value Gradient)> seeds, IReadOnlyList<Value> wanted) =>
        Gradients(builder, seeds, wanted, [], operatorByOperator: false);

    /// <summary>The same, up to nodes through which no gradient goes on.</summary>
    internal static Value[] Gradients(GraphBuilder builder, IReadOnlyList<(Value Output, Value Gradient)> seeds, IReadOnlyList<Value> wanted, HashSet<int> ends) =>
        Gradients(builder, seeds, wanted, ends, operatorByOperator: false);

    private static Value[] Gradients(
        GraphBuilder builder, IReadOnlyList<(Value Output, Value Gradient)> seeds, IReadOnlyList<Value> wanted, HashSet<int> ends, bool operatorByOperator)
    {
        var origin = builder.Origin;
        var first = wanted.Count == 0 ? 0 : wanted.Min(value => value.Id);
        var last = seeds.Count == 0 ? -1 : seeds.Max(seed => seed.Output.Id);
        var depends = DependingOn(builder, wanted, first, last);
        var expressions = operatorByOperator ? null : new ElementwiseExpression(builder, depends, (node, input) => LetsThrough(builder[node.Inputs[input]], node, input));
        var gradients = new Dictionary<int, Value>();
        // What loops and equilibria gave, with its gradients, until they are reached themselves.
        var waiting = new Dictionary<int, Dictionary<Operation, Value>>();
        foreach (var (output, gradient) in seeds)
        {
            if (gradient.Type != output.Type) throw new ArgumentException($"The gradient of {output.Type} is {gradient.Type}.", nameof(seeds));
            Accumulate(output.Id, gradient);
        }

        // Every node that reads a value comes after it: going down, a gradient is complete when its node is reached.
        for (var id = last; id >= first; id--)
        {
            if (!depends[id]) continue;
            if (waiting.TryGetValue(id, out var known))
            {
                builder.Origin = builder[id].Origin;
                if (builder[id].Operation is Segment)
                {
                    foreach (var (before, gradient) in SegmentDifferentiation.Gradients(builder, builder[id], known, before => depends[before])) Accumulate(before, gradient);
                    continue;
                }
                var flowing = builder[id].Operation is Loop
                    ? LoopDifferentiation.Gradients(builder, builder.ValueOf(id), known, input => depends[input.Id])
                    : EquilibriumDifferentiation.Gradients(builder, builder[id], known);
                foreach (var (input, gradient) in flowing) Accumulate(builder[id].Inputs[input], gradient);
                continue;
            }
            if (!gradients.TryGetValue(id, out var dy) || ends.Contains(id)) continue;
            var node = builder[id];
            builder.Origin = node.Origin;
            if (node.Operation is LoopFinal or LoopStack or EquilibriumState or SegmentValue)
            {
                if (!waiting.TryGetValue(node.Inputs[0], out var outputs)) waiting.Add(node.Inputs[0], outputs = []);
                outputs.Add(node.Operation, dy);
                continue;
            }
            if (expressions?.ArgumentOf(id, inner => gradients.ContainsKey(inner) || wanted.Any(value => value.Id == inner)) is { } argument)
            {
                var one = builder.Fill(1, node.Type);
                Accumulate(argument.Id, dy * Gradients(builder, [(builder.ValueOf(id), one)], [argument], [], operatorByOperator: true)[0]);
                continue;
            }
            var context = new GradientContext(builder, node, node.Inputs.Select(builder.ValueOf).ToArray(), builder.ValueOf(id), dy);
            for (var input = 0; input < node.Inputs.Count; input++)
            {
                if (depends[node.Inputs[input]] && GradientRules.TryFind(node.Operation, input) is { } rule) Accumulate(node.Inputs[input], rule(context, input));
            }
        }
        builder.Origin = origin;
        return wanted.Select(value => gradients.TryGetValue(value.Id, out var gradient) ? gradient : builder.Fill(0, value.Type)).ToArray();

        void Accumulate(int id, Value gradient)
        {
            if (gradient.Type != builder[id].Type) throw new InvalidOperationException($"The gradient of {builder[id]} came out as {gradient.Type}.");
            if (builder.TryGetConstant(gradient, out var number) && number == 0) return;
            gradients[id] = gradients.TryGetValue(id, out var sum) ? sum + gradient : gradient;
        }
    }

    /// <summary>
    /// The nodes that a gradient from the roots reaches, roots included. A trained parameter that is not among them learns nothing.
    /// </summary>
    /// <param name="nodes">A graph's nodes, or a builder's.</param>
    public static HashSet<int> ReachableFrom(IReadOnlyList<Node> nodes, IEnumerable<int> roots)
    {
        var reached = new HashSet<int>(roots.Where(root => nodes[root].Type.Element.IsFloat()));
        for (var id = reached.Count == 0 ? -1 : reached.Max(); id >= 0; id--)
        {
            if (!reached.Contains(id)) continue;
            var node = nodes[id];
            for (var input = 0; input < node.Inputs.Count; input++)
            {
                if (LetsThrough(nodes[node.Inputs[input]], node, input)) reached.Add(node.Inputs[input]);
            }
        }
        return reached;
    }

    // Which nodes up to the last seed depend on a wanted value by a path through which gradients flow.
    private static bool[] DependingOn(GraphBuilder builder, IReadOnlyList<Value> wanted, int first, int last)
    {
        var depends = new bool[last + 1];
        foreach (var value in wanted)
        {
            if (value.Id <= last && value.Type.Element.IsFloat()) depends[value.Id] = true;
        }
        for (var id = first; id <= last; id++)
        {
            var node = builder[id];
            if (depends[id] || !(node.Type.Element.IsFloat() || node.Operation is Loop or Equilibrium or Segment)) continue;
            for (var input = 0; input < node.Inputs.Count; input++)
            {
                depends[id] |= depends[node.Inputs[input]] && LetsThrough(builder[node.Inputs[input]], node, input);
            }
        }
        return depends;
    }

    // Whether a gradient can flow from a node to one of its inputs. A loop lets it through from what it gives to what it is given.
    private static bool LetsThrough(Node from, Node node, int input) => node.Operation switch
    {
        Loop => from.Type.Element.IsFloat(),
        Equilibrium point => input >= point.States,
        Segment segment => input < segment.Values && from.Type.Element.IsFloat(),
        LoopFinal or LoopStack or EquilibriumState or SegmentValue => true,
        _ => from.Type.Element.IsFloat() && GradientRules.TryFind(node.Operation, input) is not null,
    };
}
