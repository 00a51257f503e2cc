using System.CommandLine;
using System.Globalization;
using FeedbackNN;
using FeedbackNN.Cpu;
using FeedbackNN.Torch;
using FnnBench.Frame;
using FnnBench.Workloads;

namespace FnnBench;

/// <summary>The command line: a command for each workload, <c>all</c> of them, and a <c>list</c>.</summary>
internal static class BenchCommand
{
    // Not BenchRun's codes: nothing was compared.
    private const int NoTorch = 2;

    public static RootCommand Create()
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var defaults = new BenchSettings();
        var threads = AtLeastOne(new Option<int>("--threads") { Description = "Threads of each side. Default: all cores.", DefaultValueFactory = _ => Environment.ProcessorCount, Recursive = true });
        var rounds = AtLeastOne(new Option<int>("--rounds") { Description = "Rounds without foreign load that each case should have.", DefaultValueFactory = _ => defaults.Rounds, Recursive = true });
        var only = new Option<string>("--only") { Description = "Only the cases that have this in their name.", DefaultValueFactory = _ => "", Recursive = true };
        var json = new Option<bool>("--json") { Description = "One JSON object a line for each case.", Recursive = true };
        var root = new RootCommand("Times FeedbackNN beside TorchSharp. Answers are compared first; sides that differ get no ratio.") { threads, rounds, only, json };

        void Add(string name, string summary, IWorkload[] workloads)
        {
            var command = new Command(name, summary);
            command.SetAction(parsed => Run(
                workloads, defaults with { Rounds = parsed.GetValue(rounds) }, parsed.GetValue(threads), parsed.GetValue(only) ?? "", parsed.GetValue(json)));
            root.Add(command);
        }

        Add("all", "Every workload.", WorkloadList.All);
        foreach (var workload in WorkloadList.All) Add(workload.Name, workload.Summary, [workload]);
        var list = new Command("list", "Prints workloads and cases.");
        list.SetAction(_ => List());
        root.Add(list);
        return root;
    }

    private static int Run(IWorkload[] workloads, BenchSettings settings, int threads, string only, bool asJson)
    {
        if (LibtorchLoader.Load(threads) is { } problem)
        {
            Console.Error.WriteLine($"TorchSharp does not load here: {problem}");
            return NoTorch;
        }

        using var device = Device.CpuWithThreads(threads);
        Console.Error.WriteLine(Machine.Describe(threads));
        return new BenchRun(settings, new SlowedCores(new ForeignProcessorTime(), () => FusedMultiplyAddPeak.Measure(device.Pool, 1), threads), device, Console.Out, Console.Error, asJson).Run(workloads, only);
    }

    private static void List()
    {
        foreach (var workload in WorkloadList.All)
        {
            Console.WriteLine($"{workload.Name}: {workload.Summary}");
            foreach (var item in workload.Cases) Console.WriteLine($"    {item.Name}");
        }
    }

    private static Option<int> AtLeastOne(Option<int> option)
    {
        option.Validators.Add(result =>
        {
            if (result.Errors.Any() || result.GetValueOrDefault<int>() >= 1) return;
            result.AddError($"{option.Name} must be at least 1.");
        });
        return option;
    }
}
