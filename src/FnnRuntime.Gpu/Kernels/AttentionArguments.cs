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

    /// <summary>Where a row of a head begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Row(int sample, int index, int position) => (sample * batch) + (index * head) + (position * sequence);
}

/// <summary>What an attention and its gradient read and write, but for the gradients of its inputs.</summary>
internal struct AttentionTensors<T>
    where T : unmanaged
{
    public GpuAttentionTensor<T> Q, K, V, Result, ResultGradient;

    /// <summary>[batch, heads, queries].</summary>
    public ArrayView<T> LogSums;
}
