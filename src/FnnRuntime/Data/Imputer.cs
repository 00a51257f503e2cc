namespace FeedbackNN;

/// <summary>What an <see cref="Imputer"/> puts in the place of missing values.</summary>
public enum Imputation
{
    /// <summary>The mean of the feature.</summary>
    Mean,

    /// <summary>The median of the feature, which a few values far away do not move.</summary>
    Median,
}

/// <summary>
/// Fills in missing features, which are NaN, by a number of each feature. Fit it on the training part only and apply it to both parts and to what comes later: what it learned
/// from test samples would flatter the test. That a value was missing can tell something by itself: give the network a mask, too.
/// </summary>
public sealed class Imputer
{
    private const string FileKind = "imputer";

    private readonly float[] _values;

    private Imputer(float[] values) => _values = values;

    /// <summary>How many features a sample has.</summary>
    public int Width => _values.Length;

    /// <summary>What each feature is filled in with.</summary>
    public ReadOnlyMemory<float> Values => _values;

    /// <summary>Learns what to fill in from the values that are there.</summary>
    /// <param name="train">The training part.</param>
    /// <param name="features">The features of a sample; NaN where one is missing.</param>
    /// <param name="by">What is filled in.</param>
    /// <exception cref="DataException">There are no samples, they differ in width, a feature is infinite, or it is missing in all samples.</exception>
    public static Imputer Fit<TSample>(IDataSource<TSample> train, Func<TSample, ReadOnlyMemory<float>> features, Imputation by = Imputation.Mean)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(features);
        if (!Enum.IsDefined(by)) throw new ArgumentOutOfRangeException(nameof(by), by, "It is Imputation.Mean or Imputation.Median.");
        FeatureRows.CheckCount(train.Count);

        var width = features(train[0]).Length;
        var there = new List<float>[width];
        for (var f = 0; f < width; f++) there[f] = new List<float>(train.Count);
        for (var i = 0; i < train.Count; i++)
        {
            var sample = features(train[i]).Span;
            FeatureRows.CheckWidth(sample.Length, width, i);
            for (var f = 0; f < width; f++)
            {
                if (float.IsInfinity(sample[f])) throw FeatureRows.NotFinite(i, f, sample[f]);
                if (!float.IsNaN(sample[f])) there[f].Add(sample[f]);
            }
        }

        var empty = Array.FindIndex(there, values => values.Count == 0);
        if (empty >= 0)
            throw new DataException(null, FormattableString.Invariant($"feature {empty} is missing in all {train.Count} samples"), "Leave the feature out");
        return new Imputer([.. there.Select(values => by == Imputation.Mean ? (float)values.Average(value => (double)value) : Median(values))]);
    }

    /// <summary>The features of one sample without gaps.</summary>
    /// <exception cref="DataException">The sample has another width than those it was fitted on.</exception>
    public float[] Apply(ReadOnlySpan<float> features)
    {
        var result = new float[features.Length];
        Apply(features, result);
        return result;
    }

    /// <summary>The features of one sample without gaps, into memory that is there already (which may be the sample's own).</summary>
    /// <exception cref="DataException">The sample has another width than those it was fitted on.</exception>
    /// <exception cref="ArgumentException"><paramref name="result"/> has another length than <paramref name="features"/>.</exception>
    public void Apply(ReadOnlySpan<float> features, Span<float> result)
    {
        FeatureRows.CheckWidth(features.Length, Width, null);
        FeatureRows.CheckRoom(result.Length, features.Length);
        for (var f = 0; f < features.Length; f++)
            result[f] = float.IsNaN(features[f]) ? _values[f] : features[f];
    }

    /// <summary>Writes what each feature is filled in with as a safetensors file, to be kept beside the network that was trained with it.</summary>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void Save(string path) => FeatureRows.Save(path, FileKind, ("values", _values));

    /// <summary>What <see cref="Save"/> wrote.</summary>
    /// <exception cref="CheckpointException">The file cannot be read, is damaged or holds something else.</exception>
    public static Imputer Load(string path) => new(FeatureRows.Load(path, FileKind, "values")[0]);

    // Of an even number of values it lies between the two in the middle.
    private static float Median(List<float> values)
    {
        values.Sort();
        var middle = values.Count / 2;
        return values.Count % 2 == 1 ? values[middle] : (float)(((double)values[middle - 1] + values[middle]) / 2);
    }
}
