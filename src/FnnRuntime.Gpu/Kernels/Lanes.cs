using System.ComponentModel;
using System.Runtime.CompilerServices;
using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>
/// The threads that share one row of a kernel: which columns this thread computes, and how results of all of them become one. Kernels are written once over
/// lanes; a template decides how threads and rows are brought together.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface ILanes
{
    /// <summary>This thread's first column.</summary>
    int First { get; }

    /// <summary>From one of its columns to the next.</summary>
    int Step { get; }

    /// <summary>The values of all threads as one, in an order that depends on their number alone. All of them must call it.</summary>
    T Reduce<T, TReduction>(T value) where T : unmanaged where TReduction : struct, IReduction<T>;

    /// <summary>The index that belongs to the best value of all threads; the lowest where several are. All of them must call it.</summary>
    int ArgReduce<T, TOrder>(T best, int index) where T : unmanaged where TOrder : struct, IOrder<T>;
}

/// <summary>Two values become one.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface IReduction<T>
{
    /// <summary>Of the values of earlier and of later columns.</summary>
    static abstract T Combine(T earlier, T later);
}

/// <summary>Which of two values is better.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface IOrder<T>
{
    /// <summary>Whether a beats b; false where they are equal or one is not a number.</summary>
    static abstract bool IsBetter(T a, T b);
}

/// <summary>One thread has the whole row.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct OneThread : ILanes
{
    /// <inheritdoc/>
    public int First => 0;

    /// <inheritdoc/>
    public int Step => 1;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Reduce<T, TReduction>(T value) where T : unmanaged where TReduction : struct, IReduction<T> => value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ArgReduce<T, TOrder>(T best, int index) where T : unmanaged where TOrder : struct, IOrder<T> => index;
}

/// <summary>A thread has some of the columns of a row and shares no result with the others: for kernels that reduce no row.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct SomeColumns(int first, int step) : ILanes
{
    /// <inheritdoc/>
    public int First => first;

    /// <inheritdoc/>
    public int Step => step;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Reduce<T, TReduction>(T value) where T : unmanaged where TReduction : struct, IReduction<T> => value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ArgReduce<T, TOrder>(T best, int index) where T : unmanaged where TOrder : struct, IOrder<T> => index;
}

/// <summary>All threads of a group share a row; what they have is put together as a tree in shared memory.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct WholeGroup : ILanes
{
    /// <summary>Threads of a group at the most; always a power of two.</summary>
    internal const int MostThreads = 256;

    /// <inheritdoc/>
    public int First => Group.IdxX;

    /// <inheritdoc/>
    public int Step => Group.DimX;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Reduce<T, TReduction>(T value) where T : unmanaged where TReduction : struct, IReduction<T>
    {
        var shared = SharedMemory.Allocate<T>(MostThreads);
        var thread = Group.IdxX;
        shared[thread] = value;
        Group.Barrier();
        for (var half = Group.DimX / 2; half > 0; half >>= 1)
        {
            if (thread < half) shared[thread] = TReduction.Combine(shared[thread], shared[thread + half]);
            Group.Barrier();
        }
        var result = shared[0];
        // Nobody may write the next value before everybody has read this one.
        Group.Barrier();
        return result;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ArgReduce<T, TOrder>(T best, int index) where T : unmanaged where TOrder : struct, IOrder<T>
    {
        var values = SharedMemory.Allocate<T>(MostThreads);
        var indices = SharedMemory.Allocate<int>(MostThreads);
        var thread = Group.IdxX;
        values[thread] = best;
        indices[thread] = index;
        Group.Barrier();
        for (var half = Group.DimX / 2; half > 0; half >>= 1)
        {
            if (thread < half)
            {
                var (mine, other) = (values[thread], values[thread + half]);
                var (myIndex, otherIndex) = (indices[thread], indices[thread + half]);
                // The first of equal values wins, as in a loop over the columns.
                if (TOrder.IsBetter(other, mine) || (!TOrder.IsBetter(mine, other) && otherIndex < myIndex))
                {
                    values[thread] = other;
                    indices[thread] = otherIndex;
                }
            }
            Group.Barrier();
        }
        var result = indices[0];
        Group.Barrier();
        return result;
    }
}
