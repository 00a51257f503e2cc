namespace FeedbackNN;

/// <summary>Makes data sources out of what is in memory or can be computed.</summary>
public static class DataSource
{
    /// <summary>The samples of a list or an array, which is not copied.</summary>
    /// <param name="samples">The samples; must not change in length while the source is used.</param>
    public static IDataSource<TSample> From<TSample>(IReadOnlyList<TSample> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        return new ListSource<TSample>(samples);
    }

    /// <summary>Samples that are computed when they are asked for.</summary>
    /// <param name="count">How many there are.</param>
    /// <param name="sample">Gives the sample at an index; must give an equal one each time, and is called from whichever thread reads.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public static IDataSource<TSample> From<TSample>(int count, Func<int, TSample> sample)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentNullException.ThrowIfNull(sample);
        return new ComputedSource<TSample>(count, sample);
    }

    internal static void CheckIndex(int index, int count)
    {
        if ((uint)index >= (uint)count)
            throw new ArgumentOutOfRangeException(nameof(index), index, $"The source has {count} samples, so an index goes from 0 to {count - 1}.");
    }

    private sealed class ListSource<TSample>(IReadOnlyList<TSample> samples) : IDataSource<TSample>
    {
        public int Count => samples.Count;

        public TSample this[int index]
        {
            get
            {
                CheckIndex(index, samples.Count);
                return samples[index];
            }
        }
    }

    private sealed class ComputedSource<TSample>(int count, Func<int, TSample> sample) : IDataSource<TSample>
    {
        public int Count => count;

        public TSample this[int index]
        {
            get
            {
                CheckIndex(index, count);
                return sample(index);
            }
        }
    }
}
