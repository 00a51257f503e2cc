using System.Collections.Concurrent;
using System.Globalization;

namespace FeedbackNN;

/// <summary>
/// Tells of equilibria that were not reached: of each <c>fixed_point</c> that used up its rounds, in whichever model. The best iterate of each sample is used then, unless the
/// network says <c>else fail</c>.
/// </summary>
public static class FixedPoints
{
    private static readonly ConcurrentDictionary<string, bool> Warned = new();
    private static long _unconverged;

    /// <summary>Raised for every run of a program in which samples were not converged, also where the network says <c>else best</c>; on the thread that ran it.</summary>
    public static event EventHandler<NotConvergedEventArgs>? NotConverged;

    /// <summary>Samples of all programs so far that used up their rounds.</summary>
    public static long Unconverged => Interlocked.Read(ref _unconverged);

    internal static void Report(NotConvergedEventArgs what, Otherwise otherwise)
    {
        Interlocked.Add(ref _unconverged, what.Samples);
        var listeners = NotConverged;
        listeners?.Invoke(null, what);
        if (otherwise == Otherwise.Fail) throw new NotConvergedException(what);
        // Without anyone listening, once for each place.
        if (otherwise == Otherwise.Warn && listeners is null && Warned.TryAdd(what.Source, true)) Console.Error.WriteLine($"warning: {what}");
    }
}

/// <summary>An equilibrium that was not reached.</summary>
public sealed class NotConvergedEventArgs : EventArgs
{
    internal NotConvergedEventArgs(string what, string source, int samples, float residual, long rounds) => (What, Source, Samples, Residual, Rounds) = (what, source, samples, residual, rounds);

    /// <summary>What was looked for: the fixed point itself, or that of its gradient.</summary>
    public string What { get; }

    /// <summary>The line of the <c>.fnn</c> file.</summary>
    public string Source { get; }

    /// <summary>How many samples did not reach their tolerance.</summary>
    public int Samples { get; }

    /// <summary>The largest of their relative residuals |f(z) - z| / |f(z)|.</summary>
    public float Residual { get; }

    /// <summary>The rounds they had.</summary>
    public long Rounds { get; }

    /// <summary>All of it, as a sentence.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{What} was not reached in {Rounds} rounds for {Samples} {(Samples == 1 ? "sample" : "samples")}; the largest residual is {Residual:0.###e+0}. At {Source}. Give it more rounds or a larger tolerance, or bound its map (a norm, tanh, smaller weights).");
}

/// <summary>An equilibrium was not reached, and the network says <c>else fail</c>.</summary>
public sealed class NotConvergedException : Exception
{
    internal NotConvergedException(NotConvergedEventArgs what) : base(what.ToString()) => What = what;

    /// <summary>What was not reached.</summary>
    public NotConvergedEventArgs What { get; }
}
