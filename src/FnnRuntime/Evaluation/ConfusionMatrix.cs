namespace FeedbackNN;

/// <summary>
/// Counts how often samples of each class were taken for each class, and what follows from the counts. A share with nothing below the line, such as the
/// precision of a class that was never predicted, is NaN. Not to be changed by several threads at once.
/// </summary>
public sealed class ConfusionMatrix
{
    private readonly long[] _counts;

    /// <summary>A matrix of zeros.</summary>
    /// <param name="classes">How many classes there are.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="classes"/> is below 1.</exception>
    public ConfusionMatrix(int classes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        Classes = classes;
        _counts = new long[checked(classes * classes)];
    }

    /// <summary>How many classes there are.</summary>
    public int Classes { get; }

    /// <summary>How many samples were counted.</summary>
    public long Total { get; private set; }

    /// <summary>How many of them were predicted right.</summary>
    public long Correct { get; private set; }

    /// <summary>The share of samples that were predicted right.</summary>
    public double Accuracy => Share(Correct, Total);

    /// <summary>How many samples of class <paramref name="actual"/> were taken for <paramref name="predicted"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A class is not between 0 and <see cref="Classes"/> - 1.</exception>
    public long this[int actual, int predicted] => _counts[Place(actual, predicted)];

    /// <summary>Counts one sample.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A class is not between 0 and <see cref="Classes"/> - 1.</exception>
    public void Add(int actual, int predicted)
    {
        _counts[Place(actual, predicted)]++;
        Total++;
        if (actual == predicted)
            Correct++;
    }

    /// <summary>Adds what another matrix counted.</summary>
    /// <exception cref="ArgumentException">It has another number of classes.</exception>
    public void Add(ConfusionMatrix other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Classes != Classes)
            throw new ArgumentException($"The other matrix has {other.Classes} classes instead of {Classes}.", nameof(other));
        for (var i = 0; i < _counts.Length; i++)
            _counts[i] += other._counts[i];
        Total += other.Total;
        Correct += other.Correct;
    }

    /// <summary>How many samples belong to a class.</summary>
    public long ActualCount(int actual) => Enumerable.Range(0, Classes).Sum(predicted => this[actual, predicted]);

    /// <summary>How many samples were taken for a class.</summary>
    public long PredictedCount(int predicted) => Enumerable.Range(0, Classes).Sum(actual => this[actual, predicted]);

    /// <summary>Of the samples taken for a class, the share that belongs to it.</summary>
    public double Precision(int label) => Share(this[label, label], PredictedCount(label));

    /// <summary>Of the samples that belong to a class, the share that was found.</summary>
    public double Recall(int label) => Share(this[label, label], ActualCount(label));

    /// <summary>The harmonic mean of precision and recall; 0 for a class that was predicted or occurs, but never both at once.</summary>
    public double F1(int label) => Share(2 * this[label, label], ActualCount(label) + PredictedCount(label));

    /// <summary>The mean of <see cref="F1"/> over the classes that occur or were predicted.</summary>
    public double MacroF1 => Enumerable.Range(0, Classes).Select(F1).Where(value => !double.IsNaN(value)).DefaultIfEmpty(double.NaN).Average();

    private static double Share(long part, long whole) => whole == 0 ? double.NaN : (double)part / whole;

    private int Place(int actual, int predicted)
    {
        CheckClass(actual, nameof(actual));
        CheckClass(predicted, nameof(predicted));
        return actual * Classes + predicted;
    }

    private void CheckClass(int label, string name)
    {
        if ((uint)label >= (uint)Classes)
            throw new ArgumentOutOfRangeException(name, label, $"A class goes from 0 to {Classes - 1}.");
    }
}
