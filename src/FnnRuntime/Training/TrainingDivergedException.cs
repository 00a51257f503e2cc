using System.Globalization;

namespace FeedbackNN;

/// <summary>
/// A loss (or the norm of its gradient) is NaN or infinite: the step has not been taken, and parameters, buffers and optimizer state are as
/// before it. Or a weight is: a step was taken whose loss was finite and whose gradient was not. An evaluation throws it too, and changes nothing anyway.
/// </summary>
public sealed class TrainingDivergedException : Exception
{
    private TrainingDivergedException(string message, long step, double value, string? sourceLine) : base(message) => (Step, Value, SourceLine) = (step, value, sourceLine);

    /// <summary>The step that could not be taken; steps made before it, or before the evaluation.</summary>
    public long Step { get; }

    /// <summary>What the loss or weight was: NaN or an infinity.</summary>
    public double Value { get; }

    /// <summary>The first line whose result held a NaN or an infinity, as <c>digits.fnn(9): h = relu(fc1(x))</c>; null when it was not found.</summary>
    public string? SourceLine { get; }

    /// <param name="step">The step.</param>
    /// <param name="what">What is not finite.</param>
    /// <param name="value">What it is.</param>
    /// <param name="sourceLine">Where the first such result arose.</param>
    /// <param name="ruinedWeight">A weight that was not finite before the step; null when all were.</param>
    internal static TrainingDivergedException OfStep(long step, string what, double value, string? sourceLine, string? ruinedWeight)
    {
        var advice = ruinedWeight is null ? "Look at the data of this batch, or try a lower learning rate or a clip." : $"Before this step '{ruinedWeight}' was not finite any more: {Ruin}";
        return new(string.Create(CultureInfo.InvariantCulture, $"Step {step}: {what} is {value}; the step was not taken.{Place(sourceLine)} {advice}"), step, value, sourceLine);
    }

    internal static TrainingDivergedException OfEvaluation(long step, string loss, double value, string? sourceLine, string? ruinedWeight)
    {
        var advice = ruinedWeight is null ? "Look at the samples that are evaluated." : $"'{ruinedWeight}' is not finite any more: {Ruin}";
        return new(string.Create(CultureInfo.InvariantCulture, $"Evaluation after {step} steps: the loss '{loss}' is {value}, so that metrics mean nothing.{Place(sourceLine)} {advice}"), step, value, sourceLine);
    }

    internal static TrainingDivergedException OfWeights(long step, string weight, double value) =>
        new(string.Create(CultureInfo.InvariantCulture, $"After {step} steps a number of '{weight}' is {value}: {Ruin}"), step, value, sourceLine: null);

    // Of a weight.
    private const string Ruin =
        "a step has made it so whose loss was finite: its gradient was not, as that of a root at 0, or its learning rate was too high. Take what was saved before; 'clip global_norm(1)' looks at each gradient, and takes no such step.";

    private static string Place(string? sourceLine) => sourceLine is null ? "" : $" The first result that is not finite comes from {sourceLine}.";
}
