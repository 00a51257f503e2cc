namespace FeedbackNN;

/// <summary>
/// Gives buffers places in one block of memory, such that buffers that are alive at the same time don't overlap. Large buffers
/// choose first; each takes the lowest place that is free for all of its life. The compiler is built from this file as well: what it says of a program's
/// memory is what the program takes.
/// </summary>
internal static class ArenaPlanner
{
    /// <summary>Every buffer begins on a multiple of this, in bytes; GPU kernels count on it as well.</summary>
    public const long Alignment = 256;

    /// <summary>Readable bytes behind each buffer: vector loads may run over its end.</summary>
    public const long Slack = 64;

    /// <param name="lengths">In bytes.</param>
    /// <param name="lifetimes">First and last step, inclusive.</param>
    /// <param name="offsets">Filled in.</param>
    /// <returns>The size of the block.</returns>
    public static long Arrange(long[] lengths, (int First, int Last)[] lifetimes, long[] offsets)
    {
        var sizes = new long[lengths.Length];
        for (var i = 0; i < sizes.Length; i++) sizes[i] = (lengths[i] + Slack + Alignment - 1) / Alignment * Alignment;
        var largestFirst = new int[sizes.Length];
        for (var i = 0; i < sizes.Length; i++) Insert(largestFirst, i, i, later: (placed, added) => sizes[placed] < sizes[added]);
        var byOffset = new int[sizes.Length];
        long total = 0;
        for (var placedCount = 0; placedCount < sizes.Length; placedCount++)
        {
            var buffer = largestFirst[placedCount];
            var life = lifetimes[buffer];
            long offset = 0;
            for (var i = 0; i < placedCount; i++)
            {
                var other = byOffset[i];
                if (lifetimes[other].First > life.Last || life.First > lifetimes[other].Last) continue;
                if (offset + sizes[buffer] <= offsets[other]) break;
                offset = Math.Max(offset, offsets[other] + sizes[other]);
            }
            offsets[buffer] = offset;
            Insert(byOffset, placedCount, buffer, later: (placed, added) => offsets[placed] > offsets[added]);
            total = Math.Max(total, offset + sizes[buffer]);
        }
        return total;
    }

    // Not a sort of the framework's: for value types those are compiled when a program starts, which takes longer than this.
    private static void Insert(int[] order, int count, int added, Func<int, int, bool> later)
    {
        for (; count > 0 && later(order[count - 1], added); count--) order[count] = order[count - 1];
        order[count] = added;
    }
}
