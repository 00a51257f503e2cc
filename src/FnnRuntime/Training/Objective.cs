using System.Collections.Immutable;
using System.ComponentModel;
using FeedbackNN.Cpu;

namespace FeedbackNN;

/// <summary>
/// One <c>minimize</c> of a training: its program, its optimizer with what that remembers, and the parameters it changes. For generated code.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed unsafe class Objective : IDisposable
{
    private readonly ImmutableArray<(int Net, int Parameter)> _trained;
    private Model[] _nets = [];
    private ParameterRange[] _ranges = [];
    private NativeBuffer? _state;
    private NativeBuffer? _backup;
    private int _stateCount;
    private nint _stateStride;

    /// <param name="name">The loss's name.</param>
    /// <param name="program">Computes the loss and the gradients; its numbers 0 and 1 are the loss's sum and count.</param>
    /// <param name="optimizer">The rule.</param>
    /// <param name="every">It is applied every so many steps.</param>
    /// <param name="trained">The parameters it changes, by net and position; frozen ones are not among them.</param>
    public Objective(string name, TrainingProgram program, Optimizer optimizer, int every, ImmutableArray<(int Net, int Parameter)> trained)
    {
        Name = name;
        Program = program;
        Optimizer = optimizer;
        Every = every;
        _trained = trained;
    }

    internal string Name { get; }

    internal TrainingProgram Program { get; }

    internal Optimizer Optimizer { get; }

    internal int Every { get; }

    /// <summary>How often the optimizer has been applied.</summary>
    internal long Updates { get; set; }

    /// <summary>Frees what the optimizer remembers, and the program's arena.</summary>
    public void Dispose()
    {
        _state?.Dispose();
        _backup?.Dispose();
        Program.Program.Dispose();
    }

    internal void Attach(Model[] nets)
    {
        _nets = nets;
        _ranges = FindRanges();
        _stateStride = (nint)_ranges.Sum(range => range.Length);
    }

    /// <summary>The root of the sum of the squares of all gradients.</summary>
    internal double GradientNorm(WorkerPool pool)
    {
        double sum = 0;
        foreach (var range in _ranges) sum += OptimizerKernels.SumOfSquares(pool, _nets[range.Net].GradientStorage + range.Start, (nint)range.Length);
        return Math.Sqrt(sum);
    }

    internal void ScaleGradients(WorkerPool pool, double factor)
    {
        foreach (var range in _ranges) OptimizerKernels.Scale(pool, _nets[range.Net].GradientStorage + range.Start, (nint)range.Length, (float)factor);
    }

    internal void ClampGradients(WorkerPool pool, double limit)
    {
        foreach (var range in _ranges) OptimizerKernels.Clamp(pool, _nets[range.Net].GradientStorage + range.Start, (nint)range.Length, (float)limit);
    }

    /// <summary>Changes the parameters by the gradients.</summary>
    internal void Apply(WorkerPool pool)
    {
        MakeRoomForState();
        nint position = 0;
        foreach (var range in _ranges)
        {
            var state = _state is null ? null : (float*)_state.Pointer + position;
            var net = _nets[range.Net];
            Optimizer.Apply(pool, net.ParameterStorage + range.Start, net.GradientStorage + range.Start, state, _stateStride, (nint)range.Length, Updates);
            position += (nint)range.Length;
        }
        Updates++;
    }

    /// <summary>Remembers parameters and state, in case a later objective of the same step fails.</summary>
    internal void BackUp()
    {
        MakeRoomForState();
        var floats = (long)_stateStride * (1 + _stateCount);
        if (_backup is null || _backup.ByteLength < floats * sizeof(float))
        {
            _backup?.Dispose();
            _backup = new NativeBuffer(floats * sizeof(float));
        }
        ExchangeWithBackup(toBackup: true);
    }

    /// <summary>Takes back one <see cref="Apply"/> since <see cref="BackUp"/>.</summary>
    internal void Restore()
    {
        ExchangeWithBackup(toBackup: false);
        Updates--;
    }

    /// <summary>Adds what the optimizer remembers to a file, parameter by parameter.</summary>
    internal void AddStateTo(StateFile file, IReadOnlyList<string> netNames)
    {
        MakeRoomForState();
        var names = Optimizer.StateNames;
        for (var k = 0; k < names.Length; k++)
        {
            foreach (var (net, parameter) in _trained)
            {
                var spec = _nets[net].GetManifest().Parameters[parameter];
                var pointer = (float*)_state!.Pointer + k * _stateStride + PositionOf(net, spec.Offset);
                file.Add($"optimizers.{Name}.{names[k]}.{netNames[net]}.{spec.CheckpointName}", spec.Shape.AsSpan(), pointer, spec.Count);
            }
        }
    }

    private void MakeRoomForState()
    {
        var count = Optimizer.StateNames.Length;
        if (count <= _stateCount) return;
        _state?.Dispose();
        _state = new NativeBuffer(count * (long)_stateStride * sizeof(float));
        _stateCount = count;
    }

    private void ExchangeWithBackup(bool toBackup)
    {
        var backup = (float*)_backup!.Pointer;
        foreach (var range in _ranges)
        {
            Copy(_nets[range.Net].ParameterStorage + range.Start, backup, range.Length, toBackup);
            backup += range.Length;
        }
        if (_state is not null) Copy((float*)_state.Pointer, backup, (long)_stateStride * _stateCount, toBackup);
    }

    private static void Copy(float* live, float* backup, long count, bool toBackup)
    {
        var bytes = count * sizeof(float);
        if (toBackup) Buffer.MemoryCopy(live, backup, bytes, bytes);
        else Buffer.MemoryCopy(backup, live, bytes, bytes);
    }

    private nint PositionOf(int net, long offset)
    {
        long position = 0;
        foreach (var range in _ranges)
        {
            if (range.Net == net && offset >= range.Start && offset < range.Start + range.Length) return (nint)(position + offset - range.Start);
            position += range.Length;
        }
        throw new InvalidOperationException("A trained parameter lies in no trained range.");
    }

    /// <summary>Trained parameters that lie side by side are one range: one kernel call for a whole net, as a rule.</summary>
    private ParameterRange[] FindRanges()
    {
        const int alignment = 64;
        var ranges = new List<ParameterRange>();
        foreach (var (net, parameter) in _trained.OrderBy(item => item.Net).ThenBy(item => _nets[item.Net].GetManifest().Parameters[item.Parameter].Offset))
        {
            var spec = _nets[net].GetManifest().Parameters[parameter];
            // The padding belongs to the range: its parameters and gradients are zeros and stay so.
            var length = (spec.Count + alignment - 1L) / alignment * alignment;
            if (ranges.Count > 0 && ranges[^1] is var last && last.Net == net && last.Start + last.Length == spec.Offset)
            {
                ranges[^1] = last with { Length = last.Length + length };
            }
            else
            {
                ranges.Add(new ParameterRange(net, spec.Offset, length));
            }
        }
        return [.. ranges];
    }

    private readonly record struct ParameterRange(int Net, long Start, long Length);
}
