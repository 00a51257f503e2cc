using FeedbackNN;
using KernelBench;

namespace FnnBench.Frame;

/// <summary>
/// Goes over the cases: answers are compared first, and only where they agree are both sides timed. Says on the side how far to trust the figures.
/// </summary>
internal sealed class BenchRun(BenchSettings settings, IForeignLoad foreign, Device device, TextWriter output, TextWriter notes, bool asJson)
{
    /// <summary>Every case has its ratio.</summary>
    public const int Success = 0;

    /// <summary>A case has none, because the sides differ or one failed.</summary>
    public const int Refused = 1;

    /// <summary>Runs the cases and prints a report of each.</summary>
    /// <param name="workloads">Whose cases.</param>
    /// <param name="only">Part of the names of the cases that are wanted; empty is all.</param>
    /// <returns>The exit code.</returns>
    public int Run(IEnumerable<IWorkload> workloads, string only = "")
    {
        var table = new ReportTable(output);
        int cases = 0, refused = 0, noisy = 0;
        foreach (var workload in workloads)
        {
            foreach (var item in workload.Cases.Where(item => item.Name.Contains(only, StringComparison.OrdinalIgnoreCase)))
            {
                var report = RunCase(workload, item);
                if (asJson) output.WriteLine(report.ToJson());
                else table.Add(report);
                output.Flush();
                cases++;
                if (report.Ratio is null) refused++;
                if (report.Quiet == false) noisy++;
            }
        }

        if (cases == 0) notes.WriteLine($"No case has '{only}' in its name.");
        if (noisy > 0) notes.WriteLine(FormattableString.Invariant($"{noisy} of {cases} cases were measured while others used the processors: their figures say little. Run them again on a quiet machine."));
        if (refused > 0) notes.WriteLine(FormattableString.Invariant($"{refused} of {cases} cases have no ratio; the reason is in their row."));
        return cases == 0 || refused > 0 ? Refused : Success;
    }

    private CaseReport RunCase(IWorkload workload, ICase item)
    {
        try
        {
            using var contest = item.Open(device);
            var agreement = contest.Compare();
            if (!agreement.Holds) return CaseReport.Refused(workload.Name, item.Name, device.Threads, agreement);
            var before = ForkJoinTime();
            var rounds = new AlternatingRounds(settings, foreign);
            var timing = contest.Samples is { } samples ? rounds.Measure(samples) : rounds.Measure(contest.StepOurs, contest.StepTorch);
            var forkJoin = (before + ForkJoinTime()) / 2;
            return CaseReport.Measured(workload.Name, item.Name, device.Threads, agreement, timing, forkJoin, ForeignProcessorTime.LoadAverage, contest.Samples?.Unit ?? SampleUnit.Microseconds);
        }
        catch (Exception exception)
        {
            // One side's failure is a finding about its case, not about the others.
            return CaseReport.Failed(workload.Name, item.Name, device.Threads, $"it failed: {exception.GetBaseException().Message}");
        }
    }

    private double? ForkJoinTime()
    {
        if (device.Threads == 1) return null;
        Parking.Wait();
        return ForkJoin.Measure(device.Pool);
    }
}
