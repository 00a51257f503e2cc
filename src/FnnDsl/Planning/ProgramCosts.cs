using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>What a program costs, as far as its sizes tell.</summary>
public static class ProgramCosts
{
    /// <summary>Floating point operations of the matrix products: two for each multiplication with its addition. Loops count with all their rounds.</summary>
    public static Size ProductFlops(ProgramPlan plan)
    {
        var rounds = new Stack<Size>([Size.One]);
        var sum = Size.Zero;
        foreach (var step in plan.Steps)
        {
            if (step is LoopBeginStep begin) rounds.Push(rounds.Peek() * begin.Count);
            else if (step is LoopEndStep) rounds.Pop();
            else if (step is ProductStep product) sum += Size.Constant(2) * rounds.Peek() * product.Batch * product.M * product.N * product.K;
        }
        return sum;
    }
}
