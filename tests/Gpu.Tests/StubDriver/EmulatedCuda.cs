using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;

namespace FeedbackNN.Gpu.Tests.Stub;

/// <summary>
/// CUDA without a GPU: the stub of the driver with the emulator of PTX, which executes what ILGPU writes for GPUs and checks every access to memory. Tests that run on PoCL run on it
/// unchanged, in a process of their own that finds it under the driver's name.
/// </summary>
internal static partial class EmulatedCuda
{
    /// <summary>Runs tests of an assembly there. With <c>FNN_GPU=all</c> all that run on PoCL.</summary>
    /// <param name="assembly">Which has them.</param>
    /// <param name="all">A filter of the test platform for all of them.</param>
    /// <param name="few">For those that run each time.</param>
    /// <returns>How many passed.</returns>
    public static int RunTests(Assembly assembly, string all, string few)
    {
        StubLibraries.Require();
        var isAll = Environment.GetEnvironmentVariable("FNN_GPU") == "all";
        var folder = Directory.CreateTempSubdirectory("fnn-cuda").FullName;
        try
        {
            StubLibraries.CompileEmulator(folder);
            var start = new ProcessStartInfo("dotnet", ["vstest", assembly.Location, $"--TestCaseFilter:{(isAll ? all : few)}"]);
            (start.Environment["LD_LIBRARY_PATH"], start.Environment["FNN_DEVICE"]) = (folder, "cuda");
            var run = StubLibraries.Run(start, isAll ? TimeSpan.FromHours(2) : TimeSpan.FromMinutes(8));
            Assert.True(run.ExitCode == 0, run.Output);
            var passed = Passed().Match(run.Output);
            Assert.True(passed.Success, run.Output);
            return int.Parse(passed.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [GeneratedRegex(@"Passed:\s*(\d+)")]
    private static partial Regex Passed();
}
