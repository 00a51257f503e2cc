using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Planning;

/// <summary>
/// Steps that repeat: <see cref="Count"/> times <see cref="Period"/> steps from <see cref="First"/> on, the same in each round but for places,
/// which move by the same distance from round to round.
/// </summary>
public sealed record StepLoop(int First, int Period, int Count)
{
    public int End => First + Period * Count;
}

/// <summary>
/// Finds the loops that <c>repeat</c> left in a program's steps, so that they are printed as loops: twelve equal layers are one body.
/// </summary>
public static class StepLoops
{
    /// <summary>Fewer lines saved than this are not worth a loop.</summary>
    private const int FewestSaved = 4;

    public static EquatableArray<StepLoop> Find(IReadOnlyList<Step> steps, int border)
    {
        var shapes = steps.Select(Shape.Of).ToArray();
        var loops = new List<StepLoop>();
        var position = 0;
        while (position < steps.Count)
        {
            // A stretch never reaches over the border or the frame of a loop.
            var end = position < border ? border : steps.Count;
            for (var next = position; next < end; next++)
            {
                if (LoopSteps.IsFrame(steps[next])) end = next;
            }
            var best = Longest(shapes, position, end);
            if (best is null)
            {
                position++;
                continue;
            }
            loops.Add(best);
            position = best.End;
        }
        return loops.ToEquatableArray();
    }

    private static StepLoop? Longest(Shape[] steps, int first, int end)
    {
        StepLoop? best = null;
        for (var period = 1; first + 2 * period <= end; period++)
        {
            if (!steps[first].IsAlike(steps[first + period])) continue;
            var count = 1;
            while (first + (count + 1) * period <= end && IsRound(steps, first, period, count)) count++;
            if ((count - 1) * period >= FewestSaved && (best is null || (count - 1) * period > (best.Count - 1) * best.Period)) best = new StepLoop(first, period, count);
        }
        return best;
    }

    /// <summary>Round number <paramref name="round"/> is like the first, with every place as far on as from the first to the second, times the round.</summary>
    private static bool IsRound(Shape[] steps, int first, int period, int round)
    {
        for (var i = 0; i < period; i++)
        {
            var start = steps[first + i];
            var here = steps[first + round * period + i];
            if (!start.IsAlike(here)) return false;
            var second = steps[first + period + i];
            for (var k = 0; k < start.Positions.Length; k++)
            {
                if (here.Positions[k] - start.Positions[k] != round * (second.Positions[k] - start.Positions[k])) return false;
            }
        }
        return true;
    }

    /// <summary>A step taken apart: what it does, and the positions of its places.</summary>
    private sealed record Shape(Step Neutral, int Hash, int[] Positions)
    {
        public static Shape Of(Step step)
        {
            var neutral = WithPlaces(step, place => WithPosition(place, 0)) with { Origin = default };
            if (neutral is ProductStep product) neutral = product with { ProductOrigin = default };
            return new Shape(neutral, neutral.GetHashCode(), Lifetimes.Places(step).Select(Position).ToArray());
        }

        /// <summary>The same but for positions of places and for the source.</summary>
        public bool IsAlike(Shape other) => Hash == other.Hash && Neutral.Equals(other.Neutral);
    }

    /// <summary>The position of a place among those of its kind.</summary>
    public static int Position(Place place) => place switch
    {
        ArenaPlace arena => arena.Buffer,
        InputPlace input => input.Index,
        ResultPlace result => result.Index,
        OutputGradientPlace gradient => gradient.Index,
        InputGradientPlace gradient => gradient.Index,
        ParameterPlace parameter => parameter.Index,
        GradientPlace gradient => gradient.Index,
        NetBufferPlace buffer => buffer.Index,
        NewNetBufferPlace buffer => buffer.Index,
        KeptPlace kept => kept.Index,
        NewKeptPlace kept => kept.Index,
        ScalarPlace scalar => scalar.Index,
        _ => 0,
    };

    private static Place WithPosition(Place place, int position) => place switch
    {
        ArenaPlace arena => arena with { Buffer = position },
        InputPlace input => input with { Index = position },
        ResultPlace result => result with { Index = position },
        OutputGradientPlace gradient => gradient with { Index = position },
        InputGradientPlace gradient => gradient with { Index = position },
        ParameterPlace parameter => parameter with { Index = position },
        GradientPlace gradient => gradient with { Index = position },
        NetBufferPlace buffer => buffer with { Index = position },
        NewNetBufferPlace buffer => buffer with { Index = position },
        KeptPlace kept => kept with { Index = position },
        NewKeptPlace kept => kept with { Index = position },
        ScalarPlace scalar => scalar with { Index = position },
        _ => place,
    };

    /// <summary>The step with other places.</summary>
    public static Step WithPlaces(Step step, Func<Place, Place> change)
    {
        AttentionOperand Changed(AttentionOperand operand) => operand with { Place = change(operand.Place) };
        AttentionOperand? TryChanged(AttentionOperand? operand) => operand is null ? null : Changed(operand);
        return step switch
        {
            KernelStep kernel => kernel with { Operands = kernel.Operands.Select(change).ToEquatableArray() },
            ProductStep product => product with
            {
                Left = product.Left with { Place = change(product.Left.Place) },
                Right = product.Right with { Place = change(product.Right.Place) },
                Result = product.Result is { } result ? change(result) : null,
                EpilogueOperands = product.EpilogueOperands.Select(change).ToEquatableArray(),
            },
            AttentionStep attention => attention with
            {
                Q = Changed(attention.Q), K = Changed(attention.K), V = TryChanged(attention.V), Result = TryChanged(attention.Result),
                LogSums = attention.LogSums is { } sums ? change(sums) : null,
            },
            AttentionGradientStep gradient => gradient with
            {
                Q = Changed(gradient.Q), K = Changed(gradient.K), V = Changed(gradient.V), Result = Changed(gradient.Result), LogSums = change(gradient.LogSums), ResultGradient = Changed(gradient.ResultGradient),
                QGradient = TryChanged(gradient.QGradient), KGradient = TryChanged(gradient.KGradient), VGradient = TryChanged(gradient.VGradient),
            },
            FillStep fill => fill with { Place = change(fill.Place) },
            GatherStep gather => gather with { Source = change(gather.Source), Index = change(gather.Index), Result = change(gather.Result) },
            ScatterAddStep scatter => scatter with { Values = change(scatter.Values), Index = change(scatter.Index), Result = change(scatter.Result) },
            CheckRangeStep check => check with { Values = change(check.Values) },
            CheckConvergedStep check => check with { Unconverged = change(check.Unconverged), Residual = change(check.Residual) },
            SampleStep sample => sample with
            {
                Logits = change(sample.Logits), Draws = change(sample.Draws), Numbers = sample.Numbers.Select(change).ToEquatableArray(), Scores = change(sample.Scores), Result = change(sample.Result),
                History = sample.History is { } history ? history with { Place = change(history.Place) } : null,
            },
            CopyStep copy => copy with { Source = change(copy.Source), Result = change(copy.Result) },
            LoopBeginStep { Trips: { } trips } begin => begin with { Trips = change(trips) },
            LoopExitStep exit => exit with { Flag = change(exit.Flag) },
            LoopEndStep { Rounds: { } rounds } end => end with { Rounds = change(rounds) },
            _ => step,
        };
    }
}
