namespace FeedbackNN.Tests;

/// <summary>
/// Whether the run takes everything, by <c>FNN_SLOW=1</c>. As a rule tests that take long are skipped, and of cases of which there are very many, and much alike, a fixed part is taken, the same in each run.
/// </summary>
internal static class SlowRun
{
    public static bool IsWanted { get; } = Environment.GetEnvironmentVariable("FNN_SLOW") == "1";

    /// <summary>Skips a test that takes long, unless all is wanted.</summary>
    public static void Require() => Skip.IfNot(IsWanted, "Takes long: set FNN_SLOW=1.");

    /// <summary>How many there are of what is made: so many as a rule, or in a slow run.</summary>
    public static int Count(int ordinary, int slow) => IsWanted ? slow : ordinary;

    /// <summary>One of so many cases as a rule, from the first or a later one on; all in a slow run.</summary>
    public static IEnumerable<T> OneOf<T>(int every, IEnumerable<T> cases, int first = 0) => cases.Where((_, position) => IsWanted || position % every == first % every);
}
