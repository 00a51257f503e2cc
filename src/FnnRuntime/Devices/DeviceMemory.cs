namespace FeedbackNN;

/// <summary>
/// Zeroed memory of a device, which the host sees as well. On a GPU the two sides have a copy each, and what is moved is decided by who asks: a
/// program gets the current values, and so does the host, without either knowing who wrote last.
/// </summary>
internal abstract unsafe class DeviceMemory(long byteLength) : IDisposable
{
    public long ByteLength { get; } = byteLength;

    /// <summary>Another number whenever somebody was given the memory to write to: who has a copy sees by it that the copy is old.</summary>
    public long Version { get; private protected set; }

    /// <summary>What a <see cref="ProgramCall"/> carries: an address on the processor, elsewhere a handle that the device's programs understand.</summary>
    /// <param name="writes">The program changes it: the host's copy holds no longer.</param>
    public abstract void* ForProgram(bool writes);

    /// <summary>The host's address, with the current values; they must not be changed.</summary>
    public abstract void* ForReading();

    /// <summary>The host's address, with the current values; what is written there is what the next program sees.</summary>
    public abstract void* ForWriting();

    public abstract void Dispose();
}

/// <summary>Memory of the processor: host and programs see the same bytes.</summary>
internal sealed unsafe class HostMemory(long byteLength) : DeviceMemory(byteLength)
{
    private readonly NativeBuffer _buffer = new(byteLength);

    public override void* ForProgram(bool writes) => _buffer.Pointer;

    public override void* ForReading() => _buffer.Pointer;

    public override void* ForWriting() => _buffer.Pointer;

    public override void Dispose() => _buffer.Dispose();
}
