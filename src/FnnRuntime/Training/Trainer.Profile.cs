using System.Diagnostics;

namespace FeedbackNN;

/// <content>Where the time of a step goes.</content>
public abstract unsafe partial class Trainer<TBatch, TReport>
{
    /// <summary>
    /// Times each part of a training step on a batch: the programs of all losses, forward and backward, and the updates of their optimizers. It takes about a second and
    /// changes nothing but the gradients: weights and what optimizers remember are put back after each run.
    /// </summary>
    /// <remarks>The times are of this machine as it is now: what else runs on it disturbs them. On a GPU each step is waited for, so the shortest are the time of handing one over.</remarks>
    /// <exception cref="ArgumentException">Sizes of the batch do not fit each other, or an index lies outside.</exception>
    /// <exception cref="NotSupportedException">The training runs on several devices.</exception>
    public Profile Profile(TBatch batch)
    {
        using var use = Exclusively();
        if (_replicas.Length > 0) throw new NotSupportedException("A profile is of one device: construct the training without the list of devices.");
        var objectives = _setup.Objectives;
        var programs = objectives.Select(objective => objective.Program.Program).ToArray();
        _running = batch;
        try
        {
            Bind(batch, _memory.TrainingSizes, _memory.Inputs);
            var profiler = new Profiler(_setup.Name, _nets[0].Device);
            var firsts = new int[programs.Length];
            var updates = new int[programs.Length];
            for (var i = 0; i < programs.Length; i++)
            {
                _memory.SelectSizes(objectives[i].Program.Axes.AsSpan());
                firsts[i] = profiler.Add(programs[i], _memory.Sizes);
                updates[i] = profiler.Add($"the update of '{objectives[i].Name}'", objectives[i].DescribeUpdate());
            }
            return profiler.Measure(clock => RunAndPutBack(programs, clock, firsts, updates));
        }
        finally
        {
            _running = default;
        }
    }

    private long RunAndPutBack(DeviceProgram[] programs, StepClock? clock, int[] firsts, int[] updates)
    {
        var objectives = _setup.Objectives;
        foreach (var objective in objectives) objective.BackUp(_updates);
        _nets[0].Device.Finish();
        var start = Stopwatch.GetTimestamp();
        foreach (var net in _nets) net.PrepareNewBuffers(_updates);
        for (var i = 0; i < objectives.Length; i++)
        {
            var updated = objectives[i].BeginUpdate();
            var call = Call(objectives[i], firstScalar: 0, updated);
            if (clock is null) programs[i].Run(call);
            else programs[i].Run(call, clock, firsts[i]);
            clock?.Begin(updates[i]);
            if (_setup.Accumulate > 1) objectives[i].TakeMean(_updates, _memory.Scalars, start: 0);
            if (_setup.Clip == GradientClip.Value) objectives[i].ClampGradients(_updates, _setup.ClipLimit);
            if (_setup.Clip == GradientClip.GlobalNorm) objectives[i].ClipNorm(_updates, _setup.ClipLimit, StepCount, i);
            objectives[i].Apply(_updates, isBegun: updated is not null);
            clock?.Lap(0);
        }
        _nets[0].Device.Finish();
        var ticks = Stopwatch.GetTimestamp() - start;
        for (var i = objectives.Length - 1; i >= 0; i--)
        {
            objectives[i].Restore(_updates);
            objectives[i].Updates--;
        }
        return ticks;
    }
}
