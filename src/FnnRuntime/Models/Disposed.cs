using System.Diagnostics.CodeAnalysis;

namespace FeedbackNN;

/// <summary>The error of whoever uses what has been disposed of.</summary>
internal static class Disposed
{
    /// <param name="kind">What it is: <c>model</c>, <c>training</c>.</param>
    /// <param name="name">Which one: the full name of its declaration.</param>
    /// <exception cref="ObjectDisposedException">Always.</exception>
    [DoesNotReturn]
    public static void Throw(string kind, string name) =>
        throw new ObjectDisposedException(name, $"The {kind} {name} has been disposed of, and its memory with it. Dispose of it when nothing uses it any more, or construct another.");
}
