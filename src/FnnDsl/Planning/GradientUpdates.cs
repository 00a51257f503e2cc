using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>
/// Finds gradients by which parameters can be changed while they are being computed: then neither is read again from memory. Nothing may come between
/// the two, so this is for trainings with one objective, without clipping and accumulation.
/// </summary>
internal static class GradientUpdates
{
    /// <summary>The products that compute them.</summary>
    public static EquatableArray<int> Find(ProgramPlan plan)
    {
        var feedback = LoopSteps.Ranges(plan.Steps);
        var found = new Stack<int>();
        // Parameters that a later step reads, or whose gradient one touches.
        var needed = new HashSet<(int Net, int Index)>();
        for (var position = plan.Steps.Count - 1; position >= 0; position--)
        {
            var step = plan.Steps[position];
            // Whether anything is changed depends on the loss, which is scalar 0 over scalar 1: it must be there.
            if (Lifetimes.Written(plan, step).Any(place => place is ScalarPlace { Index: 0 or 1 })) break;
            var places = Lifetimes.Places(step).ToArray();
            needed.UnionWith(places.OfType<ParameterPlace>().Select(place => (place.Net, place.Index)));
            if (step is ProductStep { Result: GradientPlace { Element: ElementType.F32 } gradient, Epilogue: null } && !needed.Contains((gradient.Net, gradient.Index)) && !IsRepeated(position)) found.Push(position);
            needed.UnionWith(places.OfType<GradientPlace>().Select(place => (place.Net, place.Index)));
        }
        return found.ToEquatableArray();

        bool IsRepeated(int position) =>
            feedback.Any(loop => loop.Begin < position && position < loop.End) || plan.Loops.Any(loop => loop.First <= position && position < loop.End);
    }
}
