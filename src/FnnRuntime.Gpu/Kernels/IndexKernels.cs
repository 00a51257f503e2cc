using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>
/// Kernels that move elements about by an index: gather, and its transpose, which adds. Additions to one place are made in the order of the index,
/// so that the same bits come out each time; no atomic additions.
/// </summary>
internal static class IndexKernels
{
    /// <summary>result[p, j, q] = source[p, index[j], q].</summary>
    public static void Gather<T>(ArrayView<T> source, ArrayView<int> index, ArrayView<T> result, int count, int axisLength, int indexCount, int inner) where T : unmanaged
    {
        for (var element = (Grid.IdxX * Group.DimX) + Group.IdxX; element < count; element += Grid.DimX * Group.DimX)
        {
            var row = element / inner;
            var outer = row / indexCount;
            result[element] = source[(((outer * axisLength) + index[row - (outer * indexCount)]) * inner) + (element - (row * inner))];
        }
    }

    /// <summary>
    /// For each position of an index the next one with the same value, or -1; the first of a value is marked by <c>-3 - next</c>, which is below -1 too. A thread a position
    /// looks along the index: the square of its length in comparisons, shared by all threads, and no sorting.
    /// </summary>
    public static void ChainEqual(ArrayView<int> index, ArrayView<int> next, int indexCount)
    {
        for (var j = (Grid.IdxX * Group.DimX) + Group.IdxX; j < indexCount; j += Grid.DimX * Group.DimX)
        {
            var value = index[j];
            var before = j - 1;
            while (before >= 0 && index[before] != value) before--;
            var after = j + 1;
            while (after < indexCount && index[after] != value) after++;
            var link = after < indexCount ? after : -1;
            next[j] = before < 0 ? -3 - link : link;
        }
    }

    /// <summary>result[p, index[j], q] = Σ values[p, j, q] over the j of one value, in their order; the thread of the first does it. Other places stay.</summary>
    public static void AddChains<T, TSum>(ArrayView<T> values, ArrayView<int> index, ArrayView<int> next, ArrayView<T> result, int count, int axisLength, int indexCount, int inner)
        where T : unmanaged where TSum : struct, IReduction<T>
    {
        for (var element = (Grid.IdxX * Group.DimX) + Group.IdxX; element < count; element += Grid.DimX * Group.DimX)
        {
            var row = element / inner;
            var outer = row / indexCount;
            var j = row - (outer * indexCount);
            var q = element - (row * inner);
            var link = next[j];
            if (link > -2) continue;
            link = -3 - link;
            var sum = values[element];
            while (link >= 0)
            {
                sum = TSum.Combine(sum, values[(((outer * indexCount) + link) * inner) + q]);
                link = next[link];
            }
            result[(((outer * axisLength) + index[j]) * inner) + q] = sum;
        }
    }

    public static void Fill<T>(ArrayView<T> place, int count, T value) where T : unmanaged
    {
        for (var i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < count; i += Grid.DimX * Group.DimX) place[i] = value;
    }

    public static void Copy<T>(ArrayView<T> source, ArrayView<T> result, int count) where T : unmanaged
    {
        for (var i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < count; i += Grid.DimX * Group.DimX) result[i] = source[i];
    }

    /// <summary>One group: the lowest position whose value is not in [0, bound), or the largest number.</summary>
    public static void FindOutOfRange(ArrayView<int> values, ArrayView<int> first, int count, int bound)
    {
        var found = int.MaxValue;
        for (var i = Group.IdxX; i < count; i += Group.DimX)
        {
            if ((values[i] < 0 || values[i] >= bound) && i < found) found = i;
        }
        found = default(WholeGroup).Reduce<int, MinReduction>(found);
        if (Group.IdxX == 0) first[0] = found;
    }
}
