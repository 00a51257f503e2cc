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
        var order = Enumerable.Range(0, sizes.Length).OrderByDescending(i => sizes[i]).ThenBy(i => i).ToArray();
        var placed = new List<int>();
        long total = 0;
        foreach (var buffer in order)
        {
            var life = lifetimes[buffer];
            var neighbours = new List<(long Start, long End)>();
            foreach (var other in placed)
            {
                if (lifetimes[other].First <= life.Last && life.First <= lifetimes[other].Last) neighbours.Add((offsets[other], offsets[other] + sizes[other]));
            }
            neighbours.Sort();
            long offset = 0;
            foreach (var (start, end) in neighbours)
            {
                if (offset + sizes[buffer] <= start) break;
                offset = Math.Max(offset, end);
            }
            offsets[buffer] = offset;
            placed.Add(buffer);
            total = Math.Max(total, offset + sizes[buffer]);
        }
        return total;
    }
}
