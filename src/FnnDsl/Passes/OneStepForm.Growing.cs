using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Passes;

// The step of a generate: the same one-step form along the axis that grows, but what is read of all steps so far is kept, and the number of the step is a size of the program.
public sealed partial class OneStepForm
{
    private GrowthMemory? _growth;

    /// <summary>One round of a generate over what the rounds before it have kept; null, with the reason and its place, where a value along the axis depends on later ones.</summary>
    /// <param name="round">One round, without equilibria.</param>
    internal static (Graph Step, GrowthMemory Memory)? TryGrow(BoundGrowth growth, Graph round, out (string Reason, Origin Origin) why)
    {
        var form = new OneStepForm(growth.Axis, 0);
        var memory = form._growth = new GrowthMemory(form._builder, growth, round);
        why = default;
        try
        {
            var first = form.GrowingState();
            var states = growth.States.Select((type, k) => k == 0 ? first : new Stepped(memory.States[k], -1, IsLatest: true)).ToArray();
            var scope = new Scope(form, round, states, null);
            var nexts = round.Outputs.Select(output =>
            {
                var next = scope.At(output.Node);
                return next.Axis < 0 ? next.Value : throw new LooksAheadException($"a state beside the one that grows has the axis '{growth.Axis}'", round[output.Node].Origin);
            }).ToArray();
            return (Simplification.Run(form._builder.Build(memory.Outputs(nexts))), memory);
        }
        catch (LooksAheadException ahead)
        {
            why = (ahead.Message, ahead.Origin);
            return null;
        }
    }

    // The state's latest element.
    private Stepped GrowingState()
    {
        var all = _growth!.States[0];
        var axis = _growth.Position;
        return new Stepped(_builder.Slice(all, axis, _length - Size.One, Size.One), axis);
    }

    // Whether an operation is another one in each round.
    private bool IsOfRound(Operation operation) => OperationSizes.Mentions(operation, _axis) || (_growth is not null && OperationSizes.Mentions(operation, _growth.RoundAxis));

    private sealed partial class Scope
    {
        /// <summary>A value at all steps so far.</summary>
        private Value All(int id)
        {
            var x = _known[(id, -1)];
            return x.Axis < 0 ? x.Value : form._growth!.All(graph[id], x.Value, x.Axis);
        }

        /// <summary>What is made of all steps so far, and has no axis for them.</summary>
        private Stepped OfAll(Node node, Stepped[] x)
        {
            var value = Builder.Make(node.Operation, node.Inputs.Select(All).ToArray(), node.Type);
            return new Stepped(value, -1, x.Any(item => item.IsLatest || item.Axis >= 0) || form.IsOfRound(node.Operation));
        }

        private static bool IsAlongQueries(Stepped[] x, int rank) => x[0].Axis == rank - AttentionShapes.OwnAxes && (x[1].Axis >= 0 || x[2].Axis >= 0);

        /// <summary>One query, over the keys and values so far: that it looks at no later ones is what causal means.</summary>
        private Stepped OfGrowingAttention(Attention attention, Node node, Stepped[] x, int own)
        {
            if (!attention.IsCausal) throw Ahead("attention that is not causal looks at what comes after it; write causal: true", node);
            if (!IsWhole) throw Ahead(KeysInLoop, node);
            if (x[1].Axis != x[0].Axis || x[2].Axis != x[0].Axis || own != x[0].Axis) throw Ahead($"queries and keys are not both along '{form._axis}'", node);
            return new Stepped(Builder.Attention(x[0].Value, All(node.Inputs[1]), All(node.Inputs[2]), isCausal: true, attention.Scale, attention.Operands), own);
        }

        private Stepped OfGrowingView(View view, Node node, Stepped x, int own, int keys)
        {
            if (own < 0)
            {
                var isLatest = x.IsLatest || x.Axis >= 0 || form.IsOfRound(view);
                // The last element is the one that is being computed; for any other, all are there.
                var isLast = x.Axis >= 0 && AffineMap.SingleAxis(view.Map[x.Axis]) == -1 && view.Map[x.Axis].Offset == form._length - Size.One;
                var source = isLast ? x.Value : All(node.Inputs[0]);
                var read = isLast ? view.Map.Select((function, k) => k == x.Axis ? AffineMap.At(node.Type.Rank, Size.Zero) : function).ToEquatableArray() : view.Map;
                return new Stepped(Builder.View(source, node.Type.Shape, read), -1, isLatest);
            }
            if (x.IsLatest || OperationSizes.Mentions(view, form._growth!.RoundAxis)) throw Ahead($"it takes what is known only when all of '{form._axis}' is there", node);
            var isOfKeys = x.Axis >= 0 && x.Keys < 0 && keys >= 0 && AxisPath.Of(graph, node, 0, x.Axis) == keys;
            var isInPlace = x.Axis < 0 || isOfKeys || (AxisPath.Of(graph, node, 0, x.Axis) == own && (x.Keys < 0 || AxisPath.Of(graph, node, 0, x.Keys) == keys));
            if (!isInPlace) throw Ahead($"it looks at other elements of '{form._axis}'", node);
            var position = form._length - Size.One;
            var map = view.Map.Select((function, k) =>
            {
                if (k == x.Axis && !isOfKeys) return AffineMap.At(node.Type.Rank, Size.Zero);
                if (function.Offset.Mentions(form._axis)) throw Ahead($"it reads a table along '{form._axis}' from the end", node);
                // A table with a row for each element: the row of this one.
                return new AffineIndex(function.Offset + function.Coefficients[own] * position, function.Coefficients.Select((coefficient, axis) => axis == own ? Size.Zero : coefficient).ToEquatableArray());
            });
            return new Stepped(Builder.View(isOfKeys ? All(node.Inputs[0]) : x.Value, Short(node.Type.Shape, own), map.ToEquatableArray()), own, Keys: keys);
        }
    }
}
