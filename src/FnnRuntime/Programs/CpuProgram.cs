using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FeedbackNN.Cpu;

namespace FeedbackNN;

/// <summary>A compiled program for the CPU: what generated code derives from. Its arena is memory of the process.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract unsafe class CpuProgram : DeviceProgram
{
    private Arrangement? _current;
    private byte* _arena;
    private long _arenaBytes;

    /// <param name="pool">The threads that run the kernels.</param>
    /// <param name="lifetimes">One for each buffer.</param>
    protected CpuProgram(WorkerPool pool, BufferLifetime[] lifetimes) : base(lifetimes) => Pool = pool;

    /// <summary>Frees the arena of a program that was not disposed of.</summary>
    ~CpuProgram() => Free();

    /// <summary>The threads that run the kernels.</summary>
    protected WorkerPool Pool { get; }

    /// <inheritdoc/>
    public sealed override void Run(in ProgramCall call)
    {
        Arrange(call.Sizes);
        if (call.Backward) ExecuteBackward(call);
        else Execute(call);
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public sealed override void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    internal sealed override void Precompile() => Precompilation.Begin(Pool, GetType(), CompileKernels);

    /// <summary>Has the JIT compile the kernels.</summary>
    protected virtual void CompileKernels() { }

    /// <summary>Has the JIT compile a kernel.</summary>
    protected static void Compile<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.NonPublicMethods)] TKernel>()
        where TKernel : struct
    {
        foreach (var method in typeof(TKernel).GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)) RuntimeHelpers.PrepareMethod(method.MethodHandle);
    }

    /// <summary>Where a buffer begins.</summary>
    protected byte* At(int buffer) => _arena + _current!.Offsets[buffer];

    /// <summary>How many rows are worth a thread's while, given about how many additions one costs.</summary>
    protected static nint RowGrain(nint rowCost) => Math.Max(1, 32768 / Math.Max(1, rowCost));

    /// <summary>While tracing: a step has ended.</summary>
    protected void Trace(int step) => Clock?.Lap(step);

    /// <summary>While tracing: a step has ended; looks at what it wrote.</summary>
    protected void Trace(int step, float* values, nint count)
    {
        Trace(step);
        Look(step, values, count);
    }

    /// <summary>While tracing, looks at something that a step wrote besides.</summary>
    protected void Look(int step, float* values, nint count)
    {
        if (Clock is null && IsLooking && TensorKernels.FirstNonFinite(values, count) >= 0) FoundNonFinite(step);
    }

    /// <summary>Integers that are used as an index, or as a length, and lie outside of its axis: nothing has been read or written there.</summary>
    protected static void CheckRange<T>(T* values, nint count, long bound, string what)
        where T : unmanaged, IBinaryInteger<T>
    {
        var position = TensorKernels.FirstOutOfRange(values, count, bound);
        if (position >= 0) throw OutOfRange(what, bound, position, long.CreateTruncating(values[position]));
    }

    /// <summary>Tells of samples whose equilibrium was not reached.</summary>
    protected void CheckConverged(int* unconverged, float* residual, string what, Otherwise otherwise, long rounds, int step) =>
        Unconverged(*unconverged, *residual, what, otherwise, rounds, step);

    private void Arrange(nint* sizes)
    {
        if (_current is not null && _current.Matches(sizes)) return;
        var arrangement = Find(sizes);
        if (arrangement.TotalBytes > _arenaBytes)
        {
            Free();
            ProcessMemory.Require(arrangement.TotalBytes, $"the intermediate values of {GetType().Name} at {string.Join(" x ", new ReadOnlySpan<nint>(sizes, AxisCount).ToArray())}", "Use smaller batches.");
            _arena = (byte*)NativeMemory.AlignedAlloc((nuint)arrangement.TotalBytes, (nuint)ArenaPlanner.Alignment);
            _arenaBytes = arrangement.TotalBytes;
            NativeMemory.Clear(_arena, (nuint)arrangement.TotalBytes);
        }
        _current = arrangement;
    }

    private void Free()
    {
        if (_arena is not null) NativeMemory.AlignedFree(_arena);
        _arena = null;
        _arenaBytes = 0;
        _current = null;
    }
}
