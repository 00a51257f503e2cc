using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning.Windows;

/// <summary>
/// Windows that fill an axis without gap and overlap only rearrange elements: what is computed of them element by element can be computed before they are put in their places, in the
/// same kernel.
/// </summary>
internal static class Rearrangements
{
    /// <summary>
    /// Neighbouring axes that become one, or one that becomes several, of a value that does not lie in that order (channels last, most often): the elements go to their places as they lie, instead of into order first.
    /// Only where the axes that become one follow each other in memory; a flattened image is an operand's affair (<see cref="Flattenings"/>).
    /// </summary>
    public static Value? Reshaped(WindowSite site)
    {
        if (site.Node.Operation is not Reshape || site.Inputs[0] is not { Node.Operation: View } x || !Transposed.IsComputed(x.Builder.ValueOf(x.Node.Inputs[0]))) return null;
        var (from, to) = (x.Type.Shape, site.Node.Type.Shape);
        var joined = Runs(from, to);
        if (joined is not null && IsReadHereAlone(site)) x = ColumnsInPlace(x, joined);
        // What repeats stands before the innermost axis, which vectors run along.
        var order = WindowMap.InMemoryOrder(x, Enumerable.Range(0, from.Count), _ => 1.5);
        if (order.SequenceEqual(Enumerable.Range(0, order.Length))) return null;
        if (joined is { } merged)
        {
            var places = AffineMap.Inverse(order);
            var repeats = WindowMap.Strides(x).Select(stride => stride.IsZero).ToArray();
            if (merged.Select(run => run.Where(axis => !repeats[axis]).ToArray()).Any(run => run.Zip(run.Skip(1), (first, second) => places[first] > places[second]).Any(isTurned => isTurned))) return null;
            return Transpositions.Place(new Transposed(x.Builder.Transpose(x, order), places), to, Joined(merged, from));
        }
        return Runs(to, from) is { } split ? x.Builder.View(x, to, Joined(split, to)) : null;
    }

    private static bool IsReadHereAlone(WindowSite site) => site.Uses[0] == 1 && site.Before[0] is var x
        && (x.Node.Operation is Contract || (x.Node.Operation is View && x.Uses[0] == 1 && x.Before[0].Node.Operation is Contract));

    // A product of which some columns are put between rows, as a transposed convolution's: they come before the others, which so lie together where they are put.
    private static Value ColumnsInPlace(Value x, int[][] runs)
    {
        var product = x.Builder.ValueOf(x.Node.Inputs[0]);
        if (product.Node.Operation is not Contract contract || Transposed.OrderOf(((View)x.Node.Operation).Map, product.Type.Shape, x.Type.Shape) is not { } order) return x;
        var first = contract.BatchRank + contract.LeftRank;
        var between = runs.Select(run => run.Select(axis => order[axis]).ToArray()).Where(run => run.Any(axis => axis < first)).SelectMany(run => run.Where(axis => axis >= first)).ToArray();
        var columns = Enumerable.Range(first, contract.RightRank).OrderBy(axis => between.Contains(axis) ? 0 : 1).ToArray();
        if (columns.SequenceEqual(Enumerable.Range(first, contract.RightRank))) return x;

        var right = x.Builder.ValueOf(product.Node.Inputs[1]);
        var ordered = Enumerable.Range(0, contract.BatchRank).Concat(columns.Select(axis => axis - contract.LeftRank)).Concat(Enumerable.Range(contract.BatchRank + contract.RightRank, contract.SumRank)).ToArray();
        var again = x.Builder.Contract(x.Builder.ValueOf(product.Node.Inputs[0]), x.Builder.Transpose(right, ordered), contract.BatchRank, contract.LeftRank, contract.RightRank, contract.SumRank, contract.Operands);
        var placed = x.Builder.Transpose(again, AffineMap.Inverse(Enumerable.Range(0, first).Concat(columns).ToArray()));
        return x.Builder.Transpose(placed, order);
    }

    // Each axis as the several that it is made of.
    private static EquatableArray<AffineIndex> Joined(int[][] runs, EquatableArray<Size> shape) => runs.Select(run => new AffineIndex(Size.Zero,
        shape.Select((_, axis) => Array.IndexOf(run, axis) is >= 0 and var place ? Size.Product(run.Skip(place + 1).Select(inner => shape[inner])) : Size.Zero).ToEquatableArray())).ToEquatableArray();

    // The neighbouring axes of one shape whose product each axis of another one is; null where it is not so.
    private static int[][]? Runs(EquatableArray<Size> from, EquatableArray<Size> to)
    {
        var runs = new int[to.Count][];
        var next = 0;
        for (var axis = 0; axis < to.Count; axis++)
        {
            var (first, length) = (next, Size.One);
            while (next < from.Count && length != to[axis]) length *= from[next++];
            if (length != to[axis]) return null;
            runs[axis] = Enumerable.Range(first, next - first).ToArray();
        }
        return from.Skip(next).All(size => size.IsOne) ? runs : null;
    }

    /// <summary>What is computed element by element of elements that are only rearranged, before they are.</summary>
    public static Value? Sunk(WindowSite site)
    {
        if (site.Node.Operation is not (Elementwise or Graphs.Convert)) return null;
        for (var position = 0; position < site.Inputs.Count; position++)
        {
            var x = site.Inputs[position];
            if (site.Uses[position] > 1 || x.Node.Operation is not ViewTranspose transpose) continue;
            var source = site.Builder.ValueOf(x.Node.Inputs[0]);
            if (!WindowMap.IsBijective(transpose.Map, source.Type.Shape, x.Type.Shape)) continue;
            var inputs = site.Inputs.Select((input, k) => k == position ? source : input.Type.Rank == 0 ? input : site.Builder.View(input, source.Type.Shape, transpose.Map)).ToArray();
            return site.Builder.ViewTranspose(site.Builder.Make(site.Node.Operation, inputs, site.Node.Type), x.Type.Shape, transpose.Map);
        }
        return null;
    }
}
