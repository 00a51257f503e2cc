using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>A product in a loop whose right matrix is the same in all rounds, such as the weights of a state: a backend may bring it into its order once.</summary>
/// <param name="Product">The product's step.</param>
/// <param name="Loop">The step at which the outermost loop begins that doesn't change the matrix.</param>
public sealed record KeptOperand(int Product, int Loop);

/// <summary>Finds the products of loops whose right matrix no round changes.</summary>
internal static class KeptOperands
{
    public static EquatableArray<KeptOperand> Find(ProgramPlan plan)
    {
        var loops = LoopSteps.Ranges(plan.Steps);
        var kept = new List<KeptOperand>();
        for (var position = 0; position < plan.Steps.Count; position++)
        {
            if (plan.Steps[position] is not ProductStep { Right.Place.Element: ElementType.F32, Left.HasAxes: false, Right.HasAxes: false } product || !product.Batch.IsOne) continue;
            // In equal rounds of a repeat, a place is another one in each.
            if (plan.Loops.Any(loop => loop.First <= position && position < loop.End)) continue;
            var outermost = loops.Where(loop => loop.Begin < position && position < loop.End).TakeWhile(loop => IsKept(plan, product, loop)).Select(loop => (int?)loop.Begin).LastOrDefault();
            if (outermost is { } begin) kept.Add(new KeptOperand(position, begin));
        }
        return kept.ToEquatableArray();
    }

    private static bool IsKept(ProgramPlan plan, ProductStep product, (int Begin, int End) loop)
    {
        var step = ((LoopBeginStep)plan.Steps[loop.Begin]).Step;
        var right = product.Right;
        Size[] sizes = [product.M, product.N, product.K, right.Place.Offset, right.Offset, right.RowStride, right.ColumnStride, product.Left.RowStride, product.Left.ColumnStride];
        if (sizes.Any(size => size.AxisNames.Contains(step))) return false;
        for (var position = loop.Begin; position <= loop.End; position++)
        {
            if (Lifetimes.Written(plan, plan.Steps[position]).Any(place => IsSameTensor(place, right.Place))) return false;
        }
        return true;
    }

    private static bool IsSameTensor(Place a, Place b) => a.GetType() == b.GetType() && StepLoops.Position(a) == StepLoops.Position(b);
}
