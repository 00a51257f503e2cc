using System.Reflection;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;

namespace FeedbackNN.Gpu.Tests;

/// <summary>Kernels that ILGPU compiles wrongly are right with its repaired passes, and the test would notice if they were not.</summary>
public sealed class MiscompilationTests
{
    public static TheoryData<string> Kernels() => new(typeof(MiscompilationKernels).GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly)
        .Where(method => method.ReturnType == typeof(void)).Select(method => method.Name));

    [SkippableTheory]
    [MemberData(nameof(Kernels))]
    public void Right_when_repaired(string kernel)
    {
        var device = (GpuDevice)Pocl.Require();
        var (expected, actual) = Run(kernel, device.Accelerator, device.Stream);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-4f);
    }

    /// <summary>ILGPU as published, at its highest level. When it no longer is wrong, the repair can go.</summary>
    [SkippableFact]
    public void Wrong_as_published()
    {
        Pocl.Require();
        using var context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2).OpenCL(device =>
        {
            RepairedCompiler.AllowWithoutGenericAddresses(device.Capabilities);
            return true;
        }));
        using var accelerator = context.GetCLDevice(0).CreateCLAccelerator(context);
        using var stream = accelerator.CreateStream();
        var (expected, actual) = Run(nameof(MiscompilationKernels.ReadThenOverwrite), accelerator, stream);
        Assert.Contains(Enumerable.Range(0, 256), i => Math.Abs(expected[i] - actual[i]) > 1e-3);
    }

    private static (float[] Expected, float[] Actual) Run(string kernel, Accelerator accelerator, AcceleratorStream stream)
    {
        var random = new Random(1);
        var a = Enumerable.Range(0, 256).Select(_ => random.NextSingle()).ToArray();
        var b = Enumerable.Range(0, 256).Select(_ => random.NextSingle()).ToArray();
        using var first = accelerator.Allocate1D(a);
        using var second = accelerator.Allocate1D(b);
        using var result = accelerator.Allocate1D<float>(256);
        var method = typeof(MiscompilationKernels).GetMethod(kernel)!.CreateDelegate<Action<ArrayView<float>, ArrayView<float>, ArrayView<float>>>();
        accelerator.LoadKernel(method)(stream, new KernelConfig(1, 256), first.View, second.View, result.View);
        stream.Synchronize();
        return (MiscompilationKernels.Expected(kernel, a, b), result.GetAsArray1D());
    }
}
