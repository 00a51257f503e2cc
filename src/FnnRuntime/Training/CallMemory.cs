namespace FeedbackNN;

/// <summary>The arrays behind a trainer's program calls, in native memory and made once, so that a step allocates nothing.</summary>
internal sealed unsafe class CallMemory : IDisposable
{
    private readonly NativeBuffer _memory;
    private readonly int _scalarCount;

    public CallMemory(int axisCount, int inputCount, int netCount, int scalarCount)
    {
        _scalarCount = scalarCount;
        HostScalars = new double[scalarCount];
        _memory = new NativeBuffer((2L * axisCount + inputCount + 4 * netCount + scalarCount) * sizeof(long));
        var next = (long*)_memory.Pointer;
        TrainingSizes = (nint*)Take(ref next, axisCount);
        Sizes = (nint*)Take(ref next, axisCount);
        Inputs = (void**)Take(ref next, inputCount);
        Parameters = (void**)Take(ref next, netCount);
        Gradients = (void**)Take(ref next, netCount);
        Buffers = (void**)Take(ref next, netCount);
        NewBuffers = (void**)Take(ref next, netCount);
        Scalars = (float*)Take(ref next, scalarCount);
    }

    /// <summary>The run-time sizes in the training's order.</summary>
    public nint* TrainingSizes { get; }

    /// <summary>The sizes in the order of the program that is about to run.</summary>
    public nint* Sizes { get; }

    public void** Inputs { get; }

    public void** Parameters { get; }

    public void** Gradients { get; }

    public void** Buffers { get; }

    public void** NewBuffers { get; }

    public float* Scalars { get; }

    /// <summary>Room for one batch's scalars.</summary>
    public double[] HostScalars { get; }

    public void SelectSizes(ReadOnlySpan<int> axes)
    {
        for (var i = 0; i < axes.Length; i++) Sizes[i] = TrainingSizes[axes[i]];
    }

    public void ReadScalars(Span<double> values)
    {
        for (var i = 0; i < values.Length; i++) values[i] = Scalars[i];
    }

    public void Dispose() => _memory.Dispose();

    private static long* Take(ref long* next, int count)
    {
        var start = next;
        next += count;
        return start;
    }
}
