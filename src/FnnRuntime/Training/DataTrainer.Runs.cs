using System.Globalization;

namespace FeedbackNN;

/// <content>Runs that keep a folder: curves, evaluations, checkpoints, and going on after an interruption.</content>
public abstract partial class Trainer<TSample, TBatch, TReport>
{
    private TrainingRun? _run;
    private double[] _intervalScalars = [];
    private int _intervalSteps;

    /// <summary>
    /// Trains with a folder that keeps everything: settings, curves (JSON lines, TensorBoard's events and a page to look at), samples, the best weights and a
    /// checkpoint. The same call on a folder with a run in it goes on from its checkpoint, and ends with the bits of a run that was not interrupted, whatever moment the
    /// process was killed at; on a run that is finished it gives the result again.
    /// </summary>
    /// <param name="data">The samples.</param>
    /// <param name="epochs">How often each sample is visited, what the folder's run has already done included.</param>
    /// <param name="batchSize">Samples of a step; the last batch of an epoch has what is left.</param>
    /// <param name="options">The folder, and what is done when.</param>
    /// <param name="validation">Samples to evaluate on, which decide what is best; null: none.</param>
    /// <param name="progress">Told after each step, on this thread.</param>
    /// <param name="cancellation">Looked at before each step.</param>
    /// <exception cref="ArgumentException">There are no samples, a sample does not fit, or the options ask for evaluations without samples or for a metric that the training does not have.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the checkpoint has all steps made so far.</exception>
    /// <exception cref="TrainingDivergedException">A loss is NaN or infinite.</exception>
    /// <exception cref="InvalidOperationException">The folder's run had another number of samples or another batch size.</exception>
    /// <exception cref="CheckpointException">A file can't be written or read, or the folder is another training's; the last good checkpoint is as it was.</exception>
    public RunResult<TReport> Run(
        IDataSource<TSample> data,
        int epochs,
        int batchSize,
        RunOptions options,
        IDataSource<TSample>? validation = null,
        IProgress<TrainingProgress<TReport>>? progress = null,
        CancellationToken cancellation = default)
    {
        RequireMemory();
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        RequireSamples(data.Count);
        if (validation is not null) RequireSamples(validation.Count);
        using var run = new TrainingRun(options, ReportNames(), validation is not null);
        _run = run;
        _intervalScalars = new double[StepScalars.Length];
        _intervalSteps = 0;
        try
        {
            var settings = Describe(data, epochs, batchSize, options, validation);
            BeginOrResume(run, settings);
            try
            {
                var report = RunEpochs(data, epochs, batchSize, progress, cancellation, new Watch(this, run, options, validation, settings));
                return new RunResult<TReport>(report, StepCount - run.FirstStep, run.StoppedEarly, run.BestStep, run.BestValue, run.Rows);
            }
            catch (OperationCanceledException)
            {
                RequireFiniteWeights();
                Save(run.Folder.Last);
                throw;
            }
        }
        finally
        {
            _run = null;
        }
    }

    private void BeginOrResume(TrainingRun run, IReadOnlyList<(string Name, object? Value)> settings)
    {
        if (File.Exists(run.Folder.Last))
        {
            Resume(run.Folder.Last);
            return;
        }
        Restart();
        run.Begin(StepCount);
        run.Folder.WriteConfig(settings);
        // The same call after an exception begins with the same weights.
        Save(run.Folder.Last);
    }

    private List<(string Name, object? Value)> Describe(IDataSource<TSample> data, int epochs, int batchSize, RunOptions options, IDataSource<TSample>? validation)
    {
        var settings = new List<(string, object?)>
        {
            ("training", SetupName),
            ("device", DeviceName),
            ("seed", Seed),
            ("samples", data.Count),
            ("validationSamples", validation?.Count),
            ("epochs", epochs),
            ("batchSize", batchSize),
            ("shuffle", Shuffle),
        };
        settings.AddRange(DescribeNetworks());
        settings.Add(("evaluateEvery", options.EvaluateEvery));
        settings.Add(("saveEvery", options.SaveEvery));
        settings.Add(("logEvery", options.LogEvery));
        settings.Add(("metric", options.Metric ?? ReportNames()[0]));
        settings.Add(("maximize", options.Maximize));
        settings.Add(("patience", options.Patience));
        settings.Add(("minimumImprovement", options.MinimumImprovement));
        settings.Add(("maxSteps", options.MaxSteps));
        settings.Add(("restoreBest", options.RestoreBest));
        settings.Add(("runtime", Environment.Version.ToString()));
        settings.Add(("processors", Environment.ProcessorCount));
        settings.Add(("started", DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)));
        return settings;
    }

    private void CountInterval()
    {
        if (_run is null) return;
        AccumulateStep(_intervalScalars, LastStepMade, isFirst: _intervalSteps == 0);
        _intervalSteps++;
    }

    private void SaveRun(Dictionary<string, string> metadata)
    {
        if (_run is null) return;
        _run.SavePosition(metadata);
        metadata["folder.interval"] = StateNumbers.Format(_intervalScalars);
        metadata["folder.interval_steps"] = _intervalSteps.ToString(CultureInfo.InvariantCulture);
    }

    private Action ReadRun(StateNumbers numbers)
    {
        if (_run is null) return () => { };
        var position = _run.ReadPosition(numbers);
        var (interval, steps) = (numbers.Doubles("folder.interval", _intervalScalars.Length), numbers.Integer("folder.interval_steps"));
        return () =>
        {
            position();
            interval.CopyTo(_intervalScalars, 0);
            _intervalSteps = steps;
        };
    }

    /// <summary>What is done beside the steps of a run.</summary>
    private sealed class Watch(
        Trainer<TSample, TBatch, TReport> trainer, TrainingRun run, RunOptions options, IDataSource<TSample>? validation, IReadOnlyList<(string Name, object? Value)> settings)
    {
        public bool IsOver => run.IsOver(trainer.StepCount);

        /// <summary>The numbers of the step that makes so many are wanted.</summary>
        public bool IsAsked(long step, bool isEndOfEpoch) =>
            run.IsLogDue(step, isEndOfEpoch) || run.IsEvaluationDue(step, isEndOfEpoch) || run.IsSaveDue(step, isEndOfEpoch);

        public void AfterStep(int epoch, bool isEndOfEpoch, bool isEndOfRun)
        {
            var step = trainer.StepCount;
            if (run.IsLogDue(step, isEndOfEpoch)) Log(epoch);
            var isOver = isEndOfRun || run.IsOver(step);
            var isEvaluated = run.IsEvaluationDue(step, isEndOfEpoch) || (isOver && run.IsUnevaluated(step));
            // What was saved last is good, and stays.
            if (isEvaluated || isOver || run.IsSaveDue(step, isEndOfEpoch)) trainer.RequireFiniteWeights();
            if (isEvaluated) Evaluate(epoch);
            isOver |= run.IsOver(step);
            var isSaved = isOver || run.IsSaveDue(step, isEndOfEpoch);
            if (isSaved)
            {
                if (validation is null) TakeSample();
                trainer.Save(run.Folder.Last);
            }
            if (isEvaluated || isSaved) WriteReport();
        }

        public void AtEnd()
        {
            if (!options.RestoreBest || run.BestStep is null) return;
            trainer.LoadBest(run.Folder);
        }

        private void Log(int epoch)
        {
            if (trainer._intervalSteps == 0) return;
            var values = TrainingRun.ByName(trainer.ReportNames(), trainer.ReportValues(trainer.MakeReport(trainer.StepCount, trainer._intervalScalars)));
            foreach (var (name, rate) in trainer.LearningRates()) values[name] = rate;
            run.Append(MetricsRow.Train, trainer.StepCount, epoch, values);
            trainer._intervalSteps = 0;
        }

        private void Evaluate(int epoch)
        {
            var report = trainer.Evaluate(validation!, options.EvaluationBatchSize);
            if (run.Evaluated(trainer.StepCount, epoch, trainer.ReportValues(report))) trainer.SaveBest(run.Folder);
            TakeSample();
        }

        private void TakeSample()
        {
            if (options.Sample is { } sample) run.Folder.WriteSample(trainer.StepCount, sample());
        }

        private void WriteReport() => run.Folder.WriteReport(RunReport.Write(trainer.SetupName, settings, run.Rows, run.BestStep, run.Folder.ReadSamples(RunReport.MostSamples)));
    }
}
