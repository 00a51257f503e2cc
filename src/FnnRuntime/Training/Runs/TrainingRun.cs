using System.Diagnostics;
using System.Globalization;

namespace FeedbackNN;

/// <summary>
/// A run while it lasts: when something is due, what was best, and the files that are appended to. Its position is part of the checkpoint <c>last.safetensors</c>, with the
/// lengths of the files, so that all of them belong together whatever moment the process is killed at.
/// </summary>
internal sealed class TrainingRun : IDisposable
{
    private readonly RunOptions _options;
    private readonly IReadOnlyList<string> _names;
    private readonly bool _hasValidation;
    private readonly RunFile _metrics;
    private readonly RunFile _events;
    private readonly List<MetricsRow> _rows = [];
    private readonly int _metric;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private double _secondsBefore;
    private long _bestStep;
    private bool _hasBest;
    private int _waited;
    private long _evaluatedAt = -1;

    public TrainingRun(RunOptions options, IReadOnlyList<string> names, bool hasValidation)
    {
        options.Check(hasValidation, names);
        (_options, _names, _hasValidation, _metric) = (options, names, hasValidation, options.MetricIndex(names));
        Folder = new RunFolder(options.Folder);
        try
        {
            _metrics = new RunFile(Folder.Metrics);
            _events = new RunFile(Folder.Events);
        }
        catch
        {
            _metrics?.Dispose();
            Folder.Dispose();
            throw;
        }
    }

    public RunFolder Folder { get; }

    public IReadOnlyList<MetricsRow> Rows => _rows;

    /// <summary>Steps that the trainer had made before the run.</summary>
    public long FirstStep { get; private set; }

    public long? BestStep => _hasBest ? _bestStep : null;

    public double BestValue { get; private set; } = double.NaN;

    public double Seconds => _secondsBefore + _watch.Elapsed.TotalSeconds;

    public bool StoppedEarly => _options.Patience > 0 && _waited >= _options.Patience;

    public bool IsOver(long step) => WasOver(step - FirstStep, _waited);

    /// <summary>Whether a run that has made so many steps, and waited for so many evaluations, makes no more.</summary>
    public bool WasOver(long made, int waited) => (_options.Patience > 0 && waited >= _options.Patience) || (_options.MaxSteps > 0 && made >= _options.MaxSteps);

    /// <summary>Whether so many steps are more than are allowed.</summary>
    public bool Exceeds(long made) => _options.MaxSteps > 0 && made > _options.MaxSteps;

    /// <summary>What decides which weights are the best, and in which direction.</summary>
    public string Metric => $"the {(_options.Maximize ? "largest" : "smallest")} '{_names[_metric]}'";

    public bool IsLogDue(long step, bool isEndOfEpoch) => isEndOfEpoch || (step - FirstStep) % _options.LogEvery == 0 || IsOver(step);

    public bool IsEvaluationDue(long step, bool isEndOfEpoch) => _hasValidation && IsDue(_options.EvaluateEvery, step, isEndOfEpoch);

    public bool IsSaveDue(long step, bool isEndOfEpoch) => IsDue(_options.SaveEvery, step, isEndOfEpoch);

    /// <summary>The last evaluation was of other weights.</summary>
    public bool IsUnevaluated(long step) => _hasValidation && _evaluatedAt != step;

    public void Begin(long step)
    {
        FirstStep = step;
        CutFiles(([], 0), 0);
    }

    /// <summary>Adds the run's position to a checkpoint's metadata; what has been appended is on the disk before the checkpoint says so.</summary>
    public void SavePosition(Dictionary<string, string> metadata)
    {
        _metrics.Settle();
        _events.Settle();
        metadata["folder.first_step"] = Text(FirstStep);
        metadata["folder.metrics"] = Text(_metrics.Length);
        metadata["folder.events"] = Text(_events.Length);
        metadata["folder.seconds"] = StateNumbers.Format([Seconds]);
        metadata["folder.best"] = StateNumbers.Format([BestValue]);
        metadata["folder.best_step"] = Text(_bestStep);
        metadata["folder.has_best"] = _hasBest ? "1" : "0";
        metadata["folder.waited"] = Text(_waited);
        metadata["folder.evaluated"] = Text(_evaluatedAt + 1);
    }

    /// <summary>Reads what <see cref="SavePosition"/> wrote; what it gives takes it over.</summary>
    public Action ReadPosition(StateNumbers numbers)
    {
        var (first, metrics, events) = (numbers.Count("folder.first_step"), numbers.Count("folder.metrics"), numbers.Count("folder.events"));
        var (seconds, best) = (numbers.Doubles("folder.seconds", 1)[0], numbers.Doubles("folder.best", 1)[0]);
        var (bestStep, hasBest, waited, evaluated) =
            (numbers.Count("folder.best_step"), numbers.Integer("folder.has_best"), numbers.Integer("folder.waited"), numbers.Count("folder.evaluated"));
        // Read before anything is taken over: a line that is damaged is an error then.
        var rows = MetricsRow.Read(_metrics.UpTo(metrics), Folder.Metrics);
        return () =>
        {
            (FirstStep, _secondsBefore, BestValue, _bestStep, _hasBest, _waited, _evaluatedAt) = (first, seconds, best, bestStep, hasBest > 0, waited, evaluated - 1);
            CutFiles(rows, events);
            _watch.Restart();
        };
    }

    /// <summary>Appends a line to the metrics and to TensorBoard's events.</summary>
    public void Append(string kind, long step, int epoch, IReadOnlyDictionary<string, double> values)
    {
        var row = new MetricsRow(kind, step, epoch, Seconds, values);
        _rows.Add(row);
        _metrics.Append(row.WriteTo);
        _events.Append(stream => TensorBoardEvents.WriteScalars(stream, Now, step, kind, values));
    }

    /// <summary>Notes an evaluation, and says whether it is the best so far.</summary>
    public bool Evaluated(long step, int epoch, double[] values)
    {
        _evaluatedAt = step;
        Append(MetricsRow.Validation, step, epoch, ByName(_names, values));
        var value = values[_metric];
        var gain = _options.Maximize ? value - BestValue : BestValue - value;
        var isBest = double.IsFinite(value) && (!_hasBest || gain > _options.MinimumImprovement);
        if (isBest) (_hasBest, _bestStep, BestValue, _waited) = (true, step, value, 0);
        else _waited++;
        if (_options.Log is { } log)
        {
            var texts = _names.Select((name, i) => string.Create(CultureInfo.InvariantCulture, $"{name} {values[i]:G5}"));
            log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"step {step}, epoch {epoch}, {Seconds:F0} s: {string.Join(", ", texts)}{(isBest ? " (the best so far)" : "")}"));
        }
        return isBest;
    }

    public static Dictionary<string, double> ByName(IReadOnlyList<string> names, double[] values)
    {
        var named = new Dictionary<string, double>(StringComparer.Ordinal);
        for (var i = 0; i < names.Count; i++) named[names[i]] = values[i];
        return named;
    }

    public void Dispose()
    {
        _metrics.Dispose();
        _events.Dispose();
        Folder.Dispose();
    }

    private static double Now => (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds;

    private void CutFiles((List<MetricsRow> Rows, long End) metrics, long events)
    {
        _rows.Clear();
        _rows.AddRange(metrics.Rows);
        _metrics.CutTo(metrics.End);
        _events.CutTo(events);
        if (_events.Length == 0) _events.Append(stream => TensorBoardEvents.WriteVersion(stream, Now));
    }

    private bool IsDue(int every, long step, bool isEndOfEpoch) => every == 0 ? isEndOfEpoch : (step - FirstStep) % every == 0;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
