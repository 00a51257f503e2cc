using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using FeedbackNN;
using FnnBench.Frame;

namespace FnnBench.Workloads;

/// <summary>
/// A process of each side that makes one training step and ends: how long it takes from its start to the end of the step, or how much memory it
/// takes at most. Both are ordinary builds, started with <c>dotnet</c>, and compiled as they run.
/// </summary>
internal sealed class FirstStepWorkload(string name, string summary, SampleUnit unit) : IWorkload
{
    public static FirstStepWorkload Startup { get; } = new("startup", "From the start of a process to the end of its first training step, 784-128-10, batch 100.", SampleUnit.Microseconds);

    public static FirstStepWorkload Memory { get; } = new("memory", "The most memory that such a process takes.", SampleUnit.Megabytes);

    public string Name => name;

    public string Summary => summary;

    public IReadOnlyList<ICase> Cases { get; } = [new FirstStep(unit)];

    private sealed record FirstStep(SampleUnit Unit) : ICase
    {
        public string Name => "sgd, batch 100";

        public IContest Open(Device device) => new Contest(Unit, device.Threads);
    }

    private sealed class Contest(SampleUnit unit, int threads) : IContest
    {
        // One step of float32, whose sums are added up in different orders.
        private const double Limit = 1e-5;

        public SampledSides? Samples => new(unit, () => Sample(Ours()), () => Sample(Torch()));

        public Agreement Compare() => Agreement.OfLosses([Ours().Loss], [Torch().Loss], Limit);

        public void StepOurs() => Ours();

        public void StepTorch() => Torch();

        public void Dispose() { }

        private double Sample(Result result) => unit == SampleUnit.Megabytes ? result.PeakBytes / 1048576.0 : result.Microseconds;

        private Result Ours() => Run([PathOf("FirstStep")]);

        private Result Torch() => Run([typeof(FirstStepWorkload).Assembly.Location, TorchFirstStep.Argument, threads.ToString(CultureInfo.InvariantCulture)]);

        private Result Run(string[] arguments)
        {
            var settings = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true };
            settings.Environment["FNN_THREADS"] = threads.ToString(CultureInfo.InvariantCulture);
            var start = Stopwatch.GetTimestamp();
            using var process = Process.Start(settings) ?? throw new InvalidOperationException("dotnet was not started.");
            var words = process.StandardOutput.ReadToEnd().Split(' ');
            process.WaitForExit();
            if (process.ExitCode != 0 || words.Length != 3) throw new InvalidOperationException($"'dotnet {string.Join(' ', arguments)}' ended with exit code {process.ExitCode}.");
            return new Result(
                Stopwatch.GetElapsedTime(start, long.Parse(words[0], CultureInfo.InvariantCulture)).TotalMicroseconds,
                double.Parse(words[1], CultureInfo.InvariantCulture), long.Parse(words[2], CultureInfo.InvariantCulture));
        }

        // Where the build has put it: the project's file says so.
        private static string PathOf(string project) =>
            typeof(FirstStepWorkload).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == project).Value!;
    }

    private readonly record struct Result(double Microseconds, double Loss, long PeakBytes);
}
