using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;

namespace FeedbackNN.Gpu.Tests.Stub;

/// <summary>
/// A stub of NVIDIA's driver (<c>cuda.c</c>), compiled here into a folder of its own. A process of its own finds it there under the driver's name and runs scenarios, one
/// after the other; this process never loads it, so that it has no such device. Scenarios of cuBLAS have a process that finds a stub of it too (<c>cublas.c</c>), those of the emulator one whose driver has it; all others find a cuBLAS that lacks
/// a function.
/// </summary>
internal static partial class StubDriver
{
    public const string Argument = "stub";

    private const string Library = StubLibraries.Driver;
    private const string Begin = "=== ";

    private static readonly Lazy<Dictionary<string, string>> Outcomes = new(RunAll);

    /// <summary>What the scenario found wrong; empty when nothing.</summary>
    public static string OutcomeOf(string scenario)
    {
        StubLibraries.Require();
        return Outcomes.Value.TryGetValue(scenario, out var outcome) ? outcome : $"The process ended before it: {Outcomes.Value[""]}";
    }

    /// <summary>The scenarios: static methods.</summary>
    public static IEnumerable<MethodInfo> Scenarios { get; } =
        [.. new[] { typeof(StepScenarios), typeof(UploadScenarios), typeof(GraphScenarios), typeof(FailureScenarios), typeof(CublasScenarios), typeof(EmulatorScenarios) }.SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))];

    /// <summary>In the process of its own: runs scenarios and prints what is wrong with each.</summary>
    /// <param name="names">Which; all when there are none.</param>
    public static void RunScenarios(string[] names)
    {
        foreach (var scenario in Scenarios.Where(scenario => names.Length == 0 || names.Contains(scenario.Name)))
        {
            ClearLog();
            Fail("", 0, 0, 0);
            string wrong;
            try
            {
                scenario.Invoke(null, null);
                wrong = "";
            }
            catch (TargetInvocationException failure)
            {
                wrong = failure.InnerException!.ToString();
            }
            Console.WriteLine($"{Begin}{scenario.Name}\n{wrong}");
        }
    }

    /// <summary>The stub's device, through a connection of its own.</summary>
    public static GpuDevice Connect()
    {
        GpuBackend.Register();
        return ((GpuDevice)Device.Cuda()).Twin();
    }

    /// <summary>What the driver was asked for since <see cref="ClearLog"/>, and what it did.</summary>
    public static StubLog Log => new(Marshal.PtrToStringUTF8(LogText())!);

    [LibraryImport(Library, EntryPoint = "stub_clear_log")]
    public static partial void ClearLog();

    /// <summary>After some calls of a function of the driver, the next few fail.</summary>
    [LibraryImport(Library, EntryPoint = "stub_fail", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void Fail(string function, int error, long skip, long times);

    [LibraryImport(Library, EntryPoint = "stub_set_version")]
    public static partial void SetVersion(int version);

    [LibraryImport(Library, EntryPoint = "stub_set_memory")]
    public static partial void SetMemory(long bytes);

    /// <summary>As if all of it had been freed.</summary>
    [LibraryImport(Library, EntryPoint = "stub_forget_memory")]
    public static partial void ForgetMemory();

    [LibraryImport(Library, EntryPoint = "stub_live_memory")]
    public static partial long LiveMemory();

    [LibraryImport(Library, EntryPoint = "stub_log")]
    private static partial nint LogText();

    private static Dictionary<string, string> RunAll()
    {
        var folder = Directory.CreateTempSubdirectory("fnn-stub").FullName;
        try
        {
            StubLibraries.CompileDriver(folder);
            StubLibraries.CompileCublas(Path.Combine(folder, "whole"), folder, "-O3");
            StubLibraries.CompileCublas(Path.Combine(folder, "lacking"), folder, "-DWITHOUT_GEMM");
            var outcomes = new Dictionary<string, string> { [""] = "" };
            StubLibraries.CompileEmulator(Path.Combine(folder, "emulator"));
            foreach (var group in Scenarios.GroupBy(scenario => scenario.DeclaringType == typeof(EmulatorScenarios) ? "emulator" : scenario.DeclaringType == typeof(CublasScenarios) ? "whole" : "lacking"))
            {
                RunAll([Path.Combine(folder, group.Key), folder], group.Select(scenario => scenario.Name), outcomes);
            }
            return outcomes;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void RunAll(string[] folders, IEnumerable<string> names, Dictionary<string, string> outcomes)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(StubDriver).Assembly.Location, Argument, .. names]);
        start.Environment["LD_LIBRARY_PATH"] = string.Join(Path.PathSeparator, folders);
        // What the scenarios do not ask for themselves.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("FNN_", StringComparison.Ordinal)).ToArray()) start.Environment.Remove(name);
        var run = StubLibraries.Run(start, TimeSpan.FromMinutes(4));
        outcomes[""] += $"exit {run.ExitCode}: {run.Output}";
        foreach (var part in run.Output.Split(Begin).Skip(1))
        {
            var end = part.IndexOf('\n', StringComparison.Ordinal);
            outcomes[part[..end]] = part[end..].Trim();
        }
    }
}
