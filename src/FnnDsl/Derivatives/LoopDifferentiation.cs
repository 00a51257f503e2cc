using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Derivatives;

/// <summary>
/// The derivative of a loop: a second loop over the same rounds in the other direction, whose states are the gradients of the states. What it needs of the
/// forward rounds it reads from stacks; what is cheap it computes again. Loops inside the body are run again in it. Gradients of what the body reads
/// from outside are sums over the rounds, made by one operation outside where there is one: one matrix product over all steps for a weight.
/// </summary>
internal static class LoopDifferentiation
{
    /// <summary>Operators up to this cost are applied again rather than read from a stack.</summary>
    private const int CheapCost = 2;

    /// <summary>The gradients of a loop's inputs, those that are wanted.</summary>
    /// <param name="loopValue">The loop's own value.</param>
    /// <param name="outputs">Gradients of its <see cref="LoopFinal"/>s and <see cref="LoopStack"/>s.</param>
    public static IEnumerable<(int Input, Value Gradient)> Gradients(
        GraphBuilder builder, Value loopValue, IReadOnlyDictionary<Operation, Value> outputs, Func<Value, bool> isWanted)
    {
        var node = loopValue.Node;
        var loop = (Loop)node.Operation;
        var inputs = node.Inputs.Take(node.Inputs.Count - (loop.HasTrips ? 1 : 0)).Select(builder.ValueOf).ToArray();
        var region = builder.BeginLoop(loop.Count, !loop.IsReverse);

        // The round as it was, from leaves, and its derivative.
        var leaves = inputs.Select(input => region.AddLeaf(input.Type)).ToArray();
        var body = builder.Import(loop.Body, leaves, name => name == loop.Step ? region.Step : null);
        var states = Enumerable.Range(0, loop.States).Where(k => inputs[k].Type.Element.IsFloat()).ToArray();
        var adjoints = states.Select(k => region.AddState(inputs[k].Type)).ToArray();
        var seeds = states.Select((k, i) => (body[loop.Body.Outputs[k].Node], adjoints[i]))
            .Concat(outputs.Where(output => output.Key is LoopStack).Select(output => (body[((LoopStack)output.Key).BodyNode], builder.AtStep(output.Value, region.Step))))
            .ToArray();
        var captures = Enumerable.Range(loop.States, inputs.Length - loop.States).Where(k => inputs[k].Type.Element.IsFloat() && isWanted(inputs[k])).ToArray();
        var gradients = Differentiation.Gradients(builder, seeds, states.Concat(captures).Select(k => leaves[k]).ToArray());

        // The leaves become what they stood for at this round.
        gradients = builder.Rewrite(gradients, new Saved(builder, loopValue, region.Step, inputs, leaves, body).For(gradients));
        var nexts = gradients.Take(states.Length).ToList();
        var initials = states.Select(k => outputs.TryGetValue(new LoopFinal(k), out var gradient) ? gradient : builder.Fill(0, inputs[k].Type)).ToList();

        var sums = new StepSums(builder, region, loop.IsCounted, nexts, initials);
        var ofCaptures = gradients.Skip(states.Length).ToArray();
        foreach (var gradient in ofCaptures) sums.Collect(gradient);
        var finished = region.Finish(initials, nexts, null, loop.IsCounted ? null : loopValue, sums.Emitted);
        sums.Finish(finished);
        return states.Select((k, i) => (k, finished.Final(i))).Concat(captures.Select((k, i) => (k, sums.Sum(ofCaptures[i])))).ToArray();
    }

    /// <summary>Decides what of the forward rounds is read from stacks.</summary>
    private sealed class Saved(GraphBuilder builder, Value loop, Size step, IReadOnlyList<Value> inputs, IReadOnlyList<Value> leaves, IReadOnlyList<Value> body)
    {
        private readonly Loop _loop = (Loop)loop.Node.Operation;

        public Dictionary<int, Value> For(IReadOnlyList<Value> gradients)
        {
            var result = new Dictionary<int, Value>();
            var forward = new Dictionary<int, int>();
            for (var k = body.Count - 1; k >= 0; k--) forward[body[k].Id] = k;
            for (var k = 0; k < leaves.Count; k++)
            {
                result[leaves[k].Id] = k < _loop.States ? builder.AtStep(builder.LoopStack(loop, k), step) : inputs[k];
                forward.Remove(leaves[k].Id);
            }
            var invariant = Invariant(forward.Keys);
            var candidates = new HashSet<int>();
            builder.ConeOf(gradients.Select(gradient => gradient.Id), id =>
            {
                if (result.ContainsKey(id)) return true;
                if (!forward.ContainsKey(id) || IsLookedThrough(id) || invariant.Contains(id)) return false;
                candidates.Add(id);
                return true;
            });
            // In memory anyway: next states, and what is stacked for someone else.
            var free = new HashSet<int>(_loop.Body.Outputs.Take(_loop.States).Select(output => body[output.Node].Id));
            foreach (var id in candidates.OrderBy(id => id))
            {
                if (!free.Contains(id) && IsCheap(id, 0)) continue;
                result[id] = builder.AtStep(builder.LoopStack(loop, forward[id]), step);
            }
            return result;

            bool IsCheap(int id, int depth) => depth < 8 && builder[id].Operation is Elementwise or Graphs.Convert
                && (builder[id].Operation is not Elementwise elementwise || elementwise.Operator.Cost <= CheapCost || !builder[id].Type.Element.IsFloat())
                && builder[id].Inputs.All(input => IsAtHand(input, depth + 1));

            bool IsAtHand(int id, int depth) => result.ContainsKey(id) || !forward.ContainsKey(id) || invariant.Contains(id)
                || (IsLookedThrough(id) ? builder[id].Inputs.All(input => IsAtHand(input, depth)) : !candidates.Contains(id) && IsCheap(id, depth));
        }

        // Made of outside values and the step alone, and not of products: read again where it came from.
        private HashSet<int> Invariant(IEnumerable<int> forward)
        {
            var varying = new HashSet<int>(leaves.Take(_loop.States).Select(leaf => leaf.Id));
            var result = new HashSet<int>();
            foreach (var id in forward.OrderBy(id => id))
            {
                var node = builder[id];
                if (node.Inputs.Any(varying.Contains) || node.Operation is Contract) varying.Add(id);
                else result.Add(id);
            }
            return result;
        }

        // A loop inside the body is run again: its rounds were not kept.
        private bool IsLookedThrough(int id) => builder[id].Operation switch
        {
            // An equilibrium that was found is not looked for again.
            Stop => builder[builder[id].Inputs[0]].Operation is not LoopFinal,
            View or Graphs.Reshape or Constant or SizeValue or Iota or RandomUniform or CheckRange => true,
            Loop or LoopFinal or LoopStack or Equilibrium or EquilibriumState or CheckConverged => true,
            _ => false,
        };
    }
}
