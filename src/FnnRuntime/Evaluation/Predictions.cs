namespace FeedbackNN;

/// <summary>
/// What a network said about samples whose class is known: a probability for each class. Everything that is asked of a classifier follows from it.
/// Immutable: may be used from several threads.
/// </summary>
public sealed class Predictions
{
    // Log-probabilities, sample by sample: exact where probabilities would have become 0.
    private readonly double[] _logs;
    private readonly int[] _labels;

    // Which samples, in which order: null for all. Bootstraps draw many of them.
    private readonly int[]? _chosen;

    private Predictions(double[] logs, int[] labels, int classes, int[]? chosen)
    {
        (_logs, _labels, Classes, _chosen) = (logs, labels, classes, chosen);
        Count = chosen?.Length ?? labels.Length;
    }

    /// <summary>How many classes there are.</summary>
    public int Classes { get; }

    /// <summary>How many samples there are.</summary>
    public int Count { get; }

    /// <summary>Of logits, the numbers before a softmax.</summary>
    /// <param name="logits">Sample by sample, one for each class.</param>
    /// <param name="labels">The right class of each sample.</param>
    /// <exception cref="ArgumentException">There are no samples, the numbers are no multiple of the labels, a label is no class, or a logit is no number.</exception>
    public static Predictions FromLogits(ReadOnlySpan<float> logits, ReadOnlySpan<int> labels)
    {
        var classes = CheckSizes(logits.Length, labels, nameof(logits));
        var logs = new double[logits.Length];
        for (var i = 0; i < labels.Length; i++)
        {
            var row = logits.Slice(i * classes, classes);
            var largest = double.NegativeInfinity;
            foreach (var logit in row) largest = Math.Max(largest, logit);
            if (!double.IsFinite(largest)) throw new ArgumentException($"The logits of sample {i} are not finite.", nameof(logits));
            double sum = 0;
            foreach (var logit in row) sum += Math.Exp(logit - largest);
            for (var k = 0; k < classes; k++) logs[(i * classes) + k] = row[k] - largest - Math.Log(sum);
        }
        return new Predictions(logs, labels.ToArray(), classes, null);
    }

    /// <summary>Of probabilities that add up to 1 for each sample.</summary>
    /// <param name="probabilities">Sample by sample, one for each class.</param>
    /// <param name="labels">The right class of each sample.</param>
    /// <exception cref="ArgumentException">There are no samples, the numbers are no multiple of the labels, a label is no class, or a sample's numbers are no probabilities.</exception>
    public static Predictions FromProbabilities(ReadOnlySpan<float> probabilities, ReadOnlySpan<int> labels)
    {
        var classes = CheckSizes(probabilities.Length, labels, nameof(probabilities));
        var logs = new double[probabilities.Length];
        for (var i = 0; i < labels.Length; i++)
        {
            double sum = 0;
            for (var k = 0; k < classes; k++)
            {
                double p = probabilities[(i * classes) + k];
                if (!(p >= 0)) throw new ArgumentException($"Sample {i} has a probability of {p}.", nameof(probabilities));
                sum += p;
                logs[(i * classes) + k] = Math.Log(p);
            }
            if (Math.Abs(sum - 1) > 1e-3) throw new ArgumentException($"The probabilities of sample {i} add up to {sum}, not to 1; for logits there is FromLogits.", nameof(probabilities));
        }
        return new Predictions(logs, labels.ToArray(), classes, null);
    }

    /// <summary>Of one probability a sample, that it is of class 1 of two.</summary>
    /// <param name="probabilities">One a sample.</param>
    /// <param name="labels">0 or 1 for each sample.</param>
    /// <exception cref="ArgumentException">There are no samples, the lengths differ, or a number is no probability or no such label.</exception>
    public static Predictions FromBinary(ReadOnlySpan<float> probabilities, ReadOnlySpan<int> labels)
    {
        var both = new float[2 * probabilities.Length];
        for (var i = 0; i < probabilities.Length; i++) (both[2 * i], both[(2 * i) + 1]) = (1 - probabilities[i], probabilities[i]);
        return FromProbabilities(both, labels);
    }

    /// <summary>The right class of a sample.</summary>
    public int Label(int sample) => _labels[Place(sample)];

    /// <summary>The probability of a class.</summary>
    public double Probability(int sample, int label) => Math.Exp(Log(sample, label));

    /// <summary>The logarithm of a class's probability; exact also where the probability is too small for a number.</summary>
    public double LogProbability(int sample, int label) => Log(sample, label);

    /// <summary>The class with the largest probability; the first where several have it.</summary>
    public int Predicted(int sample)
    {
        var best = 0;
        for (var k = 1; k < Classes; k++) best = Log(sample, k) > Log(sample, best) ? k : best;
        return best;
    }

    /// <summary>The share of samples that were predicted right.</summary>
    public double Accuracy => TopAccuracy(1);

    /// <summary>The share of samples whose class is among the <paramref name="most"/> likely ones. Of classes with the same probability the first counts as the likelier.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="most"/> is below 1.</exception>
    public double TopAccuracy(int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        var right = 0;
        for (var i = 0; i < Count; i++)
        {
            var label = Label(i);
            var own = Log(i, label);
            var before = 0;
            for (var k = 0; k < Classes; k++) before += Log(i, k) > own || (k < label && Log(i, k) == own) ? 1 : 0;
            if (before < most) right++;
        }
        return (double)right / Count;
    }

    /// <summary>The mean of -log p of the right class: the cross entropy.</summary>
    public double LogLoss
    {
        get
        {
            double sum = 0;
            for (var i = 0; i < Count; i++) sum -= Log(i, Label(i));
            return sum / Count;
        }
    }

    /// <summary>e to the <see cref="LogLoss"/>: among how many equally likely classes the network would be as unsure.</summary>
    public double Perplexity => Math.Exp(LogLoss);

    /// <summary>The mean over samples of Σ (p - y)², where y is 1 for the right class and else 0. Brier, Verification of forecasts expressed in terms of probability, 1950.</summary>
    public double BrierScore
    {
        get
        {
            double sum = 0;
            for (var i = 0; i < Count; i++)
            {
                for (var k = 0; k < Classes; k++)
                {
                    var error = Probability(i, k) - (k == Label(i) ? 1 : 0);
                    sum += error * error;
                }
            }
            return sum / Count;
        }
    }

    /// <summary>How often samples of each class were taken for each class, with precision, recall and F1.</summary>
    public ConfusionMatrix Confusion()
    {
        var matrix = new ConfusionMatrix(Classes);
        for (var i = 0; i < Count; i++) matrix.Add(Label(i), Predicted(i));
        return matrix;
    }

    /// <summary>How well a class's probability tells its samples from all others, by threshold.</summary>
    /// <exception cref="ArgumentException">No sample, or every one, is of this class.</exception>
    public RocCurve Roc(int label = 1) => RocCurve.Of(Probabilities(label), Is(label));

    /// <summary>Precision and recall of a class, by threshold on its probability.</summary>
    /// <exception cref="ArgumentException">No sample is of this class.</exception>
    public PrecisionRecallCurve PrecisionRecall(int label = 1) => PrecisionRecallCurve.Of(Probabilities(label), Is(label));

    /// <summary>Whether what is said with a probability is right as often.</summary>
    public Calibration Calibration(int bins = 10) => FeedbackNN.Calibration.Of(this, bins);

    /// <summary>The same predictions with logits divided by a temperature: above 1 less sure, below 1 surer; what is predicted stays.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The temperature is not positive.</exception>
    public Predictions WithTemperature(double temperature)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        var logs = new double[_logs.Length];
        for (var start = 0; start < logs.Length; start += Classes)
        {
            var largest = _logs.AsSpan(start, Classes).ToArray().Max();
            double sum = 0;
            for (var k = start; k < start + Classes; k++) sum += Math.Exp((_logs[k] - largest) / temperature);
            for (var k = start; k < start + Classes; k++) logs[k] = ((_logs[k] - largest) / temperature) - Math.Log(sum);
        }
        return new Predictions(logs, _labels, Classes, _chosen);
    }

    /// <summary>Some of the samples, in this order; one may come several times.</summary>
    /// <exception cref="ArgumentException">There are none, or an index is not among the samples.</exception>
    public Predictions Select(ReadOnlySpan<int> samples)
    {
        if (samples.IsEmpty) throw new ArgumentException("There are no samples.", nameof(samples));
        var chosen = new int[samples.Length];
        for (var i = 0; i < chosen.Length; i++)
        {
            if ((uint)samples[i] >= (uint)Count) throw new ArgumentException($"There are {Count} samples, none with the index {samples[i]}.", nameof(samples));
            chosen[i] = Place(samples[i]);
        }
        return new Predictions(_logs, _labels, Classes, chosen);
    }

    internal double Log(int sample, int label) => _logs[(Place(sample) * Classes) + label];

    private int Place(int sample) => _chosen is null ? sample : _chosen[sample];

    private double[] Probabilities(int label)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(label);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(label, Classes);
        var values = new double[Count];
        for (var i = 0; i < Count; i++) values[i] = Probability(i, label);
        return values;
    }

    private bool[] Is(int label)
    {
        var values = new bool[Count];
        for (var i = 0; i < Count; i++) values[i] = Label(i) == label;
        return values;
    }

    private static int CheckSizes(int numbers, ReadOnlySpan<int> labels, string name)
    {
        if (labels.IsEmpty) throw new ArgumentException("There are no samples.", nameof(labels));
        if (numbers == 0 || numbers % labels.Length != 0) throw new ArgumentException($"{numbers} numbers are no multiple of {labels.Length} labels.", name);
        var classes = numbers / labels.Length;
        for (var i = 0; i < labels.Length; i++)
        {
            if ((uint)labels[i] >= (uint)classes) throw new ArgumentException($"The label of sample {i} is {labels[i]}; classes go from 0 to {classes - 1}.", nameof(labels));
        }
        return classes;
    }
}
