namespace FeedbackNN;

/// <summary>
/// How a long training is watched and kept: the folder that holds its curves and checkpoints, when it is evaluated and saved, and when it stops early.
/// Given to <c>trainer.Run(data, epochs, batchSize, options, validation)</c>.
/// </summary>
/// <param name="Folder">The run's folder; made where there is none. A folder with a run in it goes on with that run, and refuses another one.</param>
public sealed record RunOptions(string Folder)
{
    /// <summary>Steps from one evaluation to the next; 0: at the end of each epoch. There is always one at the end of the run.</summary>
    public int EvaluateEvery { get; init; }

    /// <summary>Steps from one save to the next; 0: at the end of each epoch. There is always one at the end, and one when the run is cancelled.</summary>
    public int SaveEvery { get; init; }

    /// <summary>Steps whose losses and metrics make one point of the curves, their mean.</summary>
    public int LogEvery { get; init; } = 10;

    /// <summary>Samples that an evaluation computes at once.</summary>
    public int EvaluationBatchSize { get; init; } = 256;

    /// <summary>The loss or metric, by its name in the <c>.fnn</c> file, that decides which weights are the best: the smallest, or with <see cref="Maximize"/> the largest. Null: the first loss.</summary>
    public string? Metric { get; init; }

    /// <summary>More of <see cref="Metric"/> is better, as of an accuracy; otherwise less, as of a loss.</summary>
    public bool Maximize { get; init; }

    /// <summary>The run stops when so many evaluations in a row have not been better than the best one before; 0: never.</summary>
    public int Patience { get; init; }

    /// <summary>By how much an evaluation must be better to count as better.</summary>
    public double MinimumImprovement { get; init; }

    /// <summary>The run stops after so many steps, even in the middle of an epoch; 0: only epochs count.</summary>
    public long MaxSteps { get; init; }

    /// <summary>At the end the networks take over the weights of the best evaluation, not those of the last step.</summary>
    public bool RestoreBest { get; init; }

    /// <summary>What the networks make at this moment, as text: asked for behind each evaluation (without one, each save) and kept in <c>samples</c>. It must not train.</summary>
    public Func<string>? Sample { get; init; }

    /// <summary>Takes a line for each evaluation, such as <see cref="Console.Out"/>.</summary>
    public TextWriter? Log { get; init; }

    internal void Check(bool hasValidation, IReadOnlyList<string> names)
    {
        ArgumentException.ThrowIfNullOrEmpty(Folder);
        ArgumentOutOfRangeException.ThrowIfNegative(EvaluateEvery);
        ArgumentOutOfRangeException.ThrowIfNegative(SaveEvery);
        ArgumentOutOfRangeException.ThrowIfLessThan(LogEvery, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(EvaluationBatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(Patience);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxSteps);
        if (!double.IsFinite(MinimumImprovement) || MinimumImprovement < 0) throw new ArgumentOutOfRangeException(nameof(MinimumImprovement), MinimumImprovement, "MinimumImprovement must be a finite number, 0 or above.");
        if (Metric is not null && MetricIndex(names) < 0)
            throw new ArgumentException($"The training has no loss or metric '{Metric}': it has {string.Join(", ", names)}.", nameof(Metric));
        if (!hasValidation && (Metric is not null || Patience > 0 || RestoreBest))
            throw new ArgumentException("Metric, Patience and RestoreBest go by evaluations: give the run validation samples.", nameof(Metric));
    }

    internal int MetricIndex(IReadOnlyList<string> names)
    {
        if (Metric is null) return 0;
        for (var i = 0; i < names.Count; i++)
        {
            if (string.Equals(names[i], Metric, StringComparison.OrdinalIgnoreCase)) return i;
        }
        return -1;
    }
}
