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
    /// <param name="last">What is made of the states in the end.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected GrowingGeneration(Model[] nets, DeviceProgram first, DeviceProgram step, DeviceProgram last) : base(nets) => (First, Step, Last) = (first, step, last);

    internal DeviceProgram First { get; }

    internal DeviceProgram Step { get; }

    internal DeviceProgram Last { get; }

    /// <inheritdoc/>
    public override void Dispose()
    {
        First.Dispose();
        Step.Dispose();
        Last.Dispose();
        GC.SuppressFinalize(this);
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
