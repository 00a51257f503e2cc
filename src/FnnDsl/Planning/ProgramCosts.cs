using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>What a program computes, as far as its sizes tell.</summary>
public static class ProgramCosts
{
    /// <summary>Floating point operations of the matrix products, those of attention's forward half among them: two for each multiplication with its addition. Loops count with all their rounds.</summary>
    public static Size ProductFlops(ProgramPlan plan)
    {
        var rounds = new Stack<Size>([Size.One]);
        var sum = Size.Zero;
        foreach (var step in plan.Steps)
        {
            if (step is LoopBeginStep begin) rounds.Push(rounds.Peek() * begin.Count);
            else if (step is LoopEndStep) rounds.Pop();
            else if (step is ProductStep product) sum += Size.Constant(2) * rounds.Peek() * product.Batch * product.M * product.N * product.K;
            else if (step is AttentionStep { V: not null, Sizes: var sizes }) sum += Size.Constant(2) * rounds.Peek() * sizes.Batch * sizes.Heads * sizes.Queries * sizes.Keys * (sizes.Width + sizes.ValueWidth);
        }
        return sum;
    }

    /// <summary>
    /// All operations on numbers at given sizes, step by step: two for each multiplication with its addition in a product, one for each function of one element (<c>exp</c> as
    /// well as <c>+</c>) and for each element that a reduction takes in. Loops count with all the rounds they may run.
    /// </summary>
    public static IReadOnlyList<StepFlops> Flops(ProgramPlan plan, Func<string, long> axis)
    {
        var result = new List<StepFlops>();
        var rounds = new Stack<long>([1]);
        var steps = new Dictionary<string, long>(StringComparer.Ordinal);
        // Sizes don't change from round to round; offsets do, and are not asked for.
        long SizeOf(Size size) => size.Evaluate(name => steps.TryGetValue(name, out var step) ? step : axis(name));
        for (var position = 0; position < plan.Steps.Count; position++)
        {
            var step = plan.Steps[position];
            switch (step)
            {
                case LoopBeginStep begin:
                    var count = SizeOf(begin.Count);
                    rounds.Push(checked(rounds.Peek() * count));
                    steps[begin.Step] = Math.Max(0, count - 1);
                    break;
                case LoopEndStep end:
                    rounds.Pop();
                    steps.Remove(end.Step);
                    break;
                default:
                    foreach (var (origin, once) in OnceIn(plan, step, SizeOf))
                    {
                        if (once > 0) result.Add(new StepFlops(origin, position >= plan.BackwardStart, checked(once * rounds.Peek())));
                    }
                    break;
            }
        }
        return result;
    }

    private static IEnumerable<(Origin Origin, long Flops)> OnceIn(ProgramPlan plan, Step step, Func<Size, long> size)
    {
        switch (step)
        {
            case ProductStep product:
                yield return (product.ProductOrigin, checked(2 * size(product.Batch) * size(product.M) * size(product.N) * size(product.K)));
                if (product.Epilogue is { } id) yield return (step.Origin, OnceIn(plan.Kernels[id], checked(size(product.Batch) * size(product.M)), size(product.N)));
                break;
            case KernelStep run:
                var kernel = plan.Kernels[run.Kernel];
                yield return (step.Origin, OnceIn(kernel, kernel.Rows.Aggregate(1L, (product, rows) => checked(product * size(rows))), size(kernel.Columns)));
                break;
            case AttentionStep attention:
                yield return (step.Origin, OnceIn(attention.Sizes, size, scoreProducts: 1, valueProducts: attention.V is null ? 0 : 1, functions: 5));
                break;
            case AttentionGradientStep gradient:
                yield return (step.Origin, OnceIn(gradient.Sizes, size, scoreProducts: 3, valueProducts: 2, functions: 6));
                break;
            case ScatterAddStep scatter:
                yield return (step.Origin, checked(size(scatter.Outer) * size(scatter.IndexCount) * size(scatter.Inner)));
                break;
        }
    }

    // Every query with every key, as in the formula: what a causal attention leaves out counts too.
    private static long OnceIn(AttentionSizes sizes, Func<Size, long> size, long scoreProducts, long valueProducts, long functions)
    {
        var pairs = checked(size(sizes.Batch) * size(sizes.Heads) * size(sizes.Queries) * size(sizes.Keys));
        return checked(pairs * (2 * scoreProducts * size(sizes.Width) + 2 * valueProducts * size(sizes.ValueWidth) + functions));
    }

    private static long OnceIn(Kernel kernel, long rows, long columns)
    {
        var all = checked(rows * columns);
        var values = kernel.Values.Sum(value => value switch
        {
            ApplyValue apply => apply.Level switch { Level.Column => all, Level.Row => rows, _ => 1 },
            ReduceValue or ArgReduceValue => all,
            _ => 0,
        });
        return checked(values + kernel.Stores.Count(store => store.ColumnReduction is not null || store.Adds) * all);
    }
}

/// <summary>What one step of a program computes, in all its rounds.</summary>
/// <param name="IsBackward">Whether it belongs to the half that needs gradients of the results.</param>
public readonly record struct StepFlops(Origin Origin, bool IsBackward, long Flops);
