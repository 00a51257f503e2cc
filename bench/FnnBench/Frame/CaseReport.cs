using System.Text.Json;

namespace FnnBench.Frame;

/// <summary>
/// What is said about a case: one line of JSON. There are two ways to make one, and only the one from an agreement that holds has times, so a ratio of
/// two different things cannot be written down.
/// </summary>
internal sealed record CaseReport
{
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private CaseReport() { }

    public required string Workload { get; init; }

    public required string Case { get; init; }

    public required int Threads { get; init; }

    /// <summary>Microseconds a step, the median of the rounds.</summary>
    public double? OursUs { get; private init; }

    /// <inheritdoc cref="OursUs"/>
    public double? TorchUs { get; private init; }

    /// <summary>Ours over theirs: below 1 we are faster. Null where it would mean nothing; then there is a reason.</summary>
    public double? Ratio { get; private init; }

    /// <summary>How far losses or results are apart, relative; null where an answer was not a number or there was none.</summary>
    public double? LossRelDiff { get; private init; }

    /// <summary>Why there is no ratio.</summary>
    public string? Reason { get; private init; }

    public int Rounds { get; private init; }

    public int RoundsSetAside { get; private init; }

    public double? OursMinUs { get; private init; }

    public double? OursMaxUs { get; private init; }

    public double? TorchMinUs { get; private init; }

    public double? TorchMaxUs { get; private init; }

    /// <summary>The time to start and end an empty loop on our threads; null with one thread. It tells how far apart the cores were.</summary>
    public double? ForkJoinNs { get; private init; }

    /// <summary>The system's load average when the case was over.</summary>
    public double? Load { get; private init; }

    /// <summary>Processors that others kept busy meanwhile.</summary>
    public double? ForeignLoad { get; private init; }

    /// <summary>False: the times are of rounds in which others used the processors, and say little.</summary>
    public bool? Quiet { get; private init; }

    /// <summary>Megabytes, the median of the rounds, where memory was measured; the times are null then.</summary>
    public double? OursMb { get; private init; }

    /// <inheritdoc cref="OursMb"/>
    public double? TorchMb { get; private init; }

    /// <summary>Times, or megabytes, of two sides that gave the same answers.</summary>
    /// <exception cref="ArgumentException">They did not.</exception>
    public static CaseReport Measured(string workload, string name, int threads, Agreement agreement, Timing timing, double? forkJoin, double? load, SampleUnit unit = SampleUnit.Microseconds)
    {
        if (!agreement.Holds) throw new ArgumentException("Times of different work are not compared.", nameof(agreement));
        double? Time(double value) => unit == SampleUnit.Microseconds ? Rounded(value) : null;
        double? Memory(double value) => unit == SampleUnit.Megabytes ? Rounded(value) : null;
        return new CaseReport
        {
            Workload = workload,
            Case = name,
            Threads = threads,
            OursUs = Time(timing.Ours.Median),
            TorchUs = Time(timing.Torch.Median),
            OursMb = Memory(timing.Ours.Median),
            TorchMb = Memory(timing.Torch.Median),
            Ratio = Rounded(timing.Ours.Median / timing.Torch.Median),
            LossRelDiff = agreement.Difference,
            Rounds = timing.Rounds,
            RoundsSetAside = timing.SetAside,
            OursMinUs = Time(timing.Ours.Min),
            OursMaxUs = Time(timing.Ours.Max),
            TorchMinUs = Time(timing.Torch.Min),
            TorchMaxUs = Time(timing.Torch.Max),
            ForkJoinNs = forkJoin is { } time ? Math.Round(time) : null,
            Load = load,
            ForeignLoad = timing.ForeignLoad is { } foreign ? Math.Round(foreign, 2) : null,
            Quiet = timing.IsQuiet,
        };
    }

    /// <summary>Two sides that differ: no times.</summary>
    public static CaseReport Refused(string workload, string name, int threads, Agreement agreement) => Failed(workload, name, threads, FormattableString.Invariant(
        $"{agreement.What} differ by {agreement.Difference:G3}, and {agreement.Limit:G3} is allowed")) with
    {
        LossRelDiff = double.IsFinite(agreement.Difference) ? agreement.Difference : null,
    };

    /// <summary>A side that could not do its work: no times either.</summary>
    public static CaseReport Failed(string workload, string name, int threads, string reason) => new()
    {
        Workload = workload,
        Case = name,
        Threads = threads,
        Reason = reason,
    };

    public string ToJson() => JsonSerializer.Serialize(this, Format);

    // A thousandth of a microsecond, or of the ratio, is more than the measurement knows.
    private static double Rounded(double value) => Math.Round(value, 3);
}
