using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning.Windows;

/// <summary>
/// The transpose of overlapping windows, which would add into places that are not distinct, as sums that read: out[p] = Σ over i, u with s·i + d·u + o = p of x[i, u] is Σ over u of x[p - d·u - o, u] for a stride s of 1,
/// where x has zeros around its elements along i. With another stride each s-th p is such a sum over the windows' elements that reach it, and the sums are put between each other.
/// Of a product's result that is a product again: a convolution of the output's gradient with the flipped weights.
/// </summary>
internal static class WindowGradients
{
    /// <summary>Sums that are put between each other: beyond that, zeros are put between the elements along i instead, and one sum does.</summary>
    private const long MostPhases = 16;

    /// <summary>A part of such a gradient, where nobody reads the rest: that of an image does without its border's.</summary>
    public static Value? OfPart(WindowSite site)
    {
        if (site.Node.Operation is not View view || site.Uses[0] > 1 || site.Before[0].Node is not { Operation: ViewTranspose transpose } whole) return null;
        var (shape, map, inPart) = (whole.Type.Shape.ToArray(), transpose.Map.ToArray(), view.Map.ToArray());
        for (var axis = 0; axis < shape.Length; axis++)
        {
            if (AffineMap.SingleAxis(view.Map[axis]) is not (>= 0 and var own) || !view.Map[axis].Coefficients[own].IsOne || !Overlaps(map[axis], site.Before[0].Inputs[0].Type.Shape)) continue;
            shape[axis] = site.Node.Type.Shape[own];
            map[axis] = map[axis] with { Offset = map[axis].Offset - view.Map[axis].Offset };
            inPart[axis] = view.Map[axis] with { Offset = Size.Zero };
        }
        if (shape.SequenceEqual(whole.Type.Shape)) return null;
        var part = site.Before[0] with { Node = whole with { Operation = new ViewTranspose(map.ToEquatableArray()), Type = whole.Type with { Shape = shape.ToEquatableArray() } } };
        return (AsProduct(part, isPart: true) ?? AsReduction(part, isPart: true)) is { } gradient ? site.Builder.View(gradient, site.Node.Type.Shape, inPart.ToEquatableArray()) : null;
    }

    /// <summary>The gradient of a convolution's input: the product of the output's gradient, in rows, with the weights, in columns, whose own axes are the windows'.</summary>
    public static Value? AsProduct(WindowSite site) => AsProduct(site, isPart: false);

    private static Value? AsProduct(WindowSite site, bool isPart)
    {
        if (site.Node.Operation is not ViewTranspose transpose || site.Inputs[0].Node.Operation is not Contract contract) return null;
        var (builder, x) = (site.Builder, site.Inputs[0]);
        var (rows, columns) = (contract.BatchRank, contract.BatchRank + contract.LeftRank);
        if (Windows(transpose.Map, x.Type.Shape, site.Node.Type.Shape, (first, _) => first < columns) is not { } windows) return null;
        if (!windows.All(window => window.Image >= rows && window.Image < columns && window.Own >= columns)) return null;

        var own = windows.Select(window => window.Own - contract.LeftRank).ToArray();
        var kept = rows + contract.RightRank;
        // The windows' own axes go behind the others, before those that are summed over.
        var order = Enumerable.Range(0, kept).Except(own).Concat(own).Concat(Enumerable.Range(kept, contract.SumRank)).ToArray();
        var (left, right) = (builder.ValueOf(x.Node.Inputs[0]), builder.ValueOf(x.Node.Inputs[1]));
        return Interleaved(windows, isPart, Product) is { } sum ? Placed(site, sum, transpose.Map, windows) : null;

        Value Product(IReadOnlyList<WindowPhase> phases)
        {
            var (images, weights) = (left, right);
            for (var k = 0; k < phases.Count; k++)
            {
                images = phases[k].Read(images, columns + k);
                weights = builder.Slice(weights, own[k], phases[k].First, phases[k].Elements, phases[k].Every);
            }
            var product = contract with { RightRank = contract.RightRank - windows.Length, SumRank = contract.SumRank + windows.Length };
            weights = builder.Transpose(weights, order);
            return NarrowProducts.AsElements(images, weights, product) ?? builder.Contract(images, weights, product.BatchRank, product.LeftRank, product.RightRank, product.SumRank, product.Operands);
        }
    }

    /// <summary>Any other gradient of overlapping windows.</summary>
    public static Value? AsReduction(WindowSite site) => AsReduction(site, isPart: false);

    private static Value? AsReduction(WindowSite site, bool isPart)
    {
        if (site.Node.Operation is not ViewTranspose transpose || WindowMap.IsInjective(transpose.Map, site.Inputs[0].Type.Shape)) return null;
        // As it lies in memory.
        var (x, map) = (site.Inputs[0], transpose.Map);
        if (Transposed.Of(x) is { } computed) (x, map) = (computed.Source, computed.Undo(map));
        x = SmallWindows.OfViews(x);
        if (Transposed.OfExpression(x) is { } read) (x, map) = (read.Source, read.Undo(map));
        var shape = x.Type.Shape;
        // The longer one of two axes is the image, and the other one the window.
        if (Windows(map, shape, site.Node.Type.Shape, (first, second) => WindowMap.Weight(shape[first]) >= WindowMap.Weight(shape[second])) is not { } windows) return null;
        var own = windows.Select(window => window.Own).OrderBy(axis => axis).ToArray();
        return Interleaved(windows, isPart, phases => SmallWindows.Reduce(ReduceKind.Sum, phases.Aggregate(x, (read, phase) => phase.ReadInPlace(read)), own)) is { } sum ? Placed(site, sum, map, windows) : null;
    }

    /// <summary>The sums of all phases of some windows, each at its positions along the windows' axes; null where so little is wanted that elements of the image would have to be left out.</summary>
    /// <param name="isPart">Whether some positions are not wanted.</param>
    /// <param name="sum">Those of one phase of each window: along q where the result is along p, without the windows' own axes.</param>
    private static Value? Interleaved(Window[] windows, bool isPart, Func<IReadOnlyList<WindowPhase>, Value> sum)
    {
        var isApart = windows.All(window => window.Stride == 1 || window.Start.TryGetConstant(out _)) && windows.Aggregate(1L, (count, window) => count * window.Stride) <= MostPhases;
        var phases = windows.Select(window => window.Phases(isApart ? window.Stride : 1)).ToArray();
        if (isPart && !phases.All(own => own.All(phase => phase.IsAround))) return null;
        // Those of the last window follow each other.
        var together = phases.Aggregate(new[] { Array.Empty<WindowPhase>() }.AsEnumerable(), (before, own) => before.SelectMany(chosen => own.Select(phase => chosen.Append(phase).ToArray()))).ToArray();
        var sums = together.Select(chosen => chosen.Any(phase => phase.Elements.IsZero) ? null : sum(chosen) as Value?).ToArray();
        var first = sums.First(value => value is not null)!.Value;
        if (sums.Length == 1) return first;

        // As they lie in memory, with an axis for the phases behind that of the positions.
        var order = Transposed.Of(first) is { } transposed ? transposed.Order : Enumerable.Range(0, first.Type.Rank).ToArray();
        var inMemory = sums.Select(value => Undone(value ?? first.Builder.Fill(0, first.Type))).ToArray();
        var images = windows.Select(window => order[window.Image - windows.Count(other => other.Own < window.Image)]).ToArray();
        var parts = inMemory.Select(value => value.Builder.Reshape(value, value.Type.Shape.SelectMany((size, axis) => images.Contains(axis) ? new[] { size, Size.One } : [size]).ToEquatableArray())).ToArray();
        for (var k = windows.Length - 1; k >= 0; k--)
        {
            var (count, axis) = (phases[k].Count, images[k] + 1 + images.Count(other => other < images[k]));
            parts = Enumerable.Range(0, parts.Length / count).Select(group => first.Builder.Concat(parts.Skip(group * count).Take(count).ToArray(), axis)).ToArray();
        }
        var whole = first.Builder.Reshape(parts[0], inMemory[0].Type.Shape.Select((size, axis) => Array.IndexOf(images, axis) is >= 0 and var k ? size * phases[k].Count : size).ToEquatableArray());
        for (var k = 0; k < windows.Length; k++) whole = first.Builder.Slice(whole, images[k], Size.Zero, windows[k].Length);
        return new Transposed(whole, order).Value;

        Value Undone(Value value) => value.Builder.Transpose(value, AffineMap.Inverse(order));
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
            if (!Overlaps(map[axis], from)) continue;
            var axes = WindowMap.Axes(map[axis]);
            if (axes.Length > 2 || map.Where((_, other) => other != axis).Any(other => axes.Any(k => !other.Coefficients[k].IsZero))) return null;
            var (image, own) = isImage(axes[0], axes[1]) ? (axes[0], axes[1]) : (axes[1], axes[0]);
            if (!map[axis].Coefficients[image].TryGetConstant(out var stride) || stride < 1 || !map[axis].Coefficients[own].TryGetConstant(out var step)) return null;
            windows.Add(new Window(axis, image, own, stride, step, map[axis].Offset, to[axis], from[image], from[own]));
        }
        return windows.Count == 0 ? null : windows.ToArray();
    }

    // Whether several elements have one place along an axis; if not, they are only put there.
    private static bool Overlaps(AffineIndex function, EquatableArray<Size> from)
    {
        var axes = WindowMap.Axes(function);
        return axes.Length > 1 && !WindowMap.IsInjective(EquatableArray<AffineIndex>.Own(function), from.Select((size, axis) => axes.Contains(axis) ? size : Size.One).ToEquatableArray());
    }
}
