using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>
/// Finds the drivers' libraries: without the packages for developers a Linux system has them under their versioned names alone, which the runtime does
/// not look for.
/// </summary>
internal static class DriverLibraries
{
    private static readonly Dictionary<string, string> OnLinux = new(StringComparer.Ordinal) { ["OpenCL"] = "libOpenCL.so.1", [CudaDriver.Library] = "libcuda.so.1" };
    private static readonly Dictionary<string, string> OnWindows = new(StringComparer.Ordinal) { [CudaDriver.Library] = "nvcuda.dll" };

    // Where the Windows subsystem for Linux has the libraries of the drivers of Windows.
    private const string WindowsSubsystem = "/usr/lib/wsl/lib/";
    private static int _isRegistered;

    public static void Register()
    {
        if (Interlocked.Exchange(ref _isRegistered, 1) != 0) return;
        NativeLibrary.SetDllImportResolver(typeof(CudaDriver).Assembly, Resolve);
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(Context).Assembly, Resolve);
        }
        catch (InvalidOperationException)
        {
            // The program has a resolver for ILGPU of its own, which then has to find them.
        }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        var names = OperatingSystem.IsLinux() ? OnLinux : OperatingSystem.IsWindows() ? OnWindows : null;
        if (names is null || !names.TryGetValue(name, out var file)) return 0;
        return NativeLibrary.TryLoad(file, out var library) || NativeLibrary.TryLoad(WindowsSubsystem + file, out library) ? library : 0;
    }
}
