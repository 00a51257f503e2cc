using System.Runtime.CompilerServices;

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

    /// <summary>The least and the greatest value that it has, where they are known.</summary>
    internal virtual (double Least, double Most)? Bounds => null;

    /// <summary>What it is made of, as in a <c>.fnn</c> file; null for a formula, of which nobody can tell.</summary>
    internal virtual string? Settings => null;

    /// <summary>What it is made of; of a formula, what it is at first and half-way: formulas that differ elsewhere are told alike.</summary>
    /// <param name="updates">Updates made.</param>
    internal string Describe(long updates) => Settings ?? FormattableString.Invariant($"{At(0)} at first and {At(updates / 2)} half-way");

    /// <summary>A constant.</summary>
    public static implicit operator Schedule(double value) => Constant(value);

    /// <summary>Always <paramref name="value"/>.</summary>
    public static Schedule Constant(double value) => new Formula(_ => value, FormattableString.Invariant($"{value}"), (value, value));

    /// <summary>Half a cosine from <paramref name="start"/> down to <paramref name="end"/> in <paramref name="total"/> updates, then <paramref name="end"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="start"/> or <paramref name="end"/> is negative or not finite, or <paramref name="total"/> is not positive.</exception>
    public static Schedule Cosine(double start, double total, double end = 0)
    {
        RequireValue(start);
        RequirePositive(total);
        RequireValue(end);
        return new Formula(update => HalfCosine(start, end, update / total), FormattableString.Invariant($"cosine({start}, total: {total}, end: {end})"), (Math.Min(start, end), Math.Max(start, end)));
    }

    /// <summary>A straight line from <paramref name="start"/> to <paramref name="end"/> in <paramref name="total"/> updates, then <paramref name="end"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="start"/> or <paramref name="end"/> is negative or not finite, or <paramref name="total"/> is not positive.</exception>
    public static Schedule Linear(double start, double total, double end = 0)
    {
        RequireValue(start);
        RequirePositive(total);
        RequireValue(end);
        return new Formula(update => start + (end - start) * Math.Min(1, update / total), FormattableString.Invariant($"linear({start}, end: {end}, total: {total})"), (Math.Min(start, end), Math.Max(start, end)));
    }

    /// <summary>
    /// Rises in a straight line to <paramref name="peak"/> during <paramref name="warmup"/> updates, then falls as half a cosine to
    /// <paramref name="end"/> at update <paramref name="total"/>, and stays there.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative or not finite, or <paramref name="total"/> is not larger than <paramref name="warmup"/>.</exception>
    public static Schedule WarmupCosine(double peak, double warmup, double total, double end = 0)
    {
        RequireValue(peak);
        RequireValue(warmup);
        RequirePositive(total);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(total, warmup);
        RequireValue(end);
        return new Formula(update => update < warmup ? peak * (update + 1) / warmup : HalfCosine(peak, end, (update - warmup) / (total - warmup)), FormattableString.Invariant($"warmup_cosine({peak}, warmup: {warmup}, total: {total}, end: {end})"), (0, Math.Max(peak, end)));
    }

    /// <summary><paramref name="start"/>, multiplied by <paramref name="factor"/> every <paramref name="every"/> updates.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="start"/> or <paramref name="factor"/> is negative or not finite, or <paramref name="every"/> is not positive.</exception>
    public static Schedule Step(double start, double every, double factor = 0.1)
    {
        RequireValue(start);
        RequirePositive(every);
        RequireValue(factor);
        return new Formula(update => start * Math.Pow(factor, Math.Floor(update / every)), FormattableString.Invariant($"step({start}, every: {every}, factor: {factor})"), factor > 1 ? null : (0, start));
    }

    /// <summary>A formula of your own.</summary>
    /// <param name="formula">From the number of updates made to the value; must give the same each time. What an optimizer can't compute with, such as NaN, ends the step that asks for it.</param>
    public static Schedule From(Func<long, double> formula)
    {
        ArgumentNullException.ThrowIfNull(formula);
        return new Formula(formula, settings: null, bounds: null);
    }

    private static double HalfCosine(double start, double end, double progress) =>
        end + (start - end) * 0.5 * (1 + Math.Cos(Math.PI * Math.Min(1, progress)));

    private static void RequireValue(double value, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (!double.IsFinite(value) || value < 0) throw new ArgumentOutOfRangeException(name, value, $"{name} must be a finite number, 0 or above.");
    }

    private static void RequirePositive(double value, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (!double.IsFinite(value) || value <= 0) throw new ArgumentOutOfRangeException(name, value, $"{name} must be a finite number above 0.");
    }

    private sealed class Formula(Func<long, double> at, string? settings, (double Least, double Most)? bounds) : Schedule
    {
        public override double At(long update) => at(update);

        internal override (double Least, double Most)? Bounds => bounds;

        internal override string? Settings => settings;

        public override string ToString() => settings ?? "a formula";
    }
}
