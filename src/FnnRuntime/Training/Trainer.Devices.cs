using System.ComponentModel;

namespace FeedbackNN;

/// <content>
/// Steps and evaluations on several devices. The first has the networks, the optimizers and all else; each of the others computes gradients, losses and metrics of its share of the samples, at the
/// same time. The shares' gradients and numbers are put together in the order of the devices, and from there on all is what it is on one device.
/// </content>
public abstract unsafe partial class Trainer<TBatch, TReport>
{
    private Replica[] _replicas = [];

    // Of each network those of the run under way.
    private readonly DeviceMemory[] _parametersOfRun;

    // Of the batch under way: how many samples the first device has, and how many of the others have some.
    private int _firstSamples;
    private int _busyReplicas;

    /// <summary>Bytes of one sample in each tensor of a batch, where batches can be divided by samples.</summary>
    /// <param name="sizes">The run-time sizes of the batch.</param>
    /// <param name="bytes">Takes them.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected virtual void MeasureSamples(nint* sizes, nint* bytes) => throw new InvalidOperationException("Batches of this training cannot be divided.");

    /// <summary>Checks a batch, says where its tensors are, and gives each device its share: as equal as can be, the first devices having one more.</summary>
    private void BindShares(TBatch batch)
    {
        Bind(batch, _memory.TrainingSizes, _memory.Inputs);
        if (_replicas.Length == 0) return;
        Span<nint> bytes = stackalloc nint[_setup.InputCount];
        fixed (nint* pointer = bytes) MeasureSamples(_memory.TrainingSizes, pointer);
        var samples = (int)_memory.TrainingSizes[_setup.SampleAxis];
        var (share, rest) = Math.DivRem(samples, _replicas.Length + 1);
        _firstSamples = share + (rest > 0 ? 1 : 0);
        _busyReplicas = share > 0 ? _replicas.Length : Math.Max(0, rest - 1);
        var sizes = new ReadOnlySpan<nint>(_memory.TrainingSizes, _setup.AxisCount);
        var first = _firstSamples;
        for (var k = 0; k < _busyReplicas; k++)
        {
            var count = share + (k + 1 < rest ? 1 : 0);
            _replicas[k].Take(_memory, sizes, bytes, first, count);
            first += count;
        }
        _memory.TrainingSizes[_setup.SampleAxis] = _firstSamples;
    }

    /// <summary>Runs an objective's program on all devices: gradients and numbers are then the batch's, on the first.</summary>
    private void RunProgram(int index, in ProgramCall call, int place, Span<double> scalars)
    {
        var objective = _setup.Objectives[index];
        var others = RunShares(index, objective.Program, call);
        if (others.IsEmpty) return;
        _memory.ReadScalars(place, scalars);
        objective.Combine(_firstSamples, others, scalars);
        _memory.WriteScalars(place, scalars);
    }

    /// <summary>Runs a program on all devices that have samples of the batch, each on its share, and waits for all of them.</summary>
    /// <param name="index">An objective's position, or for the evaluation the one behind them.</param>
    /// <param name="program">That program.</param>
    /// <param name="call">The first device's.</param>
    /// <returns>The others, in order.</returns>
    private ReadOnlySpan<Replica> RunShares(int index, TrainingProgram program, in ProgramCall call)
    {
        var others = _replicas.AsSpan(0, _busyReplicas);
        var parameters = LookUpParameters(isEvaluation: index == _setup.Objectives.Length);
        try
        {
            foreach (var replica in others) replica.Begin(index, parameters, call.Seed, StepCount);
            program.Program.Run(call);
        }
        finally
        {
            foreach (var replica in others) replica.End();
        }
        foreach (var replica in others) replica.ThrowFailure();
        return others;
    }

    /// <summary>The first device's numbers of an evaluation become the whole batch's: put together as those of several batches are.</summary>
    private void CombineEvaluation(ReadOnlySpan<Replica> others, Span<double> scalars)
    {
        if (others.IsEmpty) return;
        var objectives = _setup.Objectives;
        Span<double> losses = stackalloc double[2 * objectives.Length];
        for (var i = 0; i < objectives.Length; i++) (losses[2 * i], losses[2 * i + 1]) = objectives[i].CombineLoss(_firstSamples, others, scalars, 2 * i);
        foreach (var replica in others) _setup.Evaluation.Accumulate(scalars, replica.Scalars, isFirst: false);
        losses.CopyTo(scalars);
    }

    /// <summary>The line where something of the batch was first not finite, on whichever device.</summary>
    /// <param name="index">An objective's position, or for the evaluation the one behind them.</param>
    /// <param name="call">The first device's.</param>
    private string? FindNonFinite(int index, in ProgramCall call)
    {
        var line = _setup.AllPrograms[index].Program.FindNonFinite(call);
        var parameters = LookUpParameters(isEvaluation: index == _setup.Objectives.Length);
        for (var k = 0; k < _busyReplicas && line is null; k++) line = _replicas[k].FindNonFinite(index, parameters, call.Seed, StepCount);
        return line;
    }

    private ReadOnlySpan<DeviceMemory> LookUpParameters(bool isEvaluation)
    {
        for (var net = 0; net < _nets.Length; net++) _parametersOfRun[net] = ParametersOf(net, isEvaluation);
        return _parametersOfRun;
    }

    /// <summary>For a pipeline, before the first step: these devices take part too. Where a batch cannot be divided by samples, the networks' own computes alone.</summary>
    internal void ShareAmong(Device[] others)
    {
        if (_setup.Programs is not null) _replicas = MakeReplicas(others);
    }

    private Replica[] MakeReplicas(Device[] others)
    {
        if (others.Length > 0 && _setup.Programs is null) throw DeviceList.Wrong($"Batches of {_setup.Name} cannot be divided by samples; train on one device.");
        var made = new List<Replica>();
        try
        {
            foreach (var device in others) made.Add(new Replica(device, made.Count + 1, _setup, _nets));
            return [.. made];
        }
        catch
        {
            foreach (var replica in made) replica.Dispose();
            throw;
        }
    }
}
