namespace FeedbackNN;

/// <summary>What came of a run.</summary>
/// <param name="Report">Losses and metrics over the batches of the last epoch so far, each taken with the weights it was computed with.</param>
/// <param name="Steps">Steps of the run, what it did before an interruption included.</param>
/// <param name="StoppedEarly">It ended because evaluations had stopped getting better.</param>
/// <param name="BestStep">The step of the best evaluation; null where there was none.</param>
/// <param name="BestValue">The value of <see cref="RunOptions.Metric"/> there; NaN where there was none.</param>
/// <param name="Metrics">The curves, in the order in which they were written.</param>
/// <typeparam name="TReport">The training's report.</typeparam>
public sealed record RunResult<TReport>(TReport Report, long Steps, bool StoppedEarly, long? BestStep, double BestValue, IReadOnlyList<MetricsRow> Metrics);
