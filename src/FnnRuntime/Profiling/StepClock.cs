using System.Diagnostics;

namespace FeedbackNN;

/// <summary>Takes the time of the steps of a run: a step's is what has passed since the one before it ended. Times of one step in several rounds add up.</summary>
/// <param name="slots">How many steps there are, those of all programs together.</param>
internal sealed class StepClock(int slots)
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
        _last = Stopwatch.GetTimestamp();
    }

    /// <summary>A step of it has ended.</summary>
    public void Lap(int step)
    {
        var now = Stopwatch.GetTimestamp();
        _ticks[_first + step] += now - _last;
        _rounds[_first + step]++;
        _last = now;
    }
}
