using System.Globalization;
using System.Text;

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

    /// <summary>The mean of <see cref="Precision"/> over the classes that occur or were predicted; one that was never predicted counts as 0.</summary>
    public double MacroPrecision => Macro(Precision);

    /// <summary>The mean of <see cref="Recall"/> over the classes that occur or were predicted; one that never occurs counts as 0.</summary>
    public double MacroRecall => Macro(Recall);

    /// <summary>The mean of <see cref="F1"/> over the classes that occur or were predicted.</summary>
    public double MacroF1 => Macro(F1);

    /// <summary>The mean of <see cref="Precision"/>, each class as often as it occurs; one that was never predicted counts as 0.</summary>
    public double WeightedPrecision => Weighted(Precision);

    /// <summary>The mean of <see cref="F1"/>, each class as often as it occurs. (The mean of recalls so weighted is the <see cref="Accuracy"/>.)</summary>
    public double WeightedF1 => Weighted(F1);

    /// <summary>
    /// F1 of all classes' counts together. Where each sample has one class and one prediction, it is the <see cref="Accuracy"/>, and so are precision and recall; leave out classes
    /// that are none, such as "no entity", to get another number.
    /// </summary>
    /// <param name="without">Classes that are no findings.</param>
    public double MicroF1(params ReadOnlySpan<int> without)
    {
        long right = 0, actual = 0, predicted = 0;
        for (var label = 0; label < Classes; label++)
        {
            if (without.Contains(label)) continue;
            right += this[label, label];
            actual += ActualCount(label);
            predicted += PredictedCount(label);
        }
        return Share(2 * right, actual + predicted);
    }

    /// <summary>The mean of <see cref="Recall"/> over the classes that occur: an accuracy that rare classes count in as much as frequent ones.</summary>
    public double BalancedAccuracy => Enumerable.Range(0, Classes).Select(Recall).Where(value => !double.IsNaN(value)).DefaultIfEmpty(double.NaN).Average();

    /// <summary>
    /// The correlation of classes and predictions: 1 is perfect, 0 no better than chance; 0 where only one class occurs or was predicted. Matthews 1975; for several classes Gorodkin,
    /// Comparing two K-category assignments by a K-category correlation coefficient, 2004.
    /// </summary>
    public double MatthewsCorrelation
    {
        get
        {
            double both = 0, actual = 0, predicted = 0;
            for (var label = 0; label < Classes; label++)
            {
                double occurs = ActualCount(label), taken = PredictedCount(label);
                both += occurs * taken;
                actual += occurs * occurs;
                predicted += taken * taken;
            }
            double total = Total;
            var below = Math.Sqrt((total * total) - predicted) * Math.Sqrt((total * total) - actual);
            return Total == 0 ? double.NaN : below == 0 ? 0 : ((Correct * total) - both) / below;
        }
    }

    /// <summary>Precision, recall, F1 and number of samples of each class, as a table.</summary>
    /// <param name="names">What the classes are called; null: their numbers.</param>
    /// <exception cref="ArgumentException">There are other than <see cref="Classes"/> names.</exception>
    public string Table(IReadOnlyList<string>? names = null)
    {
        if (names is not null && names.Count != Classes) throw new ArgumentException($"There are {Classes} classes and {names.Count} names.", nameof(names));
        var labels = Enumerable.Range(0, Classes).Select(label => names?[label] ?? label.ToString(CultureInfo.InvariantCulture)).ToArray();
        var width = Math.Max(labels.Max(label => label.Length), "weighted".Length);
        var text = new StringBuilder();
        void Line(string name, string precision, string recall, string f1, string samples) =>
            text.Append(name.PadRight(width)).Append(precision.PadLeft(11)).Append(recall.PadLeft(8)).Append(f1.PadLeft(8)).Append(samples.PadLeft(9)).Append('\n');
        void Numbers(string name, double precision, double recall, double f1, long samples) =>
            Line(name, Text(precision), Text(recall), Text(f1), samples.ToString(CultureInfo.InvariantCulture));
        Line("", "precision", "recall", "F1", "samples");
        for (var label = 0; label < Classes; label++) Numbers(labels[label], Precision(label), Recall(label), F1(label), ActualCount(label));
        Numbers("macro", MacroPrecision, MacroRecall, MacroF1, Total);
        Numbers("weighted", WeightedPrecision, Accuracy, WeightedF1, Total);
        Line("accuracy", "", "", Text(Accuracy), Total.ToString(CultureInfo.InvariantCulture));
        return text.ToString();

        static string Text(double value) => value.ToString("F3", CultureInfo.InvariantCulture);
    }

    private double Macro(Func<int, double> share)
    {
        double sum = 0;
        var count = 0;
        for (var label = 0; label < Classes; label++)
        {
            if (ActualCount(label) + PredictedCount(label) == 0) continue;
            count++;
            sum += Zero(share(label));
        }
        return count == 0 ? double.NaN : sum / count;
    }

    private double Weighted(Func<int, double> share) =>
        Total == 0 ? double.NaN : Enumerable.Range(0, Classes).Sum(label => ActualCount(label) == 0 ? 0 : ActualCount(label) * Zero(share(label))) / Total;

    private static double Zero(double share) => double.IsNaN(share) ? 0 : share;

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
