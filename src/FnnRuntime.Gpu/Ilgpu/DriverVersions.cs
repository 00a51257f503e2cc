using System.Globalization;
using ILGPU.Backends.OpenCL;
using ILGPU.Runtime.Cuda;

namespace FeedbackNN.Gpu;

/// <summary>What drivers must be able to do for kernels to be compiled for them, and what to say where one is too old.</summary>
internal static class DriverVersions
{
    // Kernels are given to a driver as PTX of at least this version, whatever the GPU.
    private static readonly CudaDriverVersion OldestPtx = CudaDriverVersionUtils.GetMinimumDriverVersion(CudaInstructionSet.ISA_60);

    private static readonly CLCVersion OldestOpenCL = new(2, 0);

    /// <summary>Why an NVIDIA driver cannot be used; null where it can.</summary>
    /// <param name="driver">The version of CUDA that it is for.</param>
    /// <param name="architecture">The GPU's; null where ILGPU does not know it, which newer ones are and is no obstacle.</param>
    public static string? Problem(CudaDriverVersion driver, CudaArchitecture? architecture)
    {
        var needed = architecture is { } known ? CudaDriverVersionUtils.GetMinimumDriverVersion(known) : OldestPtx;
        if (needed < OldestPtx) needed = OldestPtx;
        return driver >= needed ? null : string.Create(
            CultureInfo.InvariantCulture,
            $"its driver is for CUDA {driver.Major}.{driver.Minor}, and its kernels need one for CUDA {needed.Major}.{needed.Minor} or newer. Install a newer NVIDIA driver; `nvidia-smi` shows the version of CUDA that one is for.");
    }

    /// <summary>Why an OpenCL driver cannot be used; null where it can.</summary>
    /// <param name="version">The version of OpenCL C that it compiles.</param>
    public static string? Problem(CLCVersion version) => version >= OldestOpenCL ? null : string.Create(
        CultureInfo.InvariantCulture,
        $"its driver compiles OpenCL C {version.Major}.{version.Minor}, and kernels need {OldestOpenCL.Major}.{OldestOpenCL.Minor} or newer. Install a newer driver of the GPU's maker; `clinfo` shows the version.");
}
