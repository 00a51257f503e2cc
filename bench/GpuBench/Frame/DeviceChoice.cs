using System.Diagnostics.CodeAnalysis;
using FeedbackNN;
using FeedbackNN.Gpu;

namespace GpuBench.Frame;

/// <summary>The device that a name means, or why there is none.</summary>
internal static class DeviceChoice
{
    public static bool TryFind(string name, [NotNullWhen(true)] out Device? device, out string whyNot)
    {
        GpuBackend.Register();
        whyNot = "";
        try
        {
            device = name == "pocl" ? Device.All.FirstOrDefault(one => !one.IsCpu && !one.IsGpu) : Device.Parse(name);
        }
        catch (DeviceException failure)
        {
            (device, whyNot) = (null, failure.Message);
            return false;
        }
        if (device is { IsCpu: false }) return true;
        device = null;
        whyNot = name == "pocl"
            ? "PoCL is not installed (Debian: pocl-opencl-icd and ocl-icd-libopencl1)."
            : $"There is no GPU to measure. {WhyNoCuda()} With --device pocl and PoCL installed, the command itself can be tried on the processor.";
        return false;
    }

    private static string WhyNoCuda()
    {
        try
        {
            return $"There is {Device.Cuda()}, which --device cuda takes.";
        }
        catch (DeviceException failure)
        {
            return failure.Message;
        }
    }
}
