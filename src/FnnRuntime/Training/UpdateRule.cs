namespace FeedbackNN;

/// <summary>What one update of an optimizer does to each parameter, in numbers; computed once and applied to all of them.</summary>
internal readonly struct UpdateRule
{
    public UpdateRule(in SgdStep step) => Sgd = step;

    public UpdateRule(in AdamStep step) => (Adam, IsAdaptive) = (step, true);

    /// <summary>Whether it is <see cref="Adam"/>'s; otherwise <see cref="Sgd"/>'s.</summary>
    public bool IsAdaptive { get; }

    public SgdStep Sgd { get; }

    public AdamStep Adam { get; }

    /// <summary>The same for parameters that do not decay.</summary>
    public UpdateRule WithoutDecay => IsAdaptive ? new UpdateRule(Adam with { Decay = 0, Shrink = 1 }) : new UpdateRule(Sgd with { WeightDecay = 0 });
}

/// <summary>The numbers of one step of <see cref="FeedbackNN.Sgd"/>.</summary>
/// <param name="LearningRate">How far it goes.</param>
/// <param name="Momentum">How much of the last direction remains.</param>
/// <param name="Dampening">How much of the gradient doesn't go into the direction.</param>
/// <param name="WeightDecay">Times the parameter, added to the gradient.</param>
/// <param name="IsNesterov">Looks ahead: the gradient plus momentum times the direction.</param>
/// <param name="HasDirection">A direction is remembered.</param>
/// <param name="IsFirst">The direction starts as the gradient, undampened.</param>
internal readonly record struct SgdStep(
    float LearningRate, float Momentum, float Dampening, float WeightDecay, bool IsNesterov, bool HasDirection, bool IsFirst)
{
    /// <summary>The share of the old direction.</summary>
    public float Keep => IsFirst ? 0 : Momentum;

    /// <summary>The share of the gradient.</summary>
    public float Take => IsFirst ? 1 : 1 - Dampening;
}

/// <summary>The numbers of one step of <see cref="FeedbackNN.Adam"/> or <see cref="FeedbackNN.AdamW"/>.</summary>
internal readonly record struct AdamStep
{
    /// <param name="learningRate">How far it goes.</param>
    /// <param name="beta1">How much of the mean remains.</param>
    /// <param name="beta2">How much of the mean of squares remains.</param>
    /// <param name="epsilon">Added to the root.</param>
    /// <param name="weightDecay">How much of a parameter goes away.</param>
    /// <param name="isDecoupled">Weight decay shrinks the parameters instead of entering the gradient.</param>
    /// <param name="count">Of this step, from 1 on: corrects the means' bias towards 0.</param>
    public AdamStep(float learningRate, float beta1, float beta2, float epsilon, float weightDecay, bool isDecoupled, long count)
    {
        (Beta1, Beta2, Epsilon) = (beta1, beta2, epsilon);
        Decay = isDecoupled ? 0 : weightDecay;
        Shrink = isDecoupled ? (float)(1 - ((double)learningRate * weightDecay)) : 1;
        StepSize = (float)(learningRate / (1 - Math.Pow(beta1, count)));
        RootScale = (float)(1 / Math.Sqrt(1 - Math.Pow(beta2, count)));
    }

    public float Beta1 { get; }

    public float Beta2 { get; }

    public float Epsilon { get; }

    /// <summary>Times the parameter, added to the gradient.</summary>
    public float Decay { get; init; }

    /// <summary>What parameters are multiplied by.</summary>
    public float Shrink { get; init; }

    /// <summary>The learning rate, with the mean's bias corrected.</summary>
    public float StepSize { get; }

    /// <summary>Corrects the bias of the mean of squares, after the root.</summary>
    public float RootScale { get; }
}
