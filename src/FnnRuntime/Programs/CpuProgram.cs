using System.ComponentModel;
using System.Runtime.InteropServices;
using FeedbackNN.Cpu;

namespace FeedbackNN;

/// <summary>The steps between which an arena buffer holds a value, inclusive.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly record struct BufferLifetime(int First, int Last);

/// <summary>
/// A compiled program for the CPU: what generated code derives from. It owns the memory of intermediate values, arranged once for
/// each tuple of sizes. Not for use from several threads at once.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract unsafe class CpuProgram : IDisposable
{
    private readonly BufferLifetime[] _lifetimes;
    private readonly List<Arrangement> _arrangements = [];
    private Arrangement? _current;
    private byte* _arena;
    private long _arenaBytes;
    private int _firstNonFinite;

    /// <param name="pool">The threads that run the kernels.</param>
    /// <param name="lifetimes">One for each buffer.</param>
    protected CpuProgram(WorkerPool pool, BufferLifetime[] lifetimes)
    {
        Pool = pool;
        _lifetimes = lifetimes;
    }

    /// <summary>Frees the arena of a program that was not disposed of.</summary>
    ~CpuProgram() => Free();

    /// <summary>The threads that run the kernels.</summary>
    protected WorkerPool Pool { get; }

    /// <summary>Each step reports what it wrote: see <see cref="FindNonFinite"/>.</summary>
    protected bool Tracing { get; private set; }

    /// <summary>How many sizes a call gives.</summary>
    protected abstract int AxisCount { get; }

    /// <summary>For each step the line it comes from: <c>digits.fnn(9): h = relu(fc1(x))</c>.</summary>
    protected abstract ReadOnlySpan<string> Sources { get; }

    /// <summary>Runs the program: its forward half, or with <see cref="ProgramCall.Backward"/> the other.</summary>
    public void Run(in ProgramCall call)
    {
        Arrange(call.Sizes);
        if (call.Backward) ExecuteBackward(call);
        else Execute(call);
        GC.KeepAlive(this);
    }

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

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>Fills in the length of each buffer in bytes.</summary>
    protected abstract void Measure(nint* sizes, Span<long> bytes);

    /// <summary>The program up to what needs gradients from outside.</summary>
    protected abstract void Execute(in ProgramCall call);

    /// <summary>The rest of it.</summary>
    protected virtual void ExecuteBackward(in ProgramCall call) { }

    /// <summary>Where a buffer begins.</summary>
    protected byte* At(int buffer) => _arena + _current!.Offsets[buffer];

    /// <summary>How many rows are worth a thread's while, given about how many additions one costs.</summary>
    protected static nint RowGrain(nint rowCost) => Math.Max(1, 32768 / Math.Max(1, rowCost));

    /// <summary>While tracing, looks at what a step wrote.</summary>
    protected void Trace(int step, float* values, nint count)
    {
        if (_firstNonFinite < 0 && TensorKernels.FirstNonFinite(values, count) >= 0) _firstNonFinite = step;
    }

    /// <summary>Integers that are used as an index and lie outside of its axis: nothing has been read or written there.</summary>
    protected static void CheckRange(int* values, nint count, long bound, string what)
    {
        var position = TensorKernels.FirstOutOfRange(values, count, bound);
        if (position >= 0) throw new ArgumentOutOfRangeException(null, $"{what} must lie in 0..{bound - 1}, but element {position} is {values[position]}.");
    }

    private void Arrange(nint* sizes)
    {
        if (_current is not null && _current.Matches(sizes)) return;
        var arrangement = Find(sizes);
        if (arrangement.TotalBytes > _arenaBytes)
        {
            Free();
            _arena = (byte*)NativeMemory.AlignedAlloc((nuint)arrangement.TotalBytes, (nuint)ArenaPlanner.Alignment);
            _arenaBytes = arrangement.TotalBytes;
            NativeMemory.Clear(_arena, (nuint)arrangement.TotalBytes);
        }
        _current = arrangement;
    }

    private Arrangement Find(nint* sizes)
    {
        foreach (var known in _arrangements)
        {
            if (known.Matches(sizes)) return known;
        }
        var lengths = new long[_lifetimes.Length];
        Measure(sizes, lengths);
        var offsets = new long[_lifetimes.Length];
        var total = ArenaPlanner.Arrange(lengths, _lifetimes, offsets);
        var arrangement = new Arrangement(new ReadOnlySpan<nint>(sizes, AxisCount).ToArray(), offsets, total);
        // Few tuples of sizes come back (a full and a last batch); a program fed with ever new lengths must not remember them all.
        if (_arrangements.Count >= 64) _arrangements.RemoveAt(0);
        _arrangements.Add(arrangement);
        return arrangement;
    }

    private void Free()
    {
        if (_arena is not null) NativeMemory.AlignedFree(_arena);
        _arena = null;
        _arenaBytes = 0;
        _current = null;
    }

    private sealed class Arrangement(nint[] sizes, long[] offsets, long totalBytes)
    {
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
