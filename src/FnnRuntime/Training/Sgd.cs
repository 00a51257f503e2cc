namespace FeedbackNN;

/// <summary>
/// Stochastic gradient descent, optionally with momentum: v ← momentum·v + (1 - dampening)·g, w ← w - lr·v (Nesterov: w ← w - lr·(g + momentum·v)),
/// where weight decay has been added to g. The same numbers as PyTorch's SGD.
/// Sutskever, Martens, Dahl, Hinton, On the importance of initialization and momentum in deep learning, 2013.
/// </summary>
/// <inheritdoc cref="Optimizer" path="/remarks"/>
/// <param name="learningRate">How far a step goes.</param>
public sealed class Sgd(Schedule learningRate) : Optimizer(learningRate)
{
    private static readonly string[] Velocity = ["momentum"];

    /// <summary>The share of the last step that is kept, at least 0 and below 1; 0 is plain descent.</summary>
    public Schedule Momentum { get; set => field = SettingRange.BelowOne.Check(value); } = 0;

    /// <summary>The share of the gradient that does not enter the momentum.</summary>
    public Schedule Dampening { get; set => field = SettingRange.Finite.Check(value); } = 0;

    /// <summary>L2 regularisation: added to the gradient times the parameter.</summary>
    public Schedule WeightDecay { get; set => field = SettingRange.NotNegative.Check(value); } = 0;

    /// <summary>Nesterov's form of momentum.</summary>
    public bool Nesterov { get; set; }

    internal override ReadOnlySpan<string> StateNames => Momentum.At(0) == 0 && Momentum.At(long.MaxValue) == 0 ? [] : Velocity;

    private protected override string DescribeOthers(long updates) =>
        FormattableString.Invariant($"momentum {Momentum.Describe(updates)}, dampening {Dampening.Describe(updates)}, weight decay {WeightDecay.Describe(updates)}{(Nesterov ? ", Nesterov" : "")}");

    internal override UpdateRule RuleAt(long update, double share) => new(new SgdStep(
        (float)(RateAt(update) * share),
        (float)SettingRange.BelowOne.At(Momentum, update, nameof(Momentum)),
        (float)SettingRange.Finite.At(Dampening, update, nameof(Dampening)),
        (float)SettingRange.NotNegative.At(WeightDecay, update, nameof(WeightDecay)),
        Nesterov,
        HasDirection: StateNames.Length > 0,
        IsFirst: update == 0));
}
