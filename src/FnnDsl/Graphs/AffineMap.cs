using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

/// <summary>The algebra of a view's map: one affine function of the output's indices for each axis of the input.</summary>
public static class AffineMap
{
    /// <summary>The function that is output index <paramref name="axis"/> of <paramref name="rank"/>, times a step, plus an offset.</summary>
    public static AffineIndex Index(int rank, int axis, Size? step = null, Size? offset = null) =>
        new(offset ?? Size.Zero, Enumerable.Range(0, rank).Select(k => k == axis ? step ?? Size.One : Size.Zero).ToEquatableArray());

    /// <summary>The function that is the same everywhere.</summary>
    public static AffineIndex At(int rank, Size offset) => new(offset, Enumerable.Repeat(Size.Zero, rank).ToEquatableArray());

    public static EquatableArray<AffineIndex> Identity(int rank) => Identity(rank, rank);

    /// <summary>The first so many of the output's indices.</summary>
    public static EquatableArray<AffineIndex> Identity(int count, int rank) => Enumerable.Range(0, count).Select(axis => Index(rank, axis)).ToEquatableArray();

    /// <summary>Where each axis is in an order of axes: the order that takes it back.</summary>
    public static int[] Inverse(int[] order) => Enumerable.Range(0, order.Length).Select(axis => Array.IndexOf(order, axis)).ToArray();

    /// <summary>What reading through <paramref name="inner"/> and then <paramref name="outer"/> amounts to (outer's indices to inner's input).</summary>
    public static EquatableArray<AffineIndex> Compose(EquatableArray<AffineIndex> inner, EquatableArray<AffineIndex> outer, int outerRank) =>
        inner.Select(function => Sum(function.Offset, function.Coefficients, outer, outerRank)).ToEquatableArray();

    /// <summary>offset + Σ factors[k] * terms[k].</summary>
    public static AffineIndex Sum(Size offset, IReadOnlyList<Size> factors, EquatableArray<AffineIndex> terms, int variables)
    {
        var coefficients = new Size[variables];
        for (var v = 0; v < variables; v++) coefficients[v] = Size.Zero;
        for (var k = 0; k < factors.Count; k++)
        {
            var factor = factors[k];
            if (factor.IsZero) continue;
            var term = terms[k];
            if (!term.Offset.IsZero) offset += factor * term.Offset;
            for (var v = 0; v < variables; v++)
            {
                if (term.Coefficients[v].IsZero) continue;
                var product = factor.IsOne ? term.Coefficients[v] : factor * term.Coefficients[v];
                coefficients[v] = coefficients[v].IsZero ? product : coefficients[v] + product;
            }
        }
        return new AffineIndex(offset, EquatableArray<Size>.Own(coefficients));
    }

    /// <summary>
    /// The one way to write a map: an input axis of size 1 is read at 0, and output axes of size 1, whose index is always 0, have no coefficients.
    /// </summary>
    public static EquatableArray<AffineIndex> Normalize(EquatableArray<AffineIndex> map, EquatableArray<Size> input, EquatableArray<Size> output) =>
        map.Select((function, axis) => input[axis].IsOne
            ? At(output.Count, Size.Zero)
            : new AffineIndex(function.Offset, function.Coefficients.Select((c, k) => output[k].IsOne ? Size.Zero : c).ToEquatableArray())).ToEquatableArray();

    /// <summary>Whether every function is constant along an output axis, so that the view repeats its elements there.</summary>
    public static bool IsConstantAlong(EquatableArray<AffineIndex> map, int axis) => map.All(function => function.Coefficients[axis].IsZero);

    /// <summary>The map without some output axes, along which it must be constant.</summary>
    public static EquatableArray<AffineIndex> DropAxes(EquatableArray<AffineIndex> map, Func<int, bool> drops) =>
        map.Select(function => function with { Coefficients = function.Coefficients.Where((_, axis) => !drops(axis)).ToEquatableArray() }).ToEquatableArray();

    /// <summary>The input's axis that each output axis of a view is as a whole, or -1 for an output axis of size 1 that is none; null where the view does anything else than add and remove such axes and change the order.</summary>
    public static int[]? Sources(EquatableArray<AffineIndex> map, EquatableArray<Size> input, EquatableArray<Size> output)
    {
        var sources = Enumerable.Repeat(-1, output.Count).ToArray();
        for (var axis = 0; axis < map.Count; axis++)
        {
            if (input[axis].IsOne) continue;
            if (!map[axis].Offset.IsZero || SingleAxis(map[axis]) is not (>= 0 and var place)) return null;
            if (!map[axis].Coefficients[place].IsOne || input[axis] != output[place] || sources[place] >= 0) return null;
            sources[place] = axis;
        }
        return Enumerable.Range(0, output.Count).All(place => sources[place] >= 0 || output[place].IsOne) ? sources : null;
    }

    /// <summary>
    /// The output axis that a function is: offset + step * index[axis]; -1 when it is constant, null when it depends on several.
    /// </summary>
    public static int? SingleAxis(AffineIndex function)
    {
        var axis = -1;
        for (var k = 0; k < function.Coefficients.Count; k++)
        {
            if (function.Coefficients[k].IsZero) continue;
            if (axis >= 0) return null;
            axis = k;
        }
        return axis;
    }
}
