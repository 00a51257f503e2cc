using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>What a program computes, as far as its sizes tell.</summary>
public static class ProgramCosts
{
    /// <summary>Floating point operations of the matrix products, those of attention's forward half among them: two for each multiplication with its addition. Loops count with all their rounds.</summary>
    public static Size ProductFlops(ProgramPlan plan) => StepCosts.Of(plan)
        .Where(costs => plan.Steps[costs.Position] is ProductStep or AttentionStep { V: not null })
        .Aggregate(Size.Zero, (sum, costs) => sum + costs.Rounds * costs.Flops[0].Flops);

    /// <summary>
    /// All operations on numbers at given sizes, step by step: two for each multiplication with its addition in a product, one for each function of one element (<c>exp</c> as
    /// well as <c>+</c>) and for each element that a reduction takes in. Loops count with all the rounds they may run.
    /// </summary>
    public static IReadOnlyList<StepFlops> Flops(ProgramPlan plan, Func<string, long> axis)
    {
        var result = new List<StepFlops>();
        foreach (var costs in StepCosts.Of(plan))
        {
            var rounds = costs.Rounds.Evaluate(axis);
            foreach (var place in costs.Flops)
            {
                var once = place.Flops.Evaluate(axis);
                if (once > 0) result.Add(new StepFlops(place.Origin, costs.Position >= plan.BackwardStart, checked(once * rounds)));
            }
        }
        return result;
    }
}

/// <summary>What one step of a program computes, in all its rounds.</summary>
/// <param name="IsBackward">Whether it belongs to the half that needs gradients of the results.</param>
public readonly record struct StepFlops(Origin Origin, bool IsBackward, long Flops);
