using System.Globalization;

namespace FeedbackNN;

/// <summary>The features of one sample and the class it belongs to.</summary>
/// <param name="Features">The features; a view of the data, not a copy.</param>
/// <param name="Label">The class, from 0.</param>
public readonly record struct LabelledSample(ReadOnlyMemory<float> Features, int Label);

/// <summary>
/// Samples for classification in memory: features of one width in one flat array, and a label each. What is in here has been checked: all features
/// are finite, all labels in range.
/// </summary>
public sealed class LabelledData : IDataSource<LabelledSample>
{
    private readonly float[] _features;
    private readonly int[] _labels;

    /// <summary>Takes over the arrays, after checking them.</summary>
    /// <param name="features">Sample after sample.</param>
    /// <param name="width">How many features a sample has.</param>
    /// <param name="labels">A label for each sample.</param>
    /// <param name="classes">How many classes there are.</param>
    /// <exception cref="DataException">The arrays don't fit each other, a feature is not finite, or a label is out of range.</exception>
    public LabelledData(float[] features, int width, int[] labels, int classes)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        if (features.Length != (long)width * labels.Length)
        {
            throw new DataException(
                null, Invariant($"{labels.Length} labels with {width} features each need {(long)width * labels.Length} features, but there are {features.Length}"), "Check the width");
        }
        for (var i = 0; i < features.Length; i++)
        {
            if (!float.IsFinite(features[i]))
                throw FeatureRows.NotFinite(i / width, i % width, features[i]);
        }
        for (var i = 0; i < labels.Length; i++)
        {
            if ((uint)labels[i] >= (uint)classes)
                throw new DataException(null, Invariant($"the label of sample {i} is {labels[i]}, not one of 0 to {classes - 1}"), "Correct the label or the number of classes");
        }

        _features = features;
        _labels = labels;
        Width = width;
        Classes = classes;
    }

    /// <summary>How many samples there are.</summary>
    public int Count => _labels.Length;

    /// <summary>How many features a sample has.</summary>
    public int Width { get; }

    /// <summary>How many classes there are; labels are below this.</summary>
    public int Classes { get; }

    /// <summary>All features, sample after sample.</summary>
    public ReadOnlyMemory<float> Features => _features;

    /// <summary>All labels.</summary>
    public ReadOnlyMemory<int> Labels => _labels;

    /// <summary>The sample at <paramref name="index"/>.</summary>
    public LabelledSample this[int index]
    {
        get
        {
            DataSource.CheckIndex(index, _labels.Length);
            return new LabelledSample(_features.AsMemory(index * Width, Width), _labels[index]);
        }
    }

    /// <summary>The same data with every feature multiplied by <paramref name="factor"/>: 1/255f for bytes of a picture.</summary>
    /// <exception cref="DataException">A product is no finite float.</exception>
    public LabelledData Scaled(float factor)
    {
        var scaled = new float[_features.Length];
        for (var i = 0; i < scaled.Length; i++)
            scaled[i] = _features[i] * factor;
        return new LabelledData(scaled, Width, _labels, Classes);
    }

    /// <summary>How many samples each class has.</summary>
    public int[] CountByClass()
    {
        var counts = new int[Classes];
        foreach (var label in _labels)
            counts[label]++;
        return counts;
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
