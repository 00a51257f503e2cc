using FeedbackNN.Cpu;

namespace FeedbackNN;

/// <summary>The processor: programs are C#, memory is the host's.</summary>
internal sealed class CpuDevice(WorkerPool pool, bool ownsPool) : Device
{
    public override string Name => "CPU";

    public override bool IsCpu => true;

    public override bool IsGpu => false;

    public override int Threads => pool.Threads;

    public override WorkerPool Pool => pool;

    public override void Dispose()
    {
        if (ownsPool) pool.Dispose();
    }

    /// <inheritdoc/>
    public override string ToString() => $"CPU, {Threads} {(Threads == 1 ? "thread" : "threads")}";

    internal override string Kind => "CPU";

    internal override DeviceMemory Allocate(long byteLength, string purpose) => new HostMemory(byteLength);

    internal override DeviceUpdates CreateUpdates() => new CpuUpdates(pool);

    internal override void Finish() { }

    internal override MachineSpeed Speed => MachineSpeed.Of(pool);
}
