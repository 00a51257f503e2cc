namespace FeedbackNN;

/// <summary>Views of a data source: other samples, other orders, parts. None copies a sample, except <see cref="Cache{TSample}"/>.</summary>
public static class DataSourceViews
{
    /// <summary>Each sample turned into another one, each time it is asked for (see <see cref="Cache{TSample}"/>).</summary>
    public static IDataSource<TResult> Select<TSample, TResult>(this IDataSource<TSample> source, Func<TSample, TResult> selector)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(selector);
        return DataSource.From(source.Count, index => selector(source[index]));
    }

    /// <summary>The first <paramref name="count"/> samples, or all when there are fewer.</summary>
    public static IDataSource<TSample> Take<TSample>(this IDataSource<TSample> source, int count)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return new RangeView<TSample>(source, 0, Math.Min(count, source.Count));
    }

    /// <summary>All samples but the first <paramref name="count"/>; none when there are fewer.</summary>
    public static IDataSource<TSample> Skip<TSample>(this IDataSource<TSample> source, int count)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var start = Math.Min(count, source.Count);
        return new RangeView<TSample>(source, start, source.Count - start);
    }

    /// <summary>The samples of this source, followed by those of <paramref name="next"/>.</summary>
    public static IDataSource<TSample> Concat<TSample>(this IDataSource<TSample> source, IDataSource<TSample> next)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(next);
        var first = source.Count;
        return DataSource.From(checked(first + next.Count), index => index < first ? source[index] : next[index - first]);
    }

    /// <summary>The samples in an order that depends on their number and the seed only: the same on every machine and in every version.</summary>
    public static IDataSource<TSample> Shuffle<TSample>(this IDataSource<TSample> source, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new SubsetView<TSample>(source, Permutation.Of(source.Count, seed));
    }

    /// <summary>
    /// The source in two parts with no sample in both: after a shuffle by the seed, the first has <paramref name="fraction"/> of the samples
    /// (rounded to the nearest whole number) and the second the rest. <c>var (train, test) = digits.Split(0.8, seed: 1);</c>
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="fraction"/> is not between 0 and 1.</exception>
    /// <exception cref="ArgumentException">One of the parts would be empty.</exception>
    public static (IDataSource<TSample> Train, IDataSource<TSample> Test) Split<TSample>(
        this IDataSource<TSample> source, double fraction, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (!(fraction > 0 && fraction < 1))
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "The first part's share of the samples lies between 0 and 1, as in 0.8.");

        var count = source.Count;
        var first = (int)Math.Round(count * fraction, MidpointRounding.AwayFromZero);
        if (first == 0 || first == count)
            throw new ArgumentException(
                FormattableString.Invariant($"Split({fraction}) of {count} samples leaves one part without any: use more samples or another fraction."),
                nameof(fraction));

        var order = Permutation.Of(count, seed);
        return (new SubsetView<TSample>(source, order[..first]), new SubsetView<TSample>(source, order[first..]));
    }

    /// <summary>
    /// Cross-validation: after a shuffle by the seed the samples are cut into <paramref name="folds"/> parts whose sizes differ by one at most;
    /// part <paramref name="fold"/> is the test and the others are the train part. Every sample is in the test part of exactly one fold.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="folds"/> is not between 2 and the number of samples, or <paramref name="fold"/> not between 0 and folds - 1.
    /// </exception>
    public static (IDataSource<TSample> Train, IDataSource<TSample> Test) SplitByFold<TSample>(
        this IDataSource<TSample> source, int folds, int fold, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(source);
        var count = source.Count;
        ArgumentOutOfRangeException.ThrowIfLessThan(folds, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(folds, count);
        ArgumentOutOfRangeException.ThrowIfNegative(fold);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(fold, folds);

        var order = Permutation.Of(count, seed);
        var begin = (int)((long)count * fold / folds);
        var end = (int)((long)count * (fold + 1) / folds);
        return (new SubsetView<TSample>(source, [.. order[..begin], .. order[end..]]), new SubsetView<TSample>(source, order[begin..end]));
    }

    /// <summary>All samples read once, in order, and kept in memory: after a costly <see cref="Select{TSample, TResult}"/>.</summary>
    public static IDataSource<TSample> Cache<TSample>(this IDataSource<TSample> source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return DataSource.From(source.ToArray());
    }

    /// <summary>All samples in an array.</summary>
    public static TSample[] ToArray<TSample>(this IDataSource<TSample> source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var samples = new TSample[source.Count];
        for (var i = 0; i < samples.Length; i++)
            samples[i] = source[i];
        return samples;
    }

    private sealed class RangeView<TSample>(IDataSource<TSample> source, int start, int count) : IDataSource<TSample>
    {
        public int Count => count;

        public TSample this[int index]
        {
            get
            {
                DataSource.CheckIndex(index, count);
                return source[start + index];
            }
        }
    }

    private sealed class SubsetView<TSample>(IDataSource<TSample> source, int[] indices) : IDataSource<TSample>
    {
        public int Count => indices.Length;

        public TSample this[int index]
        {
            get
            {
                DataSource.CheckIndex(index, indices.Length);
                return source[indices[index]];
            }
        }
    }
}
