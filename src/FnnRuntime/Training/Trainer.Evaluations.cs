namespace FeedbackNN;

/// <content>
/// Evaluations whose loss is not finite. Metrics may look well then, as an accuracy does whose argmax is taken of NaN, so that there is no report. A metric alone may be
/// infinite or no number, as a perplexity or a share of none: it is reported as it is.
/// </content>
public abstract unsafe partial class Trainer<TBatch, TReport>
{
    /// <summary>Looks at the losses of the batch that was evaluated last.</summary>
    /// <exception cref="TrainingDivergedException">One is NaN or infinite.</exception>
    private void CheckEvaluation(TBatch batch, int firstSample)
    {
        for (var i = 0; i < _setup.Objectives.Length; i++)
        {
            // The sum and the count; a batch of which nothing counts has a loss all the same, with those behind it.
            var (sum, count) = (_evaluationBatch[2 * i], _evaluationBatch[(2 * i) + 1]);
            if (!double.IsFinite(sum)) throw TrainingDivergedException.OfEvaluation(StepCount, _setup.Objectives[i].Name, sum / count, FindNonFiniteOfEvaluation(batch, firstSample), FindNonFiniteWeight()?.Name);
        }
    }

    private string? FindNonFiniteOfEvaluation(TBatch batch, int firstSample)
    {
        _running = batch;
        try
        {
            BindShares(batch);
            return FindNonFinite(_setup.Objectives.Length, EvaluationCall(_setup.Evaluation, firstSample));
        }
        finally
        {
            _running = default;
        }
    }
}
