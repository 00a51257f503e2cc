using System.Globalization;

namespace FnnBench.Frame;

/// <summary>The reports as a Markdown table, row by row as they come: readable in a terminal, and to be pasted into the page about performance.</summary>
internal sealed class ReportTable(TextWriter output)
{
    private bool _hasHead;

    public void Add(CaseReport report)
    {
        if (!_hasHead)
        {
            output.WriteLine("| case | ours µs | TorchSharp µs | ratio | ours, fastest to slowest | TorchSharp, fastest to slowest | difference | rounds (set aside) | fork/join ns |");
            output.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
            _hasHead = true;
        }

        string name = $"{report.Workload} {report.Case}", difference = report.LossRelDiff?.ToString("0E-0", CultureInfo.InvariantCulture) ?? "";
        if (report.Ratio is null)
        {
            output.WriteLine($"| {name} | | | none: {report.Reason} | | | {difference} | | |");
            return;
        }

        var noise = report.Quiet == true ? "" : " noisy";
        if (report.OursMb is { } ours && report.TorchMb is { } torch)
        {
            output.WriteLine($"| {name} | {Number(ours, "F1")} MB | {Number(torch, "F1")} MB | {Number(report.Ratio, "F2")}{noise} | | | {difference} | {report.Rounds} ({report.RoundsSetAside}) | |");
            return;
        }

        output.WriteLine(
            $"| {name} | {Time(report.OursUs)} | {Time(report.TorchUs)} | {Number(report.Ratio, "F2")}{noise} | {Time(report.OursMinUs)} to {Time(report.OursMaxUs)} " +
            $"| {Time(report.TorchMinUs)} to {Time(report.TorchMaxUs)} | {difference} | {report.Rounds} ({report.RoundsSetAside}) | {Number(report.ForkJoinNs, "F0")} |");
    }

    // Three digits are what medians are good for.
    private static string Time(double? microseconds) => Number(microseconds, microseconds switch { < 1 => "F3", < 10 => "F2", < 100 => "F1", _ => "F0" });

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";
}
