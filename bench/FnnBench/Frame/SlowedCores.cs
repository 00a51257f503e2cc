namespace FnnBench.Frame;

/// <summary>
/// Others on our cores of whom the system knows nothing: a virtual machine's processors may share a core with those of another machine, or with each other, and are half as fast
/// meanwhile. It shows in how fast our threads multiply and add, beside the best seen so far.
/// </summary>
/// <param name="known">What the system says of others.</param>
/// <param name="measureSpeed">Measures the speed of all threads together, in any unit, in less than a millisecond.</param>
/// <param name="threads">How many threads that are.</param>
internal sealed class SlowedCores(IForeignLoad known, Func<double> measureSpeed, int threads) : IForeignLoad
{
    // Clock rates change by about so much.
    private const double Tolerance = 0.15;
    private const int Tries = 3;

    private double _best;
    private double _slowest;

    public void Begin()
    {
        if (_best == 0)
        {
            for (var i = 0; i < 100; i++) Speed();
        }

        _slowest = double.PositiveInfinity;
        known.Begin();
    }

    public void Look()
    {
        _slowest = Math.Min(_slowest, Speed());
        known.Look();
    }

    /// <inheritdoc/>
    /// <remarks>A processor at half its speed counts as half a one that others had.</remarks>
    public double? End()
    {
        Parking.Wait();
        _slowest = Math.Min(_slowest, Speed());
        var lost = 1 - (_slowest / _best);
        return lost < Tolerance ? known.End() : Math.Max(known.End() ?? 0, lost * threads);
    }

    // The best of a few tries: a single one may fall on an interrupt.
    private double Speed()
    {
        var speed = 0.0;
        for (var i = 0; i < Tries; i++) speed = Math.Max(speed, measureSpeed());
        _best = Math.Max(_best, speed);
        return speed;
    }
}
