using System.Globalization;

namespace FeedbackNN;

/// <summary>
/// A loss (or the norm of its gradient) is NaN or infinite. The step has not been taken: parameters, buffers and optimizer state are as
/// before it.
/// </summary>
public sealed class TrainingDivergedException : Exception
{
    internal TrainingDivergedException(long step, string what, double value, string? sourceLine)
        : base(Describe(step, what, value, sourceLine))
    {
        Step = step;
        Value = value;
        SourceLine = sourceLine;
    }

    /// <summary>The step that could not be taken; steps made before it.</summary>
    public long Step { get; }

    /// <summary>What the loss was: NaN or an infinity.</summary>
    public double Value { get; }

    /// <summary>The first line whose result held a NaN or an infinity, as <c>digits.fnn(9): h = relu(fc1(x))</c>; null when it was not found.</summary>
    public string? SourceLine { get; }

    private static string Describe(long step, string what, double value, string? sourceLine)
    {
        var place = sourceLine is null ? "" : $" The first result that is not finite comes from {sourceLine}.";
        return string.Create(CultureInfo.InvariantCulture, $"Step {step}: {what} is {value}; the step was not taken.{place} Look at the data of this batch, or try a lower learning rate or a clip.");
    }
}
