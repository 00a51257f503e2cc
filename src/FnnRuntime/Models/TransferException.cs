namespace FeedbackNN;

/// <summary>The source of a transfer and the model differ in a way that was not allowed: the message lists all of it. Nothing was changed.</summary>
public sealed class TransferException : Exception
{
    internal TransferException(string message, TransferReport report) : base(message) => Report = report;

    /// <summary>What matches and what differs. Nothing of it was taken over.</summary>
    public TransferReport Report { get; }
}
