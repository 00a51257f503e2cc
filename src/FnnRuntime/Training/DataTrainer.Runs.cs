using System.Globalization;

namespace FeedbackNN;

/// <content>Runs that keep a folder: curves, evaluations, checkpoints, and going on after an interruption.</content>
public abstract partial class Trainer<TSample, TBatch, TReport>
{
    private TrainingRun? _run;
    private double[] _intervalScalars = [];
    private int _intervalSteps;

    // What the call of a run with a folder asks for.
    private (int Samples, int BatchSize, int Epochs) _asked;

    /// <summary>
    /// Trains with a folder that keeps everything: settings, curves (JSON lines, TensorBoard's events and a page to look at), samples, the best weights and a
    /// checkpoint. The same call on a folder with a run in it goes on from its checkpoint, and ends with the bits of a run that was not interrupted, whatever moment the
    /// process was killed at; on a run that is finished it gives the result again. More epochs and other settings of optimizers go on with the run; another seed, batch
    /// size, number of samples or metric is another run, which the folder refuses, and so are less steps than it has made, or other settings of optimizers when there is no step left to make with them
    /// (formulas of your own are compared at two updates).
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
    /// <exception cref="TrainingDivergedException">A loss is NaN or infinite, of a step or of an evaluation.</exception>
    /// <exception cref="InvalidOperationException">A run is under way, or another thread uses the training or a network of it.</exception>
    /// <exception cref="CheckpointException">A file can't be written or read, or the folder is another training's or another run's; the last good checkpoint is as it was.</exception>
    public RunResult<TReport> Run(
        IDataSource<TSample> data,
        int epochs,
        int batchSize,
        RunOptions options,
        IDataSource<TSample>? validation = null,
        IProgress<TrainingProgress<TReport>>? progress = null,
        CancellationToken cancellation = default)
    {
        RequireNoRun(nameof(Run));
        using var use = Exclusively();
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        RequireSamples(data.Count);
        if (validation is not null) RequireSamples(validation.Count);
        using var run = new TrainingRun(options, ReportNames(), validation is not null);
        _run = run;
        _asked = (data.Count, batchSize, epochs);
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
        (_runCount, _runBatchSize) = (_asked.Samples, _asked.BatchSize);
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
        foreach (var (key, value, _) in RunIdentity()) metadata["folder." + key] = value;
        foreach (var (key, value, _) in OptimizerSettings(saved: null)) metadata["folder." + key] = value;
        metadata["folder.interval"] = StateNumbers.Format(_intervalScalars);
        metadata["folder.interval_steps"] = _intervalSteps.ToString(CultureInfo.InvariantCulture);
    }

    private Action ReadRun(StateNumbers numbers)
    {
        if (_run is null) return () => { };
        RequireSameRun(_run, numbers);
        var position = _run.ReadPosition(numbers);
        var (interval, steps) = (numbers.Doubles("folder.interval", _intervalScalars.Length), numbers.Integer("folder.interval_steps"));
        return () =>
        {
            position();
            interval.CopyTo(_intervalScalars, 0);
            _intervalSteps = steps;
        };
    }

    /// <summary>What must be the same for a run to be continued: a key, its value, and what it is called. The seed and the samples have numbers of their own.</summary>
    private IEnumerable<(string Key, string Value, string What)> RunIdentity()
    {
        foreach (var (name, seed) in NetSeeds()) yield return ($"seed.{name}", seed.ToString(CultureInfo.InvariantCulture), $"the network '{name}' of seed");
        yield return ("metric", _run!.Metric, "the best evaluation by");
    }

    /// <exception cref="CheckpointException">The folder's run is another one, or has gone further than it is asked to.</exception>
    private void RequireSameRun(TrainingRun run, StateNumbers numbers)
    {
        Require("the seed", numbers.Unsigned("seed"), Seed);
        Require("samples:", numbers.Integer("run.samples"), _asked.Samples);
        Require("batches of", numbers.Integer("run.batch_size"), _asked.BatchSize);
        foreach (var (key, value, what) in RunIdentity()) Require(what, numbers.Find("folder." + key) ?? value, value);

        var (epoch, batch) = (numbers.Integer("run.epoch"), numbers.Integer("run.batch"));
        var begun = epoch + (batch > 0 ? 1 : 0);
        if (begun > _asked.Epochs) throw Refused($"has come to epoch {begun}, and this one is to have {_asked.Epochs}. Ask for at least as many");
        var made = numbers.Count("step") - numbers.Count("folder.first_step");
        if (run.Exceeds(made)) throw Refused($"has made {made} steps, which is more than MaxSteps is now. Ask for at least as many");
        // Other settings are for the steps that are left; where there are none, they would change nothing.
        if (epoch < _asked.Epochs && !run.WasOver(made, numbers.Integer("folder.waited"))) return;
        foreach (var (key, value, what) in OptimizerSettings(numbers))
        {
            if (numbers.Find("folder." + key) is { } old && old != value) throw Refused($"is finished, and was made with {what} {old}; now it is {value}. Run it as it was");
        }

        void Require<T>(string what, T old, T now) where T : IEquatable<T>
        {
            if (!old.Equals(now)) throw Refused($"was begun with {what} {old}, and this is {now}. Continue it as it was begun");
        }

        CheckpointException Refused(FormattableString what) =>
            new(run.Folder.Last, $"the run in this folder {FormattableString.Invariant(what)}, take another folder, or delete this one to begin anew.");
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
