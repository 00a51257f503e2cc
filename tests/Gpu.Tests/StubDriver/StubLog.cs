using System.Globalization;

namespace FeedbackNN.Gpu.Tests.Stub;

/// <summary>
/// What the stub wrote down, in order: <c>called</c> is when the host asked for it, <c>captured</c> when that went into a graph, <c>ran</c> when the device did it, which is as
/// late as it may be.
/// </summary>
internal sealed class StubLog(string text)
{
    public IReadOnlyList<StubEntry> Entries { get; } = [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => new StubEntry(line))];

    /// <summary>Entries that begin with these words.</summary>
    public StubEntry[] Of(string words) => [.. Entries.Where(entry => entry.Is(words))];

    public override string ToString() => text;
}

/// <summary>A line: words, and values by name.</summary>
internal sealed record StubEntry(string Line)
{
    public bool Is(string words) => Line.StartsWith(words, StringComparison.Ordinal) && (Line.Length == words.Length || Line[words.Length] is ' ' or '=');

    public string this[string name] => Line.Split(' ').First(part => part.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..];

    public long Number(string name) => long.Parse(this[name], CultureInfo.InvariantCulture);
}
