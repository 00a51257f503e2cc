using FeedbackNN.Gpu.Tests;

namespace FeedbackNN.Programs.Tests.Gpu;

/// <summary>Loops printed for GPUs give on PoCL what the interpreter gives, forward and backward.</summary>
public sealed class PoclLoopTests
{
    public static TheoryData<string> Names => LoopProgramTests.Names;

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void LoopsRunAsTheyAreMeant(string name) => LoopProgramTests.Check(name, Pocl.Require());
}
