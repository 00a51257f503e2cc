using FeedbackNN.Cpu;

namespace FeedbackNN;

/// <content>
/// From the shares of several devices to the whole batch. Each device has computed the mean of its own samples; the whole batch's is the mean of these, each as often as it has items, as
/// batches of an accumulated update are put together.
/// </content>
public sealed unsafe partial class Objective
{
    /// <summary>
    /// The gradients on the first device become those of the whole batch: added up in the order of the devices, so that the same devices give the same bits. So do the step's numbers.
    /// </summary>
    /// <param name="samples">How many the first device had.</param>
    /// <param name="replicas">The others that had some, in order; each has ended.</param>
    /// <param name="scalars">The first device's numbers; takes the whole batch's.</param>
    internal void Combine(int samples, ReadOnlySpan<Replica> replicas, Span<double> scalars)
    {
        var loss = CombineLoss(samples, replicas, scalars, place: 0);
        var first = Weight(samples, scalars);
        var total = first;
        foreach (var replica in replicas) total += Weight(replica.Samples, replica.Scalars);
        foreach (var (net, start, length, _) in _ranges)
        {
            var mean = (float*)_nets[net].Gradients.Memory.ForWriting() + start;
            for (var k = 0; k < replicas.Length; k++)
            {
                var weight = (float)Weight(replicas[k].Samples, replicas[k].Scalars);
                var scale = k == replicas.Length - 1 ? (float)(1 / total) : 1;
                OptimizerKernels.AddScaled(HostPool, mean, k == 0 ? (float)first : 1, replicas[k].GradientsOf(net) + start, weight, scale, mean, (nint)length);
            }
        }
        foreach (var replica in replicas) Program.Accumulate(scalars, replica.Scalars, isFirst: false);
        (scalars[0], scalars[1]) = loss;
    }

    /// <summary>
    /// The whole batch's loss as a sum and a count. They are added up; but a loss that is one number however many samples there are is the mean of the shares', each as often as it has samples.
    /// </summary>
    /// <param name="samples">How many the first device had.</param>
    /// <param name="replicas">The others that had some.</param>
    /// <param name="scalars">The first device's numbers.</param>
    /// <param name="place">Where among the numbers of each the loss's sum is, with the count behind it.</param>
    internal (double Sum, double Count) CombineLoss(int samples, ReadOnlySpan<Replica> replicas, ReadOnlySpan<double> scalars, int place)
    {
        var (sum, count) = (scalars[place], scalars[place + 1]);
        if (_countsSamples)
        {
            foreach (var replica in replicas) (sum, count) = (sum + replica.Scalars[place], count + replica.Scalars[place + 1]);
            return (sum, count);
        }
        double weighted = samples * sum, total = samples;
        foreach (var replica in replicas)
        {
            weighted += replica.Samples * replica.Scalars[place];
            total += replica.Samples;
        }
        return (weighted / total, count);
    }

    private double Weight(int samples, ReadOnlySpan<double> scalars) => _countsSamples ? scalars[1] : samples;

    private WorkerPool HostPool => Device.IsCpu ? Device.Pool : Device.Cpu.Pool;
}
