namespace FeedbackNN;

/// <summary>A value with the interval that holds it at this confidence.</summary>
/// <param name="Value">Of all samples.</param>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end.</param>
/// <param name="Confidence">Such as 0.95.</param>
public readonly record struct ConfidenceInterval(double Value, double Low, double High, double Confidence)
{
    /// <summary>Such as <c>0.912 (0.894 to 0.928)</c>.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Value:G4} ({Low:G4} to {High:G4})");
}

/// <summary>Two models on the same samples.</summary>
/// <param name="Difference">The second's value less the first's, with its interval.</param>
/// <param name="PValue">How likely a difference so far from 0, in either direction, would be if there were none.</param>
public readonly record struct Comparison(ConfidenceInterval Difference, double PValue);

/// <summary>
/// How sure a number is that was computed from samples: it is computed again from as many samples drawn from them with replacement, many times, and the interval holds the
/// middle of what came out (percentiles). Efron, Bootstrap Methods: Another Look at the Jackknife, 1979. The same seed gives the same interval.
/// </summary>
public static class Bootstrap
{
    /// <summary>The interval of a number of predictions, such as <c>p => p.Accuracy</c>.</summary>
    /// <param name="predictions">The samples.</param>
    /// <param name="statistic">The number.</param>
    /// <param name="confidence">Between 0 and 1.</param>
    /// <param name="resamples">How often it is computed.</param>
    /// <param name="seed">Of the draws.</param>
    public static ConfidenceInterval Interval(Predictions predictions, Func<Predictions, double> statistic, double confidence = 0.95, int resamples = 1000, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        ArgumentNullException.ThrowIfNull(statistic);
        return Interval(predictions.Count, samples => statistic(predictions.Select(samples)), confidence, resamples, seed);
    }

    /// <summary>The interval of the mean of values, such as results of several seeds.</summary>
    /// <param name="values">At least one.</param>
    /// <param name="confidence">Between 0 and 1.</param>
    /// <param name="resamples">How often it is computed.</param>
    /// <param name="seed">Of the draws.</param>
    public static ConfidenceInterval Mean(IReadOnlyList<double> values, double confidence = 0.95, int resamples = 1000, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(values);
        return Interval(
            values.Count,
            samples =>
            {
                double sum = 0;
                foreach (var sample in samples) sum += values[sample];
                return sum / samples.Length;
            },
            confidence, resamples, seed);
    }

    /// <summary>The interval of any number of samples that are known by their indices.</summary>
    /// <param name="count">How many samples there are.</param>
    /// <param name="statistic">The number, of the samples with these indices; an index may come several times.</param>
    /// <param name="confidence">Between 0 and 1.</param>
    /// <param name="resamples">How often it is computed. Results that are NaN, of draws that lack what the number needs, are left out.</param>
    /// <param name="seed">Of the draws.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no samples, the confidence is not between 0 and 1, or there are no resamples.</exception>
    public static ConfidenceInterval Interval(int count, Func<int[], double> statistic, double confidence = 0.95, int resamples = 1000, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(statistic);
        var (value, results) = Draw(count, statistic, confidence, resamples, seed);
        return Between(value, results, confidence);
    }

    /// <summary>
    /// Whether a second model is better than a first: both are judged on the same draws, because what is hard for one is hard for the other and does not count.
    /// </summary>
    /// <param name="first">One model's predictions.</param>
    /// <param name="second">The other's, of the same samples in the same order.</param>
    /// <param name="statistic">The number that is compared.</param>
    /// <param name="confidence">Of the interval, between 0 and 1.</param>
    /// <param name="resamples">How often it is computed.</param>
    /// <param name="seed">Of the draws.</param>
    /// <exception cref="ArgumentException">The samples are not the same.</exception>
    public static Comparison Compare(
        Predictions first, Predictions second, Func<Predictions, double> statistic, double confidence = 0.95, int resamples = 1000, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        ArgumentNullException.ThrowIfNull(statistic);
        if (first.Count != second.Count || !Enumerable.Range(0, first.Count).All(i => first.Label(i) == second.Label(i)))
            throw new ArgumentException("The two models must have predicted the same samples, in the same order.", nameof(second));
        var (value, results) = Draw(first.Count, samples => statistic(second.Select(samples)) - statistic(first.Select(samples)), confidence, resamples, seed);
        // One more on each side: no finite number of draws proves that there is none.
        var below = 1 + results.Count(result => result <= 0);
        var above = 1 + results.Count(result => result >= 0);
        return new Comparison(Between(value, results, confidence), Math.Min(1, 2.0 * Math.Min(below, above) / (results.Length + 1)));
    }

    private static (double Value, double[] Results) Draw(int count, Func<int[], double> statistic, double confidence, int resamples, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(resamples, 1);
        if (!(confidence is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(confidence), confidence, "A confidence lies between 0 and 1.");
        var samples = Enumerable.Range(0, count).ToArray();
        var value = statistic(samples);
        var results = new List<double>();
        for (var draw = 0; draw < resamples; draw++)
        {
            var random = new SplitMix64(SplitMix64.Combine(seed, (ulong)draw));
            for (var i = 0; i < count; i++) samples[i] = (int)random.Below((uint)count);
            if (Of(samples) is var result && !double.IsNaN(result)) results.Add(result);
        }
        results.Sort();
        return (value, [.. results]);

        // Of all samples it could be computed, so what a draw is not fit for, such as a curve of one class alone, is that draw's lack.
        double Of(int[] drawn)
        {
            try
            {
                return statistic(drawn);
            }
            catch (ArgumentException)
            {
                return double.NaN;
            }
        }
    }

    private static ConfidenceInterval Between(double value, double[] sorted, double confidence) =>
        new(value, Percentile(sorted, (1 - confidence) / 2), Percentile(sorted, (1 + confidence) / 2), confidence);

    private static double Percentile(double[] sorted, double share)
    {
        if (sorted.Length == 0) return double.NaN;
        var place = share * (sorted.Length - 1);
        var below = (int)place;
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((place - below) * (sorted[above] - sorted[below]));
    }
}
