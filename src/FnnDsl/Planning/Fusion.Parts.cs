using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>Concatenations: what they are made of, and which of it is computed in its place there.</summary>
internal sealed partial class Fusion
{
    private readonly Dictionary<int, List<PartOf>> _parts = [];
    private readonly Dictionary<int, Piece[]> _pieces = [];

    /// <summary>Where a node is computed straight into its place in what it is a part of, in each of them; none when it lies by itself.</summary>
    public IReadOnlyList<PartOf> PartsOf(int id) => _parts.TryGetValue(id, out var parts) ? parts : [];

    /// <summary>What a concatenation is put together of by its step: nothing for one that is itself a piece of another one's.</summary>
    public IReadOnlyList<Piece> PiecesOf(int concat) => _pieces.TryGetValue(concat, out var pieces) ? pieces : [];

    /// <summary>A place in a larger tensor.</summary>
    /// <param name="Whole">The node that is the larger tensor.</param>
    /// <param name="Map">The larger one's indices as functions of the part's.</param>
    internal sealed record PartOf(int Whole, EquatableArray<AffineIndex> Map)
    {
        /// <summary>Indices of the part as indices of the whole.</summary>
        public EquatableArray<AffineIndex> Within(EquatableArray<AffineIndex> indices) => AffineMap.Compose(Map, indices, indices[0].Coefficients.Count);
    }

    /// <summary>A value that is moved into a concatenation, from these indices on.</summary>
    internal sealed record Piece(int Input, EquatableArray<Size> Offset);

    // What is computed element by element, and read by nothing that needs it to lie by itself, is computed in its place.
    private void FindPieces(Node concat, ILookup<int, Operation> users)
    {
        if (IsPiece(concat)) return;
        var moved = new List<Piece>();
        foreach (var piece in Pieces(concat, concat.Type.Shape.Select(_ => Types.Size.Zero).ToEquatableArray()).ToArray())
        {
            var (part, map) = Unwrapped(piece);
            if (_graph[part].Type.Rank == 0 || !IsComputedInPlace(part))
            {
                moved.Add(piece);
                continue;
            }
            Store(part);
            if (!_parts.TryGetValue(part, out var places)) _parts.Add(part, places = []);
            places.Add(new PartOf(concat.Id, map));
        }
        _pieces.Add(concat.Id, moved.ToArray());

        // A concatenation that only another one reads has no memory of its own.
        bool IsPiece(Node node) => node.Operation is Concat && users[node.Id].Count() == 1 && users[node.Id].Single() is Concat && IsNoOutput(node.Id);

        bool IsNoOutput(int id) => _graph.Outputs.All(output => output.Node != id);

        IEnumerable<Piece> Pieces(Node node, EquatableArray<Size> offset)
        {
            var axis = ((Concat)node.Operation).Axis;
            foreach (var input in node.Inputs)
            {
                var from = offset;
                if (IsPiece(_graph[input]))
                {
                    foreach (var inner in Pieces(_graph[input], from)) yield return inner;
                }
                else yield return new Piece(input, from);
                offset = offset.Select((size, k) => k == axis ? size + _graph[input].Type.Shape[axis] : size).ToEquatableArray();
            }
        }

        // What a piece is through a view that only adds axes of size 1 and changes their order, and the whole's indices as functions of its.
        (int, EquatableArray<AffineIndex>) Unwrapped(Piece piece)
        {
            var node = _graph[piece.Input];
            var rank = node.Type.Rank;
            var source = node.Operation is View && users[node.Id].Count() == 1 && IsNoOutput(node.Id) ? _graph[node.Inputs[0]] : node;
            var axes = source == node ? Enumerable.Range(0, rank).ToArray() : AffineMap.Sources(((View)node.Operation).Map, source.Type.Shape, node.Type.Shape);
            if (axes is null) (source, axes) = (node, Enumerable.Range(0, rank).ToArray());
            return (source.Id, Enumerable.Range(0, rank).Select(axis => axes[axis] < 0
                ? AffineMap.At(source.Type.Rank, piece.Offset[axis])
                : AffineMap.Index(source.Type.Rank, axes[axis], offset: piece.Offset[axis])).ToEquatableArray());
        }

        bool IsComputedInPlace(int id) => (_graph[id].Operation is Elementwise or Graphs.Convert or AttentionGradient) && concat.Inputs.Count(other => other == id) <= 1
            && IsNoOutput(id)
            && (_graph[id].Operation is not AttentionGradient || (concat.Inputs.Contains(id) && users[id].Count() == 1 && AttentionLayout.IsWrittenWithin(_graph[id].Type.Rank, ((Concat)concat.Operation).Axis)))
            && users[id].All(user => user is Elementwise or Graphs.Convert or View or Reduce or ArgReduce or Pad or Concat or ViewTranspose);
    }
}
