using System.Globalization;
using System.Text.Json;
using FeedbackNN;
using FnnBench.Frame;

namespace FnnBench.Tests;

/// <summary>The frame's promises: no ratio for sides that differ, one JSON line a case, and how rounds are chosen. Never how long something takes.</summary>
public sealed class BenchRunTests
{
    private static readonly Agreement Same = new("the losses of 10 steps", 2e-7, 1e-4);

    private static readonly BenchSettings Short = new()
    {
        Rounds = 3,
        RepeatLimit = 3,
        WarmUp = TimeSpan.FromMilliseconds(1),
        Settle = TimeSpan.FromMilliseconds(0.1),
        Sample = TimeSpan.FromMilliseconds(0.1),
    };

    [Fact]
    public void Sides_that_differ_get_no_ratio_and_are_not_timed()
    {
        var workload = new PlayedWorkload(new Agreement("the losses of 10 steps", 0.25, 1e-4));
        var (exitCode, report, _) = Run(workload, new PlayedLoad(0));
        Assert.Equal(BenchRun.Refused, exitCode);
        Assert.Empty(workload.Steps);
        foreach (var field in new[] { "ratio", "ours_us", "torch_us" }) Assert.Equal(JsonValueKind.Null, report.GetProperty(field).ValueKind);
        Assert.Equal(0.25, report.GetProperty("loss_rel_diff").GetDouble());
        Assert.Equal("the losses of 10 steps differ by 0.25, and 0.0001 is allowed", report.GetProperty("reason").GetString());
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Answers_that_are_no_numbers_get_no_ratio(double difference)
    {
        var (exitCode, report, _) = Run(new PlayedWorkload(new Agreement("the results", difference, 1e-4)), new PlayedLoad(0));
        Assert.Equal(BenchRun.Refused, exitCode);
        Assert.Equal(JsonValueKind.Null, report.GetProperty("ratio").ValueKind);
        Assert.Equal(JsonValueKind.Null, report.GetProperty("loss_rel_diff").ValueKind);
        Assert.Contains("the results differ", report.GetProperty("reason").GetString());
    }

    [Fact]
    public void A_side_that_fails_gets_no_ratio()
    {
        var (exitCode, report, _) = Run(new PlayedWorkload(Same) { Failure = new InvalidOperationException("no memory") }, new PlayedLoad(0));
        Assert.Equal(BenchRun.Refused, exitCode);
        Assert.Equal(JsonValueKind.Null, report.GetProperty("ratio").ValueKind);
        Assert.Equal("it failed: no memory", report.GetProperty("reason").GetString());
    }

    [Fact]
    public void Times_of_different_work_make_no_report()
    {
        var timing = new Timing(new SideTimes(1, 1, 1), new SideTimes(2, 2, 2), 3, 0, IsQuiet: true, 0);
        Assert.Throws<ArgumentException>(() => CaseReport.Measured("mlp", "x", 2, new Agreement("the losses", 1, 1e-4), timing, 500, 0.1));
    }

    [Fact]
    public void A_refused_case_says_why_in_the_table()
    {
        using var output = new StringWriter();
        new ReportTable(output).Add(CaseReport.Refused("mlp", "batch 1", 2, new Agreement("the losses", 1, 1e-4)));
        Assert.Contains("| mlp batch 1 | | | none: the losses differ by 1, and 0.0001 is allowed |", output.ToString());
    }

    [Fact]
    public void A_report_is_one_line_with_all_fields()
    {
        var (exitCode, report, line) = Run(new PlayedWorkload(Same), new PlayedLoad(0.03));
        Assert.Equal(BenchRun.Success, exitCode);
        Assert.DoesNotContain('\n', line.TrimEnd());
        Assert.Equal(
            ["workload", "case", "threads", "ours_us", "torch_us", "ratio", "loss_rel_diff", "reason", "rounds", "rounds_set_aside", "ours_min_us", "ours_max_us", "torch_min_us", "torch_max_us", "fork_join_ns", "load", "foreign_load", "quiet", "ours_mb", "torch_mb"],
            report.EnumerateObject().Select(field => field.Name));
        Assert.Equal("played", report.GetProperty("workload").GetString());
        Assert.Equal("batch 1, \"quoted\"", report.GetProperty("case").GetString());
        Assert.Equal(1, report.GetProperty("threads").GetInt32());
        Assert.Equal(2e-7, report.GetProperty("loss_rel_diff").GetDouble());
        Assert.Equal(JsonValueKind.Null, report.GetProperty("reason").ValueKind);
        Assert.Equal(3, report.GetProperty("rounds").GetInt32());
        Assert.True(report.GetProperty("quiet").GetBoolean());
        Assert.True(report.GetProperty("ratio").TryGetDouble(out _));
    }

    [Fact]
    public void Numbers_are_written_for_no_particular_country()
    {
        var before = CultureInfo.CurrentCulture;
        // The machine may know no other culture, so one is made.
        var other = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        other.NumberFormat.NumberDecimalSeparator = ",";
        CultureInfo.CurrentCulture = other;
        try
        {
            var timing = new Timing(new SideTimes(1.5, 1.25, 2.5), new SideTimes(3, 2.5, 4.5), 15, 2, IsQuiet: true, 0.04);
            var report = CaseReport.Measured("mlp", "batch 1", 2, new Agreement("the losses", 0, 1e-4), timing, 612.4, 0.25);
            Assert.Equal(
                """{"workload":"mlp","case":"batch 1","threads":2,"ours_us":1.5,"torch_us":3,"ratio":0.5,"loss_rel_diff":0,"reason":null,"rounds":15,"rounds_set_aside":2,"ours_min_us":1.25,"ours_max_us":2.5,"torch_min_us":2.5,"torch_max_us":4.5,"fork_join_ns":612,"load":0.25,"foreign_load":0.04,"quiet":true,"ours_mb":null,"torch_mb":null}""",
                report.ToJson());
            using var table = new StringWriter();
            new ReportTable(table).Add(report);
            Assert.Contains("| mlp batch 1 | 1.50 | 3.00 | 0.50 | 1.25 to 2.50 | 2.50 to 4.50 | 0E0 | 15 (2) | 612 |", table.ToString());
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Sides_begin_in_turns()
    {
        var workload = new PlayedWorkload(Same);
        Run(workload, new PlayedLoad(0));
        var turns = workload.Steps.Where((step, i) => i == 0 || workload.Steps[i - 1] != step).ToArray();

        // Both warm up; then ours first, the other first (its turns join), ours first.
        Assert.Equal("ot" + "o" + "t" + "o" + "t", new string(turns));
    }

    [Fact]
    public void A_side_that_measures_itself_is_sampled_once_a_round_after_one_for_nothing()
    {
        double ours = 0, torch = 10;
        var timing = new AlternatingRounds(Short, new PlayedLoad(0)).Measure(new SampledSides(SampleUnit.Megabytes, () => ++ours, () => ++torch));
        Assert.Equal((new SideTimes(3, 2, 4), new SideTimes(13, 12, 14)), (timing.Ours, timing.Torch));
        var report = CaseReport.Measured("memory", "x", 2, Same, timing, null, null, SampleUnit.Megabytes);
        Assert.Equal((3.0, 13.0, 0.231, null, null), (report.OursMb, report.TorchMb, report.Ratio, report.OursUs, report.TorchMaxUs));
        using var table = new StringWriter();
        new ReportTable(table).Add(report);
        Assert.Contains("| memory x | 3.0 MB | 13.0 MB | 0.23 |", table.ToString());
    }

    [Fact]
    public void Rounds_with_foreign_load_are_set_aside_and_repeated()
    {
        var timing = new AlternatingRounds(Short, new PlayedLoad(0, 0.9, 0, 0.9, 0)).Measure(Nothing, Nothing);
        Assert.Equal((3, 2, true), (timing.Rounds, timing.SetAside, timing.IsQuiet));
    }

    [Fact]
    public void A_machine_that_never_is_quiet_is_called_noisy()
    {
        var timing = new AlternatingRounds(Short, new PlayedLoad(0, 0.9)).Measure(Nothing, Nothing);
        Assert.Equal((9, 8, false), (timing.Rounds, timing.SetAside, timing.IsQuiet));
    }

    [Fact]
    public void Cores_that_are_slower_meanwhile_count_as_foreign_load()
    {
        var speeds = new Queue<double>([.. Enumerable.Repeat(100.0, 300), .. Speeds(98), .. Speeds(50), .. Speeds(90), .. Speeds(101), .. Speeds(100)]);
        var cores = new SlowedCores(new PlayedLoad(0), speeds.Dequeue, threads: 2);

        // The first look of the first stretch is as fast as ever, its end half as fast; the second stretch is within what clocks do.
        cores.Begin();
        cores.Look();
        Assert.Equal(1, cores.End());
        cores.Begin();
        cores.Look();
        Assert.Equal(0, cores.End());

        static IEnumerable<double> Speeds(double best) => [best / 2, best, best / 3];
    }

    [Fact]
    public void Where_the_system_does_not_tell_all_rounds_count()
    {
        var timing = new AlternatingRounds(Short, new PlayedLoad([null])).Measure(Nothing, Nothing);
        Assert.Equal((3, 0, true), (timing.Rounds, timing.SetAside, timing.IsQuiet));
        Assert.Null(timing.ForeignLoad);
    }

    [Fact]
    public void The_median_of_an_even_number_is_between_the_middle_two() => Assert.Equal(new SideTimes(2.5, 1, 9), SideTimes.Of([9, 2, 1, 3]));

    private static (int ExitCode, JsonElement Report, string Line) Run(IWorkload workload, IForeignLoad load)
    {
        using var device = Device.CpuWithThreads(1);
        using StringWriter output = new(), notes = new();
        var exitCode = new BenchRun(Short, load, device, output, notes, asJson: true).Run([workload]);
        return (exitCode, JsonDocument.Parse(output.ToString()).RootElement, output.ToString());
    }

    private static void Nothing()
    {
    }
}
