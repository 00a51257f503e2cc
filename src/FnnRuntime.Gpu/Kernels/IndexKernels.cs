using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>Kernels that move elements about: gather by an index (its transpose is <see cref="ScatterKernels"/>), fill and copy, and the check of an index.</summary>
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
        KeepLowest(found, first);
    }

    /// <summary>One group: the lowest position whose value is not in [0, bound), or the largest number.</summary>
    public static void FindOutOfRange(ArrayView<long> values, ArrayView<int> first, int count, int bound)
    {
        var found = int.MaxValue;
        for (var i = Group.IdxX; i < count; i += Group.DimX)
        {
            if ((values[i] < 0 || values[i] >= bound) && i < found) found = i;
        }
        KeepLowest(found, first);
    }

    private static void KeepLowest(int found, ArrayView<int> first)
    {
        found = default(WholeGroup).Reduce<int, MinReduction>(found);
        if (Group.IdxX == 0) first[0] = found;
    }
}
