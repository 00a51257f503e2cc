using System.ComponentModel;
using System.Runtime.CompilerServices;
using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>The sizes of an attention: see <c>FeedbackNN.Cpu.AttentionArguments</c>, which has the same.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct AttentionSizes
{
    /// <summary>Samples.</summary>
    public int Batch;

    /// <summary>Heads: a multiple of the groups.</summary>
    public int Heads;

    /// <summary>Groups of heads that share keys and values.</summary>
    public int Groups;

    /// <summary>Queries of a sequence.</summary>
    public int Queries;

    /// <summary>Keys and values of a sequence.</summary>
    public int Keys;

    /// <summary>Elements of a query and a key.</summary>
    public int Width;

    /// <summary>Elements of a value; with 0 only the log sums are computed.</summary>
    public int ValueWidth;

    /// <summary>1 where query i of n looks only at the keys up to i + m - n of m.</summary>
    public int IsCausal;

    /// <summary>How many keys a query looks at: the first so many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly int Visible(int query)
    {
        var last = IsCausal != 0 ? query + 1 + Keys - Queries : Keys;
        return Math.Max(0, Math.Min(last, Keys));
    }

    /// <summary>The same; none for a query that isn't there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly int VisibleOr0(int query) => query < Queries ? Visible(query) : 0;

    /// <summary>The first query that looks at a key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly int FirstLooking(int key) => IsCausal != 0 ? Math.Max(0, key + Queries - Keys) : 0;
}

/// <summary>One tensor of an attention, [batch, sequence, heads, elements]: the elements of a row of a head lie side by side.</summary>
/// <param name="view">From its first element on.</param>
/// <param name="batch">Distance in elements to the next sample.</param>
/// <param name="sequence">To the next position of the sequence.</param>
/// <param name="head">To the next head, or group of heads.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct GpuAttentionTensor<T>(ArrayView<T> view, int batch, int sequence, int head)
    where T : unmanaged
{
    /// <summary>From its first element on; empty for a tensor that isn't there.</summary>
    public ArrayView<T> View => view;

    /// <summary>As a kernel takes it.</summary>
    /// <param name="width">Elements of a row of a head.</param>
    internal AttentionOperand<T> Operand(int width) => new(view, batch, sequence, head, width);
}

/// <summary>A tensor of an attention in a kernel.</summary>
internal readonly struct AttentionOperand<T> where T : unmanaged
{
    private readonly int _batch, _sequence, _head, _inFours;

    public AttentionOperand(ArrayView<T> view, int batch, int sequence, int head, int width)
    {
        (View, _batch, _sequence, _head, Width) = (view, batch, sequence, head, width);
        // Buffers begin at multiples of 256 bytes.
        _inFours = ((IndexOf(view) | (uint)batch | (uint)sequence | (uint)head | (uint)width) & 3) == 0 ? 1 : 0;
    }

    public readonly ArrayView<T> View;

    /// <summary>Elements of a row of a head.</summary>
    public readonly int Width;

    // Elements before it in its buffer.
    private static long IndexOf<TView>(TView view) where TView : struct, IContiguousArrayView => view.Index;

    /// <summary>Where a row of a head begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Row(int sample, int index, int position) => (sample * _batch) + (index * _head) + (position * _sequence);

    /// <summary>Four elements of a row, in one access where rows lie so; zeros behind the row's end, and for a row that isn't there.</summary>
    /// <param name="row">Where it begins; -1 for one that isn't there.</param>
    /// <param name="element">A multiple of four.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Four<T> Read(int row, int element)
    {
        var four = default(Four<T>);
        var last = row < 0 ? -1 : Width - 1 - element;
        if (last >= 0)
        {
            if (_inFours != 0)
            {
                four = View.Cast<Four<T>>()[(row + element) >> 2];
            }
            else
            {
                // The last one instead of those behind it.
                var place = row + element;
                four = new Four<T>(View[place], View[place + Math.Min(last, 1)], View[place + Math.Min(last, 2)], View[place + Math.Min(last, 3)]);
                four = new Four<T>(four.X, last > 0 ? four.Y : default, last > 1 ? four.Z : default, last > 2 ? four.W : default);
            }
        }
        return four;
    }

    /// <summary>Writes four elements of a row, as far as it goes.</summary>
    /// <param name="row">Where it begins.</param>
    /// <param name="element">A multiple of four.</param>
    /// <param name="four">The elements.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(int row, int element, Four<T> four)
    {
        var last = Width - 1 - element;
        if (last < 0) return;
        if (_inFours != 0)
        {
            View.Cast<Four<T>>()[(row + element) >> 2] = four;
        }
        else
        {
            // Those behind the last are written in its place, before it.
            var place = row + element;
            View[place + Math.Min(last, 3)] = four.W;
            View[place + Math.Min(last, 2)] = four.Z;
            View[place + Math.Min(last, 1)] = four.Y;
            View[place] = four.X;
        }
    }
}

/// <summary>What an attention and its gradient read and write, but for the gradients of its inputs.</summary>
internal struct AttentionOperands<T> where T : unmanaged
{
    public AttentionOperand<T> Q, K, V, Result, ResultGradient;

    /// <summary>[batch, heads, queries].</summary>
    public ArrayView<T> LogSums;

    /// <summary>The same: dy · y of each row.</summary>
    public ArrayView<T> Along;
}
