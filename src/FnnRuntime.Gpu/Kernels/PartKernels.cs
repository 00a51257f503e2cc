using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>The second stage of sums over rows: the parts of each column become one.</summary>
internal static class PartKernels
{
    /// <summary>Columns of a group.</summary>
    public const int Columns = 16;

    /// <summary>Threads that share a column.</summary>
    public const int Lanes = 16;

    /// <summary>result[column] = Σ parts[part, column]: each lane adds every 16th part, and lanes are added as a tree.</summary>
    public static void Add<T, TReduction>(ArrayView<T> parts, ArrayView<T> result, int count, int columns)
        where T : unmanaged
        where TReduction : struct, IReduction<T>
    {
        var sums = SharedMemory.Allocate<T>(Columns * Lanes);
        var thread = Group.IdxX;
        var lane = thread >> 4;
        for (var first = Grid.IdxX * Columns; first < columns; first += Grid.DimX * Columns)
        {
            var column = first + (thread & (Columns - 1));
            if (column < columns && lane < count)
            {
                var sum = parts[(lane * columns) + column];
                for (var part = lane + Lanes; part < count; part += Lanes) sum = TReduction.Combine(sum, parts[(part * columns) + column]);
                sums[thread] = sum;
            }
            Group.Barrier();
            for (var half = Lanes / 2; half > 0; half >>= 1)
            {
                if (lane < half && lane + half < count) sums[thread] = TReduction.Combine(sums[thread], sums[thread + (half * Columns)]);
                Group.Barrier();
            }
            if (column < columns && lane == 0) result[column] = sums[thread];
        }
    }
}
