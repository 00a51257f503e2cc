using ILGPU;
using ILGPU.Runtime;

namespace FeedbackNN.Gpu;

/// <summary>How a program's tensors come from the host's memory: one run's after the other's, each behind what was handed over before.</summary>
internal abstract unsafe class GpuUploads : IDisposable
{
    private const int Alignment = 256;

    /// <summary>Room for a tensor, so that the next one is aligned.</summary>
    public static long RoomFor(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    /// <summary>The tensors of a run follow.</summary>
    /// <param name="bytes">The sum of their <see cref="RoomFor"/>.</param>
    public abstract void Begin(long bytes);

    /// <summary>Takes a tensor: the host may change it when this returns.</summary>
    public abstract void Add(void* source, ArrayView<byte> target);

    /// <summary>What is handed over from now on finds the tensors in their places.</summary>
    public abstract void End();

    /// <summary>All that was handed over has been done.</summary>
    public virtual void Waited() { }

    public virtual void Dispose() { }
}

/// <summary>Tensors are copied from where they lie, and waited for: all that can be done where a driver offers no page-locked memory.</summary>
internal sealed unsafe class DirectUploads(GpuDevice device) : GpuUploads
{
    public override void Begin(long bytes) { }

    public override void Add(void* source, ArrayView<byte> target) => target.CopyFromCPU(device.Stream, new ReadOnlySpan<byte>(source, checked((int)target.Length)));

    public override void End() { }
}
