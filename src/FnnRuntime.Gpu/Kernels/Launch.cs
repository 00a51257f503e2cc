using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>How many groups and threads a kernel is started with.</summary>
internal static class Launch
{
    // Enough to fill any GPU; kernels go round when there is more to do.
    private const long MostGroups = 4096;

    /// <summary>A thread an element, as far as that goes.</summary>
    public static KernelConfig Over(long count) => new((int)Math.Clamp((count + KernelTemplates.Threads - 1) / KernelTemplates.Threads, 1, MostGroups), KernelTemplates.Threads);

    /// <summary>A group a row.</summary>
    /// <param name="rows">How many.</param>
    /// <param name="columns">Decide how many threads share a row.</param>
    public static KernelConfig Rows(long rows, long columns) => new((int)Math.Clamp(rows, 1, 65535), ThreadsFor(columns));

    /// <summary>A power of two: fewer threads than columns, unless they are very few.</summary>
    public static int ThreadsFor(long columns)
    {
        var threads = 32;
        while (threads < WholeGroup.MostThreads && threads < columns) threads *= 2;
        return threads;
    }
}
