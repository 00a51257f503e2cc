using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>The memory of a program's intermediate values at given sizes: how large its arena is, and whose values lie in it when it is fullest.</summary>
public static class ProgramMemory
{
    /// <summary>The size of the arena, in bytes: what the program's <c>ArenaBytes</c> says when it runs.</summary>
    public static long ArenaBytes(ProgramPlan plan, Func<string, long> axis)
    {
        var lengths = plan.Buffers.Select(buffer => BytesOf(buffer.Element, buffer.Length, axis)).ToArray();
        var lifetimes = plan.Buffers.Select(buffer => (buffer.FirstStep, buffer.LastStep)).ToArray();
        return ArenaPlanner.Arrange(lengths, lifetimes, new long[lengths.Length]);
    }

    /// <summary>The buffers that are alive at the step at which most bytes are, each with the place in the source that fills it first.</summary>
    public static IReadOnlyList<(Origin Origin, long Bytes)> AtPeak(ProgramPlan plan, Func<string, long> axis)
    {
        var lengths = plan.Buffers.Select(buffer => BytesOf(buffer.Element, buffer.Length, axis)).ToArray();
        // What is alive changes at the steps at which something begins or has ended.
        var change = new long[plan.Steps.Count + 1];
        for (var k = 0; k < lengths.Length; k++)
        {
            change[plan.Buffers[k].FirstStep] += lengths[k];
            change[plan.Buffers[k].LastStep + 1] -= lengths[k];
        }
        var (peak, most, alive) = (0, 0L, 0L);
        for (var step = 0; step < plan.Steps.Count; step++)
        {
            alive += change[step];
            if (alive > most) (peak, most) = (step, alive);
        }
        var makers = Makers(plan);
        return Enumerable.Range(0, lengths.Length)
            .Where(k => lengths[k] > 0 && plan.Buffers[k].FirstStep <= peak && peak <= plan.Buffers[k].LastStep)
            .Select(k => (makers[k], lengths[k]))
            .ToArray();
    }

    internal static long BytesOf(ElementType element, Size length, Func<string, long> axis) => checked(element.SizeInBytes() * length.Evaluate(axis));

    // A buffer that lives through a loop is counted from the loop's beginning on; who made it is the step that names it.
    private static Origin[] Makers(ProgramPlan plan)
    {
        var makers = new Origin[plan.Buffers.Count];
        var isKnown = new bool[plan.Buffers.Count];
        foreach (var step in plan.Steps)
        {
            foreach (var place in Lifetimes.Written(plan, step).Concat(Lifetimes.Places(step)).OfType<ArenaPlace>())
            {
                if (isKnown[place.Buffer]) continue;
                (isKnown[place.Buffer], makers[place.Buffer]) = (true, step.Origin);
            }
        }
        return makers;
    }
}
