namespace FeedbackNN;

/// <summary>
/// A number that depends on how many updates an optimizer has made: a learning rate that warms up and decays. A plain number converts to
/// a constant schedule.
/// </summary>
/// <remarks>Immutable: may be used from several threads.</remarks>
public abstract class Schedule
{
    /// <summary>The value for an update.</summary>
    /// <param name="update">Updates made before it, from 0.</param>
    public abstract double At(long update);

    /// <summary>A constant.</summary>
    public static implicit operator Schedule(double value) => Constant(value);

    /// <summary>Always <paramref name="value"/>.</summary>
    public static Schedule Constant(double value) => new Formula(_ => value, value);

    /// <summary>Half a cosine from <paramref name="start"/> down to <paramref name="end"/> in <paramref name="total"/> updates, then <paramref name="end"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="total"/> is not positive.</exception>
    public static Schedule Cosine(double start, double total, double end = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(total);
        return new Formula(update => HalfCosine(start, end, update / total), start);
    }

    /// <summary>A straight line from <paramref name="start"/> to <paramref name="end"/> in <paramref name="total"/> updates, then <paramref name="end"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="total"/> is not positive.</exception>
    public static Schedule Linear(double start, double total, double end = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(total);
        return new Formula(update => start + (end - start) * Math.Min(1, update / total), start);
    }

    /// <summary>
    /// Rises in a straight line to <paramref name="peak"/> during <paramref name="warmup"/> updates, then falls as half a cosine to
    /// <paramref name="end"/> at update <paramref name="total"/>, and stays there.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="warmup"/> is negative, or <paramref name="total"/> is not larger.</exception>
    public static Schedule WarmupCosine(double peak, double warmup, double total, double end = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(warmup);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(total, warmup);
        return new Formula(update => update < warmup ? peak * (update + 1) / warmup : HalfCosine(peak, end, (update - warmup) / (total - warmup)), peak);
    }

    /// <summary><paramref name="start"/>, multiplied by <paramref name="factor"/> every <paramref name="every"/> updates.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="every"/> is not positive.</exception>
    public static Schedule Step(double start, double every, double factor = 0.1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(every);
        return new Formula(update => start * Math.Pow(factor, Math.Floor(update / every)), start);
    }

    /// <summary>A formula of your own.</summary>
    /// <param name="formula">From the number of updates made to the value; must give the same each time.</param>
    public static Schedule From(Func<long, double> formula)
    {
        ArgumentNullException.ThrowIfNull(formula);
        return new Formula(formula, double.NaN);
    }

    private static double HalfCosine(double start, double end, double progress) =>
        end + (start - end) * 0.5 * (1 + Math.Cos(Math.PI * Math.Min(1, progress)));

    private sealed class Formula(Func<long, double> at, double first) : Schedule
    {
        public override double At(long update) => at(update);

        public override string ToString() => first.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
