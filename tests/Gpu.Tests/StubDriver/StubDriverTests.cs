namespace FeedbackNN.Gpu.Tests.Stub;

/// <summary>
/// The host's side of CUDA: what the driver is asked for, in which order, and what is said when it refuses. On a stub of the driver that computes nothing, so of numbers nothing is
/// said here.
/// </summary>
public sealed class StubDriverTests
{
    public static TheoryData<string> Names => new(StubDriver.Scenarios.Select(scenario => scenario.Name));

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Scenario(string name)
    {
        var wrong = StubDriver.OutcomeOf(name);
        Assert.True(wrong.Length == 0, wrong);
    }
}
