using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Planning;

/// <summary>
/// Where each parameter (or buffer) of a model lies in the model's flat storage, in elements. Offsets are multiples of 64, so that every
/// tensor begins on a cache line of its own and any vector width is aligned. The manifest, the programs and checkpoints go by the
/// same numbers.
/// </summary>
/// <param name="Offsets">One offset for each item, in order.</param>
/// <param name="Length">All elements, padding included; a multiple of 64.</param>
public sealed record StorageLayout(EquatableArray<long> Offsets, long Length)
{
    /// <summary>What offsets are multiples of, in elements.</summary>
    public const int Alignment = 64;

    public static StorageLayout Compute(IEnumerable<BoundStorage> items)
    {
        var offsets = new List<long>();
        long end = 0;
        foreach (var item in items)
        {
            offsets.Add(end);
            var count = item.Type.ElementCount.Value;
            end = checked(end + (count + Alignment - 1) / Alignment * Alignment);
        }
        return new StorageLayout(offsets.ToEquatableArray(), end);
    }
}
