using ILGPU;
using ILGPU.Runtime;

namespace FeedbackNN.Gpu.Tests;

/// <summary>Runs kernels of <see cref="GpuMathKernels"/> on PoCL, through our own device.</summary>
internal static class PoclKernels
{
    private const int GroupSize = 64;

    /// <summary>What a kernel of two inputs makes of arrays as long as the first.</summary>
    public static TOutput[] Run<TInput, TOutput>(string kernel, TInput[] a, TInput[] b)
        where TInput : unmanaged
        where TOutput : unmanaged
    {
        var device = (GpuDevice)Pocl.Require();
        var accelerator = device.Accelerator;
        var groups = (a.Length + GroupSize - 1) / GroupSize;
        using var first = accelerator.Allocate1D(Padded(a, groups * GroupSize));
        using var second = accelerator.Allocate1D(Padded(b, groups * GroupSize));
        using var output = accelerator.Allocate1D<TOutput>(groups * GroupSize);
        var method = typeof(GpuMathKernels).GetMethod(kernel)!.CreateDelegate<Action<ArrayView<TInput>, ArrayView<TInput>, ArrayView<TOutput>>>();
        accelerator.LoadKernel(method)(device.Stream, new KernelConfig(groups, GroupSize), first.View, second.View, output.View);
        device.Stream.Synchronize();
        return output.GetAsArray1D()[..a.Length];
    }

    private static T[] Padded<T>(T[] values, int length)
    {
        var padded = new T[length];
        values.CopyTo(padded, 0);
        return padded;
    }
}
