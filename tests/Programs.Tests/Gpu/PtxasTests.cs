using FeedbackNN.Gpu.Tests;
using Xunit.Abstractions;

namespace FeedbackNN.Programs.Tests.Gpu;

/// <summary>
/// NVIDIA's assembler accepts the PTX of every kernel, and keeps all variables in registers. Of the generated kernels all are assembled for sm_90, and every eighth for sm_80; with <c>FNN_GPU=all</c>
/// all for both.
/// </summary>
public sealed class PtxasTests(ITestOutputHelper output)
{
    [SkippableTheory]
    [InlineData("sm_80", 8)]
    [InlineData("sm_90", 1)]
    public void EveryKernelIsAssembledWithoutLocalMemory(string target, int step)
    {
        var ptxas = Ptxas.Require();
        if (Environment.GetEnvironmentVariable("FNN_GPU") == "all") step = 1;
        CompiledKernel[] kernels = [.. CompiledKernels.Runtime, .. CompiledKernels.Generated.Where((_, i) => i % step == 0)];
        var errors = new List<string>();
        var assembled = ptxas.Assemble(kernels, target, errors);
        errors.AddRange(assembled.Where(kernel => kernel.LocalBytes > 0).Select(kernel => $"{kernel.Kernel}, {target}: {kernel.LocalBytes} bytes of a thread in local memory"));
        Assert.True(errors.Count == 0, string.Join("\n", errors));
        Assert.Equal(kernels.Length, assembled.Count);

        var (registers, shared) = (assembled.MaxBy(kernel => kernel.Registers)!, assembled.MaxBy(kernel => kernel.SharedBytes)!);
        var report = new Report($"GPU kernels assembled by ptxas for {target}");
        report.Add($"{kernels.Length} kernels, none with a variable in local memory");
        report.Add($"the most registers of a thread: {registers.Registers} ({registers.Kernel})");
        report.Add($"the most shared memory of a group: {shared.SharedBytes} bytes ({shared.Kernel})");
        foreach (var product in assembled.Where(kernel => kernel.Kernel.File == CompiledKernels.OfRuntime && kernel.Kernel.Name.Contains("Tiled[", StringComparison.Ordinal))) report.Add($"{product.Registers} registers: {product.Kernel.Name}");
        report.Write(output);
    }
}
