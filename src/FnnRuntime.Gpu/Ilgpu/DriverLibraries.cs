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
    private static readonly Dictionary<string, string> Versioned = new(StringComparer.Ordinal) { ["OpenCL"] = "libOpenCL.so.1", ["cuda"] = "libcuda.so.1" };
    private static int _isRegistered;

    public static void Register()
    {
        if (Interlocked.Exchange(ref _isRegistered, 1) != 0) return;
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(Context).Assembly, Resolve);
        }
        catch (InvalidOperationException)
        {
            // The program has a resolver for ILGPU of its own, which then has to find them.
        }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        OperatingSystem.IsLinux() && Versioned.TryGetValue(name, out var versioned) && NativeLibrary.TryLoad(versioned, out var library) ? library : 0;
}
