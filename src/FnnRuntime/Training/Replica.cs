using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.ExceptionServices;

namespace FeedbackNN;

/// <summary>
/// One of the devices that a training runs on, but the first: it computes the gradients of its share of each batch, on a thread of its own, and knows neither optimizers nor what is
/// done with its gradients.
/// </summary>
internal sealed unsafe class Replica : IDisposable
{
    private readonly Device _device;
    private readonly ImmutableArray<Objective> _objectives;
    private readonly DeviceProgram[] _programs;
    private readonly NetCopy[] _nets;
    private readonly CallMemory _memory;
    private readonly int _number;
    private readonly int _sampleAxis;
    private readonly double[] _scalars;
    private readonly SemaphoreSlim _begin = new(0);
    private readonly SemaphoreSlim _end = new(0);
    private readonly Thread _thread;
    private volatile bool _isDisposed;

    // The share, and what is computed of it. Written by the thread that trains while nothing runs.
    private int _firstSample;
    private int _objective;
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
        (_device, _number, _objectives, _sampleAxis) = (device, number, setup.Objectives, setup.SampleAxis);
        _programs = setup.Programs!(device);
        _nets = [.. nets.Select(net => new NetCopy(device, net))];
        _scalars = new double[_objectives.Max(objective => objective.Program.Scalars.Length)];
        _memory = new CallMemory(setup.AxisCount, setup.InputCount, nets.Length, device.Allocate(_scalars.Length * sizeof(float), $"the losses and metrics of {setup.Name}"));
        _thread = new Thread(Work) { IsBackground = true, Name = string.Create(CultureInfo.InvariantCulture, $"FeedbackNN device {number}") };
        _thread.Start();
    }

    public Device Device => _device;

    /// <summary>How many samples its share has.</summary>
    public int Samples { get; private set; }

    /// <summary>The numbers of its share, once it has ended.</summary>
    public ReadOnlySpan<double> Scalars => _scalars.AsSpan(0, _objectives[_objective].Program.Scalars.Length);

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

    /// <summary>Has the device compute an objective's loss and gradients of its share; returns at once.</summary>
    public void Begin(int objective, ulong seed, long step)
    {
        Prepare(objective, seed, step);
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
    public string? FindNonFinite(int objective, ulong seed, long step)
    {
        Prepare(objective, seed, step);
        return _programs[objective].FindNonFinite(Call());
    }

    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _begin.Release();
        _thread.Join();
        foreach (var program in _programs) program.Dispose();
        foreach (var net in _nets) net.Dispose();
        _memory.Dispose();
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
                _programs[_objective].Run(Call());
                // On a GPU: brings them to the host, while the other devices do the same.
                for (var net = 0; net < _nets.Length; net++)
                {
                    if (_objectives[_objective].Trains(net)) _nets[net].Gradients.ForReading();
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

    private void Prepare(int objective, ulong seed, long step)
    {
        // Each device draws numbers of its own: the same ones would drop the same elements of different samples.
        (_objective, _seed, _step) = (objective, SplitMix64.Combine(seed, (ulong)_number), (ulong)step);
        foreach (var net in _nets) net.Look();
    }

    private ProgramCall Call()
    {
        _memory.SelectSizes(_objectives[_objective].Program.Axes.AsSpan());
        for (var net = 0; net < _nets.Length; net++) _nets[net].Give(_memory, net);
        return _memory.Call(_seed, _step);
    }
}
