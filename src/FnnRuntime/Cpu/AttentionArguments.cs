using System.ComponentModel;

namespace FeedbackNN.Cpu;

/// <summary>One tensor of an attention, [batch, sequence, heads, elements]: the elements of a row of a head lie side by side.</summary>
/// <param name="start">The first element; null for a tensor that isn't there.</param>
/// <param name="batch">Distance in elements to the next sample of the batch.</param>
/// <param name="sequence">To the next position of the sequence.</param>
/// <param name="head">To the next head, or group of heads.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly unsafe struct AttentionTensor<T>(T* start, nint batch, nint sequence, nint head)
    where T : unmanaged
{
    /// <summary>The first element.</summary>
    public T* Start => start;

    /// <summary>Distance in elements to the next position of the sequence.</summary>
    public nint Sequence => sequence;

    /// <summary>Where the first position of a head begins.</summary>
    public T* Head(nint sample, nint index) => start + (sample * batch) + (index * head);

    /// <summary>Where a row of a head begins.</summary>
    public T* Row(nint sample, nint index, nint position) => Head(sample, index) + (position * sequence);
}

/// <summary>Sizes and tensors of an attention, softmax(scale · q kᵀ) v for each head, and of its gradient.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct AttentionArguments<T>
    where T : unmanaged
{
    /// <summary>Samples, heads, and groups of heads that share keys and values: heads are a multiple of groups.</summary>
    public nint Batch, Heads, Groups;

    /// <summary>Lengths of the sequences: of queries, and of keys and values.</summary>
    public nint Queries, Keys;

    /// <summary>Elements of a query and a key, and of a value. With values of 0 elements only the log sums are computed.</summary>
    public nint Width, ValueWidth;

    /// <summary>Whether query i of n looks only at the keys up to i + m - n of m.</summary>
    public bool IsCausal;

    /// <summary>What scores are multiplied by.</summary>
    public double Scale;

    /// <summary>What is read, and the result.</summary>
    public AttentionTensor<T> Q, K, V, Result;

    /// <summary>log Σ exp of the scores of each query, [batch, heads, queries]; may be null when nobody asks for it.</summary>
    public T* LogSums;

    /// <summary>The gradient of the result, and where those of queries, keys and values go, each of which may be missing.</summary>
    public AttentionTensor<T> ResultGradient, QGradient, KGradient, VGradient;

    /// <summary>How many keys a query looks at: the first so many.</summary>
    public readonly nint Visible(nint query) => IsCausal ? Math.Clamp(query + 1 + Keys - Queries, 0, Keys) : Keys;

    /// <summary>The first query that looks at a key.</summary>
    public readonly nint FirstLooking(nint key) => IsCausal ? Math.Clamp(key + Queries - Keys, 0, Queries) : 0;

    /// <summary>Where the log sums of a head begin.</summary>
    public readonly T* SumsOf(nint sample, nint head) => LogSums + (((sample * Heads) + head) * Queries);
}
