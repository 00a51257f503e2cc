using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Planning;

/// <summary>Finds the first and last step of every arena buffer, so that buffers that are never needed at once can share memory.</summary>
public static class Lifetimes
{
    public static ProgramPlan Fill(ProgramPlan plan)
    {
        var first = Enumerable.Repeat(-1, plan.Buffers.Count).ToArray();
        var last = Enumerable.Repeat(-1, plan.Buffers.Count).ToArray();
        for (var step = 0; step < plan.Steps.Count; step++)
        {
            foreach (var place in Places(plan.Steps[step]).OfType<ArenaPlace>())
            {
                if (first[place.Buffer] < 0) first[place.Buffer] = step;
                last[place.Buffer] = step;
            }
        }
        // What is used in a loop and outside of it is alive in all rounds.
        foreach (var (begin, end) in LoopSteps.Ranges(plan.Steps))
        {
            for (var buffer = 0; buffer < first.Length; buffer++)
            {
                if (last[buffer] < begin || first[buffer] > end || (first[buffer] > begin && last[buffer] < end)) continue;
                first[buffer] = Math.Min(first[buffer], begin);
                last[buffer] = Math.Max(last[buffer], end);
            }
        }
        return plan with { Buffers = plan.Buffers.Select((buffer, i) => buffer with { FirstStep = Math.Max(0, first[i]), LastStep = Math.Max(0, last[i]) }).ToEquatableArray() };
    }

    /// <summary>Everything a step of the plan writes.</summary>
    public static IEnumerable<Place> Written(ProgramPlan plan, Step step) => step switch
    {
        KernelStep kernel => plan.Kernels[kernel.Kernel].Stores.Select(store => kernel.Operands[store.Access.Operand]).Distinct(),
        ProductStep product => (product.Epilogue is { } id ? plan.Kernels[id].Stores.Select(store => product.EpilogueOperands[store.Access.Operand - 1]).Distinct() : [])
            .Concat(product.Result is { } result ? [result] : []),
        AttentionStep attention => new[] { attention.Result?.Place, attention.LogSums }.OfType<Place>(),
        AttentionGradientStep gradient => new[] { gradient.QGradient, gradient.KGradient, gradient.VGradient }.OfType<AttentionOperand>().Select(operand => operand.Place).Distinct(),
        FillStep fill => [fill.Place],
        GatherStep gather => [gather.Result],
        ScatterAddStep scatter => [scatter.Result],
        CopyStep copy => [copy.Result],
        SampleStep sample => [sample.Scores, sample.Result],
        LoopEndStep { Rounds: { } rounds } => [rounds],
        _ => [],
    };

    /// <summary>Everything a step reads or writes.</summary>
    public static IEnumerable<Place> Places(Step step) => step switch
    {
        KernelStep kernel => kernel.Operands,
        ProductStep product => product.EpilogueOperands.Concat(new[] { product.Left.Place, product.Right.Place, product.Result }.OfType<Place>()),
        AttentionStep or AttentionGradientStep => Operands(step).Select(operand => operand.Place).Concat(new[] { (step as AttentionStep)?.LogSums, (step as AttentionGradientStep)?.LogSums }.OfType<Place>()),
        FillStep fill => [fill.Place],
        GatherStep gather => [gather.Source, gather.Index, gather.Result],
        ScatterAddStep scatter => [scatter.Values, scatter.Index, scatter.Result],
        CheckRangeStep check => [check.Values],
        CheckConvergedStep check => [check.Unconverged, check.Residual],
        CopyStep copy => [copy.Source, copy.Result],
        SampleStep sample => sample.Numbers.Concat([sample.Logits, sample.Draws, sample.Scores, sample.Result]).Concat(sample.History is { } history ? [history.Place] : []),
        LoopBeginStep { Trips: { } trips } => [trips],
        LoopExitStep exit => [exit.Flag],
        LoopEndStep { Rounds: { } rounds } => [rounds],
        _ => [],
    };

    /// <summary>The tensors of an attention's step, in a fixed order.</summary>
    public static IEnumerable<AttentionOperand> Operands(Step step) => (step switch
    {
        AttentionStep attention => new[] { attention.Q, attention.K, attention.V, attention.Result },
        AttentionGradientStep gradient => [gradient.Q, gradient.K, gradient.V, gradient.Result, gradient.ResultGradient, gradient.QGradient, gradient.KGradient, gradient.VGradient],
        _ => [],
    }).OfType<AttentionOperand>();
}
