namespace FeedbackNN;

/// <summary>A point of a <see cref="PrecisionRecallCurve"/>: what comes of taking all samples with at least this score.</summary>
/// <param name="Threshold">The score.</param>
/// <param name="Precision">Of the samples taken, the share that belongs.</param>
/// <param name="Recall">Of the samples that belong, the share that is taken.</param>
public readonly record struct PrecisionRecallPoint(double Threshold, double Precision, double Recall);

/// <summary>Precision and recall for every threshold on a score. Where few samples belong it says more than a <see cref="RocCurve"/>.</summary>
public sealed class PrecisionRecallCurve
{
    private PrecisionRecallCurve(PrecisionRecallPoint[] points, double averagePrecision, double bestF1, double bestThreshold) =>
        (Points, AveragePrecision, BestF1, BestThreshold) = (points, averagePrecision, bestF1, bestThreshold);

    /// <summary>The highest threshold first; at the last one all samples are taken.</summary>
    public IReadOnlyList<PrecisionRecallPoint> Points { get; }

    /// <summary>The area below, as the sum of (recall - recall before) · precision: not interpolated, which would be too good.</summary>
    public double AveragePrecision { get; }

    /// <summary>The largest F1 that a threshold gives.</summary>
    public double BestF1 { get; }

    /// <summary>The threshold that gives <see cref="BestF1"/>.</summary>
    public double BestThreshold { get; }

    /// <summary>The curve of scores.</summary>
    /// <param name="scores">One a sample; higher means that it rather belongs.</param>
    /// <param name="belongs">Whether it does.</param>
    /// <exception cref="ArgumentException">The lengths differ, a score is NaN, or no sample belongs.</exception>
    public static PrecisionRecallCurve Of(ReadOnlySpan<double> scores, ReadOnlySpan<bool> belongs)
    {
        var counts = RankedSamples.Count(scores, belongs);
        if (counts.Count == 0 || counts[^1].Belonging == 0) throw new ArgumentException("No sample belongs: there is no recall.", nameof(belongs));
        var all = counts[^1].Belonging;
        var points = new PrecisionRecallPoint[counts.Count];
        double average = 0, before = 0, best = -1, threshold = 0;
        for (var i = 0; i < points.Length; i++)
        {
            var taken = counts[i].Belonging + counts[i].Others;
            var point = new PrecisionRecallPoint(counts[i].Score, (double)counts[i].Belonging / taken, (double)counts[i].Belonging / all);
            average += (point.Recall - before) * point.Precision;
            before = point.Recall;
            points[i] = point;
            var f1 = 2.0 * counts[i].Belonging / (taken + all);
            if (f1 > best) (best, threshold) = (f1, point.Threshold);
        }
        return new PrecisionRecallCurve(points, average, best, threshold);
    }
}
