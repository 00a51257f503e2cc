using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning.Windows;

/// <summary>
/// The transpose of overlapping windows, which would add into places that are not distinct, as sums that read: out[p] = Σ over i, u with s·i + d·u + o = p of x[i, u] is Σ over u of x'[p - d·u - o, u],
/// where x' has s - 1 zeros between the elements along i, and zeros around them. Of a product's result that is a product again: a convolution of the output's gradient with the flipped weights.
/// </summary>
internal static class WindowGradients
{
    /// <summary>The gradient of a convolution's input: the product of the output's gradient, in rows, with the weights, in columns, whose own axes are the windows'.</summary>
    public static Value? AsProduct(WindowSite site)
    {
        if (site.Node.Operation is not ViewTranspose transpose || site.Inputs[0].Node.Operation is not Contract contract) return null;
        var (builder, x) = (site.Builder, site.Inputs[0]);
        var (rows, columns) = (contract.BatchRank, contract.BatchRank + contract.LeftRank);
        if (Windows(transpose.Map, x.Type.Shape, site.Node.Type.Shape, (first, _) => first < columns) is not { } windows) return null;
        if (!windows.All(window => window.Image >= rows && window.Image < columns && window.Own >= columns)) return null;

        var left = builder.ValueOf(x.Node.Inputs[0]);
        // A new axis for the window's own, before those that are summed over.
        for (var k = 0; k < windows.Length; k++) left = windows[k].Read(windows[k].Padded(left), columns + k);
        var own = windows.Select(window => window.Own - contract.LeftRank).ToArray();
        var kept = rows + contract.RightRank;
        var order = Enumerable.Range(0, kept).Except(own).Concat(own).Concat(Enumerable.Range(kept, contract.SumRank)).ToArray();
        var right = builder.Transpose(builder.ValueOf(x.Node.Inputs[1]), order);
        var product = builder.Contract(left, right, contract.BatchRank, contract.LeftRank, contract.RightRank - windows.Length, contract.SumRank + windows.Length, contract.Operands);
        return Placed(site, product, transpose.Map, windows);
    }

    /// <summary>Any other gradient of overlapping windows.</summary>
    public static Value? AsReduction(WindowSite site)
    {
        if (site.Node.Operation is not ViewTranspose transpose) return null;
        var x = site.Inputs[0];
        var shape = x.Type.Shape;
        if (WindowMap.IsInjective(transpose.Map, shape)) return null;
        // The longer one of two axes is the image, and the other one the window.
        if (Windows(transpose.Map, shape, site.Node.Type.Shape, (first, second) => WindowMap.Weight(shape[first]) >= WindowMap.Weight(shape[second])) is not { } windows) return null;
        foreach (var window in windows) x = window.ReadInPlace(window.Padded(x));
        return Placed(site, SmallWindows.Reduce(ReduceKind.Sum, x, windows.Select(window => window.Own).OrderBy(axis => axis).ToArray()), transpose.Map, windows);
    }

    // What is left of the map once the windows are summed up: their axes are gone, and the image's are the result's.
    private static Value Placed(WindowSite site, Value sum, EquatableArray<AffineIndex> map, Window[] windows)
    {
        var own = windows.Select(window => window.Own).ToArray();
        var rest = map.Select((function, axis) =>
        {
            var coefficients = function.Coefficients.ToArray();
            if (windows.FirstOrDefault(window => window.Axis == axis) is not { } found) return function with { Coefficients = Without(coefficients) };
            coefficients[found.Image] = Size.One;
            return new AffineIndex(Size.Zero, Without(coefficients));
        }).ToEquatableArray();
        return Transpositions.Place(sum, site.Node.Type.Shape, rest);

        EquatableArray<Size> Without(Size[] coefficients) => coefficients.Where((_, axis) => !own.Contains(axis)).ToEquatableArray();
    }

    // The windows of a map, if there are any and each is of two indices; null else. Of two indices, one or the other is the image's.
    private static Window[]? Windows(EquatableArray<AffineIndex> map, EquatableArray<Size> from, EquatableArray<Size> to, Func<int, int, bool> isImage)
    {
        var windows = new List<Window>();
        for (var axis = 0; axis < map.Count; axis++)
        {
            var axes = WindowMap.Axes(map[axis]);
            if (axes.Length < 2 || WindowMap.IsInjective(EquatableArray<AffineIndex>.Own(map[axis]), Only(axes))) continue;
            if (axes.Length > 2 || map.Where((_, other) => other != axis).Any(other => axes.Any(k => !other.Coefficients[k].IsZero))) return null;
            var (image, own) = isImage(axes[0], axes[1]) ? (axes[0], axes[1]) : (axes[1], axes[0]);
            if (!map[axis].Coefficients[image].TryGetConstant(out var stride) || stride < 1 || !map[axis].Coefficients[own].TryGetConstant(out var step)) return null;
            windows.Add(new Window(axis, image, own, stride, step, map[axis].Offset, to[axis], from[image], from[own]));
        }
        return windows.Count == 0 ? null : windows.ToArray();

        EquatableArray<Size> Only(int[] axes) => from.Select((size, axis) => axes.Contains(axis) ? size : Size.One).ToEquatableArray();
    }
}
