namespace FeedbackNN.Gpu.Tests.Stub;

/// <summary>
/// Which of the things that were put on streams must have been done before which others: by the order in a stream, by events that streams or the host wait for, and by
/// the host's waiting for streams. All else may happen at the same time.
/// </summary>
internal sealed class StubOrder
{
    // Of each stream, how many of its entries come before.
    private readonly Dictionary<StubEntry, Dictionary<long, int>> _clocks = new(ReferenceEqualityComparer.Instance);

    public StubOrder(StubLog log)
    {
        var host = new Dictionary<long, int>();
        var streams = new Dictionary<long, Dictionary<long, int>>();
        var events = new Dictionary<long, Dictionary<long, int>>();
        foreach (var entry in log.Entries.Where(entry => entry.Is("called")))
        {
            if (entry.Is("called synchronize") && entry.Line.Contains("event=", StringComparison.Ordinal)) Join(host, events.GetValueOrDefault(entry.Number("event")));
            else if (entry.Is("called synchronize")) Join(host, streams.GetValueOrDefault(entry.Number("stream")));
            else if (entry.Is("called free")) foreach (var each in streams.Values) Join(host, each);
            if (!(entry.Is("called launch") || entry.Is("called launch_graph") || entry.Is("called gemm") || entry.Is("called copy") || entry.Is("called set") || entry.Is("called record") || entry.Is("called wait"))) continue;
            var stream = entry.Number("stream");
            if (!streams.TryGetValue(stream, out var clock)) streams.Add(stream, clock = []);
            Join(clock, host);
            if (entry.Is("called wait")) Join(clock, events.GetValueOrDefault(entry.Number("event")));
            clock[stream] = clock.GetValueOrDefault(stream) + 1;
            _clocks.Add(entry, new(clock));
            if (entry.Is("called record")) events[entry.Number("event")] = new(clock);
            if (entry.Is("called copy") && entry["kind"] == "DtoH") Join(host, clock);
        }
    }

    /// <summary>The second can only be done when the first has been.</summary>
    public bool IsBefore(StubEntry first, StubEntry second)
    {
        var stream = first.Number("stream");
        return first != second && _clocks[second].GetValueOrDefault(stream) >= _clocks[first][stream];
    }

    private static void Join(Dictionary<long, int> clock, Dictionary<long, int>? other)
    {
        foreach (var (stream, count) in other ?? []) clock[stream] = Math.Max(count, clock.GetValueOrDefault(stream));
    }
}
