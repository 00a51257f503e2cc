using FeedbackNN.Cpu;

namespace FeedbackNN;

/// <content>
/// How a step is made. On the processor each loss is looked at before its gradient is used. A GPU works behind the host's back: there steps are
/// handed over without waiting, their numbers stay on the device, and the device itself looks at each loss and changes nothing more once one is not
/// finite (<see cref="DeviceUpdates"/>). What became of the pending steps is settled when somebody asks for their numbers.
/// </content>
public abstract unsafe partial class Trainer<TBatch, TReport>
{
    /// <summary>Steps that a device may be behind the host.</summary>
    private const int MostPending = 256;

    private readonly double[] _evaluationBatch;
    private readonly int _scalarsOfStep;
    private int _pending;

    /// <summary>Makes a step.</summary>
    /// <param name="batch">On which samples.</param>
    /// <param name="isAsked">Its numbers are wanted now.</param>
    internal void RunStep(TBatch batch, bool isAsked)
    {
        RequireMemory();
        _running = batch;
        try
        {
            BindShares(batch);
            HandOverStep();
            StepCount++;
            if (!_updates.IsDeferred) EndStep(StepCount - 1);
            else if (++_pending == MostPending || isAsked || _replicas.Length > 0) Settle();
        }
        catch (Exception failure) when (_updates.Told(failure) is { } told)
        {
            throw told;
        }
        finally
        {
            _running = default;
        }
    }

    /// <summary>Waits for steps that are under way and takes over their numbers.</summary>
    /// <exception cref="TrainingDivergedException">A loss of one of them was not finite; that step and those after it have not been made.</exception>
    internal void Settle()
    {
        if (_pending == 0) return;
        var first = StepCount - _pending;
        var failure = _updates.TakeFailure();
        var made = (int)((failure?.Step ?? StepCount) - first);
        for (var slot = 0; slot < made; slot++)
        {
            _memory.ReadScalars(slot * _scalarsOfStep, _batchScalars);
            EndStep(first + slot);
        }
        _pending = 0;
        if (failure is { } what) FailLate(what);
    }

    /// <summary>A step has been made, and its numbers are in <see cref="StepScalars"/>.</summary>
    private protected virtual void StepMade() { }

    /// <summary>
    /// Steps that had been handed over were not made: goes back to the first of them and gives its batch again.
    /// </summary>
    /// <param name="steps">How many steps lie behind it.</param>
    private protected virtual TBatch? GoBack(long steps) => _running;

    /// <summary>Adds a step's numbers to those of the steps before it.</summary>
    /// <param name="total">What they are added to.</param>
    /// <param name="step">Which step it was.</param>
    /// <param name="isFirst">There are none before it.</param>
    private protected void AccumulateStep(Span<double> total, long step, bool isFirst)
    {
        var start = 0;
        for (var i = 0; i < _setup.Objectives.Length; i++)
        {
            var objective = _setup.Objectives[i];
            var count = objective.Program.Scalars.Length;
            if (isFirst || IsRun(i, step)) objective.Program.Accumulate(total.Slice(start, count), StepScalars.AsSpan(start, count), isFirst);
            start += count;
        }
    }

    /// <summary>The step whose numbers <see cref="StepScalars"/> holds.</summary>
    private protected long LastStepMade { get; private set; }

    private void EndStep(long step)
    {
        var start = 0;
        for (var i = 0; i < _setup.Objectives.Length; i++)
        {
            // The numbers of an objective that did not run are from the last step where it did.
            var count = _setup.Objectives[i].Program.Scalars.Length;
            if (IsRun(i, step)) _batchScalars.AsSpan(start, count).CopyTo(StepScalars.AsSpan(start));
            start += count;
        }
        LastStepMade = step;
        StepMade();
    }

    // The first objective computes metrics and buffers, so it runs in every step; whether its optimizer is applied is another matter.
    private bool IsRun(int objective, long step) => objective == 0 || IsDue(objective, step);

    // Steps whose gradients are added up count as one.
    private bool IsDue(int objective, long step) => step / _setup.Accumulate % _setup.Objectives[objective].Every == 0;

    // The first and the last of the steps that make one update.
    private bool IsFirstOfUpdate(long step) => step % _setup.Accumulate == 0;

    private bool IsUpdate(long step) => (step + 1) % _setup.Accumulate == 0;

    private void HandOverStep()
    {
        // Devices that share a step exchange numbers in the middle of it.
        if (_replicas.Length == 0) _updates.BeginStep();
        try
        {
            foreach (var net in _nets) net.PrepareNewBuffers(_updates);
            RunObjectives();
            foreach (var net in _nets) net.KeepNewBuffers(_updates);
            UpdateAverages();
        }
        finally
        {
            _updates.EndStep();
        }
    }

    private void RunObjectives()
    {
        var start = 0;
        for (var i = 0; i < _setup.Objectives.Length; i++)
        {
            var objective = _setup.Objectives[i];
            var scalars = _batchScalars.AsSpan(start, objective.Program.Scalars.Length);
            var place = (_pending * _scalarsOfStep) + start;
            start += scalars.Length;
            if (!IsRun(i, StepCount)) continue;
            // Parameters that the program updates as it computes their gradients: only its own loss can stop that, and it must have all of the gradient.
            var updates = IsDue(i, StepCount) && _replicas.Length == 0 ? objective.BeginUpdate() : null;
            var call = Call(objective, place, updates);
            RunProgram(i, call, place, scalars);
            if (_updates.IsDeferred)
            {
                _updates.CheckLoss(_memory.Scalars, place, StepCount, i);
            }
            else
            {
                _memory.ReadScalars(place, scalars);
                var loss = scalars[0] / scalars[1];
                if (!double.IsFinite(loss)) Fail(call, new StepFailure(StepCount, i, FailedNumber.Loss, loss));
            }
            if (!IsDue(i, StepCount)) continue;
            if (i < _setup.Objectives.Length - 1) objective.BackUp(_updates);
            var isUpdate = IsUpdate(StepCount);
            objective.Unscale(_updates, IsFirstOfUpdate(StepCount), StepCount, i);
            // The sums stay as they are in the step of the update: if the norm is not finite, nothing has been changed.
            if (isUpdate && _setup.Accumulate > 1) objective.TakeMean(_updates, _memory.Scalars, place);
            if (isUpdate) ClipGradients(i, call);
            if (isUpdate) objective.Apply(_updates, isBegun: updates is not null);
            else objective.Accumulate(_updates, _memory.Scalars, place, IsFirstOfUpdate(StepCount));
        }
    }

    private void ClipGradients(int index, in ProgramCall call)
    {
        var objective = _setup.Objectives[index];
        if (_setup.Clip == GradientClip.Value) objective.ClampGradients(_updates, _setup.ClipLimit);
        if (_setup.Clip != GradientClip.GlobalNorm) return;
        if (objective.ClipNorm(_updates, _setup.ClipLimit, StepCount, index) is { } norm && !double.IsFinite(norm))
        {
            Fail(call, new StepFailure(StepCount, index, FailedNumber.GradientNorm, norm));
        }
    }

    /// <summary>
    /// Looks at the weights. A loss may be finite and its gradient not, as that of a root is at 0; to look at every gradient would take as long as a small step, so that such a step is found out
    /// afterwards: by the next one's loss, at the end of a run, and before anything is saved over.
    /// </summary>
    /// <exception cref="TrainingDivergedException">One is NaN or infinite.</exception>
    internal void RequireFiniteWeights()
    {
        if (FindNonFiniteWeight() is var (name, value)) throw TrainingDivergedException.OfWeights(StepCount, name, value);
    }

    private (string Name, float Value)? FindNonFiniteWeight()
    {
        for (var net = 0; net < _nets.Length; net++)
        {
            if (!IsTrained(net)) continue;
            var weights = (float*)_nets[net].ParameterMemory.ForReading();
            foreach (var parameter in _nets[net].GetManifest().Parameters)
            {
                var index = TensorKernels.FirstNonFinite(weights + parameter.Offset, parameter.Count);
                if (index >= 0) return ($"{_netNames[net]}.{parameter.Path}", weights[parameter.Offset + index]);
            }
        }
        return null;
    }

    /// <summary>Takes back what earlier objectives of this step have done, finds the line, and throws.</summary>
    private void Fail(in ProgramCall call, StepFailure failure)
    {
        var objective = _setup.Objectives[failure.Objective];
        var source = FindNonFinite(failure.Objective, call);
        for (var i = failure.Objective - 1; i >= 0; i--)
        {
            if (!IsDue(i, failure.Step)) continue;
            _setup.Objectives[i].Restore(_updates);
            if (IsUpdate(failure.Step)) _setup.Objectives[i].Updates--;
        }
        var what = failure.What switch
        {
            FailedNumber.Loss => $"the loss '{objective.Name}'",
            FailedNumber.GradientNorm => $"the norm of the gradient of '{objective.Name}'",
            _ => $"the gradient of '{objective.Name}', in float16 and without a scale,",
        };
        throw TrainingDivergedException.OfStep(failure.Step, what, failure.Value, source, FindNonFiniteWeight()?.Name);
    }

    /// <summary>
    /// The same for a step that the host believed made, and others after it: the device has made no change since, but for those of earlier
    /// objectives of that step.
    /// </summary>
    private void FailLate(StepFailure failure)
    {
        var steps = StepCount - 1 - failure.Step;
        for (var i = 0; i < _setup.Objectives.Length; i++)
        {
            var objective = _setup.Objectives[i];
            // Counted and not made: those after the failing step, and in it those from the failing objective on.
            for (var step = failure.Step; step < StepCount; step++)
            {
                if (IsDue(i, step) && IsUpdate(step) && (step > failure.Step || i >= failure.Objective)) objective.Updates--;
            }
        }
        StepCount = failure.Step;
        var batch = GoBack(steps);
        BindShares(batch!);
        Fail(Call(_setup.Objectives[failure.Objective], firstScalar: 0, updates: null), failure);
    }
}
