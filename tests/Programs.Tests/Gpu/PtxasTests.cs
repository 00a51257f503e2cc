using FeedbackNN.Gpu.Tests;
using Xunit.Abstractions;

namespace FeedbackNN.Programs.Tests.Gpu;

/// <summary>
/// NVIDIA's assembler accepts the PTX of every kernel, for each target that it was compiled for, and keeps all variables in registers.
/// </summary>
public sealed class PtxasTests(ITestOutputHelper output)
{
    [SkippableTheory]
    [InlineData("sm_80")]
    [InlineData("sm_90")]
    public void EveryKernelIsAssembledWithoutLocalMemory(string target)
    {
        var ptxas = Ptxas.Require();
        CompiledKernel[] kernels = [.. CompiledKernels.Runtime, .. CompiledKernels.Generated.Where(kernel => kernel.Texts.Any(text => text.Target == target))];
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
        int[] products = [.. assembled.Where(kernel => kernel.Kernel.File == CompiledKernels.OfRuntime && kernel.Kernel.Name.Contains(" Tiled[", StringComparison.Ordinal)).Select(kernel => kernel.Registers)];
        report.Add($"registers of the matrix product: {products.Min()} to {products.Max()}");
        report.Write(output);
    }
}
