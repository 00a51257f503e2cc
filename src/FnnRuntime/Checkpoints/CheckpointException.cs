namespace FeedbackNN;

/// <summary>A checkpoint that can't be read or written: the message names the file, what is wrong and, where one is known, the remedy. Nothing was changed.</summary>
public sealed class CheckpointException : Exception
{
    /// <summary>An error in <paramref name="file"/>.</summary>
    /// <param name="file">The checkpoint, as it was named by the caller.</param>
    /// <param name="reason">What is wrong and what to do: whole sentences.</param>
    /// <param name="inner">The error that caused this one.</param>
    public CheckpointException(string file, string reason, Exception? inner = null)
        : base($"{file}: {reason}", inner)
    {
        File = file;
        Reason = reason;
    }

    /// <summary>The checkpoint's path, as it was named by the caller.</summary>
    public string File { get; }

    /// <summary>What is wrong, without the path.</summary>
    public string Reason { get; }
}
