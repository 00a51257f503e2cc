using FeedbackNN.Gpu;
using GpuBench.Frame;
using ILGPU;
using ILGPU.Runtime;

namespace GpuBench;

/// <summary>What it costs to hand a kernel over, and to hear of its end.</summary>
internal sealed class LaunchPart : IPart
{
    public string Name => "launches";

    public void Run(GpuDevice device, Report report)
    {
        report.Try("an empty kernel among many", () => Add("an empty kernel among many", device, report, waits: false));
        report.Try("an empty kernel, waited for", () => Add("an empty kernel, waited for", device, report, waits: true));
    }

    private static void Add(string name, GpuDevice device, Report report, bool waits)
    {
        var memory = device.AllocateFloats(256, "an empty kernel");
        var one = new KernelConfig(1, 32);
        var microseconds = DeviceTimer.Microseconds(device, count =>
        {
            for (var i = 0; i < count; i++)
            {
                device.Start(EmptyKernel.Run, one, (ArrayView<float>)memory.View, 0);
                if (waits) device.Finish();
            }
        });
        device.Free(memory);
        report.Add(name, new() { ["microseconds"] = microseconds });
    }
}

/// <summary>A kernel that does nothing.</summary>
internal static class EmptyKernel
{
    public static void Run(ArrayView<float> memory, int count)
    {
        if (count > 0) memory[0] = count;
    }
}
