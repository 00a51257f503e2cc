namespace FeedbackNN.Dsl.Planning;

/// <summary>Where the loops of a program begin and end.</summary>
public static class LoopSteps
{
    /// <summary>The positions of each loop's first and last step, inner loops before those around them.</summary>
    public static IReadOnlyList<(int Begin, int End)> Ranges(IReadOnlyList<Step> steps)
    {
        var open = new Stack<int>();
        var ranges = new List<(int, int)>();
        for (var position = 0; position < steps.Count; position++)
        {
            if (steps[position] is LoopBeginStep) open.Push(position);
            if (steps[position] is LoopEndStep) ranges.Add((open.Pop(), position));
        }
        return ranges;
    }

    /// <summary>Whether a step is a loop's frame and does nothing itself.</summary>
    public static bool IsFrame(Step step) => step is LoopBeginStep or LoopExitStep or LoopEndStep;
}
