using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Planning.Windows;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>Concatenations and pads: what they are made of, and which of it is computed in its place there.</summary>
internal sealed partial class Fusion
{
    private readonly Dictionary<int, List<PartOf>> _parts = [];
    private readonly Dictionary<int, Piece[]> _pieces = [];
    private ILookup<int, Node>? _users;

    /// <summary>The nodes that read a node.</summary>
    private ILookup<int, Node> Users => _users ??= _graph.Nodes.SelectMany(node => node.Inputs.Select(input => (input, node))).ToLookup(use => use.input, use => use.node);

    /// <summary>Where a node is computed straight into its place in what it is a part of, in each of them; none when it lies by itself.</summary>
    public IReadOnlyList<PartOf> PartsOf(int id) => _parts.TryGetValue(id, out var parts) ? parts : [];

    /// <summary>What a concatenation or a pad is put together of by its step: nothing for one that is itself a piece of another one's.</summary>
    public IReadOnlyList<Piece> PiecesOf(int whole) => _pieces.TryGetValue(whole, out var pieces) ? pieces : [];

    /// <summary>Whether a pad is its elements with a border around them, as wide in each round of a loop, so that both can be written by themselves.</summary>
    public static bool HasBorder(Pad pad) => pad.Between.All(size => size.IsZero) && !pad.Before.Concat(pad.After).SelectMany(size => size.AxisNames).Any(name => name[0] == '#');

    /// <summary>A place in a larger tensor.</summary>
    /// <param name="Whole">The node that is the larger tensor.</param>
    /// <param name="Map">The larger one's indices as functions of the part's.</param>
    internal sealed record PartOf(int Whole, EquatableArray<AffineIndex> Map)
    {
        /// <summary>Indices of the part as indices of the whole.</summary>
        public EquatableArray<AffineIndex> Within(EquatableArray<AffineIndex> indices) => AffineMap.Compose(Map, indices, indices[0].Coefficients.Count);
    }

    /// <summary>A value that is moved into a larger tensor, from these indices on.</summary>
    internal sealed record Piece(int Input, EquatableArray<Size> Offset);

    // Whenever more is stored: what lies in memory anyway lies in its place.
    private void FindPieces()
    {
        _parts.Clear();
        _pieces.Clear();
        foreach (var node in _graph.Nodes)
        {
            if (node.Operation is Concat && !IsPiece(node)) FindPieces(node, PiecesOf(node, Origin(node)));
            else if (node.Operation is Pad pad && HasBorder(pad)) FindPieces(node, [new Piece(node.Inputs[0], pad.Before)]);
        }

        static EquatableArray<Size> Origin(Node node) => node.Type.Shape.Select(_ => Types.Size.Zero).ToEquatableArray();
    }

    // What is computed element by element, and read by nothing that needs it to lie by itself, is computed in its place.
    private void FindPieces(Node whole, IEnumerable<Piece> pieces)
    {
        var moved = new List<Piece>();
        foreach (var piece in pieces)
        {
            var (part, map) = Unwrapped(piece);
            var place = new PartOf(whole.Id, map);
            if (_graph[part].Type.Rank == 0 || !IsComputedInPlace(part, whole, place))
            {
                moved.Add(piece);
                continue;
            }
            Store(part);
            if (!_parts.TryGetValue(part, out var places)) _parts.Add(part, places = []);
            places.Add(place);
        }
        _pieces.Add(whole.Id, moved.ToArray());
    }

    // A concatenation that only another one reads has no memory of its own.
    private bool IsPiece(Node node) => node.Operation is Concat && Users[node.Id].Count() == 1 && Users[node.Id].Single().Operation is Concat && IsNoOutput(node.Id);

    private bool IsNoOutput(int id) => _graph.Outputs.All(output => output.Node != id);

    private IEnumerable<Piece> PiecesOf(Node concat, EquatableArray<Size> offset)
    {
        var axis = ((Concat)concat.Operation).Axis;
        foreach (var input in concat.Inputs)
        {
            var from = offset;
            if (IsPiece(_graph[input]))
            {
                foreach (var inner in PiecesOf(_graph[input], from)) yield return inner;
            }
            else yield return new Piece(input, from);
            offset = offset.Select((size, k) => k == axis ? size + _graph[input].Type.Shape[axis] : size).ToEquatableArray();
        }
    }

    // What a piece is through a view that only adds axes of size 1 and changes their order, and the whole's indices as functions of its.
    private (int, EquatableArray<AffineIndex>) Unwrapped(Piece piece)
    {
        var node = _graph[piece.Input];
        var rank = node.Type.Rank;
        var source = node.Operation is View && Users[node.Id].Count() == 1 && IsNoOutput(node.Id) ? _graph[node.Inputs[0]] : node;
        var axes = source == node ? Enumerable.Range(0, rank).ToArray() : AffineMap.Sources(((View)node.Operation).Map, source.Type.Shape, node.Type.Shape);
        if (axes is null) (source, axes) = (node, Enumerable.Range(0, rank).ToArray());
        return (source.Id, Enumerable.Range(0, rank).Select(axis => axes[axis] < 0
            ? AffineMap.At(source.Type.Rank, piece.Offset[axis])
            : AffineMap.Index(source.Type.Rank, axes[axis], offset: piece.Offset[axis])).ToEquatableArray());
    }

    private bool IsComputedInPlace(int id, Node whole, PartOf place)
    {
        var node = _graph[id];
        var isComputedAnywhere = node.Operation switch
        {
            Elementwise or Graphs.Convert => true,
            AttentionGradient => whole.Operation is Concat concat && whole.Inputs.Contains(id) && Users[id].Count() == 1 && AttentionLayout.IsWrittenWithin(node.Type.Rank, concat.Axis),
            _ => false,
        };
        // A pool's result is not kept for its gradient, which reads what it is the largest of anyway.
        var isStored = whole.Operation is Concat || _stored.Contains(id) || Users[id].All(user => user == whole) || !IsOfMore(node);
        return isComputedAnywhere && isStored && whole.Inputs.Count(other => other == id) <= 1 && IsNoOutput(id) && Users[id].All(user => IsReadAnywhere(id, user));

        // Kernels read at any place; so do most products, and what is made of a view by itself reads that.
        bool IsReadAnywhere(int read, Node user) => user.Operation switch
        {
            Elementwise or Graphs.Convert or Reduce or ArgReduce or Pad or Concat or ViewTranspose => true,
            View => Users[user.Id].All(next => next.Operation is View or Contract or Attention or AttentionLogSums or AttentionGradient or Sample ? IsReadAnywhere(user.Id, next) : true),
            Contract => user.Inputs.Where(input => input == read).All(input => !MatrixLayout.TryRead(_graph, user, input, out var source, out _) || source != id || MatrixLayout.TryReadWithin(_graph, user, input, place, out _)),
            _ => false,
        };
    }

    // Whether an expression is made of more elements than it has.
    private bool IsOfMore(Node root)
    {
        var seen = new HashSet<int>();
        var stack = new Stack<int>(root.Inputs);
        while (stack.Count > 0)
        {
            var node = _graph[stack.Pop()];
            if (!seen.Add(node.Id)) continue;
            if (!_stored.Contains(node.Id) && !IsLoaded(node.Id)) foreach (var input in node.Inputs) stack.Push(input);
            else if (WindowMap.Weight(node.Type.ElementCount) > WindowMap.Weight(root.Type.ElementCount)) return true;
        }
        return false;
    }
}
