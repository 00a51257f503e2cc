namespace FeedbackNN.Generator.Compilation;

/// <summary>
/// Results by key, the latest few. The compiler server and editors live for days and the analyzer and the generator ask for the same
/// things at about the same time, so results are shared but never pile up. Safe to use from several threads.
/// </summary>
internal sealed class RecentResults<TKey, TValue>(int capacity, IEqualityComparer<TKey>? comparer = null)
    where TKey : notnull
{
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value)>> _nodes = new(comparer ?? EqualityComparer<TKey>.Default);
    private readonly LinkedList<(TKey Key, TValue Value)> _latestFirst = new();
    private readonly object _gate = new();

    /// <summary>The result for a key; <paramref name="create"/> must be quick or lazy: it runs under the lock.</summary>
    public TValue GetOrAdd(TKey key, Func<TKey, TValue> create)
    {
        lock (_gate)
        {
            if (_nodes.TryGetValue(key, out var known))
            {
                _latestFirst.Remove(known);
                _latestFirst.AddFirst(known);
                return known.Value.Value;
            }
            var node = _latestFirst.AddFirst((key, create(key)));
            _nodes.Add(key, node);
            if (_nodes.Count > capacity)
            {
                _nodes.Remove(_latestFirst.Last!.Value.Key);
                _latestFirst.RemoveLast();
            }
            return node.Value.Value;
        }
    }
}
