namespace FeedbackNN.Tests;

/// <summary>
/// What a test needs of the machine: it is skipped with the reason where that is missing, or fails where <c>FNN_REQUIRE</c> says that this machine has it.
/// </summary>
internal static class Requirement
{
    /// <param name="name">As <c>FNN_REQUIRE</c> knows it.</param>
    /// <param name="isMet">It is there.</param>
    /// <param name="whyNot">What is missing.</param>
    public static void Check(string name, bool isMet, string whyNot)
    {
        if (isMet) return;
        var isRequired = (Environment.GetEnvironmentVariable("FNN_REQUIRE") ?? "").Split(',', StringSplitOptions.TrimEntries).Contains(name);
        Assert.False(isRequired, $"FNN_REQUIRE says that this machine has '{name}', but: {whyNot}.");
        throw new SkipException($"{whyNot}.");
    }
}
