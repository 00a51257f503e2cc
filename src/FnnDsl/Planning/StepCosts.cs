using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>What one step of a program computes and moves, as formulas over its run-time sizes.</summary>
/// <param name="Position">Of the step in the program.</param>
/// <param name="Rounds">How often it runs at most: the counts of the loops around it.</param>
/// <param name="Flops">What it computes in one round, by place in the source.</param>
/// <param name="Traffic">What it reads and writes in one round.</param>
public sealed record StepCosts(int Position, Size Rounds, EquatableArray<PlaceFlops> Flops, EquatableArray<Traffic> Traffic)
{
    /// <summary>The costs of a program's steps, but for the frames of its loops.</summary>
    public static IReadOnlyList<StepCosts> Of(ProgramPlan plan)
    {
        var result = new List<StepCosts>();
        var rounds = new Stack<Size>([Size.One]);
        // Sizes don't change from round to round; offsets do, and are not asked for. Where a size names a step all the same, it is that of the last round.
        var last = new Dictionary<string, Size>(StringComparer.Ordinal);
        Size Known(Size size) => last.Count == 0 ? size : size.Substitute(name => last.TryGetValue(name, out var step) ? step : null);
        for (var position = 0; position < plan.Steps.Count; position++)
        {
            switch (plan.Steps[position])
            {
                case LoopBeginStep begin:
                    rounds.Push(rounds.Peek() * Known(begin.Count));
                    last[begin.Step] = Known(begin.Count) - Size.One;
                    break;
                case LoopEndStep end:
                    rounds.Pop();
                    last.Remove(end.Step);
                    break;
                case LoopExitStep:
                    break;
                case var step:
                    var flops = FlopsOf(plan, step).Select(place => place with { Flops = Known(place.Flops) });
                    var traffic = TrafficOf(plan, step).Select(one => one with { Touched = Known(one.Touched), Held = Known(one.Held) });
                    result.Add(new StepCosts(position, rounds.Peek(), flops.ToEquatableArray(), traffic.ToEquatableArray()));
                    break;
            }
        }
        return result;
    }

    // ---- What it computes -------------------------------------------------------------------------------------------

    private static IEnumerable<PlaceFlops> FlopsOf(ProgramPlan plan, Step step)
    {
        switch (step)
        {
            case ProductStep product:
                yield return new PlaceFlops(product.ProductOrigin, Size.Constant(2) * product.Batch * product.M * product.N * product.K);
                if (product.Epilogue is { } id) yield return new PlaceFlops(step.Origin, FlopsOf(plan.Kernels[id], product.Batch * product.M, product.N));
                break;
            case KernelStep run:
                var kernel = plan.Kernels[run.Kernel];
                yield return new PlaceFlops(step.Origin, FlopsOf(kernel, Size.Product(kernel.Rows), kernel.Columns));
                break;
            case AttentionStep attention:
                foreach (var part in FlopsOf(attention.Sizes, scoreProducts: 1, valueProducts: attention.V is null ? 0 : 1, functions: 5)) yield return new PlaceFlops(step.Origin, part);
                break;
            case AttentionGradientStep gradient:
                foreach (var part in FlopsOf(gradient.Sizes, scoreProducts: 3, valueProducts: 2, functions: 6)) yield return new PlaceFlops(step.Origin, part);
                break;
            case SampleStep sample:
                // Scores, their largest, exponentials and sums.
                yield return new PlaceFlops(step.Origin, Size.Constant(5) * sample.Rows * sample.Columns);
                break;
            case ScatterAddStep scatter:
                yield return new PlaceFlops(step.Origin, scatter.Outer * scatter.IndexCount * scatter.Inner);
                break;
        }
    }

    // Its products, then what is made of each score. Every query with every key, as in the formula: what a causal attention leaves out counts too.
    private static IEnumerable<Size> FlopsOf(AttentionSizes sizes, int scoreProducts, int valueProducts, int functions)
    {
        var pairs = sizes.Batch * sizes.Heads * sizes.Queries * sizes.Keys;
        yield return Size.Constant(2) * pairs * (Size.Constant(scoreProducts) * sizes.Width + Size.Constant(valueProducts) * sizes.ValueWidth);
        yield return Size.Constant(functions) * pairs;
    }

    private static Size FlopsOf(Kernel kernel, Size rows, Size columns)
    {
        int once = 0, inRow = 0, inColumn = kernel.Stores.Count(store => store.ColumnReduction is not null || store.Adds);
        foreach (var value in kernel.Values)
        {
            if (value is ReduceValue or ArgReduceValue or ApplyValue { Level: Level.Column }) inColumn++;
            else if (value is ApplyValue { Level: Level.Row }) inRow++;
            else if (value is ApplyValue) once++;
        }
        return Size.Constant(once) + Size.Constant(inRow) * rows + Size.Constant(inColumn) * rows * columns;
    }

    // ---- What it moves ----------------------------------------------------------------------------------------------

    private static IEnumerable<Traffic> TrafficOf(ProgramPlan plan, Step step)
    {
        switch (step)
        {
            case ProductStep product:
                var kernel = product.Epilogue is { } id ? plan.Kernels[id] : null;
                return new[] { TrafficOf(product.Left, product.Batch, product.M, product.K), TrafficOf(product.Right, product.Batch, product.N, product.K) }
                    .Concat(product.Result is { } result ? [Whole(result, product.Batch * product.M * product.N)] : [])
                    // Operand 0 of an epilogue is the tile, which is in a cache.
                    .Concat(kernel is null ? [] : Enumerable.Range(1, kernel.Operands.Count - 1).SelectMany(operand => TrafficOf(kernel, operand, product.EpilogueOperands[operand - 1])));
            case AttentionStep attention:
                var (sizes, sums) = (attention.Sizes, attention.LogSums);
                return Queries(sizes, sizes.Width, attention.Q).Concat(Keys(sizes, sizes.Width, attention.K)).Concat(Keys(sizes, sizes.ValueWidth, attention.V))
                    .Concat(Queries(sizes, sizes.ValueWidth, attention.Result)).Concat(sums is null ? [] : [Whole(sums, sums.Length)]);
            case AttentionGradientStep gradient:
                var all = gradient.Sizes;
                return Queries(all, all.Width, gradient.Q, gradient.QGradient).Concat(Queries(all, all.ValueWidth, gradient.Result, gradient.ResultGradient))
                    .Concat(Keys(all, all.Width, gradient.K, gradient.KGradient)).Concat(Keys(all, all.ValueWidth, gradient.V, gradient.VGradient)).Append(Whole(gradient.LogSums, gradient.LogSums.Length));
            case KernelStep run:
                return Enumerable.Range(0, run.Operands.Count).SelectMany(operand => TrafficOf(plan.Kernels[run.Kernel], operand, run.Operands[operand]));
            case FillStep fill:
                return [Whole(fill.Place, fill.Length)];
            case CopyStep copy:
                return [Whole(copy.Source, copy.Length), Whole(copy.Result, copy.Length)];
            case SampleStep sample:
                return [Whole(sample.Logits, sample.Rows * sample.Columns), Whole(sample.Scores, sample.Rows * sample.Columns), Whole(sample.Result, sample.Rows)];
            case CheckRangeStep check:
                return [Whole(check.Values, check.Count)];
            case GatherStep gather:
                var gathered = gather.Outer * gather.IndexCount * gather.Inner;
                return [Part(gather.Source, gathered), Whole(gather.Index, gather.IndexCount), Whole(gather.Result, gathered)];
            case ScatterAddStep scatter:
                var added = scatter.Outer * scatter.IndexCount * scatter.Inner;
                return [Whole(scatter.Values, added), Whole(scatter.Index, scatter.IndexCount), Whole(scatter.Result, scatter.Outer * scatter.AxisLength * scatter.Inner)];
            default:
                return [];
        }
    }

    private static IEnumerable<Traffic> TrafficOf(Kernel kernel, int operand, Place place)
    {
        var reads = kernel.Values.OfType<LoadValue>().Select(load => load.Access).Where(access => access.Operand == operand).Distinct().ToArray();
        if (reads.Length > 0) yield return Part(place, reads.Aggregate(Size.Zero, (sum, access) => sum + Elements(kernel, access)));
        foreach (var store in kernel.Stores.Where(store => store.Access.Operand == operand))
        {
            var written = store.ColumnReduction is not null ? Whole(place, place.Length) : Part(place, Elements(kernel, store.Access));
            yield return written;
            if (store.Adds) yield return written;
        }
    }

    /// <summary>The elements that an access comes to, if it comes to each once.</summary>
    private static Size Elements(Kernel kernel, Access access) =>
        Size.Product(kernel.Rows.Where((_, axis) => !access.RowStrides[axis].IsZero).Append(access.ColumnStride.IsZero ? Size.One : kernel.Columns));

    private static IEnumerable<Traffic> Queries(AttentionSizes sizes, Size width, params AttentionOperand?[] operands) =>
        operands.OfType<AttentionOperand>().Select(operand => Part(operand.Place, sizes.Batch * sizes.Heads * sizes.Queries * width));

    private static IEnumerable<Traffic> Keys(AttentionSizes sizes, Size width, params AttentionOperand?[] operands) =>
        operands.OfType<AttentionOperand>().Select(operand => Part(operand.Place, sizes.Batch * sizes.Groups * sizes.Keys * width));

    private static Traffic TrafficOf(MatrixOperand operand, Size batch, Size rows, Size columns) =>
        Part(operand.Place, (operand.BatchStride.IsZero ? Size.One : batch) * (operand.RowStride.IsZero ? Size.One : rows) * (operand.ColumnStride.IsZero ? Size.One : columns));

    private static Traffic Whole(Place place, Size elements) => new(place.Element, elements, elements);

    private static Traffic Part(Place place, Size elements) => new(place.Element, elements, place.Length);
}

/// <summary>What a step computes for one place in the source.</summary>
public sealed record PlaceFlops(Origin Origin, Size Flops);

/// <summary>What a step reads or writes of one tensor, in elements: as many as it comes to, and no more than there are.</summary>
/// <param name="Touched">How many it comes to; windows that overlap count again.</param>
/// <param name="Held">How many the tensor has.</param>
public sealed record Traffic(ElementType Element, Size Touched, Size Held);
