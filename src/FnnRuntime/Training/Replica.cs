using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.ExceptionServices;

namespace FeedbackNN;

/// <summary>
/// One of the devices that a training runs on, but the first: it computes the gradients of its share of each batch, or losses and metrics of an evaluation, on a thread of its own, and knows
/// neither optimizers nor what is done with its gradients.
/// </summary>
internal sealed unsafe class Replica : IDisposable
{
    private readonly Device _device;
    private readonly ImmutableArray<Objective> _objectives;

    // The objectives', in order, and the evaluation's: what the trainer knows of each, and the programs on this device.
    private readonly ImmutableArray<TrainingProgram> _descriptions;
    private readonly DeviceProgram[] _programs = [];
    private readonly NetCopy[] _nets;
    private readonly CallMemory _memory;

    // On a GPU: what the losses of a training in float16 are multiplied by, as the first device has it.
    private readonly DeviceMemory? _scale;
    private readonly int _number;
    private readonly int _sampleAxis;
    private readonly double[] _scalars;
    private readonly SemaphoreSlim _begin = new(0);
    private readonly SemaphoreSlim _end = new(0);
    private readonly Thread _thread;
    private volatile bool _isDisposed;

    // The share, and what is computed of it. Written by the thread that trains while nothing runs.
    private int _firstSample;
    private int _program;
    private float* _presentScale;
    private ulong _seed;
    private ulong _step;
    private bool _isRunning;
    private Exception? _failure;

    /// <param name="device">Where it computes.</param>
    /// <param name="number">Its position among the training's devices: 1 or more.</param>
    /// <param name="setup">What is trained; one that makes programs for other devices.</param>
    /// <param name="nets">The networks on the first device.</param>
    /// <exception cref="DeviceException">The device cannot be used, or has no room.</exception>
    public Replica(Device device, int number, TrainingSetup setup, Model[] nets)
    {
        (_device, _number, _objectives, _descriptions, _sampleAxis) = (device, number, setup.Objectives, setup.AllPrograms, setup.SampleAxis);
        _nets = new NetCopy[nets.Length];
        _scalars = new double[_descriptions.Max(program => program.Scalars.Length)];
        try
        {
            _programs = setup.Programs!(device);
            for (var net = 0; net < nets.Length; net++) _nets[net] = new NetCopy(device, nets[net]);
            if (!device.IsCpu && _objectives.Any(objective => objective.IsScaled)) _scale = device.Allocate(sizeof(float), $"the scale of the losses of {setup.Name}");
            _memory = new CallMemory(setup.AxisCount, setup.InputCount, nets.Length, device.Allocate(_scalars.Length * sizeof(float), $"the losses and metrics of {setup.Name}"));
        }
        catch
        {
            // What there was room for.
            Free();
            throw;
        }
        _thread = new Thread(Work) { IsBackground = true, Name = string.Create(CultureInfo.InvariantCulture, $"FeedbackNN device {number}") };
        _thread.Start();
    }

    public Device Device => _device;

    /// <summary>How many samples its share has.</summary>
    public int Samples { get; private set; }

    /// <summary>The numbers of its share, once it has ended.</summary>
    public ReadOnlySpan<double> Scalars => _scalars.AsSpan(0, _descriptions[_program].Scalars.Length);

    /// <summary>The gradients of its share, once it has ended.</summary>
    public float* GradientsOf(int net) => (float*)_nets[net].Gradients.ForReading();

    /// <summary>Says which samples of the batch are its own.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="sizes">Its run-time sizes.</param>
    /// <param name="bytes">Of one sample in each of the batch's tensors.</param>
    /// <param name="first">Its first sample.</param>
    /// <param name="count">How many it gets.</param>
    public void Take(CallMemory batch, ReadOnlySpan<nint> sizes, ReadOnlySpan<nint> bytes, int first, int count)
    {
        (_firstSample, Samples) = (first, count);
        sizes.CopyTo(new Span<nint>(_memory.TrainingSizes, sizes.Length));
        _memory.TrainingSizes[_sampleAxis] = count;
        for (var i = 0; i < bytes.Length; i++) _memory.Inputs[i] = (byte*)batch.Inputs[i] + (first * bytes[i]);
    }

    /// <summary>Has the device run a program on its share; returns at once.</summary>
    /// <param name="program">Which: an objective's, by its position, or behind them the evaluation's.</param>
    /// <param name="parameters">Of each network, those it runs with.</param>
    /// <param name="seed">The training's.</param>
    /// <param name="step">The training's.</param>
    public void Begin(int program, ReadOnlySpan<DeviceMemory> parameters, ulong seed, long step)
    {
        Prepare(program, parameters, seed, step);
        _failure = null;
        _isRunning = true;
        _begin.Release();
    }

    /// <summary>Waits until it has.</summary>
    public void End()
    {
        if (_isRunning) _end.Wait();
        _isRunning = false;
    }

    /// <summary>Throws what its program threw.</summary>
    public void ThrowFailure()
    {
        switch (_failure)
        {
            case null: return;
            case ArgumentOutOfRangeException outside:
                // Programs count elements from the first that they are given.
                throw new ArgumentOutOfRangeException(string.Create(CultureInfo.InvariantCulture, $"{outside.Message} Elements are counted from sample {_firstSample} of the batch on, the first that {_device} computed."), outside);
            default:
                ExceptionDispatchInfo.Throw(_failure);
                return;
        }
    }

    /// <summary>The line where something of its share was first not finite, if it was there.</summary>
    public string? FindNonFinite(int objective, ReadOnlySpan<DeviceMemory> parameters, ulong seed, long step)
    {
        Prepare(objective, parameters, seed, step);
        return _programs[objective].FindNonFinite(Call());
    }

    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _begin.Release();
        _thread.Join();
        Free();
    }

    private void Free()
    {
        foreach (var program in _programs) program.Dispose();
        foreach (var net in _nets) net?.Dispose();
        _scale?.Dispose();
        _memory?.Dispose();
        _begin.Dispose();
        _end.Dispose();
    }

    private void Work()
    {
        while (true)
        {
            _begin.Wait();
            if (_isDisposed) return;
            try
            {
                _programs[_program].Run(Call());
                // On a GPU: brings them to the host, while the other devices do the same.
                for (var net = 0; net < _nets.Length; net++)
                {
                    if (_program < _objectives.Length && _objectives[_program].Trains(net)) _nets[net].Gradients.ForReading();
                }
                _memory.ReadScalars(0, _scalars.AsSpan(0, Scalars.Length));
            }
            catch (Exception failure)
            {
                // The thread that trains throws it.
                _failure = failure;
            }
            _end.Release();
        }
    }

    private void Prepare(int program, ReadOnlySpan<DeviceMemory> parameters, ulong seed, long step)
    {
        // Each device draws numbers of its own: the same ones would drop the same elements of different samples.
        (_program, _seed, _step) = (program, SplitMix64.Combine(seed, (ulong)_number), (ulong)step);
        for (var net = 0; net < _nets.Length; net++) _nets[net].Look(parameters[net]);
        var scale = program < _objectives.Length ? _objectives[program].ScaleOfProgram : null;
        _presentScale = scale is null ? null : (float*)scale.ForReading();
    }

    private ProgramCall Call()
    {
        _memory.SelectSizes(_descriptions[_program].Axes.AsSpan());
        for (var net = 0; net < _nets.Length; net++) _nets[net].Give(_memory, net);
        if (_presentScale != null) _memory.Kept[0] = GiveScale();
        return _memory.Call(_seed, _step);
    }

    private void* GiveScale()
    {
        if (_scale is null) return _presentScale;
        *(float*)_scale.ForWriting() = *_presentScale;
        return _scale.ForProgram(writes: false);
    }
}
