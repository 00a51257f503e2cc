namespace FeedbackNN;

/// <summary>
/// A fixed number of samples, each to be had by its index: what a trainer reads batches from. Asking for the same index again gives an equal
/// sample, and the count doesn't change while something reads. Sources made by this library may be read from several threads at once, as long as
/// the functions given to them may.
/// </summary>
/// <typeparam name="TSample">One sample; for a trainer, its generated <c>Sample</c>.</typeparam>
public interface IDataSource<out TSample>
{
    /// <summary>How many samples there are.</summary>
    int Count { get; }

    /// <summary>The sample at <paramref name="index"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is negative or not below <see cref="Count"/>.</exception>
    TSample this[int index] { get; }
}
