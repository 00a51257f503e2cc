using FeedbackNN.Gpu.Tests.Stub;
using Xunit.Abstractions;

namespace FeedbackNN.Programs.Tests.Gpu;

/// <summary>
/// The PTX of programs, executed without a GPU: they give what the interpreter gives, and ten steps end where the processor's do. A few programs each time, one of each kind of what PTX could have
/// wrong; with <c>FNN_GPU=all</c> every program and operator.
/// </summary>
public sealed class EmulatedCudaTests(ITestOutputHelper output)
{
    // Attention forward and backward, windows read backwards, a loop, random draws, a scatter, parts of a sum, a product in each format of operands.
    private static readonly string[] Few =
        ["Rounds_Training", "Temporal_Training", "KindsOfStates_Training", "FitDrawn_Step0", "Sample_Step", "Reducers_Training", "HardExperts_Inference", "FitMemory_Step0", "Together_Training", "Reductions_Inference"];

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
