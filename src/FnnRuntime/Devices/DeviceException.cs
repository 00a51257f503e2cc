namespace FeedbackNN;

/// <summary>A device is not there, or cannot do what was asked; the message says what to do.</summary>
public class DeviceException : Exception
{
    /// <summary>With a message.</summary>
    public DeviceException(string message) : base(message) { }

    /// <summary>With a message and what was behind it.</summary>
    public DeviceException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>The line of the <c>.fnn</c> file whose kernel failed: <c>digits.fnn(9): h = relu(fc1(x))</c>. Null where it was none, or where that is not known.</summary>
    public string? SourceLine { get; internal init; }
}

/// <summary>The memory of a device ran out; the message says what was needed, for what, and where it is known how large a batch would fit.</summary>
public sealed class DeviceMemoryException : DeviceException
{
    internal DeviceMemoryException(string message, long neededBytes, Exception? innerException) : base(message, innerException!) => NeededBytes = neededBytes;

    /// <summary>How much was asked for, in bytes.</summary>
    public long NeededBytes { get; }
}
