using ILGPU;
using ILGPU.Runtime;

namespace FeedbackNN.Gpu;

/// <content>
/// Work that is noted instead of put on the stream, until a step's end or until somebody needs the stream itself: <see cref="Stream"/> hands over what was noted before it is
/// given, so that nothing can overtake it.
/// </content>
internal sealed partial class GpuDevice
{
    private NotedWork? _noted;

    /// <summary>
    /// A training step's kernels go to the device as a graph, where the driver takes one (<see cref="StepGraphs"/>). The environment variable <c>FNN_GPU_GRAPHS</c> asks for it.
    /// </summary>
    public bool UsesGraphs { get; set; } = Environment.GetEnvironmentVariable("FNN_GPU_GRAPHS") == "1";

    /// <summary>Graphs that were launched, ever.</summary>
    public long GraphLaunches { get; set; }

    /// <summary>From now on work is noted.</summary>
    public void BeginNotes()
    {
        // Of another thread's step: its rest is noted with this one.
        HandOverNoted();
        _noted = new NotedWork();
    }

    /// <summary>No longer.</summary>
    /// <returns>What was noted and has not been handed over; null where nothing is noted.</returns>
    public NotedWork? EndNotes()
    {
        var noted = _noted;
        _noted = null;
        return noted;
    }

    /// <summary>Copies bytes from one place of the device to another, behind what was handed over before.</summary>
    public void Move(ArrayView<byte> source, ArrayView<byte> target)
    {
        if (_noted is null) source.CopyTo(Stream, target);
        else _noted.Add(nameof(Move), Later(source, target));
    }

    /// <summary>Marks the place behind what was handed over before; behind all of the step where its work is noted.</summary>
    public void Mark(CudaEvent mark)
    {
        if (_noted is null) mark.Record(Stream);
        else _noted.AddMark(mark);
    }

    /// <summary>What is handed over from now on waits for a mark in another stream; where work is noted, all that was noted does.</summary>
    public void WaitFor(CudaEvent mark) => mark.LetWait(_stream!);

    /// <summary>A mark that is about to be waited for is recorded, if it is still to come.</summary>
    public void Place(CudaEvent mark)
    {
        if (_noted?.Has(mark) ?? false) HandOverNoted();
    }

    private void HandOverNoted()
    {
        if (_noted is { IsEmpty: false } noted) noted.Interrupt(_stream!);
    }

    private static Action<AcceleratorStream> Later(ArrayView<byte> source, ArrayView<byte> target) => stream => source.CopyTo(stream, target);

    // A method each: where a lambda is, what it captures is allocated whenever the method runs.
    private static Action<AcceleratorStream> Later<T1, T2>(Action<AcceleratorStream, KernelConfig, T1, T2> launcher, KernelConfig config, T1 a1, T2 a2) => stream => launcher(stream, config, a1, a2);

    private static Action<AcceleratorStream> Later<T1, T2, T3>(Action<AcceleratorStream, KernelConfig, T1, T2, T3> launcher, KernelConfig config, T1 a1, T2 a2, T3 a3) => stream => launcher(stream, config, a1, a2, a3);

    private static Action<AcceleratorStream> Later<T1, T2, T3, T4>(Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4> launcher, KernelConfig config, T1 a1, T2 a2, T3 a3, T4 a4) => stream => launcher(stream, config, a1, a2, a3, a4);

    private static Action<AcceleratorStream> Later<T1, T2, T3, T4, T5>(Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5> launcher, KernelConfig config, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5) => stream => launcher(stream, config, a1, a2, a3, a4, a5);

    private static Action<AcceleratorStream> Later<T1, T2, T3, T4, T5, T6>(Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6> launcher, KernelConfig config, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6) => stream => launcher(stream, config, a1, a2, a3, a4, a5, a6);

    private static Action<AcceleratorStream> Later<T1, T2, T3, T4, T5, T6, T7>(Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7> launcher, KernelConfig config, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7) => stream => launcher(stream, config, a1, a2, a3, a4, a5, a6, a7);

    private static Action<AcceleratorStream> Later<T1, T2, T3, T4, T5, T6, T7, T8>(Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8> launcher, KernelConfig config, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8) => stream => launcher(stream, config, a1, a2, a3, a4, a5, a6, a7, a8);

    private static Action<AcceleratorStream> Later<T1, T2, T3, T4, T5, T6, T7, T8, T9>(Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8, T9> launcher, KernelConfig config, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9) => stream => launcher(stream, config, a1, a2, a3, a4, a5, a6, a7, a8, a9);

    private static Action<AcceleratorStream> Later<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>(Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> launcher, KernelConfig config, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10) => stream => launcher(stream, config, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10);
}
