namespace FeedbackNN;

/// <summary>Where a pipeline is, told after each batch of a training and after each other step.</summary>
/// <param name="Step">Which of the executed steps this is, from 0 on: a stage that a feedback runs again is a step each time.</param>
/// <param name="Stage">The stage's name.</param>
/// <param name="Epoch">Of a training: the epoch, from 1 on; else 0.</param>
/// <param name="Epochs">All epochs of this step; 0 where it trains nothing.</param>
/// <param name="Batch">Batches done in this epoch.</param>
/// <param name="Batches">Batches of an epoch.</param>
/// <param name="Report">The train's <c>Report</c>: of this epoch so far, or what an evaluation found; null for a transfer, and where there was nothing to train on.</param>
public sealed record PipelineProgress(int Step, string Stage, int Epoch, int Epochs, int Batch, int Batches, object? Report)
{
    /// <summary>The batch was the epoch's last.</summary>
    public bool IsEndOfEpoch => Epochs > 0 && Batch == Batches;

    /// <summary>The step is done.</summary>
    public bool IsEndOfStep => Batch == Batches && Epoch == Epochs;
}
