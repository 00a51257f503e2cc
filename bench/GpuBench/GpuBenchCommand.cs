using System.CommandLine;
using System.Globalization;
using FeedbackNN;
using FeedbackNN.Gpu;
using GpuBench.Checks;
using GpuBench.Frame;
using GpuBench.Steps;

namespace GpuBench;

/// <summary>The command line: which device, which parts, and where the numbers go.</summary>
internal static class GpuBenchCommand
{
    /// <summary>Everything that was asked for ran, and every check passed.</summary>
    public const int Success = 0;

    /// <summary>A check failed, or a measurement could not be made.</summary>
    public const int Failed = 1;

    /// <summary>There is no device to run on.</summary>
    public const int NoDevice = 2;

    private static readonly IReadOnlyList<IPart> AllParts = [new TestPart(), new CeilingPart(), new LaunchPart(), new StepPart()];

    public static RootCommand Create()
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var device = new Option<string>("--device") { Description = "best (CUDA, else another GPU), cuda, cuda:1, opencl:0, or pocl, which computes on the processor: to try the command itself.", DefaultValueFactory = _ => "best" };
        var parts = new Option<string>("--parts") { Description = $"Which parts, with commas between them: {string.Join(", ", AllParts.Select(part => part.Name))}. Default: all.", DefaultValueFactory = _ => "" };
        var only = new Option<string>("--only") { Description = "Only the rows that have this in their name.", DefaultValueFactory = _ => "" };
        var json = new Option<string>("--json") { Description = "The file that gets one JSON object a line for each row.", DefaultValueFactory = _ => "gpu-bench.json" };
        var root = new RootCommand("Checks FeedbackNN's GPU backend on a GPU and measures it: programs against the interpreter and the processor, what the device can do, launches, training steps beside PyTorch.") { device, parts, only, json };
        root.SetAction(parsed => Run(parsed.GetValue(device)!, parsed.GetValue(parts)!, parsed.GetValue(only)!, parsed.GetValue(json)!));
        return root;
    }

    private static int Run(string name, string partNames, string only, string path)
    {
        var wanted = partNames.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (wanted.FirstOrDefault(part => AllParts.All(known => known.Name != part)) is { } unknown)
        {
            Console.Error.WriteLine($"There is no part '{unknown}'. Parts are {string.Join(", ", AllParts.Select(part => part.Name))}.");
            return Failed;
        }
        if (!DeviceChoice.TryFind(name, out var device, out var whyNot))
        {
            Console.Error.WriteLine(whyNot);
            return NoDevice;
        }
        using var file = new StreamWriter(path, append: false);
        var report = new Report(Console.Out, file, only);
        report.Begin("device");
        report.Add("device", new() { ["name"] = device.ToString(), ["runtime"] = Environment.Version.ToString(), ["date"] = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) }, isAlways: true);
        foreach (var part in AllParts.Where(part => wanted.Length == 0 || wanted.Contains(part.Name)))
        {
            report.Begin(part.Name);
            part.Run((GpuDevice)device, report);
        }
        report.End();
        Console.WriteLine();
        Console.WriteLine(FormattableString.Invariant($"{report.Rows} rows, {report.Failures} failed; as JSON in {path}"));
        return report.Failures > 0 || report.Rows <= 1 ? Failed : Success;
    }
}
