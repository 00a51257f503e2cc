namespace FeedbackNN.Gpu.Tests;

/// <summary>
/// PoCL, an OpenCL driver that computes on the processor: on it GPU kernels run, slowly, where there is no GPU. Tests that need it are skipped with a reason where it
/// is not installed, or fail where <c>FNN_REQUIRE</c> says that this machine has it. On a machine with a GPU, <c>FNN_DEVICE</c> gives it the place of PoCL: <c>cuda</c>, <c>opencl:0</c>.
/// </summary>
internal static class Pocl
{
    private static readonly Lazy<Device?> Found = new(() => Named() ?? Find("OpenCL").FirstOrDefault(device => !device.IsGpu));
    private static readonly Lazy<Device?> FoundGpu = new(() => Find("Cuda").Concat(Find("OpenCL")).FirstOrDefault(device => device.IsGpu));

    /// <summary>What it is called: PoCL, or the name of the device in its place.</summary>
    public static string Name => Environment.GetEnvironmentVariable("FNN_DEVICE") is { Length: > 0 } ? Require().Name : "PoCL";

    /// <summary>The device.</summary>
    public static Device Require() => Require("pocl", Found.Value, "PoCL is not installed (Debian: pocl-opencl-icd and ocl-icd-libopencl1)");

    /// <summary>A GPU; tests for it are skipped on machines without.</summary>
    public static Device RequireGpu() => Require("gpu", FoundGpu.Value, "there is no GPU here");

    private static Device Require(string name, Device? device, string whyNot)
    {
        Requirement.Check(name, device is not null, whyNot);
        return device!;
    }

    private static Device? Named()
    {
        GpuBackend.Register();
        return Environment.GetEnvironmentVariable("FNN_DEVICE") is { Length: > 0 } name ? Device.Parse(name) : null;
    }

    private static IEnumerable<Device> Find(string api)
    {
        GpuBackend.Register();
        return Device.All.Where(device => device.ToString()!.StartsWith(api, StringComparison.OrdinalIgnoreCase));
    }
}
