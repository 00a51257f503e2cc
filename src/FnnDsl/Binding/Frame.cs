using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// The names of one call of a declaration: its config, its axes, its values, and where the weights it makes belong.
/// </summary>
internal sealed class Frame(Symbol symbol, Frame? caller, TextSpan callSpan)
{
    public Symbol Symbol => symbol;

    public string Name => symbol.Name;

    public bool IsLibrary => symbol.IsLibrary;

    public SourceText Source => symbol.Source;

    /// <summary>The call that made this frame; null for the declaration that is being compiled.</summary>
    public Frame? Caller => caller;

    /// <summary>Where, in the caller.</summary>
    public TextSpan CallSpan => callSpan;

    /// <summary>The member that a family is bound for, and where it says so. To users the body of a family of the library stands there.</summary>
    public (Frame Frame, TextSpan Span)? Member { get; init; }

    /// <summary>Names that mean something else in each member of a family of trains: see <see cref="TrainInstance.Open"/>.</summary>
    public IReadOnlyCollection<string> Open { get; init; } = [];

    /// <summary>Tensors, instances and everything else that is bound in the body.</summary>
    public Dictionary<string, Operand> Values { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, Operand> Config { get; } = new(StringComparer.Ordinal);

    /// <summary>Axes of the signature that have a size.</summary>
    public Dictionary<string, Size> Axes { get; } = new(StringComparer.Ordinal);

    /// <summary>Of axes and config: where the size came from, and its name in the caller.</summary>
    public Dictionary<string, AxisNote> Notes { get; } = new(StringComparer.Ordinal);

    /// <summary>The axes that <c>...</c> stands for; null while unknown.</summary>
    public (EquatableArray<Size> Sizes, EquatableArray<AxisNote> Notes)? Ellipsis { get; set; }

    /// <summary>What <c>real</c> is in this call; null while nothing has said.</summary>
    public ElementType? Real { get; set; }

    /// <summary>Whether <c>[]</c> in the signature takes any shape: a fn of numbers applied to each element.</summary>
    public bool MapsScalars { get; set; }

    /// <summary>The instance whose body this is; null in a fn and in a train.</summary>
    public LayerInstance? Owner { get; init; }

    /// <summary>Buffers of this body by name.</summary>
    public Dictionary<string, StoragePlace> Buffers { get; } = new(StringComparer.Ordinal);

    /// <summary>Values of the parameters and buffers of this body.</summary>
    public Dictionary<string, Operand> StorageValues { get; } = new(StringComparer.Ordinal);

    /// <summary>The part of paths that an enclosing <c>repeat</c> with a path adds: <c>h.0.</c></summary>
    public PathContext Path { get; set; } = PathContext.Root;

    /// <summary>How often each derived name has been given.</summary>
    public Dictionary<string, int> DerivedNames { get; } = new(StringComparer.Ordinal);

    /// <summary>Which statement made the instance or weight at a place of this body.</summary>
    public Dictionary<string, TextSpan> Claims { get; } = new(StringComparer.Ordinal);

    /// <summary>The innermost feedback block that is being bound in this body.</summary>
    public FeedbackScope? Feedback { get; set; }

    /// <summary>Names that rounds of loops have bound, which are forgotten after them.</summary>
    public HashSet<string> Forgotten { get; } = new(StringComparer.Ordinal);

    /// <summary>What the body returned; null before its return.</summary>
    public IReadOnlyList<Operand>? Returned { get; set; }

    /// <summary>The same one by one, where a call gave several at once.</summary>
    public IEnumerable<Operand> ReturnedValues => (Returned ?? []).SelectMany(value => value is TupleOperand tuple ? tuple.Items : EquatableArray<Operand>.Own(value));

    /// <summary>The nearest frame of the user's own code.</summary>
    public Frame? UserFrame
    {
        get
        {
            var frame = this;
            while (frame is { IsLibrary: true }) frame = frame.Caller;
            return frame;
        }
    }

    public Location At(TextSpan span) => new(Source, span);

    public Origin OriginAt(TextSpan span)
    {
        var tokens = symbol.Syntax.Tokens;
        var low = 0;
        var high = tokens.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (tokens[middle] <= span.Start) low = middle + 1;
            else high = middle;
        }
        return new Origin(symbol.FullName, Math.Max(0, low - 1));
    }
}

/// <summary>What <c>repeat</c> does to the names made in it.</summary>
/// <param name="Prefix">Ends with a dot, or is empty.</param>
/// <param name="Suffix">Begins with a dot, or is empty: the copies' numbers where a <c>repeat</c> has no path.</param>
/// <param name="IsSingle">Whether the only unnamed layer inside takes the prefix itself as its name.</param>
internal sealed record PathContext(string Prefix, string Suffix, bool IsSingle)
{
    public static PathContext Root { get; } = new("", "", false);
}

/// <summary>A layer with config and a place. Its weights are made by the first use and shared by all others.</summary>
internal sealed class LayerInstance(CallableSymbol symbol, IReadOnlyDictionary<string, Operand> config, IReadOnlyDictionary<string, AxisNote> notes)
{
    public CallableSymbol Symbol => symbol;

    public IReadOnlyDictionary<string, Operand> Config => config;

    public IReadOnlyDictionary<string, AxisNote> Notes => notes;

    /// <summary>Null until it is named.</summary>
    public string? Path { get; set; }

    public string CheckpointPath { get; set; } = "";

    public NetStorage? Net { get; set; }

    /// <summary>The body of the latest call: what <c>net.fc1</c> finds.</summary>
    public Frame? LatestCall { get; set; }

    /// <summary>What a network's parts are before a call; null until something asks.</summary>
    public Frame? Parts { get; set; }

    /// <summary>Whether it is one of the networks that a train or a generate is for.</summary>
    public bool IsNetwork => DisplayNameOverride is not null;

    /// <summary>The name of a network in its train.</summary>
    public string? DisplayNameOverride { get; set; }

    /// <summary>The name for messages.</summary>
    public string DisplayName => DisplayNameOverride ?? (string.IsNullOrEmpty(Path) ? symbol.Name : Path!);
}

/// <summary>All parameters and buffers of one network, found by their places.</summary>
internal sealed class NetStorage(int index)
{
    private readonly Dictionary<string, (bool IsBuffer, int Index)> _places = new(StringComparer.Ordinal);

    public int Index => index;

    public List<BoundStorage> Parameters { get; } = [];

    public List<BoundStorage> Buffers { get; } = [];

    /// <summary>The places of all.</summary>
    public IEnumerable<string> Paths => _places.Keys;

    /// <summary>Who made each: a place that a second declaration claims is an error.</summary>
    public Dictionary<string, string> Sites { get; } = new(StringComparer.Ordinal);

    public BoundStorage? Find(string path, out bool isBuffer, out int position)
    {
        if (!_places.TryGetValue(path, out var place))
        {
            (isBuffer, position) = (false, -1);
            return null;
        }
        (isBuffer, position) = place;
        return isBuffer ? Buffers[position] : Parameters[position];
    }

    /// <summary>The same parameters and buffers as another network of a train: what one adds, the other does not have.</summary>
    public NetStorage At(int other)
    {
        var copy = new NetStorage(other);
        foreach (var parameter in Parameters) copy.Add(parameter, false);
        foreach (var buffer in Buffers) copy.Add(buffer, true);
        foreach (var site in Sites) copy.Sites.Add(site.Key, site.Value);
        return copy;
    }

    public int Add(BoundStorage storage, bool isBuffer)
    {
        var list = isBuffer ? Buffers : Parameters;
        _places.Add(storage.Path, (isBuffer, list.Count));
        list.Add(storage);
        return list.Count - 1;
    }
}
