namespace FnnBench.Frame;

/// <summary>How long and how often is measured.</summary>
internal sealed record BenchSettings
{
    /// <summary>Rounds without foreign load that a case should have.</summary>
    public int Rounds { get; init; } = 15;

    /// <summary>Rounds are repeated for foreign load until there are this many times as many.</summary>
    public int RepeatLimit { get; init; } = 6;

    /// <summary>Processors that others may keep busy in a round. The system counts in hundredths of a second, so less cannot be told apart.</summary>
    public double ForeignLimit { get; init; } = 0.1;

    /// <summary>What one side computes before the first round: until the compiler's last tier is there and the other side's caches are filled.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(0.7);

    /// <summary>What a side computes untimed when its turn comes, so that its threads are awake and its numbers in the cache.</summary>
    public TimeSpan Settle { get; init; } = TimeSpan.FromMilliseconds(15);

    /// <summary>What is timed of a side in a round, at least one step.</summary>
    public TimeSpan Sample { get; init; } = TimeSpan.FromMilliseconds(100);
}
