using System.ComponentModel;

namespace FeedbackNN;

/// <summary>
/// All a program is given when it runs: sizes and pointers. Built on the stack by generated code, so that a call allocates nothing.
/// The memory behind each pointer has at least 64 readable bytes after its last element. Inputs, results and their gradients are the host's on every
/// device; what belongs to nets, and the scalars, is the device's: an address on the processor, elsewhere a handle (see <c>DeviceMemory</c>).
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct ProgramCall
{
    /// <summary>The run-time sizes, in the order of the program's axes.</summary>
    public nint* Sizes;

    /// <summary>The inputs, in the order of the signature.</summary>
    public void** Inputs;

    /// <summary>Where the results go, in the order of the signature.</summary>
    public void** Results;

    /// <summary>The gradients of the results, read by the backward part only.</summary>
    public void** ResultGradients;

    /// <summary>Where the gradients of the float inputs go; the entries of others are not used.</summary>
    public void** InputGradients;

    /// <summary>For each net the flat storage of its parameters.</summary>
    public void** Parameters;

    /// <summary>For each net the flat storage of its parameters' gradients.</summary>
    public void** Gradients;

    /// <summary>For each net the flat storage of its buffers.</summary>
    public void** Buffers;

    /// <summary>For each net where the new values of its buffers go: other memory, holding the old ones before the run.</summary>
    public void** NewBuffers;

    /// <summary>What a generate keeps between runs, each by itself.</summary>
    public void** Kept;

    /// <summary>Where its next values go: other memory, but for what is written in its place.</summary>
    public void** NewKept;

    /// <summary>Numbers for the host: losses, counts and metrics.</summary>
    public float* Scalars;

    /// <summary>Where the numbers begin, in floats, where <see cref="Scalars"/> is a handle; on the processor it points there.</summary>
    public int FirstScalar;

    /// <summary>The seed of the random draws.</summary>
    public ulong Seed;

    /// <summary>The training step, which keys the random draws.</summary>
    public ulong Step;

    /// <summary>
    /// True: run the steps from the program's backward start on, with the arena as the last forward run left it. False: those before.
    /// </summary>
    public bool Backward;

    // How parameters are changed as their gradients are computed; null where they are not.
    internal ParameterUpdates? Updates;

    /// <summary>
    /// What a program does with a gradient's tiles: changes the parameter by them, where that is asked for and the loss is finite; otherwise nothing.
    /// </summary>
    /// <param name="parameter">Position among the parameters that the program updates.</param>
    /// <param name="columns">Of the gradient as a matrix.</param>
    public readonly GradientTile Update(int parameter, nint columns) =>
        Updates is { } updates ? new GradientTile(updates, updates.Targets[parameter], columns, isUsedUp: double.IsFinite((double)Scalars[0] / Scalars[1])) : default;
}
