using System.ComponentModel;

namespace FeedbackNN;

/// <summary>The steps between which an arena buffer holds a value, inclusive.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly record struct BufferLifetime(int First, int Last);

/// <summary>
/// A compiled program: runs its steps in the memory of intermediate values (the arena), which is arranged once for each tuple of sizes. Generated code
/// derives from <see cref="CpuProgram"/> and, for GPUs, from its counterpart there. Not for use from several threads at once.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract unsafe class DeviceProgram : IDisposable
{
    private readonly BufferLifetime[] _lifetimes;
    private readonly List<Arrangement> _arrangements = [];
    private int _firstNonFinite;

    private protected DeviceProgram(BufferLifetime[] lifetimes) => _lifetimes = lifetimes;

    /// <summary>Each step reports that it has ended and what it wrote: to <see cref="FindNonFinite"/>, or to a profile's clock.</summary>
    protected bool Tracing { get; private set; }

    /// <summary>What takes the times of steps, while a profile is made.</summary>
    private protected StepClock? Clock { get; private set; }

    /// <summary>How many sizes a call gives.</summary>
    protected abstract int AxisCount { get; }

    /// <summary>For each step the line it comes from: <c>digits.fnn(9): h = relu(fc1(x))</c>.</summary>
    protected abstract ReadOnlySpan<string> Sources { get; }

    /// <summary>The parameters that it changes as it computes their gradients, where a call asks for that.</summary>
    protected virtual ReadOnlySpan<UpdatedParameter> Updated => [];

    /// <inheritdoc cref="Updated"/>
    internal ReadOnlySpan<UpdatedParameter> ParametersUpdated => Updated;

    /// <summary>Runs the program: its forward half, or with <see cref="ProgramCall.Backward"/> the other.</summary>
    public abstract void Run(in ProgramCall call);

    /// <summary>Bytes of intermediate values at these sizes.</summary>
    public long ArenaBytes(ReadOnlySpan<nint> sizes)
    {
        fixed (nint* pointer = sizes) return Find(pointer).TotalBytes;
    }

    /// <summary>
    /// Runs the program again, looking at what each step writes. Returns the source line of the first step that wrote a NaN or an
    /// infinity, or null when none did.
    /// </summary>
    public string? FindNonFinite(in ProgramCall call)
    {
        _firstNonFinite = -1;
        Tracing = true;
        try
        {
            Run(call);
        }
        finally
        {
            Tracing = false;
        }
        return _firstNonFinite < 0 ? null : Sources[_firstNonFinite];
    }

    /// <summary>Runs the program and takes the time of each step.</summary>
    /// <param name="call">What it is given.</param>
    /// <param name="clock">Takes the times.</param>
    /// <param name="firstSlot">Where those of this program begin.</param>
    internal void Run(in ProgramCall call, StepClock clock, int firstSlot)
    {
        Clock = clock;
        Tracing = true;
        try
        {
            clock.Begin(firstSlot);
            Run(call);
        }
        finally
        {
            Tracing = false;
            Clock = null;
        }
    }

    /// <summary>What the steps do at these sizes.</summary>
    internal StepDescriptions Describe(nint* sizes)
    {
        var descriptions = new StepDescriptions();
        Describe(sizes, descriptions);
        return descriptions;
    }

    /// <summary><see cref="DeviceProgram.Sources"/>, for profiles.</summary>
    internal ReadOnlySpan<string> ProfiledSources => Sources;

    /// <summary>Adds what each step does at these sizes; for profiles.</summary>
    protected abstract void Describe(nint* sizes, StepDescriptions descriptions);

    /// <summary>It will run soon: what has to be compiled for it may begin.</summary>
    internal virtual void Precompile() { }

    /// <summary>Frees the arena.</summary>
    public abstract void Dispose();

    /// <summary>Fills in the length of each buffer in bytes.</summary>
    protected abstract void Measure(nint* sizes, Span<long> bytes);

    /// <summary>The program up to what needs gradients from outside.</summary>
    protected abstract void Execute(in ProgramCall call);

    /// <summary>The rest of it.</summary>
    protected virtual void ExecuteBackward(in ProgramCall call) { }

    /// <summary>While tracing: whether a step's result still has to be looked at.</summary>
    private protected bool IsLooking => _firstNonFinite < 0;

    private protected void FoundNonFinite(int step) => _firstNonFinite = step;

    /// <summary>Equilibria that were not reached.</summary>
    private protected void Unconverged(int samples, float residual, string what, Otherwise otherwise, long rounds, int step)
    {
        if (samples > 0) FixedPoints.Report(new NotConvergedEventArgs(what, Sources[step], samples, residual, rounds), otherwise);
    }

    /// <summary>Integers that are used as an index, or as a length, and lie outside of its axis.</summary>
    private protected static ArgumentOutOfRangeException OutOfRange(string what, long bound, long position, long value) =>
        new(null, $"{what} must lie in 0..{bound - 1}, but element {position} is {value}.");

    /// <summary>Where buffers lie at these sizes.</summary>
    private protected Arrangement Find(nint* sizes)
    {
        foreach (var known in _arrangements)
        {
            if (known.Matches(sizes)) return known;
        }
        var lengths = new long[_lifetimes.Length];
        Measure(sizes, lengths);
        var offsets = new long[_lifetimes.Length];
        var lifetimes = new (int First, int Last)[_lifetimes.Length];
        for (var i = 0; i < lifetimes.Length; i++) lifetimes[i] = (_lifetimes[i].First, _lifetimes[i].Last);
        var total = ArenaPlanner.Arrange(lengths, lifetimes, offsets);
        var arrangement = new Arrangement(new ReadOnlySpan<nint>(sizes, AxisCount).ToArray(), lengths, offsets, total);
        // Few tuples of sizes come back (a full and a last batch); a program fed with ever new lengths must not remember them all.
        if (_arrangements.Count >= 64) _arrangements.RemoveAt(0);
        _arrangements.Add(arrangement);
        return arrangement;
    }

    private protected sealed class Arrangement(nint[] sizes, long[] lengths, long[] offsets, long totalBytes)
    {
        /// <summary>Of each buffer, in bytes.</summary>
        public long[] Lengths => lengths;

        /// <summary>Of each buffer, in bytes.</summary>
        public long[] Offsets => offsets;

        public long TotalBytes => totalBytes;

        public bool Matches(nint* other)
        {
            for (var i = 0; i < sizes.Length; i++)
            {
                if (sizes[i] != other[i]) return false;
            }
            return true;
        }
    }
}
