using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace FeedbackNN;

/// <summary>A trainer whose batches are made of samples, so that it can run over a data source.</summary>
/// <inheritdoc path="/remarks"/>
/// <typeparam name="TSample">One sample.</typeparam>
/// <typeparam name="TBatch">The tensors of a batch.</typeparam>
/// <typeparam name="TReport">Losses and metrics by name.</typeparam>
public abstract partial class Trainer<TSample, TBatch, TReport> : Trainer<TBatch, TReport>
{
    private readonly double[] _epochScalars;
    private int[] _order = [];

    // Epochs finished in all runs: they key the order of samples, so that no two epochs have the same.
    private long _finishedEpochs;

    // Where the run is: zeros when none is under way.
    private int _runEpoch;
    private int _runBatch;
    private int _runCount;
    private int _runBatchSize;

    // Batches of this epoch whose numbers are in the epoch's: on a device that works behind the host's back fewer than have been handed over.
    private int _countedBatches;
    private IDataSource<TSample>? _runData;

    /// <summary>For generated code.</summary>
    /// <param name="setup">What is trained, and how.</param>
    /// <param name="seed">Of random draws and of the order of samples.</param>
    protected Trainer(TrainingSetup setup, ulong seed) : base(setup, seed) => _epochScalars = new double[StepScalars.Length];

    /// <summary>Whether each epoch visits the samples in an order of its own (by the seed), or in the source's. True at first.</summary>
    public bool Shuffle { get; set; } = true;

    /// <summary>A run was interrupted, and the next <c>Run</c> will continue it.</summary>
    public bool IsInterrupted => _runEpoch > 0 || _runBatch > 0;

    /// <summary>
    /// Trains for a number of epochs. A run that was cancelled, stopped by an exception, or saved and resumed goes on at the batch it had
    /// reached (see <see cref="Restart"/>); one after a finished run begins anew.
    /// </summary>
    /// <param name="data">The samples.</param>
    /// <param name="epochs">How often each sample is visited, what an interrupted run has already done included.</param>
    /// <param name="batchSize">Samples of a step; the last batch of an epoch has what is left.</param>
    /// <param name="progress">Told after each step, on this thread.</param>
    /// <param name="cancellation">Looked at before each step.</param>
    /// <returns>Losses and metrics over the batches of the last epoch, each taken with the weights it was computed with.</returns>
    /// <exception cref="ArgumentException">There are no samples, or a sample does not fit.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; all steps made so far hold.</exception>
    /// <exception cref="TrainingDivergedException">A loss is NaN or infinite, and the steps before it hold; or, at the end, a step whose gradient was not finite has ruined weights.</exception>
    /// <exception cref="InvalidOperationException">An interrupted run had another number of samples or another batch size; or a run is under way, or another thread uses the training or a network of it.</exception>
    public TReport Run(
        IDataSource<TSample> data, int epochs, int batchSize, IProgress<TrainingProgress<TReport>>? progress = null, CancellationToken cancellation = default) =>
        RunEpochs(data, epochs, batchSize, progress, cancellation, watch: null);

    private TReport RunEpochs(IDataSource<TSample> data, int epochs, int batchSize, IProgress<TrainingProgress<TReport>>? progress, CancellationToken cancellation, Watch? watch)
    {
        RequireNoRun(nameof(Run));
        using var use = Exclusively();
        ArgumentNullException.ThrowIfNull(data);
        ArgumentOutOfRangeException.ThrowIfLessThan(epochs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        BeginOrContinue(data.Count, batchSize);
        var started = Stopwatch.GetTimestamp();
        var batches = EpochOrder.BatchCount(data.Count, batchSize);
        long samples = 0;
        _runData = data;
        try
        {
            while (_runEpoch < epochs && watch is not { IsOver: true })
            {
                OrderSamples();
                while (_runBatch < batches)
                {
                    cancellation.ThrowIfCancellationRequested();
                    var chosen = ChooseBatch();
                    var isEndOfEpoch = _runBatch == batches - 1;
                    // Nobody looks at the numbers between the steps of an epoch unless there is somebody to report to.
                    RunStep(Collate(data, chosen), isAsked: progress is not null || isEndOfEpoch || (watch?.IsAsked(StepCount + 1, isEndOfEpoch) ?? false));
                    samples += chosen.Length;
                    _runBatch++;
                    var (epoch, batch) = (_runEpoch, _runBatch);
                    if (isEndOfEpoch) EndEpoch();
                    watch?.AfterStep(epoch + 1, isEndOfEpoch, isEndOfRun: _runEpoch == epochs);
                    Stepped?.Invoke();
                    progress?.Report(MakeProgress(epoch, epochs, batch, batches, samples, batchSize, Stopwatch.GetElapsedTime(started)));
                    if (isEndOfEpoch || watch is { IsOver: true }) break;
                }
            }
        }
        catch
        {
            // Whatever stopped the run: the steps before it hold and are counted.
            Settle();
            throw;
        }
        finally
        {
            _runData = null;
        }
        Restart();
        RequireFiniteWeights();
        watch?.AtEnd();
        return MakeReport(StepCount, _epochScalars);
    }

    /// <summary>Losses and metrics over all samples, as inference computes them; changes nothing.</summary>
    /// <param name="data">The samples.</param>
    /// <param name="batchSize">How many are computed at once; does not change what is computed, except for rounding and for what the losses and metrics draw at random: each batch has draws of its own.</param>
    /// <exception cref="ArgumentException">There are no samples, or a sample does not fit.</exception>
    /// <exception cref="TrainingDivergedException">The loss of some samples is NaN or infinite. A metric may be.</exception>
    public TReport Evaluate(IDataSource<TSample> data, int batchSize = 256)
    {
        using var use = Exclusively();
        ArgumentNullException.ThrowIfNull(data);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        RequireSamples(data.Count);
        Span<int> chosen = batchSize <= 1024 ? stackalloc int[batchSize] : new int[batchSize];
        for (var start = 0; start < data.Count; start += batchSize)
        {
            var batch = chosen[..Math.Min(batchSize, data.Count - start)];
            for (var i = 0; i < batch.Length; i++) batch[i] = start + i;
            EvaluateBatch(Collate(data, batch), start);
        }
        return EvaluationResult();
    }

    /// <summary>Told after each step of a run, whose numbers may still be on their way.</summary>
    internal Action? Stepped { get; set; }

    /// <summary>The numbers of one sample, as a batch of its own.</summary>
    /// <param name="data">The samples.</param>
    /// <param name="program">What to compute; null for the losses and metrics of an evaluation.</param>
    /// <param name="sample">Which.</param>
    internal ReadOnlySpan<double> EvaluateSample(IDataSource<TSample> data, TrainingProgram? program, int sample) => RunEvaluation(program, Collate(data, [sample]), sample);

    /// <summary>Times each part of a training step on the first samples, in about a second; changes nothing but the gradients.</summary>
    /// <param name="data">The samples.</param>
    /// <param name="batchSize">How many make a batch; all where there are fewer.</param>
    /// <exception cref="ArgumentException">There are no samples, or a sample does not fit.</exception>
    /// <exception cref="NotSupportedException">The networks are not on the processor, or the training runs on several devices.</exception>
    public Profile Profile(IDataSource<TSample> data, int batchSize)
    {
        using var use = Exclusively();
        ArgumentNullException.ThrowIfNull(data);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        RequireSamples(data.Count);
        return Profile(Collate(data, Enumerable.Range(0, Math.Min(batchSize, data.Count)).ToArray()));
    }

    /// <summary>Gives up an interrupted run, so that the next <c>Run</c> begins with its first epoch. The weights stay as they are.</summary>
    /// <exception cref="InvalidOperationException">A run is under way, or another thread uses the training or a network of it.</exception>
    public void Restart()
    {
        RequireNoRun(nameof(Restart));
        using var use = Exclusively();
        (_runEpoch, _runBatch) = (0, 0);
    }

    /// <summary>Puts samples together in tensors that are used again for the next batch.</summary>
    /// <param name="data">The samples.</param>
    /// <param name="chosen">Which, at least one.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected abstract TBatch Collate(IDataSource<TSample> data, ReadOnlySpan<int> chosen);

    private protected override void RequireNoRun(string call)
    {
        if (_runData is not null && IsOfThisThread) throw new InvalidOperationException($"A run of {SetupName} is under way, and '{call}' would change where it is. Call it when the run is over, not from its progress, its samples or what it is told to do between two steps.");
    }

    private protected override void SavePosition(Dictionary<string, string> metadata)
    {
        metadata["epochs"] = _finishedEpochs.ToString(CultureInfo.InvariantCulture);
        metadata["run.epoch"] = _runEpoch.ToString(CultureInfo.InvariantCulture);
        metadata["run.batch"] = _runBatch.ToString(CultureInfo.InvariantCulture);
        metadata["run.samples"] = _runCount.ToString(CultureInfo.InvariantCulture);
        metadata["run.batch_size"] = _runBatchSize.ToString(CultureInfo.InvariantCulture);
        metadata["run.scalars"] = StateNumbers.Format(_epochScalars);
        metadata["step.scalars"] = StateNumbers.Format(StepScalars);
        SaveRun(metadata);
    }

    private protected override Action ReadPosition(StateNumbers numbers)
    {
        var finished = numbers.Count("epochs");
        var (epoch, batch) = (numbers.Integer("run.epoch"), numbers.Integer("run.batch"));
        var (count, batchSize) = (numbers.Integer("run.samples"), numbers.Integer("run.batch_size"));
        var epochScalars = numbers.Doubles("run.scalars", _epochScalars.Length);
        var stepScalars = numbers.Doubles("step.scalars", StepScalars.Length);
        var run = ReadRun(numbers);
        return () =>
        {
            run();
            _finishedEpochs = finished;
            (_runEpoch, _runBatch, _runCount, _runBatchSize) = (epoch, batch, count, batchSize);
            epochScalars.CopyTo(_epochScalars, 0);
            stepScalars.CopyTo(StepScalars, 0);
        };
    }

    private protected override void StepMade()
    {
        // Steps that are not part of a run are nobody's epoch.
        if (_runData is null) return;
        AccumulateStep(_epochScalars, LastStepMade, isFirst: _countedBatches == 0);
        _countedBatches++;
        CountInterval();
    }

    private protected override TBatch? GoBack(long steps)
    {
        if (_runData is null) return base.GoBack(steps);
        _runBatch = _countedBatches;
        return Collate(_runData, ChooseBatch());
    }

    private ReadOnlySpan<int> ChooseBatch() => _order.AsSpan(_runBatch * _runBatchSize, Math.Min(_runBatchSize, _runCount - (_runBatch * _runBatchSize)));

    private void BeginOrContinue(int count, int batchSize)
    {
        RequireSamples(count);
        if (IsInterrupted && (count != _runCount || batchSize != _runBatchSize))
        {
            throw new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture,
                $"The run that was interrupted had {_runCount} samples in batches of {_runBatchSize}; these are {count} in batches of {batchSize}. Continue it with the same, or call Restart() to give it up."));
        }
        (_runCount, _runBatchSize) = (count, batchSize);
        _countedBatches = _runBatch;
        if (_order.Length != count) _order = new int[count];
    }

    private void OrderSamples()
    {
        if (Shuffle)
        {
            EpochOrder.Fill(_order, Seed, _finishedEpochs);
            return;
        }
        for (var i = 0; i < _order.Length; i++) _order[i] = i;
    }

    private void EndEpoch()
    {
        _finishedEpochs++;
        _runEpoch++;
        _runBatch = 0;
        _countedBatches = 0;
    }

    private TrainingProgress<TReport> MakeProgress(int epoch, int epochs, int batch, int batches, long samples, int batchSize, TimeSpan elapsed)
    {
        var rate = elapsed > TimeSpan.Zero ? samples / elapsed.TotalSeconds : 0;
        var left = (double)_order.Length * (epochs - epoch) - Math.Min((double)batch * batchSize, _order.Length);
        var remaining = rate > 0 ? TimeSpan.FromSeconds(Math.Min(left / rate, TimeSpan.MaxValue.TotalSeconds / 2)) : TimeSpan.Zero;
        return new TrainingProgress<TReport>(
            epoch + 1, epochs, batch, batches, StepCount, MakeReport(StepCount, StepScalars), MakeReport(StepCount, _epochScalars), rate, elapsed, remaining);
    }

    private static void RequireSamples(int count)
    {
        if (count == 0) throw new ArgumentException("The data source has no samples.", "data");
    }
}
