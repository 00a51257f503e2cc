using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>
/// The transpose of a gather, which adds. The positions of the index are sorted by its values, and those of one value by themselves; then the sum of each value's run is made by threads that read one after
/// the other, so that additions are in the order of the index and the same bits come out each time. No atomic additions.
/// </summary>
/// <remarks>
/// For n positions: 55 steps of a sorting network within blocks of 1024, then n · n/1024 searches of ten steps, which is 5000 comparisons a thread's worth for n = 8192 where comparing all with all is n²; then every value is read once.
/// Not yet measured on a GPU.
/// </remarks>
internal static class ScatterKernels
{
    /// <summary>Positions that a group sorts in shared memory.</summary>
    public const int Block = 1024;

    public const int Threads = 256;

    /// <summary>Sorts blocks of positions: a number is the index' value, and the position below it, so that no two are equal.</summary>
    public static void SortBlocks(ArrayView<int> index, ArrayView<long> sorted, int count)
    {
        var keys = SharedMemory.Allocate<long>(Block);
        var start = Grid.IdxX * Block;
        for (var i = Group.IdxX; i < Block; i += Threads)
        {
            var key = long.MaxValue;
            if (start + i < count) key = ((long)index[start + i] << 32) | (uint)(start + i);
            keys[i] = key;
        }
        Group.Barrier();
        // Bitonic: runs of 2, 4, ... that rise and fall in turn, merged by comparing over ever shorter distances.
        for (var run = 2; run <= Block; run <<= 1)
        {
            for (var distance = run >> 1; distance > 0; distance >>= 1)
            {
                for (var pair = Group.IdxX; pair < Block / 2; pair += Threads)
                {
                    var lower = ((pair & ~(distance - 1)) << 1) | (pair & (distance - 1));
                    var (a, b) = (keys[lower], keys[lower + distance]);
                    var isFalling = (lower & run) != 0;
                    if ((a > b) != isFalling)
                    {
                        keys[lower] = b;
                        keys[lower + distance] = a;
                    }
                }
                Group.Barrier();
            }
        }
        for (var i = Group.IdxX; i < Block; i += Threads)
        {
            if (start + i < count) sorted[start + i] = keys[i];
        }
    }

    /// <summary>Puts the numbers of sorted blocks where they belong among all: behind those of each other block that are less, which are found by bisection.</summary>
    public static void MergeBlocks(ArrayView<long> blocks, ArrayView<long> sorted, int count)
    {
        for (var i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < count; i += Grid.DimX * Group.DimX)
        {
            var key = blocks[i];
            var own = i & ~(Block - 1);
            var place = i - own;
            for (var start = 0; start < count; start += Block)
            {
                var (low, high) = (start, start == own ? start : Math.Min(start + Block, count));
                while (low < high)
                {
                    var middle = (low + high) >> 1;
                    var isLess = blocks[middle] < key;
                    low = isLess ? middle + 1 : low;
                    high = isLess ? high : middle;
                }
                place += low - start;
            }
            sorted[place] = key;
        }
    }

    /// <summary>result[p, index[j], q] = Σ values[p, j, q] over the j of one value, in their order: the thread of a run's first does it. Other places stay.</summary>
    public static void AddRuns<T, TSum>(ArrayView<T> values, ArrayView<long> sorted, ArrayView<T> result, int count, int axisLength, int indexCount, int inner)
        where T : unmanaged where TSum : struct, IReduction<T>
    {
        for (var element = (Grid.IdxX * Group.DimX) + Group.IdxX; element < count; element += Grid.DimX * Group.DimX)
        {
            var row = element / inner;
            var outer = row / indexCount;
            var place = row - (outer * indexCount);
            var q = element - (row * inner);
            var first = sorted[place];
            var target = (int)(first >> 32);
            if (place > 0 && (int)(sorted[place - 1] >> 32) == target) continue;
            var start = (outer * indexCount * inner) + q;
            var sum = values[start + ((int)first * inner)];
            for (var next = place + 1; next < indexCount; next++)
            {
                var key = sorted[next];
                if ((int)(key >> 32) != target) break;
                sum = TSum.Combine(sum, values[start + ((int)key * inner)]);
            }
            result[(((outer * axisLength) + target) * inner) + q] = sum;
        }
    }
}
