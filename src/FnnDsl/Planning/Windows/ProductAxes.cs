using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning.Windows;

/// <summary>Products whose operands are windows: their axes stand as the operands lie in memory, and what nobody reads of them is not computed.</summary>
internal static class ProductAxes
{
    /// <summary>Where only a part of a product is read, only that part is computed.</summary>
    public static Value? Narrowed(WindowSite site)
    {
        if (site.Node.Operation is not View whole || site.Uses[0] > 1) return null;
        var x = site.Builder.View(site.Inputs[0], site.Node.Type.Shape, whole.Map);
        if (x.Node.Operation is not View view || site.Builder[x.Node.Inputs[0]] is not { Operation: Contract contract } product) return null;
        var shape = product.Type.Shape;
        var places = view.Map.Select(AffineMap.SingleAxis).ToArray();
        if (places.Any(place => place is null or < 0) || places.Distinct().Count() != places.Length || places.Length != x.Type.Rank) return null;
        if (Enumerable.Range(0, places.Length).All(axis => x.Type.Shape[places[axis]!.Value] == shape[axis])) return null;

        var columns = contract.BatchRank + contract.LeftRank;
        var left = Part(0, axis => axis < columns ? axis : -1);
        var right = Part(1, axis => axis < contract.BatchRank ? axis : axis < contract.BatchRank + contract.RightRank ? axis + contract.LeftRank : -1);
        var part = site.Builder.Contract(left, right, contract.BatchRank, contract.LeftRank, contract.RightRank, contract.SumRank, contract.Operands);
        return site.Builder.View(part, x.Type.Shape, places.Select(place => AffineMap.Index(x.Type.Rank, place!.Value)).ToEquatableArray());

        // An operand, where its axes that the result has are read as the result is.
        Value Part(int position, Func<int, int> resultAxis)
        {
            var operand = site.Builder.ValueOf(product.Inputs[position]);
            var lengths = operand.Type.Shape.Select((size, axis) => resultAxis(axis) is >= 0 and var own ? x.Type.Shape[places[own]!.Value] : size).ToEquatableArray();
            return site.Builder.View(operand, lengths, Enumerable.Range(0, lengths.Count).Select(axis => resultAxis(axis) is >= 0 and var own
                ? AffineMap.Index(lengths.Count, axis, view.Map[own].Coefficients[places[own]!.Value], view.Map[own].Offset)
                : AffineMap.Index(lengths.Count, axis)).ToEquatableArray());
        }
    }

    /// <summary>Axes from the outermost in memory to the innermost, so that a product goes through long runs.</summary>
    public static Value? Ordered(WindowSite site) => site.Node.Operation is Contract contract ? Ordered(site.Builder, site.Inputs[0], site.Inputs[1], contract) : null;

    /// <summary>A product with its axes in that order; null where its operands are no windows or images, or in order already.</summary>
    public static Value? Ordered(GraphBuilder builder, Value left, Value right, Contract contract)
    {
        var (batch, m, n, k) = (contract.BatchRank, contract.LeftRank, contract.RightRank, contract.SumRank);
        var isLeft = IsImage(left);
        var isRight = IsImage(right);
        if (!isLeft && !isRight) return null;
        var rows = isLeft ? InMemoryOrder(left, batch, m) : Identity(m);
        var columns = isRight ? InMemoryOrder(right, batch, n) : Identity(n);
        var sums = isLeft ? InMemoryOrder(left, batch + m, k) : InMemoryOrder(right, batch + n, k);
        var product = builder.Contract(Blocks(left, batch, rows, sums), Blocks(right, batch, columns, sums), batch, m, n, k, contract.Operands);
        var order = Identity(batch).Concat(AffineMap.Inverse(rows).Select(axis => batch + axis)).Concat(AffineMap.Inverse(columns).Select(axis => batch + m + axis)).ToArray();
        return builder.Transpose(product, order);
    }

    private static bool IsImage(Value x) => x.Node.Operation is View view && (WindowMap.HasWindow(view.Map) || Transposed.Of(x) is not null);

    private static int[] Identity(int count) => Enumerable.Range(0, count).ToArray();

    // Along what repeats there is no distance: outermost.
    private static int[] InMemoryOrder(Value x, int first, int count) =>
        WindowMap.InMemoryOrder(x, Enumerable.Range(first, count), _ => double.PositiveInfinity).Select(axis => axis - first).ToArray();

    private static Value Blocks(Value x, int batch, int[] rows, int[] sums) => x.Builder.Transpose(x,
        Identity(batch).Concat(rows.Select(axis => batch + axis)).Concat(sums.Select(axis => batch + rows.Length + axis)).ToArray());
}
