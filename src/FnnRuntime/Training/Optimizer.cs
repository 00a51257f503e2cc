namespace FeedbackNN;

/// <summary>
/// A rule that changes parameters by their gradients. Its settings are those of the <c>.fnn</c> file until C# sets others, which hold from
/// the next step on. What it remembers from step to step belongs to the trainer.
/// </summary>
/// <remarks>
/// Set between steps, by the thread that trains. A number that makes no sense, such as NaN or a negative rate, is an <see cref="ArgumentOutOfRangeException"/> where it is set.
/// </remarks>
public abstract class Optimizer
{
    private protected Optimizer(Schedule learningRate) => LearningRate = learningRate;

    /// <summary>How far a step goes: 0 or above, where 0 changes nothing.</summary>
    public Schedule LearningRate { get; set => field = SettingRange.NotNegative.Check(value); }

    /// <summary>
    /// Whether weight decay is for all parameters, or only for those with two axes and more: matrices and kernels, but neither biases nor the gains of norms, which
    /// have one, and which there is no reason to pull towards 0.
    /// </summary>
    public bool DecayVectors { get; set; } = true;

    /// <summary>What it remembers for each trained number, by name: as many as the present settings need.</summary>
    internal abstract ReadOnlySpan<string> StateNames { get; }

    /// <summary>Its name and all settings: two that are described alike do the same.</summary>
    /// <param name="updates">Updates made, which a formula is asked about.</param>
    internal string Describe(long updates) => FormattableString.Invariant($"{GetType().Name}, learning rate {LearningRate.Describe(updates)}, {DescribeOthers(updates)}{(DecayVectors ? "" : ", no decay of vectors")}");

    private protected abstract string DescribeOthers(long updates);

    /// <summary>The learning rate of an update, of which weights may take a share.</summary>
    private protected double RateAt(long update) => SettingRange.NotNegative.At(LearningRate, update, nameof(LearningRate));

    /// <summary>What an update does.</summary>
    /// <param name="update">Updates made before, from 0.</param>
    /// <param name="share">Of the learning rate.</param>
    internal abstract UpdateRule RuleAt(long update, double share);
}
