using System.Diagnostics;
using System.Runtime.InteropServices;
using FeedbackNN.Tests;

namespace FeedbackNN.Gpu.Tests.Stub;

/// <summary>
/// The stubs of NVIDIA's libraries, compiled from their C files by the tests that need them: the driver, whose kernels do nothing or are executed by the emulator of PTX, and cuBLAS.
/// </summary>
internal static class StubLibraries
{
    public const string Driver = "libcuda.so.1";

    private const string Cublas = "libcublas.so.13";

    private static readonly string Sources = Path.Combine(AppContext.BaseDirectory, "StubDriver");

    private static readonly Lazy<string> Emulator = new(() =>
    {
        var folder = Directory.CreateTempSubdirectory("fnn-cuda").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        CompileEmulator(folder);
        return folder;
    });

    /// <summary>Where <see cref="CompileEmulator"/> has been, once a process.</summary>
    public static string EmulatorFolder => Emulator.Value;

    /// <summary>Skips the test where they cannot be compiled.</summary>
    public static void Require()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "The stub of the driver is made for Linux.");
        Requirement.Check("aot", Compiler() is not null, "there is no gcc and no clang on the path");
    }

    /// <summary>A driver whose kernels do nothing.</summary>
    public static void CompileDriver(string folder) => Compile([Path.Combine(Sources, "cuda.c")], Path.Combine(folder, Driver), "-O1", "-lpthread", "-Wl,-soname," + Driver);

    /// <summary>A driver that executes kernels, and a cuBLAS beside it. A process that has the folder in <c>LD_LIBRARY_PATH</c> finds them.</summary>
    public static void CompileEmulator(string folder)
    {
        // Each operation rounds for itself; rows of values are made vectors of.
        string[] arithmetic = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? ["-march=native", "-ffp-contract=off"] : ["-ffp-contract=off"];
        Compile([Path.Combine(Sources, "cuda.c"), .. Directory.GetFiles(Sources, "ptx_*.c").Order(StringComparer.Ordinal)], Path.Combine(folder, Driver),
            ["-O2", .. arithmetic, "-fno-strict-aliasing", "-fno-semantic-interposition", "-Wno-unknown-pragmas", "-lpthread", "-lm", "-Wl,-soname," + Driver]);
        CompileCublas(folder, folder, "-O3");
    }

    /// <param name="folder">Where to.</param>
    /// <param name="driver">Where the driver is that it calls.</param>
    /// <param name="option">One more of the compiler's.</param>
    public static void CompileCublas(string folder, string driver, string option) => Compile([Path.Combine(Sources, "cublas.c")], Path.Combine(folder, Cublas), Path.Combine(driver, Driver), "-O1", option);

    /// <summary>Runs a program to its end.</summary>
    public static (int ExitCode, string Output) Run(ProcessStartInfo start, TimeSpan limit)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (process.WaitForExit(limit)) return (process.ExitCode, output.Result + error.Result);
        process.Kill(entireProcessTree: true);
        return (-1, $"{start.FileName} did not end: {output.Result}{error.Result}");
    }

    private static void Compile(string[] sources, string library, params string[] options)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(library)!);
        var compiled = Run(new ProcessStartInfo(Compiler()!, ["-std=gnu11", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, .. sources, .. options]), TimeSpan.FromMinutes(4));
        Assert.True(compiled.ExitCode == 0, compiled.Output);
    }

    private static string? Compiler() => new[] { "gcc", "clang" }.FirstOrDefault(
        command => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, command))));
}
