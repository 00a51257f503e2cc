using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>
/// How many kernels a program hands to a GPU: each costs microseconds, whatever it does. The numbers are those of the GPU runtime's steps; a test compares them with what it
/// really launches. What happens to have no elements at some sizes (the rest of a sequence that segments divide evenly) is counted here and not launched there.
/// </summary>
/// <param name="Always">Launches of one call that do not depend on when a loop ends, as a formula over the run-time sizes.</param>
/// <param name="Loops">The loops whose end is known only at run time, in the order in which they begin.</param>
public sealed record GpuLaunches(Size Always, EquatableArray<LoopLaunches> Loops)
{
    /// <summary>The launches of a program, forward and backward.</summary>
    public static GpuLaunches Of(ProgramPlan plan)
    {
        var always = Size.Zero;
        var loops = new List<LoopLaunches>();
        // Of each loop around the present step: which of the open ones its launches count for (-1 for none), how often that is run, and its own number of rounds at most.
        var around = new Stack<(int Open, Size Times, Size AtMost)>([(-1, Size.One, Size.One)]);
        for (var position = 0; position < plan.Steps.Count; position++)
        {
            var (open, times, most) = around.Peek();
            switch (plan.Steps[position])
            {
                case LoopBeginStep { CanStop: false, Trips: null } begin:
                    around.Push((open, times * begin.Count, most * begin.Count));
                    break;
                case LoopBeginStep begin:
                    loops.Add(new LoopLaunches(begin.Origin, Size.Zero, most * begin.Count));
                    around.Push((loops.Count - 1, Size.One, most * begin.Count));
                    break;
                case LoopEndStep end:
                    around.Pop();
                    (open, times, _) = around.Peek();
                    if (end.Rounds is not null) Add(Size.One);
                    break;
                case var step:
                    Add(Size.Constant(Of(step)));
                    break;
            }

            void Add(Size launches)
            {
                if (open < 0) always += times * launches;
                else loops[open] = loops[open] with { EachRound = loops[open].EachRound + times * launches };
            }
        }
        return new GpuLaunches(always, loops.ToEquatableArray());
    }

    /// <summary>Those of one step, in one round.</summary>
    private static int Of(Step step) => step switch
    {
        // One each, and before those of queries and keys what they have in common.
        AttentionGradientStep gradient => (gradient.QGradient is null ? 0 : 1) + (gradient.KGradient is null ? 0 : 1) + (gradient.VGradient is null ? 0 : 1) + (gradient.HasSlopes ? 1 : 0),
        // Zeros, blocks of the index sorted, all of it, and sums of what is equal.
        ScatterAddStep => 4,
        CheckConvergedStep or LoopExitStep => 0,
        _ => 1,
    };
}

/// <summary>The launches of a loop that may end early.</summary>
/// <param name="Origin">Where it stands in the source.</param>
/// <param name="EachRound">Launches of one round, without those of loops inside that may end early too.</param>
/// <param name="AtMost">How many rounds a call makes of it at most.</param>
public sealed record LoopLaunches(Origin Origin, Size EachRound, Size AtMost);
