namespace FeedbackNN;

/// <summary>Trained parameters that lie side by side, with their gradients and what an optimizer remembers of them. In floats.</summary>
/// <param name="Parameters">A net's storage.</param>
/// <param name="Gradients">The storage of its gradients.</param>
/// <param name="Start">The first, in the storage of parameters and in that of gradients.</param>
/// <param name="Length">How many.</param>
/// <param name="State">What the optimizer remembers; null when it remembers nothing.</param>
/// <param name="StateStart">The first in it.</param>
/// <param name="StateStride">From one remembered array to the next.</param>
/// <param name="Rule">Which of the objective's shares of the learning rate they take.</param>
/// <param name="Decays">Whether weight decay is for them.</param>
internal readonly record struct ParameterSlice(
    DeviceMemory Parameters, DeviceMemory Gradients, long Start, long Length, DeviceMemory? State, long StateStart, long StateStride, int Rule, bool Decays = true);

/// <summary>Gradients of several steps, each times its number of items.</summary>
/// <param name="Memory">The sums.</param>
/// <param name="Items">Where in it the number of items is, as a float.</param>
internal readonly record struct GradientSums(DeviceMemory Memory, long Items);

/// <summary>Why a deferred step was not taken.</summary>
/// <param name="Step">Which.</param>
/// <param name="Objective">Whose loss or gradient it was.</param>
/// <param name="What">Which number it was.</param>
/// <param name="Value">NaN or an infinity.</param>
internal readonly record struct StepFailure(long Step, int Objective, FailedNumber What, double Value);

/// <summary>Of which number a step was not taken.</summary>
internal enum FailedNumber
{
    /// <summary>The loss.</summary>
    Loss,

    /// <summary>The norm of its gradient.</summary>
    GradientNorm,

    /// <summary>Some number of its gradient, though the loss is not scaled any more.</summary>
    Gradient,
}

/// <summary>
/// What a training does on its device beside running programs: changes parameters, keeps buffers, takes back. Some devices work behind the host's
/// back (<see cref="IsDeferred"/>): there a loss that is not finite is noticed by the device, which skips all changes from then on, until the host
/// asks.
/// </summary>
internal abstract class DeviceUpdates : IDisposable
{
    /// <summary>Whether the host learns of a failure later than the device.</summary>
    public abstract bool IsDeferred { get; }

    /// <summary>Changes parameters by their gradients.</summary>
    public abstract void Apply(in ParameterSlice slice, in UpdateRule rule);

    /// <summary>
    /// Makes gradients of a scaled loss those of the loss. Where one is not finite, the update that the step belongs to is not made; then, and after steps without one, the scale changes: see <see cref="LossScale"/>.
    /// Does nothing where programs are not given the scale: products of the processor are float32.
    /// </summary>
    /// <param name="slices">Whose gradients.</param>
    /// <param name="scale">The scale's memory.</param>
    /// <param name="isFirst">The step is the first of its update.</param>
    /// <param name="step">Which step it is.</param>
    /// <param name="objective">Whose loss it is.</param>
    public abstract void Unscale(ReadOnlySpan<ParameterSlice> slices, DeviceMemory scale, bool isFirst, long step, int objective);

    /// <summary>
    /// Adds gradients, times the number of items that their loss is the mean of, to sums that lie as the slice's state does.
    /// </summary>
    /// <param name="slice">Whose gradients.</param>
    /// <param name="sums">What they are added to, and behind it the number of items so far.</param>
    /// <param name="scalars">The step's numbers.</param>
    /// <param name="count">Where among them the number of items is.</param>
    /// <param name="isFirst">The sums begin with this step: what is there means nothing.</param>
    public abstract void Accumulate(in ParameterSlice slice, in GradientSums sums, DeviceMemory scalars, long count, bool isFirst);

    /// <summary>The step's number of items is added to the sums', once all slices have been.</summary>
    public abstract void Count(in GradientSums sums, DeviceMemory scalars, long count, bool isFirst);

    /// <summary>The gradients become the means over all items: of the sums and of this step. The sums stay.</summary>
    public abstract void TakeMean(in ParameterSlice slice, in GradientSums sums, DeviceMemory scalars, long count);

    /// <summary>Cuts every gradient to ± the limit.</summary>
    public abstract void Clamp(in ParameterSlice slice, double limit);

    /// <summary>
    /// Scales all gradients down together when their norm exceeds the limit. Gives the norm (when it is not finite, nothing has been scaled), or null
    /// where the device checks it itself.
    /// </summary>
    public abstract double? ClipNorm(ReadOnlySpan<ParameterSlice> slices, double limit, long step, int objective);

    /// <summary>Copies floats.</summary>
    public abstract void Copy(DeviceMemory source, long sourceStart, DeviceMemory target, long targetStart, long count);

    /// <summary>target ← target + share · (source - target): what is equal stays so, to the bit.</summary>
    public abstract void MoveTowards(DeviceMemory source, DeviceMemory target, double share, long count);

    /// <summary>A step is over: the new values take the place of the present ones.</summary>
    public abstract void Keep(ref DeviceMemory present, ref DeviceMemory next);

    /// <summary>All that is done until <see cref="EndStep"/> is one training step: a device may be given it in one piece.</summary>
    public virtual void BeginStep() { }

    /// <summary>The step has been handed over when this returns, or as much of it as there was; nothing where none has begun.</summary>
    public virtual void EndStep() { }

    /// <summary>Deferred: has the device look at a loss, its sum and its count, before the parameters are changed by its gradient.</summary>
    /// <param name="scalars">Where the sum lies, with the count behind it.</param>
    /// <param name="start">At which float.</param>
    /// <param name="step">Which step it is.</param>
    /// <param name="objective">Whose loss it is.</param>
    public abstract void CheckLoss(DeviceMemory scalars, long start, long step, int objective);

    /// <summary>Deferred: waits for the device. What went wrong first, if anything did; changes are made again from now on.</summary>
    public abstract StepFailure? TakeFailure();

    /// <summary>What to throw instead where an exception is a driver's, which says nothing of what was done; null where it is none.</summary>
    public virtual Exception? Told(Exception failure) => null;

    public abstract void Dispose();
}
