using System.Diagnostics;

namespace FeedbackNN;

/// <summary>Takes the time of the steps of a run: a step's is what has passed since the one before it ended. Times of one step in several rounds add up.</summary>
/// <param name="slots">How many steps there are, those of all programs together.</param>
/// <param name="device">Where they run: what it has been handed is waited for at each step's end.</param>
internal sealed class StepClock(int slots, Device device)
{
    private readonly long[] _ticks = new long[slots];
    private readonly long[] _rounds = new long[slots];
    private long _last;
    private int _first;

    /// <summary>By slot, how often the step ran.</summary>
    public ReadOnlySpan<long> Rounds => _rounds;

    /// <summary>By slot, in units of <see cref="Stopwatch"/>.</summary>
    public ReadOnlySpan<long> Ticks => _ticks;

    public void Clear()
    {
        Array.Clear(_ticks);
        Array.Clear(_rounds);
    }

    /// <summary>A program begins now.</summary>
    /// <param name="first">The slot of its first step.</param>
    public void Begin(int first)
    {
        _first = first;
        Skip();
    }

    /// <summary>What has passed since the last step ended belongs to none.</summary>
    public void Skip()
    {
        device.Finish();
        _last = Stopwatch.GetTimestamp();
    }

    /// <summary>A step of it has ended.</summary>
    public void Lap(int step)
    {
        device.Finish();
        var now = Stopwatch.GetTimestamp();
        _ticks[_first + step] += now - _last;
        _rounds[_first + step]++;
        _last = now;
    }
}
