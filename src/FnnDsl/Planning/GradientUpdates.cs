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
        // Whether anything is changed depends on the loss, which is scalar 0 over scalar 1.
        var loss = Last(plan.Steps, step => Lifetimes.Written(plan, step).Any(place => place is ScalarPlace { Index: 0 or 1 }));
        var feedback = LoopSteps.Ranges(plan.Steps);
        return Enumerable.Range(loss + 1, plan.Steps.Count - loss - 1).Where(position => !IsRepeated(position) && IsLast(position)).ToEquatableArray();

        bool IsRepeated(int position) =>
            feedback.Any(loop => loop.Begin < position && position < loop.End) || plan.Loops.Any(loop => loop.First <= position && position < loop.End);

        // Nobody needs the parameter as it was after this step, or touches the gradient.
        bool IsLast(int position) =>
            plan.Steps[position] is ProductStep { Result: GradientPlace { Element: ElementType.F32 } gradient, Epilogue: null }
            && position == Last(plan.Steps, step => Lifetimes.Places(step).Any(place => place is GradientPlace other && (other.Net, other.Index) == (gradient.Net, gradient.Index)))
            && position > Last(plan.Steps, step => Lifetimes.Places(step).Any(place => place is ParameterPlace other && (other.Net, other.Index) == (gradient.Net, gradient.Index)));
    }

    private static int Last(IReadOnlyList<Step> steps, Func<Step, bool> predicate)
    {
        var position = steps.Count - 1;
        while (position >= 0 && !predicate(steps[position])) position--;
        return position;
    }
}
