namespace FeedbackNN;

/// <summary>The arrays behind a trainer's program calls, in native memory and made once, so that a step allocates nothing.</summary>
internal sealed unsafe class CallMemory : IDisposable
{
    private readonly NativeBuffer _memory;

    /// <param name="axisCount">Run-time sizes.</param>
    /// <param name="inputCount">Tensors of a batch.</param>
    /// <param name="netCount">Networks.</param>
    /// <param name="scalars">Where programs leave their numbers.</param>
    public CallMemory(int axisCount, int inputCount, int netCount, DeviceMemory scalars)
    {
        Scalars = scalars;
        _memory = new NativeBuffer((2L * axisCount + inputCount + 4 * netCount + 1) * sizeof(long));
        var next = (long*)_memory.Pointer;
        TrainingSizes = (nint*)Take(ref next, axisCount);
        Sizes = (nint*)Take(ref next, axisCount);
        Inputs = (void**)Take(ref next, inputCount);
        Parameters = (void**)Take(ref next, netCount);
        Gradients = (void**)Take(ref next, netCount);
        Buffers = (void**)Take(ref next, netCount);
        NewBuffers = (void**)Take(ref next, netCount);
        Kept = (void**)Take(ref next, 1);
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

    /// <summary>What the loss is multiplied by.</summary>
    public void** Kept { get; }

    public DeviceMemory Scalars { get; }

    /// <summary>A call of what lies here; numbers go to the first places.</summary>
    public ProgramCall Call(ulong seed, ulong step) => new()
    {
        Sizes = Sizes,
        Inputs = Inputs,
        Parameters = Parameters,
        Gradients = Gradients,
        Buffers = Buffers,
        NewBuffers = NewBuffers,
        Kept = Kept,
        Scalars = (float*)Scalars.ForProgram(writes: true),
        Seed = seed,
        Step = step,
    };

    public void SelectSizes(ReadOnlySpan<int> axes)
    {
        for (var i = 0; i < axes.Length; i++) Sizes[i] = TrainingSizes[axes[i]];
    }

    /// <summary>Waits for the device, where it is one to wait for.</summary>
    /// <param name="first">The first number.</param>
    /// <param name="values">Takes them.</param>
    public void ReadScalars(int first, Span<double> values)
    {
        var scalars = (float*)Scalars.ForReading() + first;
        for (var i = 0; i < values.Length; i++) values[i] = scalars[i];
    }

    /// <summary>Puts numbers where a program would have left them.</summary>
    public void WriteScalars(int first, ReadOnlySpan<double> values)
    {
        var scalars = (float*)Scalars.ForWriting() + first;
        for (var i = 0; i < values.Length; i++) scalars[i] = (float)values[i];
    }

    public void Dispose()
    {
        _memory.Dispose();
        Scalars.Dispose();
    }

    private static long* Take(ref long* next, int count)
    {
        var start = next;
        next += count;
        return start;
    }
}
