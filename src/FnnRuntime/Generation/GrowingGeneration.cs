using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace FeedbackNN;

/// <summary>
/// A generate in which what is written comes back as what is read: its first round reads the whole beginning, every other one computes what one more element changes.
/// </summary>
public abstract unsafe class GrowingGeneration : Generation
{
    /// <param name="nets">In the order of the declaration.</param>
    /// <param name="first">The first round.</param>
    /// <param name="step">Any other.</param>
    /// <param name="again">One after a full state has slid; null where none does.</param>
    /// <param name="last">What is made of the states in the end.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected GrowingGeneration(Model[] nets, DeviceProgram first, DeviceProgram step, DeviceProgram? again, DeviceProgram last) : base(nets) => (First, Step, Again, Last) = (first, step, again, last);

    internal DeviceProgram First { get; }

    internal DeviceProgram Step { get; }

    internal DeviceProgram? Again { get; }

    internal DeviceProgram Last { get; }

    /// <inheritdoc/>
    public override void Dispose()
    {
        First.Dispose();
        Step.Dispose();
        Again?.Dispose();
        Last.Dispose();
        base.Dispose();
    }

    /// <summary>What each round appends, as it comes. Rounds are computed on threads of the pool while the caller waits.</summary>
    /// <param name="begin">Begins the rounds.</param>
    /// <param name="create">A tensor for what a round appends.</param>
    /// <param name="give">What the caller gets of it.</param>
    /// <param name="cancellation">Ends the stream between two rounds.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected static async IAsyncEnumerable<TResult> Stream<TElement, TTensor, TResult>(
        Func<GrowthRun> begin, Func<TTensor> create, Func<TTensor, TResult> give, [EnumeratorCancellation] CancellationToken cancellation)
        where TElement : unmanaged
        where TTensor : Tensor<TElement>
    {
        using var growth = begin();
        while (!growth.IsOver)
        {
            cancellation.ThrowIfCancellationRequested();
            var next = create();
            await Task.Run(() => growth.Advance(next), cancellation).ConfigureAwait(false);
            yield return give(next);
        }
    }
}

/// <summary>A tensor that a generate keeps between two rounds.</summary>
/// <param name="ByteLength">Its size.</param>
/// <param name="IsTwice">Whether a round reads the one copy and writes the other; what grows is written in its place.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly record struct KeptTensor(long ByteLength, bool IsTwice);

/// <summary>What a full state that grows forgets.</summary>
/// <param name="Capacity">Its elements when it is full.</param>
/// <param name="Forgotten">How many of its first elements go.</param>
/// <param name="Rows">How many sequences it has.</param>
/// <param name="ElementBytes">The size of an element of one of them.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed record SlidingWindow(long Capacity, long Forgotten, long Rows, long ElementBytes);
