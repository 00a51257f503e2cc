namespace FeedbackNN;

/// <summary>A point of a <see cref="RocCurve"/>: what comes of taking all samples with at least this score.</summary>
/// <param name="Threshold">The score; infinite at the first point, which takes none.</param>
/// <param name="FalsePositiveRate">Of the samples that don't belong, the share that is taken.</param>
/// <param name="TruePositiveRate">Of the samples that belong, the share that is taken: the recall.</param>
public readonly record struct RocPoint(double Threshold, double FalsePositiveRate, double TruePositiveRate);

/// <summary>
/// How well a score tells samples that belong to a class from others: the share of those that are taken, against the share of others that are taken with them, for every threshold
/// (receiver operating characteristic).
/// </summary>
public sealed class RocCurve
{
    private RocCurve(RocPoint[] points, double area) => (Points, Area) = (points, area);

    /// <summary>From (0, 0) to (1, 1), the highest threshold first.</summary>
    public IReadOnlyList<RocPoint> Points { get; }

    /// <summary>
    /// The area below: the probability that a sample that belongs has a higher score than one that doesn't, equal scores counting half. 0.5 is guessing, 1 is perfect.
    /// Hanley and McNeil, The meaning and use of the area under a receiver operating characteristic (ROC) curve, 1982.
    /// </summary>
    public double Area { get; }

    /// <summary>The curve of scores.</summary>
    /// <param name="scores">One a sample; higher means that it rather belongs.</param>
    /// <param name="belongs">Whether it does.</param>
    /// <exception cref="ArgumentException">The lengths differ, a score is NaN, or no sample, or every one, belongs.</exception>
    public static RocCurve Of(ReadOnlySpan<double> scores, ReadOnlySpan<bool> belongs)
    {
        var counts = RankedSamples.Count(scores, belongs);
        if (counts.Count == 0 || counts[^1].Belonging == 0 || counts[^1].Others == 0)
            throw new ArgumentException("Samples that belong and samples that don't are both needed.", nameof(belongs));
        var (_, all, others) = counts[^1];
        var points = new RocPoint[counts.Count + 1];
        points[0] = new RocPoint(double.PositiveInfinity, 0, 0);
        double area = 0;
        for (var i = 0; i < counts.Count; i++)
        {
            var next = new RocPoint(counts[i].Score, (double)counts[i].Others / others, (double)counts[i].Belonging / all);
            area += (next.FalsePositiveRate - points[i].FalsePositiveRate) * (next.TruePositiveRate + points[i].TruePositiveRate) / 2;
            points[i + 1] = next;
        }
        return new RocCurve(points, area);
    }
}
