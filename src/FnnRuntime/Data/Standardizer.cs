namespace FeedbackNN;

/// <summary>
/// Brings each feature to mean 0 and deviation 1. Fit it on the training part only and apply it to both parts and to what comes later: what it learned from
/// test samples would flatter the test.
/// </summary>
public sealed class Standardizer
{
    private const string FileKind = "standardizer";

    private readonly float[] _mean;
    private readonly float[] _deviation;

    private Standardizer(float[] mean, float[] deviation)
    {
        _mean = mean;
        _deviation = deviation;
    }

    /// <summary>How many features a sample has.</summary>
    public int Width => _mean.Length;

    /// <summary>The mean of each feature.</summary>
    public ReadOnlyMemory<float> Mean => _mean;

    /// <summary>The deviation of each feature (the root of the mean squared distance from the mean); 1 where all samples had the same value, which so becomes 0.</summary>
    public ReadOnlyMemory<float> Deviation => _deviation;

    /// <summary>Learns means and deviations from samples.</summary>
    /// <exception cref="DataException">There are no samples, they differ in width, or a feature is not finite.</exception>
    public static Standardizer Fit(IDataSource<LabelledSample> train) => Fit(train, sample => sample.Features);

    /// <summary>Learns means and deviations from samples of any kind.</summary>
    /// <param name="train">The training part.</param>
    /// <param name="features">The features of a sample.</param>
    /// <exception cref="DataException">There are no samples, they differ in width, or a feature is not finite: an <see cref="Imputer"/> fills in what is missing.</exception>
    public static Standardizer Fit<TSample>(IDataSource<TSample> train, Func<TSample, ReadOnlyMemory<float>> features)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(features);
        FeatureRows.CheckCount(train.Count);

        // Running mean and sum of squared distances: Welford, "Note on a method for calculating corrected sums of squares and products", 1962.
        var width = features(train[0]).Length;
        var mean = new double[width];
        var squares = new double[width];
        for (var i = 0; i < train.Count; i++)
        {
            var sample = features(train[i]).Span;
            FeatureRows.CheckWidth(sample.Length, width, i);
            for (var f = 0; f < width; f++)
            {
                if (!float.IsFinite(sample[f]))
                    throw FeatureRows.NotFinite(i, f, sample[f]);
                var distance = sample[f] - mean[f];
                mean[f] += distance / (i + 1);
                squares[f] += distance * (sample[f] - mean[f]);
            }
        }

        var deviation = squares.Select(sum => (float)Math.Sqrt(sum / train.Count)).Select(value => value > 0 ? value : 1f);
        return new Standardizer(mean.Select(value => (float)value).ToArray(), deviation.ToArray());
    }

    /// <summary>The standardised features of one sample.</summary>
    /// <exception cref="DataException">The sample has another width than those it was fitted on.</exception>
    public float[] Apply(ReadOnlySpan<float> features)
    {
        var result = new float[features.Length];
        Apply(features, result);
        return result;
    }

    /// <summary>The standardised features of one sample, into memory that is there already (which may be the sample's own).</summary>
    /// <exception cref="DataException">The sample has another width than those it was fitted on.</exception>
    /// <exception cref="ArgumentException"><paramref name="result"/> has another length than <paramref name="features"/>.</exception>
    public void Apply(ReadOnlySpan<float> features, Span<float> result)
    {
        FeatureRows.CheckWidth(features.Length, Width, null);
        FeatureRows.CheckRoom(result.Length, features.Length);
        for (var f = 0; f < features.Length; f++)
            result[f] = (features[f] - _mean[f]) / _deviation[f];
    }

    /// <summary>A source whose samples are standardised once and kept in memory.</summary>
    /// <exception cref="DataException">A sample has another width than those it was fitted on.</exception>
    public IDataSource<LabelledSample> Apply(IDataSource<LabelledSample> source) =>
        source.Select(sample => new LabelledSample(Apply(sample.Features.Span), sample.Label)).Cache();

    /// <summary>Writes means and deviations as a safetensors file, to be kept beside the network that was trained with them.</summary>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void Save(string path) => FeatureRows.Save(path, FileKind, ("mean", _mean), ("deviation", _deviation));

    /// <summary>What <see cref="Save"/> wrote.</summary>
    /// <exception cref="CheckpointException">The file cannot be read, is damaged or holds something else.</exception>
    public static Standardizer Load(string path)
    {
        var numbers = FeatureRows.Load(path, FileKind, "mean", "deviation");
        return new Standardizer(numbers[0], numbers[1]);
    }
}
