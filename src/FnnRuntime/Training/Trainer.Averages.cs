using System.ComponentModel;

namespace FeedbackNN;

/// <content>
/// Moving averages of weights, a ← d·a + (1 - d)·w after each update, which evaluations are made with. The first update begins them with the weights it left.
/// Of a network with updates of low rank the updates have an average, B and A each: it is of low rank itself, and evaluations read it as steps read the updates.
/// Polyak and Juditsky, Acceleration of Stochastic Approximation by Averaging, 1992; the exponential form is that of PyTorch's <c>AveragedModel</c> with <c>get_ema_multi_avg_fn</c>.
/// </content>
public abstract unsafe partial class Trainer<TBatch, TReport>
{
    /// <summary>What evaluations are made with: the average, once there is one, else the network itself.</summary>
    private Model Evaluated(int net)
    {
        foreach (var average in _averages)
        {
            if (average.Net == net && UpdatesOf(net) > 0) return average.Model;
        }
        return _nets[net];
    }

    /// <summary>For generated code: the updates of low rank, by their position in the setup.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected LowRankAdapters AdaptersOf(int position) => _adapters[position];

    /// <summary>For generated code: the moving average of a network, by its position, or of updates of low rank, which are behind the networks.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected Model AverageOf(int net) => _averages.Single(average => average.Net == net).Model;

    private void MakeAdapters()
    {
        for (var i = 0; i < _adapters.Length; i++)
        {
            var (net, make) = _setup.Adapters[i];
            _adapters[i] = make(_nets[net]);
            (_netNames[_setup.Nets.Length + i], _nets[_setup.Nets.Length + i]) = ("lora." + _netNames[net], _adapters[i]);
        }
    }

    private void MakeAverages()
    {
        foreach (var (net, decay, make) in _setup.Averages)
        {
            var average = Add(net, decay, make());
            for (var i = 0; i < _adapters.Length; i++)
            {
                if (_setup.Adapters[i].Net == net) Add(_setup.Nets.Length + i, decay, _setup.Adapters[i].New(average));
            }
        }

        Model Add(int net, double decay, Model average)
        {
            _averages.Add(new MovingAverage(net, decay, average));
            average.CopyFrom(_nets[net]);
            return average;
        }
    }

    /// <summary>After a step.</summary>
    private void UpdateAverages()
    {
        foreach (var (net, decay, average) in _averages)
        {
            var made = UpdatesMade(net, StepCount);
            var from = _nets[net].ParameterMemory;
            var count = average.GetManifest().ParameterStorageLength;
            if (made > 0 && UpdatesOf(net) == made) _updates.Copy(from, 0, average.ParameterMemory, 0, count);
            // Weights of which none moves are their own average: most networks with updates of low rank have no others.
            else if (made > 0 && IsTrained(net)) _updates.MoveTowards(from, average.ParameterMemory, 1 - decay, count);
            // Running statistics are averages already.
            _updates.Copy(_nets[net].BufferMemory, 0, average.BufferMemory, 0, average.GetManifest().BufferStorageLength);
        }
    }

    /// <summary>Averages as a file has them. The buffers are the network's.</summary>
    private void AddAveragesTo(StateFile file, bool writes)
    {
        foreach (var (net, _, average) in _averages)
        {
            var values = (float*)(writes ? average.ParameterMemory.ForWriting() : average.ParameterMemory.ForReading());
            foreach (var spec in average.GetManifest().Parameters) file.Add($"averages.{_netNames[net]}.{spec.CheckpointName}", spec.Shape.AsSpan(), values + spec.Offset, spec.Count);
        }
    }

    /// <summary>After a file has been read.</summary>
    private void ResumeAverages()
    {
        foreach (var (net, _, average) in _averages)
        {
            var (from, to) = (_nets[net].BufferMemory, average.BufferMemory);
            Buffer.MemoryCopy(from.ForReading(), to.ForWriting(), to.ByteLength, from.ByteLength);
        }
    }

    /// <summary>Updates so far of any weight of a network, or of its updates of low rank: the two are one network, and have an average together.</summary>
    private long UpdatesOf(int net)
    {
        long updates = 0;
        foreach (var objective in _setup.Objectives)
        {
            if (TrainsNetwork(objective, NetworkOf(net))) updates += objective.Updates;
        }
        return updates;
    }

    /// <summary>How many updates of a network's weights a step makes.</summary>
    private int UpdatesMade(int net, long step)
    {
        var made = 0;
        for (var i = 0; i < _setup.Objectives.Length; i++)
        {
            if (IsDue(i, step) && IsUpdate(step) && TrainsNetwork(_setup.Objectives[i], NetworkOf(net))) made++;
        }
        return made;
    }

    /// <summary>Whether any of the numbers that programs take as this network's is trained.</summary>
    private bool IsTrained(int net)
    {
        foreach (var objective in _setup.Objectives)
        {
            if (objective.Trains(net)) return true;
        }
        return false;
    }

    private bool TrainsNetwork(Objective objective, int network)
    {
        foreach (var trained in objective.Trained)
        {
            if (NetworkOf(trained.Net) == network) return true;
        }
        return false;
    }

    /// <summary>The network itself, or of updates of low rank the one that they are for.</summary>
    private int NetworkOf(int net) => net < _setup.Nets.Length ? net : _setup.Adapters[net - _setup.Nets.Length].Net;

    private sealed record MovingAverage(int Net, double Decay, Model Model);
}
