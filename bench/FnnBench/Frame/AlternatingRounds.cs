using System.Diagnostics;

namespace FnnBench.Frame;

/// <summary>
/// Times two sides in turns. In each round both have one turn, and the other one begins in the next round, so that whatever the machine does
/// in the long run (clock rates, neighbours, where the cores are) meets both alike.
/// </summary>
internal sealed class AlternatingRounds(BenchSettings settings, IForeignLoad foreign)
{
    private const int FewestSteps = 5;

    // With others on its cores a step may take a hundred times as long as when its number was chosen: a sample then ends early. The clock is
    // looked at rarely, because the shortest steps are as long as a look.
    private const int ClockLooks = 10;
    private const int MostSamples = 4;

    public Timing Measure(Action ours, Action torch)
    {
        Action[] steps = [ours, torch];
        var counts = steps.Select(WarmUp).ToArray();
        return Rounds(side => Turn(steps[side], counts[side]));
    }

    /// <summary>The same for sides that measure themselves: a sample each in a round, after one that only fills the system's caches.</summary>
    public Timing Measure(SampledSides sides)
    {
        Func<double>[] samples = [sides.Ours, sides.Torch];
        foreach (var sample in samples) sample();
        return Rounds(side => samples[side]());
    }

    private Timing Rounds(Func<int, double> turn)
    {
        List<Round> quiet = [], loaded = [];
        for (var round = 0; quiet.Count < settings.Rounds && round < settings.Rounds * settings.RepeatLimit; round++)
        {
            var times = new double[2];
            foreign.Begin();
            for (var position = 0; position < 2; position++)
            {
                var side = (round + position) % 2;
                times[side] = turn(side);
            }
            var load = foreign.End();
            (load > settings.ForeignLimit ? loaded : quiet).Add(new Round(times[0], times[1], load));
        }

        // A median of a few lucky rounds is worth less than one of all.
        var isQuiet = quiet.Count >= (settings.Rounds + 1) / 2;
        List<Round> all = [.. quiet, .. loaded], used = isQuiet ? quiet : all;
        return new Timing(
            SideTimes.Of(used.Select(round => round.Ours)), SideTimes.Of(used.Select(round => round.Torch)),
            used.Count, loaded.Count, isQuiet, all.Average(round => round.ForeignLoad));
    }

    /// <summary>Runs a side until it is fast.</summary>
    /// <returns>How many steps a sample has.</returns>
    private int WarmUp(Action step)
    {
        Parking.Wait();
        Repeat(step, settings.WarmUp, FewestSteps);
        var (count, elapsed) = Repeat(step, settings.Sample / 2, 1);
        return (int)Math.Clamp(Math.Ceiling(count * (settings.Sample / elapsed)), 1, int.MaxValue);
    }

    private double Turn(Action step, int count)
    {
        Parking.Wait();
        foreign.Look();
        Repeat(step, settings.Settle, 1);
        var chunk = Math.Max(1, count / ClockLooks);
        var start = Stopwatch.GetTimestamp();
        for (var done = 0; ; )
        {
            for (var i = 0; i < chunk; i++) step();
            done += chunk;
            var elapsed = Stopwatch.GetElapsedTime(start);
            if (done >= count || elapsed > MostSamples * settings.Sample) return elapsed.TotalMicroseconds / done;
        }
    }

    private static (int Count, TimeSpan Elapsed) Repeat(Action step, TimeSpan time, int fewest)
    {
        var start = Stopwatch.GetTimestamp();
        for (var count = 1; ; count++)
        {
            step();
            var elapsed = Stopwatch.GetElapsedTime(start);
            if (count >= fewest && elapsed >= time) return (count, elapsed);
        }
    }

    private readonly record struct Round(double Ours, double Torch, double? ForeignLoad);
}
