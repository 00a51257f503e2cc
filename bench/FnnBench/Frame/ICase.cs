using FeedbackNN;

namespace FnnBench.Frame;

/// <summary>One row of a table: the same work at one size.</summary>
internal interface ICase
{
    /// <summary>Unique in its workload.</summary>
    string Name { get; }

    /// <summary>Makes both sides from the same numbers. Ours computes on <paramref name="device"/>; the other side's threads are set before.</summary>
    IContest Open(Device device);
}
