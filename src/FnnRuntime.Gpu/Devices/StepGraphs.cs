using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace FeedbackNN.Gpu;

/// <summary>
/// A training's steps as graphs of CUDA: the driver gets a step in one piece, and the device goes from kernel to kernel without the host. What changes from step to step (step
/// numbers, learning rates, places of numbers) is in the arguments, so each step is captured anew, and an executable graph of the same shape takes over its arguments. Where
/// anything is refused, the same work goes to the stream as it would without graphs.
/// </summary>
internal sealed class StepGraphs(GpuDevice device) : IDisposable
{
    // Steps that add up gradients, those that use them, those where a second loss is due.
    private const int MostKept = 8;

    // The first steps allocate memory.
    private const int MostInterrupted = 8;

    private readonly List<((int Count, int Hash) Kind, nint Executable)> _kept = [];
    private Accelerator? _accelerator;
    private int _interrupted;

    /// <summary>Steps are no longer worth noting: the driver refuses graphs, or the host looks at numbers in the middle of each.</summary>
    public bool IsGivenUp { get; private set; }

    /// <summary>Hands over a step.</summary>
    public void Run(NotedWork work)
    {
        _interrupted = work.IsInterrupted ? _interrupted + 1 : 0;
        if (_interrupted == MostInterrupted) IsGivenUp = true;
        if (work.IsEmpty) return;
        var stream = device.Stream;
        if (work.IsInterrupted || stream is not CudaStream cuda)
        {
            work.Interrupt(stream);
        }
        else if (IsLaunched(work, cuda))
        {
            device.GraphLaunches++;
            work.MarkOn(stream);
        }
        else
        {
            IsGivenUp = true;
            work.Interrupt(stream);
        }
    }

    public void Dispose()
    {
        while (_kept.Count > 0) Forget(0);
    }

    private bool IsLaunched(NotedWork work, CudaStream stream)
    {
        _accelerator = device.Accelerator;
        _accelerator.Bind();
        try
        {
            if (!IsCaptured(work, stream, out var graph)) return false;
            try
            {
                return IsOf(graph, work.Kind, out var executable) && CudaDriver.LaunchGraph(executable, stream.StreamPtr) == CudaError.CUDA_SUCCESS;
            }
            finally
            {
                _ = CudaDriver.DestroyGraph(graph);
            }
        }
        catch (EntryPointNotFoundException)
        {
            // A driver from before CUDA 11.4.
            return false;
        }
    }

    private static bool IsCaptured(NotedWork work, CudaStream stream, out nint graph)
    {
        graph = 0;
        // What other threads do meanwhile is none of its business, nor is the loading of a module that this launch is the first to use.
        if (CudaDriver.BeginCapture(stream.StreamPtr, CudaDriver.RelaxedCapture) != CudaError.CUDA_SUCCESS) return false;
        var isComplete = false;
        try
        {
            work.PutOn(stream);
            isComplete = true;
        }
        catch (AcceleratorException)
        {
            // Told when the same is refused without a graph.
        }
        var error = CudaDriver.EndCapture(stream.StreamPtr, out graph);
        if (isComplete && error == CudaError.CUDA_SUCCESS) return true;
        if (graph != 0) _ = CudaDriver.DestroyGraph(graph);
        return false;
    }

    /// <summary>An executable graph that does what this one says.</summary>
    private bool IsOf(nint graph, (int Count, int Hash) kind, out nint executable)
    {
        var known = _kept.FindIndex(kept => kept.Kind == kind);
        if (known >= 0)
        {
            executable = _kept[known].Executable;
            if (CudaDriver.UpdateExecutable(executable, graph, out _, out _) == CudaError.CUDA_SUCCESS) return true;
            Forget(known);
        }
        else if (_kept.Count == MostKept)
        {
            Forget(0);
        }
        if (CudaDriver.InstantiateGraph(out executable, graph, 0) != CudaError.CUDA_SUCCESS) return false;
        _kept.Add((kind, executable));
        return true;
    }

    private void Forget(int index)
    {
        var executable = _kept[index].Executable;
        _kept.RemoveAt(index);
        if (_accelerator is not { IsDisposed: false }) return;
        _accelerator.Bind();
        // It may be running; whether that failed is told elsewhere.
        _ = CudaAPI.CurrentAPI.SynchronizeContext();
        _ = CudaDriver.DestroyExecutable(executable);
    }
}
