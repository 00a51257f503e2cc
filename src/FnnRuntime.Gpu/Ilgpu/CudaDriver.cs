using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;

namespace FeedbackNN.Gpu;

/// <summary>What NVIDIA's driver offers and ILGPU has no method for. <see cref="DriverLibraries"/> finds the library.</summary>
internal static partial class CudaDriver
{
    /// <summary>The name under which <see cref="DriverLibraries"/> knows it.</summary>
    public const string Library = "cuda";

    /// <summary>What is put on the stream from now on waits for what the event was last recorded behind.</summary>
    [LibraryImport(Library, EntryPoint = "cuStreamWaitEvent")]
    public static partial CudaError WaitEvent(nint stream, nint @event, uint flags);

    /// <summary>For <see cref="BeginCapture"/>: nothing that any thread does is refused because of it.</summary>
    public const int RelaxedCapture = 2;

    /// <summary>From now on what is put on the stream is not done, but becomes a graph.</summary>
    [LibraryImport(Library, EntryPoint = "cuStreamBeginCapture_v2")]
    public static partial CudaError BeginCapture(nint stream, int mode);

    [LibraryImport(Library, EntryPoint = "cuStreamEndCapture")]
    public static partial CudaError EndCapture(nint stream, out nint graph);

    /// <summary>Makes a graph that can be launched.</summary>
    [LibraryImport(Library, EntryPoint = "cuGraphInstantiateWithFlags")]
    public static partial CudaError InstantiateGraph(out nint executable, nint graph, ulong flags);

    /// <summary>An executable graph takes over the arguments of another graph of the same shape, from its next launch on.</summary>
    [LibraryImport(Library, EntryPoint = "cuGraphExecUpdate")]
    public static partial CudaError UpdateExecutable(nint executable, nint graph, out nint node, out int reason);

    /// <summary>Puts all of it on a stream.</summary>
    [LibraryImport(Library, EntryPoint = "cuGraphLaunch")]
    public static partial CudaError LaunchGraph(nint executable, nint stream);

    [LibraryImport(Library, EntryPoint = "cuGraphExecDestroy")]
    public static partial CudaError DestroyExecutable(nint executable);

    [LibraryImport(Library, EntryPoint = "cuGraphDestroy")]
    public static partial CudaError DestroyGraph(nint graph);
}
