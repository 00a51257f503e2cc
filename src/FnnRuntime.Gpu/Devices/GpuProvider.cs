using ILGPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace FeedbackNN.Gpu;

/// <summary>
/// The devices that the drivers of this machine offer. Each interface has an ILGPU context of its own, made when it is first asked for, so that a driver that
/// fails does not take the other with it.
/// </summary>
internal sealed class GpuProvider : DeviceProvider
{
    private readonly Lazy<Found> _cuda = new(FindCuda);
    private readonly Lazy<Found> _openCL = new(FindOpenCL);

    protected override IReadOnlyList<Device> CudaDevices => _cuda.Value.Devices;

    protected override IReadOnlyList<Device> OpenCLDevices => _openCL.Value.Devices;

    protected override string WhyNone(string api) => (api == "CUDA" ? _cuda : _openCL).Value.WhyNone;

    internal static Found FindCuda()
    {
        var refused = new List<string>();
        var found = Find(
            "no NVIDIA driver answers (libcuda.so.1 or nvcuda.dll): install NVIDIA's graphics driver, which brings it; `nvidia-smi` shows whether it is there",
            // ILGPU's own choice says nothing of what it leaves out, and in the Windows subsystem for Linux it wants to find the library itself, which only one may.
            static builder => { },
            (context, devices) =>
            {
                foreach (var device in CudaDevice.GetDevices(device => IsUsable(device.Name, DriverVersions.Problem(device.DriverVersion, device.Architecture), refused)))
                {
                    devices.Add(new GpuDevice(context, device, $"CUDA {devices.Count}", isGpu: true));
                }
            });
        return OrRefused(found, refused);
    }

    private static Found FindOpenCL()
    {
        var refused = new List<string>();
        var found = Find(
            "no OpenCL driver answers (libOpenCL.so.1 or OpenCL.dll, and a vendor's driver behind it: install the driver of the GPU's maker)",
            builder => builder.OpenCL(device =>
            {
                if (!IsUsable(device.Name, DriverVersions.Problem(device.CLStdVersion), refused)) return false;
                // PoCL computes on the processor: of use for tests, and a driver that lacks only a promise that nothing of ours relies on.
                if (device.Vendor == CLDeviceVendor.Other) RepairedCompiler.AllowWithoutGenericAddresses(device.Capabilities);
                return true;
            }),
            (context, devices) =>
            {
                foreach (var device in context.GetCLDevices())
                {
                    devices.Add(new GpuDevice(context, device, $"OpenCL {devices.Count}", device.DeviceType.HasFlag(CLDeviceType.CL_DEVICE_TYPE_GPU)));
                }
            });
        return OrRefused(found, refused);
    }

    private static bool IsUsable(string name, string? problem, List<string> refused)
    {
        if (problem is not null) refused.Add($"'{name}' cannot be used: {problem}");
        return problem is null;
    }

    private static Found OrRefused(Found found, List<string> refused) =>
        found.Devices.Count == 0 && refused.Count > 0 ? found with { WhyNone = string.Join(" ", refused).TrimEnd('.') } : found;

    private static Found Find(string whyNone, Action<Context.Builder> add, Action<Context, List<Device>> list)
    {
        // An ILGPU of another version is an error, not the absence of devices.
        RepairedCompiler.Check();
        DriverLibraries.Register();
        try
        {
            var context = Context.Create(builder => add(RepairedCompiler.Configure(builder)));
            var devices = new List<Device>();
            list(context, devices);
            if (devices.Count == 0) context.Dispose();
            return new Found(devices, whyNone);
        }
        catch (Exception failure) when (failure is not DeviceException)
        {
            return new Found([], $"looking for them failed: {failure.GetBaseException().Message}");
        }
    }

    internal sealed record Found(IReadOnlyList<Device> Devices, string WhyNone);
}
