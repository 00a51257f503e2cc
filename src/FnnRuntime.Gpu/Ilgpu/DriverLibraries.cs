using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>
/// Finds the drivers' libraries: without the packages for developers a Linux system has them under their versioned names alone, which the runtime does
/// not look for. cuBLAS has a version in its name everywhere: the newest that is found.
/// </summary>
internal static class DriverLibraries
{
    private static readonly Dictionary<string, string[]> OnLinux = new(StringComparer.Ordinal)
    {
        ["OpenCL"] = ["libOpenCL.so.1"],
        [CudaDriver.Library] = ["libcuda.so.1"],
        [CublasLibrary.Library] = ["libcublas.so.13", "libcublas.so.12", "libcublas.so.11"],
    };

    private static readonly Dictionary<string, string[]> OnWindows = new(StringComparer.Ordinal)
    {
        [CudaDriver.Library] = ["nvcuda.dll"],
        [CublasLibrary.Library] = ["cublas64_13.dll", "cublas64_12.dll", "cublas64_11.dll"],
    };

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

    /// <summary>Loads a library, by one of our names for them.</summary>
    /// <param name="name">Ours.</param>
    /// <param name="library">The system's handle.</param>
    /// <param name="file">The name under which it was found.</param>
    public static bool TryLoad(string name, out nint library, out string file)
    {
        var names = OperatingSystem.IsLinux() ? OnLinux : OperatingSystem.IsWindows() ? OnWindows : null;
        if (names is null || !names.TryGetValue(name, out var files)) files = [];
        foreach (var each in files)
        {
            file = each;
            if (NativeLibrary.TryLoad(each, out library) || NativeLibrary.TryLoad(WindowsSubsystem + each, out library)) return true;
        }
        (library, file) = (0, "");
        return false;
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) => TryLoad(name, out var library, out _) ? library : 0;
}
