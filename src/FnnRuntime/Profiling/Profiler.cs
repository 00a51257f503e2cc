using System.Diagnostics;

namespace FeedbackNN;

/// <summary>Measures a run that is made of programs and of steps outside of them, such as an optimizer's.</summary>
/// <param name="name">What is profiled.</param>
/// <param name="device">Where it computes.</param>
internal sealed unsafe class Profiler(string name, Device device)
{
    private const int FewestRuns = 7;
    private const int MostRuns = 301;
    private const double WarmUpSeconds = 0.1;
    private const double Seconds = 0.5;

    private readonly List<(int Slot, string Source, StepDescription Step)> _rows = [];
    private int _slots;

    /// <summary>Adds the steps of a program; gives the slot of the first.</summary>
    public int Add(DeviceProgram program, nint* sizes)
    {
        var first = _slots;
        var sources = program.ProfiledSources;
        foreach (var step in program.Describe(sizes).Steps) _rows.Add((first + step.Position, sources[step.Position], step));
        _slots += sources.Length;
        return first;
    }

    /// <summary>Adds a step of its own; gives its slot.</summary>
    public int Add(string source, StepDescription step)
    {
        _rows.Add((_slots, source, step));
        return _slots++;
    }

    /// <summary>Measures.</summary>
    /// <param name="run">Runs it all once, with the times of its steps where it is given a clock, and gives the time of all in units of <see cref="Stopwatch"/>.</param>
    public Profile Measure(Func<StepClock?, long> run)
    {
        var speed = device.Speed;
        var clock = new StepClock(_slots, device);
        var begin = Stopwatch.GetTimestamp();
        for (var k = 0; k < 2 || (k < MostRuns && Stopwatch.GetElapsedTime(begin).TotalSeconds < WarmUpSeconds); k++)
        {
            run(null);
            run(clock);
        }
        // In turns, so that what disturbs the machine disturbs both.
        var walls = new List<long>();
        var times = _rows.Select(_ => new List<long>()).ToArray();
        begin = Stopwatch.GetTimestamp();
        while (walls.Count < FewestRuns || (walls.Count < MostRuns && Stopwatch.GetElapsedTime(begin).TotalSeconds < Seconds))
        {
            walls.Add(run(null));
            clock.Clear();
            run(clock);
            for (var k = 0; k < times.Length; k++) times[k].Add(clock.Ticks[_rows[k].Slot]);
        }
        return new Profile(name, _rows.Select((row, k) => Row(row.Source, row.Step, clock.Rounds[row.Slot], Median(times[k]), speed)).ToArray(), Median(walls), walls.Count, device, speed);
    }

    private static ProfileRow Row(string source, StepDescription step, long rounds, double microseconds, MachineSpeed speed)
    {
        var (flops, bytes) = (step.Flops * rounds, step.Bytes * rounds);
        return new ProfileRow(source, step.Kernel, step.Sizes, rounds, microseconds, flops, bytes, speed.FloorMicroseconds(flops, bytes));
    }

    private static double Median(List<long> ticks)
    {
        ticks.Sort();
        return 1e6 * ticks[ticks.Count / 2] / Stopwatch.Frequency;
    }
}
