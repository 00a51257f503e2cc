using System.Collections;

namespace FeedbackNN.Dsl.Text;

/// <summary>An immutable array that is equal to another with equal elements, so that records that hold it are values.</summary>
public readonly struct EquatableArray<T> : IEquatable<EquatableArray<T>>, IReadOnlyList<T>
{
    private readonly T[]? _items;

    public EquatableArray(IEnumerable<T> items) => _items = items is EquatableArray<T> same ? same._items : items.ToArray();

    private EquatableArray(T[] items) => _items = items;

    public static EquatableArray<T> Empty => default;

    // The items as what LINQ knows the length of.
    internal T[] Items => _items ?? [];

    public int Count => _items?.Length ?? 0;

    public T this[int index] => (_items ?? throw new ArgumentOutOfRangeException(nameof(index)))[index];

    /// <summary>Takes ownership of <paramref name="items"/>: the caller must not change it afterwards.</summary>
    public static EquatableArray<T> Own(params T[] items) => new(items);

    /// <summary>With one item more. (Not named Add: collection expressions would call that, drop its result and give an empty array.)</summary>
    public EquatableArray<T> With(T item) => new(this.Append(item));

    public bool Equals(EquatableArray<T> other)
    {
        if (Count != other.Count) return false;
        if (ReferenceEquals(_items, other._items)) return true;
        var comparer = EqualityComparer<T>.Default;
        for (var i = 0; i < Count; i++)
        {
            if (!comparer.Equals(_items![i], other._items![i])) return false;
        }
        return true;
    }

    public override bool Equals(object? obj) => obj is EquatableArray<T> other && Equals(other);

    public override int GetHashCode()
    {
        var hash = 17;
        foreach (var item in Items) hash = unchecked(hash * 31 + (item?.GetHashCode() ?? 0));
        return hash;
    }

    /// <summary>Goes over the items without an allocation.</summary>
    public Enumerator GetEnumerator() => new(Items);

    IEnumerator<T> IEnumerable<T>.GetEnumerator() => ((IEnumerable<T>)Items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => Items.GetEnumerator();

    public static bool operator ==(EquatableArray<T> left, EquatableArray<T> right) => left.Equals(right);

    public static bool operator !=(EquatableArray<T> left, EquatableArray<T> right) => !left.Equals(right);

    public override string ToString() => "[" + string.Join(", ", this) + "]";

    public struct Enumerator
    {
        private readonly T[] _items;
        private int _index;

        internal Enumerator(T[] items) => (_items, _index) = (items, -1);

        public readonly T Current => _items[_index];

        public bool MoveNext() => ++_index < _items.Length;
    }
}

public static class EquatableArrayExtensions
{
    public static EquatableArray<T> ToEquatableArray<T>(this IEnumerable<T> items) => new(items);

    // What LINQ does with any sequence, over the array behind: nothing is boxed, and what comes of it knows its length.

    public static IEnumerable<TResult> Select<T, TResult>(this EquatableArray<T> items, Func<T, TResult> selector) => items.Items.Select(selector);

    public static IEnumerable<T> Where<T>(this EquatableArray<T> items, Func<T, bool> predicate) => items.Items.Where(predicate);

    public static bool Any<T>(this EquatableArray<T> items, Func<T, bool> predicate) => Array.Exists(items.Items, new Predicate<T>(predicate));

    public static bool All<T>(this EquatableArray<T> items, Func<T, bool> predicate) => Array.TrueForAll(items.Items, new Predicate<T>(predicate));

    public static T[] ToArray<T>(this EquatableArray<T> items) => items.Items.ToArray();
}
