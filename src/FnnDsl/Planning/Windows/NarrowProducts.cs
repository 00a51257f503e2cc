using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning.Windows;

/// <summary>
/// Convolutions to a few channels, such as the last one of a network that makes pictures, and those in which each channel sees only itself, are products of a few columns: most of a tile would be thrown away. They, and
/// the gradients of their weights, are added up element by element instead, with vectors along the image's innermost axis.
/// </summary>
internal static class NarrowProducts
{
    /// <summary>Columns of a product up to which they are added up one by one.</summary>
    private const long MostColumns = 4;

    /// <summary>Sums along an image, of which a kernel computes as many as it has room for.</summary>
    private const long MostSums = 64;

    /// <summary>Elements of a window that one kernel adds up.</summary>
    private const int MostAtOnce = 16;

    /// <summary>Elements along the innermost axis from which on vectors are worth it.</summary>
    private const long FewestLanes = 8;

    /// <summary>The convolution, or the gradient of its weights; null for all other products.</summary>
    public static Value? AsElements(WindowSite site) => site.Node.Operation is Contract contract ? AsElements(site.Inputs[0], site.Inputs[1], contract) : null;

    /// <summary>A product of two operands.</summary>
    public static Value? AsElements(Value left, Value right, Contract contract)
    {
        var isLeft = IsImage(left);
        if (!isLeft && !IsImage(right)) return null;
        var product = new Narrow(contract.BatchRank, isLeft ? contract.LeftRank : contract.RightRank, isLeft ? contract.RightRank : contract.LeftRank, isLeft ? left : right, isLeft ? right : left);
        if (!Size.Product(product.Columns.Select(product.SizeOf)).TryGetConstant(out var columns) || columns > MostColumns) return null;

        var windows = ((View)product.Image.Node.Operation).Map.Select(WindowMap.Axes).Where(axes => axes.Length > 1).ToArray();
        if (!windows.All(axes => axes.Length == 2 && axes.Count(product.Summed.Contains) == 1 && axes.Count(product.Own.Contains) == 1)) return null;
        var summed = windows.SelectMany(axes => axes).Where(product.Summed.Contains).ToArray();
        var own = windows.SelectMany(axes => axes).Where(product.Own.Contains).ToArray();
        // The window is what is smaller.
        var isConvolution = SmallWindows.IsSmall(product.Image, summed) && (!SmallWindows.IsSmall(product.Image, own) || WindowMap.Weight(product.Count(summed)) <= WindowMap.Weight(product.Count(own)));
        var result = isConvolution ? OverWindow(product, summed) : SmallWindows.IsSmall(product.Image, own) && product.Count(own).Value * columns <= MostSums ? OverImage(product, own) : null;
        var labels = product.Batch.Concat(isLeft ? product.Own : product.Columns).Concat(isLeft ? product.Columns : product.Own).ToArray();
        return result is { } found ? left.Builder.Reshape(found.Along(labels), labels.Select(product.SizeOf).ToEquatableArray()) : null;
    }

    private static bool IsImage(Value x) => x.Node.Operation is View view && WindowMap.HasWindow(view.Map);

    // y[i, n] = Σ over c, and the few u, of x[i, c, u] w[n, c, u].
    private static Labelled? OverWindow(Narrow product, int[] window)
    {
        var rest = product.Summed.Except(window).ToArray();
        var order = product.InMemoryOrder(product.Batch.Concat(product.Own).Concat(rest));
        if (order.Length == 0) return null;
        var last = order[order.Length - 1];
        if (WindowMap.Weight(product.SizeOf(last)) < FewestLanes) return null;
        var inner = order.Where(axis => rest.Contains(axis) || axis == last).ToArray();
        var positions = SmallWindows.Positions(product.Image.Type.Shape, window).ToArray();
        if (rest.Contains(last) && !IsWorthAddingUpLanes(WindowMap.Weight(product.Count(rest)), positions.Length, WindowMap.Weight(product.Count(product.Columns)))) return null;
        var labels = order.Except(inner).Concat(product.Columns.Where(product.IsLong)).Concat(inner).ToArray();
        // So many at once as a kernel has room for.
        return Enumerable.Range(0, (positions.Length + MostAtOnce - 1) / MostAtOnce).Select(part => new Labelled(positions.Skip(part * MostAtOnce).Take(MostAtOnce)
            .Select(position => product.Read(product.Image, product.ImageLabels, window, position, labels) * product.Read(product.Other, product.OtherLabels, window, position, labels))
            .Aggregate((left, right) => left + right), labels).Summed(rest)).Aggregate((left, right) => left with { Value = left.Value + right.Value });
    }

    // Vectors for one row: of the elements and for adding up the lanes, which is ten operations, against those of a tile of one vector of columns.
    private static bool IsWorthAddingUpLanes(long summed, long elements, long columns) => columns * ((elements * ((summed + 15) / 16)) + 10) < elements * summed;

    // w[n, c, u] = Σ over i of x[i, c, u] y[i, n], one sum for each of the few n and u.
    private static Labelled? OverImage(Narrow product, int[] window)
    {
        var order = product.InMemoryOrder(product.Batch.Concat(product.Own.Except(window)).Concat(product.Summed));
        if (order.Length == 0 || WindowMap.Weight(product.SizeOf(order[order.Length - 1])) < FewestLanes) return null;
        var unrolled = product.Columns.Concat(window).ToArray();
        var sums = SmallWindows.Positions(unrolled.Select(product.SizeOf).ToEquatableArray(), Enumerable.Range(0, unrolled.Length).ToArray()).Select(position =>
            new Labelled(product.Read(product.Image, product.ImageLabels, unrolled, position, order) * product.Read(product.Other, product.OtherLabels, unrolled, position, order), order).Summed(product.Summed)).ToArray();
        // One after the other: what was unrolled are the first axes then.
        var builder = product.Image.Builder;
        var whole = builder.Concat(sums.Select(sum => builder.Expand(sum.Value, 0, Size.One)).ToArray(), 0);
        return new Labelled(builder.Reshape(whole, unrolled.Select(product.SizeOf).Concat(sums[0].Value.Type.Shape).ToEquatableArray()), unrolled.Concat(sums[0].Labels).ToArray());
    }

    /// <summary>A value whose axes have names.</summary>
    private sealed record Labelled(Value Value, int[] Labels)
    {
        public Labelled Summed(int[] axes) => !Labels.Intersect(axes).Any() ? this : new Labelled(
            Value.Builder.Reduce(ReduceKind.Sum, Value, Enumerable.Range(0, Labels.Length).Where(place => axes.Contains(Labels[place])).ToArray()),
            Labels.Where(label => !axes.Contains(label)).ToArray());

        /// <summary>With its axes in the order in which they are named; what it does not have is of size 1.</summary>
        public Value Along(int[] labels) => Value.Builder.Transpose(Value, labels.Select(label => Array.IndexOf(Labels, label)).Where(axis => axis >= 0).ToArray());
    }

    /// <summary>A product of an image and something of a few columns. Axes are named by the image's, the columns' follow.</summary>
    private sealed class Narrow(int batch, int own, int columns, Value image, Value other)
    {
        public Value Image => image;

        public Value Other => other;

        public int[] Batch { get; } = Enumerable.Range(0, batch).ToArray();

        public int[] Own { get; } = Enumerable.Range(batch, own).ToArray();

        public int[] Summed { get; } = Enumerable.Range(batch + own, image.Type.Rank - batch - own).ToArray();

        public int[] Columns { get; } = Enumerable.Range(image.Type.Rank, columns).ToArray();

        public int[] ImageLabels => Batch.Concat(Own).Concat(Summed).ToArray();

        public int[] OtherLabels => Batch.Concat(Columns).Concat(Summed).ToArray();

        public Size SizeOf(int label) => label < image.Type.Rank ? image.Type.Shape[label] : other.Type.Shape[batch + label - image.Type.Rank];

        public Size Count(int[] labels) => Size.Product(labels.Select(SizeOf));

        public bool IsLong(int label) => !SizeOf(label).IsOne;

        /// <summary>Those of some axes of the image that are longer than one, from the outermost to the innermost. What repeats is outermost.</summary>
        public int[] InMemoryOrder(IEnumerable<int> axes) => WindowMap.InMemoryOrder(image, axes.Where(IsLong), _ => double.PositiveInfinity);

        /// <summary>An operand at one position along some axes, along others as they are named; it repeats along those that it does not have, and those that are not named are of size 1.</summary>
        public Value Read(Value operand, int[] labels, int[] fixedAxes, long[] position, int[] along) => operand.Builder.View(operand, along.Select(SizeOf).ToEquatableArray(), labels.Select(label =>
            Array.IndexOf(fixedAxes, label) is >= 0 and var k ? AffineMap.At(along.Length, position[k]) : AffineMap.Index(along.Length, Array.IndexOf(along, label))).ToEquatableArray());
    }
}
