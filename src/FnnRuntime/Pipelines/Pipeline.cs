using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace FeedbackNN;

/// <summary>
/// Trainings, evaluations and transfers of weights one after the other, and a feedback that runs some of them again as long as an evaluation asks for it. Base of
/// the generated pipelines.
/// </summary>
/// <remarks>
/// With a <see cref="Folder"/> a run survives any interruption: the next one replays what is finished from its record, goes on at the batch that had been
/// reached, and ends with the same bits. Each execution of a stage is a training of its own, whose optimizer begins anew. For one thread at a time, which
/// nobody else shares the networks with meanwhile.
/// </remarks>
public abstract class Pipeline
{
    private readonly PipelineSetup _setup;
    private bool _isRunning;
    private PipelineState? _state;
    private IProgress<PipelineProgress>? _progress;
    private CancellationToken _cancellation;
    private Device[] _otherDevices = [];
    private int _step;
    private long _savedAt;

    /// <summary>For generated code.</summary>
    /// <param name="setup">The networks and the steps.</param>
    /// <param name="seed">Of all random draws and orders of samples.</param>
    /// <exception cref="ArgumentException">A network is given twice.</exception>
    protected Pipeline(PipelineSetup setup, ulong seed)
    {
        _setup = setup;
        Seed = seed;
        Model.RequireDistinct(setup.Nets);
    }

    /// <summary>The seed of all random draws and orders of samples.</summary>
    public ulong Seed { get; }

    /// <summary>Where the state of a run is kept; made where it is missing. Null, as at first: nothing is kept and nothing is resumed.</summary>
    public string? Folder { get; init; }

    /// <summary>Samples of a training step, in all stages. 32 at first.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>How much of a training an interruption may cost at most; what is finished costs nothing. Half a minute at first.</summary>
    public TimeSpan SaveInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The devices that share the samples of each training step and of evaluations, that of the networks first; null, as at first: that one alone. A training whose batches cannot be divided by samples runs on the first,
    /// and so does what chooses samples, one after the other. On another number of devices results differ by rounding, and random draws are others.
    /// </summary>
    public IEnumerable<Device>? Devices { get; init; }

    /// <summary>The seed of the training that an executed step makes.</summary>
    /// <param name="step">Which of the executed steps, from 0 on.</param>
    public ulong SeedOf(int step) => SplitMix64.Combine(Seed, (ulong)step);

    /// <summary>
    /// Runs all steps, or those that are left of a run in the <see cref="Folder"/>. A run that is finished is not run again: then this takes over its weights.
    /// </summary>
    /// <param name="progress">Told after each batch and each step, on this thread; not of what an earlier run has done.</param>
    /// <param name="cancellation">Looked at before each batch and each step; what has been reached is saved.</param>
    /// <exception cref="OperationCanceledException">Cancelled; the next run goes on there.</exception>
    /// <exception cref="CheckpointException">The folder is in use, holds another run, or can't be written; what was saved last is as it was.</exception>
    /// <exception cref="TrainingDivergedException">A loss is NaN or infinite, of a training step or of an evaluation.</exception>
    /// <exception cref="ArgumentException">A data source has no samples, or a sample does not fit; or the <see cref="Devices"/> do not go together.</exception>
    public void Run(IProgress<PipelineProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (_isRunning) throw new InvalidOperationException("The pipeline is running already.");
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1, nameof(BatchSize));
        foreach (var (_, net) in _setup.Nets) _otherDevices = DeviceList.Others(_setup.Name, Devices, net.Device);
        using var folder = Folder is null ? null : new PipelineFolder(Folder);
        (_isRunning, _progress, _cancellation, _step, _savedAt) = (true, progress, cancellation, 0, Stopwatch.GetTimestamp());
        try
        {
            _state = folder is null ? null : PipelineState.Open(folder.StatePath, _setup, Identity());
            // Within a training its state is read with it, when its step comes.
            if (_state is { Finished.Count: > 0, IsWithin: false }) _state.Load(within: null);
            Execute();
        }
        finally
        {
            (_isRunning, _state, _progress) = (false, null, null);
        }
    }

    /// <summary>How many samples each data source has.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected abstract ImmutableArray<(string Name, int Count)> CountSamples();

    /// <summary>The steps.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected abstract void Execute();

    /// <summary>A stage that trains.</summary>
    /// <param name="stage">Its name.</param>
    /// <param name="training">Makes the training, given its seed.</param>
    /// <param name="data">The samples.</param>
    /// <param name="epochs">How often each is visited.</param>
    /// <param name="choice">Which of the samples; null for all. Where it chooses none, nothing is trained.</param>
    /// <param name="freeze">Paths of weights that stay as they are, with the training's names of its networks.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected void Fit<TSample, TBatch, TReport>(
        string stage, Func<ulong, Trainer<TSample, TBatch, TReport>> training, IDataSource<TSample> data, int epochs, DataChoice<TSample>? choice = null, string[]? freeze = null)
    {
        if (IsFinished(stage)) return;
        using var trainer = training(SeedOf(_step));
        trainer.ShareAmong(_otherDevices);
        if (freeze is not null) trainer.Freeze(freeze);
        var chosen = IsReached ? _state!.Load(trainer) : choice?.Choose(data.Count, Evaluation(trainer, data));
        var samples = choice is null ? data : choice.Of(data, chosen!);
        TReport? report = default;
        if (choice is null || samples.Count > 0)
        {
            trainer.Stepped = () => SaveWithin(trainer, chosen, isUrgent: false);
            try
            {
                report = trainer.Run(samples, epochs, BatchSize, _progress is null ? null : new StageProgress<TReport>(this, stage), _cancellation);
            }
            catch (OperationCanceledException)
            {
                SaveWithin(trainer, chosen, isUrgent: true);
                throw;
            }
        }
        trainer.KeepResult();
        Finish(stage, [], epochs, samples.Count == 0 ? null : report);
    }

    /// <summary>A stage that measures.</summary>
    /// <param name="stage">Its name.</param>
    /// <param name="training">Makes the training whose losses and metrics are measured.</param>
    /// <param name="data">The samples.</param>
    /// <param name="choice">Which of the samples; null for all.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected TReport Evaluate<TSample, TBatch, TReport>(string stage, Func<ulong, Trainer<TSample, TBatch, TReport>> training, IDataSource<TSample> data, DataChoice<TSample>? choice = null)
    {
        var seed = SeedOf(_step);
        var isFinished = IsFinished(stage);
        using var trainer = training(seed);
        if (isFinished) return trainer.ReportOf(_state!.Finished[_step - 1].Found);
        trainer.ShareAmong(_otherDevices);
        var report = trainer.Evaluate(choice is null ? data : choice.Of(data, choice.Choose(data.Count, Evaluation(trainer, data))));
        Finish(stage, trainer.EvaluationScalars.ToArray(), epochs: 0, report);
        return report;
    }

    /// <summary>A stage that gives one network weights of another.</summary>
    /// <param name="stage">Its name.</param>
    /// <param name="to">The network that gets them.</param>
    /// <param name="from">The network that has them.</param>
    /// <param name="parameters">Positions of parameters in one and in the other.</param>
    /// <param name="buffers">Likewise of buffers.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected void Transfer(string stage, Model to, Model from, (int To, int From)[] parameters, (int To, int From)[] buffers)
    {
        if (IsFinished(stage)) return;
        foreach (var pair in parameters) from.AllParameters[pair.From].Value.CopyTo(to.AllParameters[pair.To].Value);
        foreach (var pair in buffers) from.AllBuffers[pair.From].Value.CopyTo(to.AllBuffers[pair.To].Value);
        Finish(stage, [], epochs: 0, report: null);
    }

    // ---- Steps ------------------------------------------------------------------------------------------------------

    /// <summary>The step at hand is the one that the saved run had not finished.</summary>
    private bool IsReached => _state is { IsWithin: true } state && state.Finished.Count == _step;

    /// <summary>Whether an earlier run has done this step, which is then behind us.</summary>
    private bool IsFinished(string stage)
    {
        _cancellation.ThrowIfCancellationRequested();
        if (_state is null || _step >= _state.Finished.Count) return false;
        var saved = _state.Finished[_step].Stage;
        if (saved != stage) throw new CheckpointException(Folder!, $"step {Text(_step)} of the saved run was '{saved}', and now it is '{stage}'. Take another folder.");
        _step++;
        return true;
    }

    private void Finish(string stage, double[] found, int epochs, object? report)
    {
        _state?.Finish(stage, found);
        _savedAt = Stopwatch.GetTimestamp();
        // A training has told of its last batch itself.
        if (epochs == 0 || report is null) _progress?.Report(new PipelineProgress(_step, stage, epochs, epochs, 0, 0, report));
        _step++;
    }

    private void SaveWithin<TSample, TBatch, TReport>(Trainer<TSample, TBatch, TReport> trainer, ChosenSamples? chosen, bool isUrgent)
    {
        if (_state is null || (!isUrgent && Stopwatch.GetElapsedTime(_savedAt) < SaveInterval)) return;
        trainer.Settle();
        trainer.RequireFiniteWeights();
        _state.Save(trainer, chosen);
        _savedAt = Stopwatch.GetTimestamp();
    }

    private SampleEvaluation Evaluation<TSample, TBatch, TReport>(Trainer<TSample, TBatch, TReport> trainer, IDataSource<TSample> data) => (program, sample) =>
    {
        _cancellation.ThrowIfCancellationRequested();
        return trainer.EvaluateSample(data, program, sample);
    };

    private (string Key, string Value, string What)[] Identity()
    {
        var identity = new List<(string, string, string)>
        {
            ("plan", _setup.Plan, "steps"),
            ("seed", Seed.ToString(CultureInfo.InvariantCulture), "seed"),
            ("batch_size", Text(BatchSize), "batches of"),
        };
        foreach (var (name, count) in CountSamples()) identity.Add(($"data.{name}", Text(count), $"samples in {name}:"));
        return [.. identity];
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Tells of a stage's batches.</summary>
    private sealed class StageProgress<TReport>(Pipeline pipeline, string stage) : IProgress<TrainingProgress<TReport>>
    {
        public void Report(TrainingProgress<TReport> value) => pipeline._progress?.Report(
            new PipelineProgress(pipeline._step, stage, value.Epoch, value.Epochs, value.Batch, value.Batches, value.EpochReport));
    }
}
