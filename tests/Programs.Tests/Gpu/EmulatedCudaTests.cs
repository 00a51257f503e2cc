using FeedbackNN.Gpu.Tests.Stub;
using Xunit.Abstractions;

namespace FeedbackNN.Programs.Tests.Gpu;

/// <summary>
/// The PTX of programs, executed without a GPU: they give what the interpreter gives, and ten steps end where the processor's do. A few programs each time, one of each kind of what PTX could have
/// wrong; with <c>FNN_GPU=all</c> every program and operator.
/// </summary>
public sealed class EmulatedCudaTests(ITestOutputHelper output)
{
    // Attention forward and backward, windows read backwards, random draws, a sampled word, a scatter, a loop with products in f16.
    private static readonly string[] Few = ["Rounds_Training", "Temporal_Training", "FitDrawn_Step0", "Sample_Step", "Reducers_Training", "FitMemory_Step0"];

    [SkippableFact]
    public void ProgramsOnEmulatedCuda()
    {
        var passed = EmulatedCuda.RunTests(typeof(EmulatedCudaTests).Assembly, "FullyQualifiedName~.Pocl", $"FullyQualifiedName~.PoclProgramTests&({string.Join('|', Few.Select(program => "DisplayName~" + program))})");
        var report = new Report("Programs and operators on emulated CUDA");
        report.Add(FormattableString.Invariant($"{passed} tests that run on PoCL passed"));
        report.Write(output);
        Assert.True(passed >= Few.Length, FormattableString.Invariant($"only {passed} tests were found"));
    }
}
