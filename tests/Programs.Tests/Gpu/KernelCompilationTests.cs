using FeedbackNN.Gpu.Tests;
using Xunit.Abstractions;

namespace FeedbackNN.Programs.Tests.Gpu;

/// <summary>
/// Every kernel of the corpus and the examples, and every kernel of the runtime, compiles for CUDA and OpenCL, on a machine without either.
/// </summary>
public sealed class KernelCompilationTests(ITestOutputHelper output)
{
    [Fact]
    public void EveryGeneratedKernelCompiles()
    {
        var kernels = CompiledKernels.Generated;
        var fresh = kernels.GroupBy(kernel => kernel.File, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
        var report = new Report("GPU kernels compiled to PTX (sm_80, sm_90) and OpenCL C");
        foreach (var file in CorpusPrograms.Files) report.Add($"{file}: {fresh.GetValueOrDefault(file)} new kernels");
        report.Add($"{CompiledKernels.Programs} programs, {kernels.Count} distinct kernels, {kernels.Sum(kernel => kernel.Texts.Count)} compilations");
        report.Write(output);
        AssertFree(kernels);
        Assert.True(kernels.Count > 100, $"only {kernels.Count} kernels: the corpus was not found");
    }

    [Fact]
    public void EveryKernelOfTheRuntimeCompiles()
    {
        var report = new Report("Kernels of the GPU runtime compiled to PTX (sm_80, sm_90) and OpenCL C");
        foreach (var kernel in CompiledKernels.Runtime) report.Add(kernel.Name);
        report.Add($"{CompiledKernels.Runtime.Count} kernels");
        report.Write(output);
        AssertFree(CompiledKernels.Runtime);
    }

    private static void AssertFree(IEnumerable<CompiledKernel> kernels)
    {
        var problems = kernels.SelectMany(kernel => KernelText.Problems(kernel.Texts).Select(problem => $"{kernel}: {problem}")).ToList();
        Assert.True(problems.Count == 0, string.Join("\n", problems));
    }
}
