namespace FeedbackNN;

/// <summary>
/// The order in which an epoch of training visits the samples: a function of their number, the seed and the epoch alone, so that a run that was
/// saved in the middle of an epoch goes on with the very samples that were still to come.
/// </summary>
public static class EpochOrder
{
    /// <summary>The indices 0 … count-1 in the order of that epoch.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public static int[] Create(int count, ulong seed, long epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var order = new int[count];
        Fill(order, seed, epoch);
        return order;
    }

    /// <summary>The same as <see cref="Create"/>, into memory that is there already.</summary>
    public static void Fill(Span<int> order, ulong seed, long epoch) => Permutation.Fill(order, SplitMix64.Combine(seed, (ulong)epoch));

    /// <summary>How many batches an epoch has; the last one may be short.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative or <paramref name="batchSize"/> is below 1.</exception>
    public static int BatchCount(int count, int batchSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        return count / batchSize + (count % batchSize == 0 ? 0 : 1);
    }
}
