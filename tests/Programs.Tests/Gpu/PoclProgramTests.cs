using FeedbackNN.Gpu.Tests;

namespace FeedbackNN.Programs.Tests.Gpu;

/// <summary>
/// Programs printed for GPUs give what the interpreter gives: forward, gradients, losses, metrics and buffers. A covering set of the corpus runs
/// each time; with <c>FNN_GPU=all</c> every program does.
/// </summary>
public sealed class PoclProgramTests
{
    public static TheoryData<string> Files() => new(CorpusPrograms.Files);

    [SkippableTheory]
    [MemberData(nameof(Files))]
    public void GpuAndInterpreterAgree(string file)
    {
        var device = Pocl.Require();
        foreach (var program in CorpusPrograms.Of(file)) CorpusProgramTests.Check(program, device, 2);
    }
}
