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
}
