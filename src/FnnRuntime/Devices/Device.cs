using System.ComponentModel;
using FeedbackNN.Cpu;

namespace FeedbackNN;

/// <summary>
/// Where a model computes. Models are constructed with a device; a trainer computes where its models do.
/// </summary>
/// <remarks>
/// May be shared by any number of models and threads. Programs that run at the same time on one device take turns with its
/// workers: whoever comes second computes on its own thread alone.
/// </remarks>
public sealed class Device : IDisposable
{
    private readonly bool _ownsPool;

    private Device(WorkerPool pool, bool ownsPool)
    {
        Pool = pool;
        _ownsPool = ownsPool;
    }

    /// <summary>The processor with all cores that the process may use (the environment variable <c>FNN_THREADS</c> says otherwise).</summary>
    public static Device Cpu { get; } = new(WorkerPool.Shared, ownsPool: false);

    /// <summary>The processor with a number of threads of its own. Results do not depend on the number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is not at least one thread.</exception>
    public static Device CpuWithThreads(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        return new Device(new WorkerPool(threads), ownsPool: true);
    }

    /// <summary>The threads that kernels run on.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public WorkerPool Pool { get; }

    /// <summary>How many threads compute.</summary>
    public int Threads => Pool.Threads;

    /// <summary>Ends the device's own threads. <see cref="Cpu"/> stays: for it this does nothing.</summary>
    public void Dispose()
    {
        if (_ownsPool) Pool.Dispose();
    }

    /// <inheritdoc/>
    public override string ToString() => $"CPU, {Threads} {(Threads == 1 ? "thread" : "threads")}";
}
