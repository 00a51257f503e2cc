using System.Globalization;

namespace FeedbackNN;

/// <summary>
/// A loss (or the norm of its gradient) is NaN or infinite: the step has not been taken, and parameters, buffers and optimizer state are as
/// before it. Or a weight is: a step was taken whose loss was finite and whose gradient was not.
/// </summary>
public sealed class TrainingDivergedException : Exception
{
    // Of a weight.
    private const string Ruin =
        "a step has made it so whose loss was finite: its gradient was not, as that of a root at 0, or its learning rate was too high. Take what was saved before; 'clip global_norm(1)' looks at each gradient, and takes no such step.";

    internal TrainingDivergedException(long step, string what, double value, string? sourceLine, string? ruinedWeight)
        : base(Describe(step, what, value, sourceLine, ruinedWeight))
    {
        Step = step;
        Value = value;
        SourceLine = sourceLine;
    }

    internal TrainingDivergedException(long step, string weight, double value)
        : base(string.Create(CultureInfo.InvariantCulture, $"After {step} steps a number of '{weight}' is {value}: {Ruin}"))
    {
        Step = step;
        Value = value;
    }

    /// <summary>The step that could not be taken; steps made before it.</summary>
    public long Step { get; }

    /// <summary>What the loss or weight was: NaN or an infinity.</summary>
    public double Value { get; }

    /// <summary>The first line whose result held a NaN or an infinity, as <c>digits.fnn(9): h = relu(fc1(x))</c>; null when it was not found.</summary>
    public string? SourceLine { get; }

    private static string Describe(long step, string what, double value, string? sourceLine, string? ruinedWeight)
    {
        var place = sourceLine is null ? "" : $" The first result that is not finite comes from {sourceLine}.";
        var advice = ruinedWeight is null ? "Look at the data of this batch, or try a lower learning rate or a clip." : $"Before this step '{ruinedWeight}' was not finite any more: {Ruin}";
        return string.Create(CultureInfo.InvariantCulture, $"Step {step}: {what} is {value}; the step was not taken.{place} {advice}");
    }
}
