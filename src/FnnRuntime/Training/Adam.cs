namespace FeedbackNN;

/// <summary>What <see cref="Adam"/> and <see cref="AdamW"/> share: running means of the gradient and of its square.</summary>
public abstract class AdaptiveMoments : Optimizer
{
    private static readonly string[] Moments = ["first_moment", "second_moment"];

    private protected AdaptiveMoments(Schedule learningRate) : base(learningRate) { }

    /// <summary>How slowly the mean of the gradient forgets: at least 0 and below 1.</summary>
    public Schedule Beta1 { get; set => field = SettingRange.BelowOne.Check(value); } = 0.9;

    /// <summary>How slowly the mean of the squared gradient forgets: at least 0 and below 1.</summary>
    public Schedule Beta2 { get; set => field = SettingRange.BelowOne.Check(value); } = 0.999;

    /// <summary>Added to the root, against division by zero.</summary>
    public Schedule Epsilon { get; set => field = SettingRange.NotNegative.Check(value); } = 1e-8;

    internal override ReadOnlySpan<string> StateNames => Moments;

    private protected abstract Schedule Decay { get; }

    private protected sealed override string DescribeOthers(long updates) =>
        FormattableString.Invariant($"beta1 {Beta1.Describe(updates)}, beta2 {Beta2.Describe(updates)}, epsilon {Epsilon.Describe(updates)}, weight decay {Decay.Describe(updates)}");

    private protected UpdateRule RuleAt(long update, double share, bool isDecoupled) => new(new AdamStep(
        (float)(RateAt(update) * share),
        (float)SettingRange.BelowOne.At(Beta1, update, nameof(Beta1)),
        (float)SettingRange.BelowOne.At(Beta2, update, nameof(Beta2)),
        (float)SettingRange.NotNegative.At(Epsilon, update, nameof(Epsilon)),
        (float)SettingRange.NotNegative.At(Decay, update, "WeightDecay"),
        isDecoupled,
        update + 1));
}

/// <summary>Adam: w ← w - lr·m̂ / (√v̂ + ε). Weight decay, where set, is added to the gradient. Kingma and Ba, Adam, 2015 (arXiv:1412.6980).</summary>
/// <inheritdoc cref="Optimizer" path="/remarks"/>
/// <param name="learningRate">How far a step goes.</param>
public sealed class Adam(Schedule learningRate) : AdaptiveMoments(learningRate)
{
    /// <summary>L2 regularisation: added to the gradient times the parameter.</summary>
    public Schedule WeightDecay { get; set => field = SettingRange.NotNegative.Check(value); } = 0;

    private protected override Schedule Decay => WeightDecay;

    internal override UpdateRule RuleAt(long update, double share) => RuleAt(update, share, isDecoupled: false);
}

/// <summary>
/// Adam with weight decay apart from the gradient: w ← w·(1 - lr·decay) - lr·m̂ / (√v̂ + ε).
/// Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019 (arXiv:1711.05101).
/// </summary>
/// <inheritdoc cref="Optimizer" path="/remarks"/>
/// <param name="learningRate">How far a step goes.</param>
public sealed class AdamW(Schedule learningRate) : AdaptiveMoments(learningRate)
{
    /// <summary>The share of a parameter that a step takes away, times the learning rate.</summary>
    public Schedule WeightDecay { get; set => field = SettingRange.NotNegative.Check(value); } = 0.01;

    private protected override Schedule Decay => WeightDecay;

    internal override UpdateRule RuleAt(long update, double share) => RuleAt(update, share, isDecoupled: true);
}
