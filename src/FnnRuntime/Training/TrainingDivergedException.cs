using System.Globalization;

namespace FeedbackNN;

/// <summary>
/// A loss (or the norm of its gradient) is NaN or infinite. The step has not been taken: parameters, buffers and optimizer state are as
/// before it. An evaluation throws it too, and changes nothing anyway.
/// </summary>
public sealed class TrainingDivergedException : Exception
{
    internal TrainingDivergedException(long step, string what, double value, string? sourceLine)
        : this(Describe(step, what, value, sourceLine), step, value, sourceLine)
    {
    }

    private TrainingDivergedException(string message, long step, double value, string? sourceLine) : base(message)
    {
        Step = step;
        Value = value;
        SourceLine = sourceLine;
    }

    /// <summary>An evaluation's.</summary>
    internal static TrainingDivergedException OfEvaluation(long step, string loss, double value, string? sourceLine) => new(
        string.Create(CultureInfo.InvariantCulture, $"Evaluation after {step} steps: the loss '{loss}' is {value}, so that metrics mean nothing.{Place(sourceLine)} Look at the samples that are evaluated; if they are all right, the weights are not."),
        step, value, sourceLine);

    /// <summary>The step that could not be taken; steps made before it, or before the evaluation.</summary>
    public long Step { get; }

    /// <summary>What the loss was: NaN or an infinity.</summary>
    public double Value { get; }

    /// <summary>The first line whose result held a NaN or an infinity, as <c>digits.fnn(9): h = relu(fc1(x))</c>; null when it was not found.</summary>
    public string? SourceLine { get; }

    private static string Describe(long step, string what, double value, string? sourceLine) =>
        string.Create(CultureInfo.InvariantCulture, $"Step {step}: {what} is {value}; the step was not taken.{Place(sourceLine)} Look at the data of this batch, or try a lower learning rate or a clip.");

    private static string Place(string? sourceLine) => sourceLine is null ? "" : $" The first result that is not finite comes from {sourceLine}.";
}
