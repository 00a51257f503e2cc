namespace FeedbackNN;

/// <summary>Predictions of similar confidence, and how many of them were right.</summary>
/// <param name="From">The least confidence, not in the bin itself.</param>
/// <param name="To">The largest confidence.</param>
/// <param name="Count">How many predictions.</param>
/// <param name="Confidence">Their mean confidence; NaN for none.</param>
/// <param name="Accuracy">The share of them that was right; NaN for none.</param>
public readonly record struct ReliabilityBin(double From, double To, int Count, double Confidence, double Accuracy);

/// <summary>
/// Whether a network is right as often as it says: of what it predicts with 80%, 80% should be right. Guo, Pleiss, Sun and Weinberger, On Calibration of Modern Neural
/// Networks, 2017 (arXiv:1706.04599).
/// </summary>
public sealed class Calibration
{
    private Calibration(ReliabilityBin[] bins, double expectedError, double largestError) => (Bins, ExpectedError, LargestError) = (bins, expectedError, largestError);

    /// <summary>Equally wide bins of confidence, the probability of the predicted class.</summary>
    public IReadOnlyList<ReliabilityBin> Bins { get; }

    /// <summary>The mean over predictions of the distance between accuracy and confidence in their bin: the expected calibration error.</summary>
    public double ExpectedError { get; }

    /// <summary>The largest distance between accuracy and confidence in a bin.</summary>
    public double LargestError { get; }

    /// <summary>The calibration of predictions.</summary>
    /// <param name="predictions">On samples that training has not seen.</param>
    /// <param name="bins">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bins"/> is below 1.</exception>
    public static Calibration Of(Predictions predictions, int bins = 10)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 1);
        var (counts, right, confidence) = (new int[bins], new int[bins], new double[bins]);
        for (var i = 0; i < predictions.Count; i++)
        {
            var predicted = predictions.Predicted(i);
            var sure = predictions.Probability(i, predicted);
            var bin = Math.Clamp((int)Math.Ceiling(sure * bins) - 1, 0, bins - 1);
            counts[bin]++;
            confidence[bin] += sure;
            if (predicted == predictions.Label(i)) right[bin]++;
        }
        var result = new ReliabilityBin[bins];
        double expected = 0, largest = 0;
        for (var k = 0; k < bins; k++)
        {
            result[k] = new ReliabilityBin((double)k / bins, (double)(k + 1) / bins, counts[k], confidence[k] / counts[k], (double)right[k] / counts[k]);
            if (counts[k] == 0) continue;
            var error = Math.Abs(result[k].Accuracy - result[k].Confidence);
            expected += error * counts[k] / predictions.Count;
            largest = Math.Max(largest, error);
        }
        return new Calibration(result, expected, largest);
    }

    /// <summary>
    /// The temperature that makes the <see cref="Predictions.LogLoss"/> smallest; give it samples that neither trained the network nor will judge it, and its result to
    /// <see cref="Predictions.WithTemperature"/>.
    /// </summary>
    /// <remarks>Between 1/1000 and 1000: where every prediction is right, or each is as wrong as can be, there is no best one.</remarks>
    public static double FitTemperature(Predictions predictions)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        // The loss is convex in 1 / temperature, so its slope has one zero: halve the interval of its logarithm.
        double low = Math.Log(1e-3), high = Math.Log(1e3);
        for (var i = 0; i < 60; i++)
        {
            var middle = (low + high) / 2;
            if (Slope(predictions, Math.Exp(middle)) > 0) high = middle;
            else low = middle;
        }
        return Math.Exp(-(low + high) / 2);
    }

    // The loss's derivative by the inverse temperature: the mean of E[z] - z of the right class.
    private static double Slope(Predictions predictions, double inverse)
    {
        double slope = 0;
        for (var i = 0; i < predictions.Count; i++)
        {
            var largest = predictions.Log(i, predictions.Predicted(i));
            double sum = 0, weighted = 0;
            for (var k = 0; k < predictions.Classes; k++)
            {
                var logit = predictions.Log(i, k) - largest;
                if (double.IsNegativeInfinity(logit)) continue;
                var weight = Math.Exp(inverse * logit);
                sum += weight;
                weighted += weight * logit;
            }
            slope += (weighted / sum) - (predictions.Log(i, predictions.Label(i)) - largest);
        }
        return slope;
    }
}
