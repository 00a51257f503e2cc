using FeedbackNN.Dsl.Graphs;

namespace FeedbackNN.Dsl.Derivatives;

/// <summary>
/// The gradient of an equilibrium z = f(z, θ), by the implicit function theorem: with v = dz + (∂f/∂z)ᵀ v, an equilibrium of its own, the gradient of all that f is
/// made of is that of f(z) under v. Nothing of the way to z is kept. See Bai, Kolter and Koltun, "Deep Equilibrium Models", 2019.
/// </summary>
internal static class EquilibriumDifferentiation
{
    /// <summary>The gradients of the map's values, which are the later half of the node's inputs.</summary>
    public static IEnumerable<(int Input, Value Gradient)> Gradients(GraphBuilder builder, Node node, IReadOnlyDictionary<Operation, Value> outputs)
    {
        var point = (Equilibrium)node.Operation;
        var states = node.Inputs.Take(point.States).Select(builder.ValueOf).ToArray();
        var mapped = node.Inputs.Skip(point.States).Select(builder.ValueOf).ToArray();
        var outer = states.Select((state, k) => outputs.TryGetValue(new EquilibriumState(k), out var gradient) ? gradient : builder.Fill(0, state.Type)).ToArray();

        var region = builder.BeginLoop(point.Gradient.AtMost);
        var before = states.Select(state => region.AddState(state.Type)).ToArray();
        var transposed = Differentiation.Gradients(builder, mapped.Select((value, k) => (value, before[k])).ToArray(), states);
        var solved = FixedPointSolver.Solve(builder, region, before, outer.Zip(transposed, (given, back) => given + back).ToArray(), outer, point.Gradient);
        var result = FixedPointSolver.Checked(builder, solved, "the gradient of the fixed point", point.Otherwise, point.Gradient);
        return result.Select((gradient, k) => (point.States + k, gradient));
    }
}
