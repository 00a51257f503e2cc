namespace FnnBench.Frame;

/// <summary>How far the answers of the two sides are apart, and how far they may be for their times to be comparable.</summary>
/// <param name="What">What was compared, for a message.</param>
/// <param name="Difference">Relative; not a number where an answer is none.</param>
/// <param name="Limit">The largest difference that rounding explains.</param>
internal readonly record struct Agreement(string What, double Difference, double Limit)
{
    /// <summary>Whether both sides do the same work. False where a difference is not a number.</summary>
    public bool Holds => Difference <= Limit;

    /// <summary>Losses step by step: the largest difference relative to the other side's loss.</summary>
    public static Agreement OfLosses(ReadOnlySpan<double> ours, ReadOnlySpan<double> theirs, double limit)
    {
        RequireSameLength(ours.Length, theirs.Length);
        double largest = 0;
        for (var step = 0; step < ours.Length; step++)
        {
            // Equal zeros have no relative difference. Not Math.Max of a comparison: a NaN must reach the end.
            var difference = ours[step] == theirs[step] ? 0 : Math.Abs(ours[step] - theirs[step]) / Math.Abs(theirs[step]);
            largest = Math.Max(largest, difference);
        }
        return new Agreement($"the losses of {ours.Length} steps", largest, limit);
    }

    /// <summary>Results element by element: ‖ours - theirs‖ / ‖theirs‖.</summary>
    public static Agreement OfResults(ReadOnlySpan<float> ours, ReadOnlySpan<float> theirs, double limit)
    {
        RequireSameLength(ours.Length, theirs.Length);
        double difference = 0, norm = 0;
        for (var i = 0; i < ours.Length; i++)
        {
            var distance = (double)ours[i] - theirs[i];
            difference += distance * distance;
            norm += (double)theirs[i] * theirs[i];
        }
        return new Agreement("the results", difference == 0 ? 0 : Math.Sqrt(difference / norm), limit);
    }

    private static void RequireSameLength(int ours, int theirs)
    {
        if (ours == 0) throw new ArgumentException("Nothing was compared.");
        if (ours != theirs) throw new ArgumentException(FormattableString.Invariant($"We gave {ours} numbers, the other side {theirs}."));
    }
}
