using System.Diagnostics;
using FeedbackNN;

namespace Streaming;

/// <summary>What was said for a step and what came. The first step has no forecast.</summary>
internal readonly record struct Moment(int Step, float Value, float Forecast, bool IsAlarm)
{
    public float Error => Value - Forecast;
}

/// <summary>
/// Watches a stream: compares each value with the forecast for it, raises an alarm where they differ by more than a limit, and forecasts the next. The first steps, in
/// which a forecaster has not seen much yet, raise none.
/// </summary>
internal sealed class Monitor(Forecaster net, double limit) : IDisposable
{
    private readonly Tensor<float, Batch, N1> _value = new(1, 1);
    private readonly List<double> _microseconds = [];
    private Forecaster.Session _session = net.Start(batch: 1);
    private float _forecast = float.NaN;

    public IReadOnlyList<double> Microseconds => _microseconds;

    public Moment Next(float value)
    {
        var step = (int)_session.Position;
        var moment = new Moment(step, value, _forecast, step >= Settling.Size && Math.Abs(value - _forecast) > limit);
        _value[0, 0] = value;
        var start = Stopwatch.GetTimestamp();
        _forecast = _session.Step(_value)[0, 0];
        _microseconds.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        return moment;
    }

    /// <summary>Saves the stream to a file and goes on in another session, as a program does that was stopped and started again.</summary>
    public void MoveOn(string path)
    {
        _session.SaveState(path);
        _session.Dispose();
        _session = net.Start(batch: 1);
        _session.RestoreState(path);
    }

    public void Dispose()
    {
        _session.Dispose();
        _value.Dispose();
    }
}
