namespace FeedbackNN;

/// <content>
/// Moving averages of weights, a ← d·a + (1 - d)·w after each update, which evaluations are made with. The first update begins them with the weights it left.
/// Polyak and Juditsky, Acceleration of Stochastic Approximation by Averaging, 1992; the exponential form is that of PyTorch's <c>AveragedModel</c> with <c>get_ema_multi_avg_fn</c>.
/// </content>
public abstract unsafe partial class Trainer<TBatch, TReport>
{
    /// <summary>What evaluations are made with: the average, once there is one, else the network itself.</summary>
    private Model Evaluated(int net)
    {
        foreach (var (averaged, _, average) in _setup.Averages)
        {
            if (averaged == net && UpdatesOf(net) > 0) return average;
        }
        return _nets[net];
    }

    /// <summary>After a step.</summary>
    private void UpdateAverages()
    {
        foreach (var (net, decay, average) in _setup.Averages)
        {
            var made = UpdatesMade(net, StepCount);
            var from = _nets[net].ParameterMemory;
            var count = average.GetManifest().ParameterStorageLength;
            if (made > 0 && UpdatesOf(net) == made) _updates.Copy(from, 0, average.ParameterMemory, 0, count);
            else if (made > 0) _updates.MoveTowards(from, average.ParameterMemory, 1 - decay, count);
            // Running statistics are averages already.
            _updates.Copy(_nets[net].BufferMemory, 0, average.BufferMemory, 0, average.GetManifest().BufferStorageLength);
        }
    }

    /// <summary>Averages as a file has them. The buffers are the network's.</summary>
    private void AddAveragesTo(StateFile file, bool writes)
    {
        foreach (var (net, _, average) in _setup.Averages)
        {
            var values = (float*)(writes ? average.ParameterMemory.ForWriting() : average.ParameterMemory.ForReading());
            foreach (var spec in average.GetManifest().Parameters) file.Add($"averages.{_netNames[net]}.{spec.CheckpointName}", spec.Shape.AsSpan(), values + spec.Offset, spec.Count);
        }
    }

    /// <summary>After a file has been read.</summary>
    private void ResumeAverages()
    {
        foreach (var (net, _, average) in _setup.Averages)
        {
            var (from, to) = (_nets[net].BufferMemory, average.BufferMemory);
            Buffer.MemoryCopy(from.ForReading(), to.ForWriting(), to.ByteLength, from.ByteLength);
        }
    }

    /// <summary>Updates so far of any weight of a network.</summary>
    private long UpdatesOf(int net)
    {
        long updates = 0;
        foreach (var objective in _setup.Objectives)
        {
            if (objective.Trains(net)) updates += objective.Updates;
        }
        return updates;
    }

    /// <summary>How many updates of a network's weights a step makes.</summary>
    private int UpdatesMade(int net, long step)
    {
        var made = 0;
        for (var i = 0; i < _setup.Objectives.Length; i++)
        {
            if (_setup.Objectives[i].Trains(net) && IsDue(i, step) && IsUpdate(step)) made++;
        }
        return made;
    }
}
