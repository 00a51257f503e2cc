using System.Diagnostics;
using System.Text.Json;

namespace GpuBench.Steps;

/// <summary>PyTorch's time for a step, eager and compiled, in µs; null where it could not be measured, with a note why.</summary>
internal sealed record TorchTimes(double? Eager, double? Compiled, string? Note);

/// <summary>Runs torch_steps.py with the machine's python3.</summary>
internal static class TorchSteps
{
    private const string Script = "torch_steps.py";

    /// <param name="names">Of the workloads.</param>
    /// <param name="isCuda">Whether we computed on CUDA, so that PyTorch should.</param>
    /// <param name="whyNot">Why there are no times; null where there are.</param>
    public static IReadOnlyDictionary<string, TorchTimes> Run(IEnumerable<string> names, bool isCuda, out string? whyNot)
    {
        whyNot = isCuda ? null : "not asked for: PyTorch is compared on CUDA";
        if (!isCuda) return new Dictionary<string, TorchTimes>();
        try
        {
            using var process = Process.Start(new ProcessStartInfo("python3", [Path.Combine(AppContext.BaseDirectory, Script), .. names]) { RedirectStandardOutput = true })!;
            var times = new Dictionary<string, TorchTimes>(StringComparer.Ordinal);
            while (process.StandardOutput.ReadLine() is { } line)
            {
                if (!line.StartsWith('{')) continue;
                using var json = JsonDocument.Parse(line);
                times.Add(json.RootElement.GetProperty("name").GetString()!, new TorchTimes(Number(json, "eager_microseconds"), Number(json, "compiled_microseconds"), json.RootElement.GetProperty("note").GetString()));
            }
            process.WaitForExit();
            if (process.ExitCode != 0) whyNot = FormattableString.Invariant($"no: {Script} ended with {process.ExitCode}");
            return times;
        }
        catch (System.ComponentModel.Win32Exception failure)
        {
            whyNot = $"no: python3 does not start: {failure.Message}";
            return new Dictionary<string, TorchTimes>();
        }
    }

    private static double? Number(JsonDocument json, string name) => json.RootElement.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : null;
}
