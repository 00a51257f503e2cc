namespace FeedbackNN;

/// <summary>Where a run is, told after each step.</summary>
/// <param name="Epoch">The epoch the step belongs to, from 1.</param>
/// <param name="Epochs">All epochs of the run.</param>
/// <param name="Batch">Batches done in this epoch.</param>
/// <param name="Batches">Batches of an epoch.</param>
/// <param name="Step">Steps of the trainer so far.</param>
/// <param name="Report">Losses and metrics of the last batch.</param>
/// <param name="EpochReport">Losses and metrics over the batches of this epoch so far, each taken with the weights it was computed with.</param>
/// <param name="SamplesPerSecond">Since the run began or was continued.</param>
/// <param name="Elapsed">Since the run began or was continued.</param>
/// <param name="Remaining">An estimate.</param>
/// <typeparam name="TReport">The training's report.</typeparam>
public readonly record struct TrainingProgress<TReport>(
    int Epoch,
    int Epochs,
    int Batch,
    int Batches,
    long Step,
    TReport Report,
    TReport EpochReport,
    double SamplesPerSecond,
    TimeSpan Elapsed,
    TimeSpan Remaining)
{
    /// <summary>The batch was the epoch's last.</summary>
    public bool IsEndOfEpoch => Batch == Batches;
}
