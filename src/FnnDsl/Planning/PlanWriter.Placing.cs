using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Planning.Windows;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

// Elements that are put into their places in a larger tensor, and what is between and around them.
internal sealed partial class PlanWriter
{
    /// <summary>Parts of a concatenation that one kernel moves.</summary>
    private const int MostMovedTogether = 16;

    /// <summary>An input's elements at some indices of the loops, for a place in the node's memory.</summary>
    private readonly record struct Movement(int Input, EquatableArray<AffineIndex> From, EquatableArray<AffineIndex> To);

    // Pieces of one shape that follow each other are moved by one kernel.
    private void WritePieces(Node node)
    {
        var pieces = new List<Fusion.Piece>();
        foreach (var piece in fusion.PiecesOf(node.Id))
        {
            if (pieces.Count > 0 && (pieces.Count == MostMovedTogether || ShapeOf(piece) != ShapeOf(pieces[0]))) MovePieces();
            pieces.Add(piece);
        }
        if (pieces.Count > 0) MovePieces();

        EquatableArray<Size> ShapeOf(Fusion.Piece piece) => graph[piece.Input].Type.Shape;

        void MovePieces()
        {
            var domain = LoopDomain.Of(ShapeOf(pieces[0]));
            var indices = AffineMap.Identity(node.Type.Rank, domain.Variables);
            Move(node, domain, pieces.Select(piece => new Movement(piece.Input, indices, indices.Select((index, axis) => index with { Offset = piece.Offset[axis] }).ToEquatableArray())), adds: false);
            pieces.Clear();
        }
    }

    /// <summary>
    /// What is around the elements of a pad: along each axis what comes before and behind them, as wide as the elements are along the axes before it and as all are along those behind it. What is within is written by
    /// whoever computes it.
    /// </summary>
    private void WriteBorder(Node node, Pad pad)
    {
        var (inner, whole) = (graph[node.Inputs[0]].Type.Shape, node.Type.Shape);
        for (var axis = 0; axis < whole.Count; axis++)
        {
            var behind = pad.Before[axis] + inner[axis];
            if (pad.Before[axis] == pad.After[axis]) Write(axis, pad.Before[axis], Size.Zero, behind);
            else
            {
                Write(axis, pad.Before[axis], Size.Zero);
                Write(axis, pad.After[axis], behind);
            }
        }

        void Write(int axis, Size width, params Size[] starts)
        {
            if (width.IsZero) return;
            var domain = LoopDomain.Of(whole.Select((size, other) => other < axis ? inner[other] : other == axis ? width : size).ToEquatableArray());
            var builder = new KernelBuilder(graph, fusion, null, domain);
            var value = builder.Number(pad.Value, node.Type.Element);
            var operand = builder.AddOperand("", node.Type.Element, -1);
            foreach (var start in starts)
            {
                var indices = whole.Select((_, other) => AffineMap.Index(domain.Variables, other, offset: other < axis ? pad.Before[other] : other == axis ? start : Size.Zero)).ToEquatableArray();
                builder.Store(new KernelStore(value, KernelBuilder.AccessTo(operand, Affine.Address(whole, indices, domain.Variables)), null, 0, Adds: false));
            }
            _steps.Add(new KernelStep(program.KernelId(builder.Build("", KernelForm.Rows)), EquatableArray<Place>.Own(PlaceOf(node.Id)), node.Origin));
        }
    }

    /// <summary>An input of rank 0 has one column all the same.</summary>
    private static AffineIndex Pad(AffineIndex index, int variables) =>
        index.Coefficients.Count == variables ? index : index with { Coefficients = index.Coefficients.Concat(Enumerable.Repeat(Size.Zero, variables - index.Coefficients.Count)).ToEquatableArray() };

    /// <summary>Writes all elements of an input into the node's memory, each at the index that <paramref name="target"/> gives.</summary>
    private void Move(Node node, int input, Func<int, int, AffineIndex> target, bool adds)
    {
        var shape = graph[input].Type.Shape;
        var domain = LoopDomain.Of(shape);
        Move(node, domain, [new Movement(input, AffineMap.Identity(shape.Count, domain.Variables), Enumerable.Range(0, node.Type.Rank).Select(axis => target(axis, domain.Variables)).ToEquatableArray())], adds);
    }

    // All of them in one kernel, so that what they share is computed once.
    private void Move(Node node, LoopDomain domain, IEnumerable<Movement> movements, bool adds)
    {
        var builder = new KernelBuilder(graph, fusion, null, domain);
        var stores = movements.Select(movement => (Value: builder.Emit(movement.Input, movement.From), Address: Affine.Address(node.Type.Shape, movement.To, domain.Variables))).ToArray();
        var written = new Dictionary<int, Place>();
        var operand = Written(PlaceOf(node.Id));
        foreach (var (value, address) in stores) builder.Store(new KernelStore(value, KernelBuilder.AccessTo(operand, address), null, 0, adds));
        var sums = fusion.SumsOf(node.Id).Where(sum => fusion.Stored.Contains(sum.Id)).Select(sum => (Node: sum, Partial: NewParts(sum, domain.Columns))).ToArray();
        foreach (var (_, partial) in sums)
        {
            var column = KernelBuilder.AccessTo(Written(partial), AffineMap.Index(domain.Variables, domain.Variables - 1));
            builder.Store(new KernelStore(builder.Sum(stores.Select(store => store.Value)), column, ReduceKind.Sum, domain.Rows.Count, Adds: false));
        }
        var form = adds ? KernelForm.Serial : sums.Length > 0 ? KernelForm.Parts : KernelForm.Rows;
        var places = builder.OperandNodes.Select((source, position) => written.TryGetValue(position, out var place) ? place : PlaceOf(source)).ToEquatableArray();
        _steps.Add(new KernelStep(program.KernelId(builder.Build("", form)), places, node.Origin));
        foreach (var (sum, partial) in sums) Combine(sum, partial, domain.Columns);

        int Written(Place place)
        {
            var position = builder.AddOperand("", node.Type.Element, -1);
            written.Add(position, place);
            return position;
        }
    }

    /// <summary>Puts elements in their places, no two in one: a small window's all at once.</summary>
    private void PlaceWindows(Node node, EquatableArray<AffineIndex> map, EquatableArray<Size> shape)
    {
        var unrolled = SmallWindows.AxesToUnroll(map, shape);
        var kept = Enumerable.Range(0, shape.Count).Where(axis => !unrolled.Contains(axis)).ToArray();
        var domain = LoopDomain.Of(kept.Select(axis => shape[axis]).ToEquatableArray());
        Move(node, domain, SmallWindows.Positions(shape, unrolled).Select(position =>
        {
            var indices = Enumerable.Range(0, shape.Count).Select(axis => Array.IndexOf(unrolled, axis) is >= 0 and var k
                ? AffineMap.At(domain.Variables, position[k])
                : AffineMap.Index(domain.Variables, Array.IndexOf(kept, axis))).ToEquatableArray();
            return new Movement(node.Inputs[0], indices, AffineMap.Compose(map, indices, domain.Variables));
        }), adds: false);
    }
}
