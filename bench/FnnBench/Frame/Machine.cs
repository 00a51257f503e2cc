using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FnnBench.Frame;

/// <summary>What belongs beside every table: processor, cores, runtime, load.</summary>
internal static class Machine
{
    public static string Describe(int threads) => FormattableString.Invariant(
        $"{Processor()}, {Environment.ProcessorCount} cores, {threads} {(threads == 1 ? "thread" : "threads")} a side, vectors of {(Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128)} bits, {RuntimeInformation.FrameworkDescription}, load {ForeignProcessorTime.LoadAverage ?? double.NaN:F1}");

    private static string Processor()
    {
        if (!OperatingSystem.IsLinux()) return RuntimeInformation.ProcessArchitecture.ToString();
        var lines = File.ReadAllLines("/proc/cpuinfo");
        return $"{Value("model name")} (family {Value("cpu family")}, model {Value("model")})";

        string Value(string name) => lines.FirstOrDefault(line => line.Split(':')[0].Trim() == name)?.Split(':', 2)[1].Trim() ?? "unknown";
    }
}
