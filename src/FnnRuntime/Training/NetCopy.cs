namespace FeedbackNN;

/// <summary>
/// What another device than a network's own has of the network: room for gradients and new buffers, and on a GPU a copy of parameters and buffers. Devices of the processor
/// read the network's own, which are memory of the same host.
/// </summary>
internal sealed unsafe class NetCopy : IDisposable
{
    private readonly Model _net;
    private readonly DeviceMemory? _parameters;
    private readonly DeviceMemory? _buffers;
    private readonly DeviceMemory _newBuffers;

    // Whose parameters the copy has, and as of when; and what a run is to have.
    private (DeviceMemory? Memory, long Version) _copied;
    private (DeviceMemory? Memory, long Version) _present;
    private void* _presentParameters;
    private void* _presentBuffers;

    /// <exception cref="DeviceMemoryException">The device has no room for it.</exception>
    public NetCopy(Device device, Model net)
    {
        _net = net;
        var manifest = net.GetManifest();
        var (parameters, buffers) = (manifest.ParameterStorageLength * sizeof(float), manifest.BufferStorageLength * sizeof(float));
        try
        {
            if (!device.IsCpu)
            {
                _parameters = device.Allocate(parameters, $"a copy of the parameters of {manifest.Name}");
                _buffers = device.Allocate(buffers, $"a copy of the buffers of {manifest.Name}");
            }
            Gradients = device.Allocate(parameters, $"the gradients of {manifest.Name}");
            _newBuffers = device.Allocate(buffers, $"the buffers of {manifest.Name}");
        }
        catch
        {
            // What there was room for.
            Dispose();
            throw;
        }
    }

    public DeviceMemory Gradients { get; }

    /// <summary>Before a run, on the thread that trains: asks for what there is now.</summary>
    /// <param name="parameters">The network's, or those of its average.</param>
    public void Look(DeviceMemory parameters)
    {
        _present = (parameters, parameters.Version);
        // Weights that nobody has changed stay on the device as they are.
        if (_parameters is null || _copied != _present) _presentParameters = parameters.ForReading();
        if (_newBuffers.ByteLength > 0) _presentBuffers = _net.BufferMemory.ForReading();
    }

    /// <summary>Then, on the device's own thread: takes it over, and says where it is.</summary>
    public void Give(CallMemory memory, int net)
    {
        if (_parameters is not null && _copied != _present)
        {
            Copy(_presentParameters, _parameters);
            _copied = _present;
        }
        if (_buffers is not null) Copy(_presentBuffers, _buffers);
        Copy(_presentBuffers, _newBuffers);
        memory.Parameters[net] = _parameters is null ? _presentParameters : _parameters.ForProgram(writes: false);
        memory.Gradients[net] = Gradients.ForProgram(writes: true);
        memory.Buffers[net] = _buffers is null ? _presentBuffers : _buffers.ForProgram(writes: false);
        memory.NewBuffers[net] = _newBuffers.ForProgram(writes: true);
    }

    public void Dispose()
    {
        _parameters?.Dispose();
        _buffers?.Dispose();
        Gradients?.Dispose();
        _newBuffers?.Dispose();
    }

    private static void Copy(void* from, DeviceMemory to)
    {
        if (to.ByteLength > 0) Buffer.MemoryCopy(from, to.ForWriting(), to.ByteLength, to.ByteLength);
    }
}
