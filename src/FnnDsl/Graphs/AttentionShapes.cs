using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

/// <summary>How the shapes of an <see cref="Attention"/> belong together: one place for the builder, the verifier and the binder.</summary>
internal static class AttentionShapes
{
    /// <summary>Axes behind the batch: the sequence, the heads, and what a head has.</summary>
    public const int OwnAxes = 3;

    /// <summary>The position of the log sums among the inputs of an <see cref="AttentionGradient"/>.</summary>
    public const int LogSumsInput = 4;

    /// <summary>Why queries, keys and values do not fit together; null where they do.</summary>
    public static string? Misfit(TensorType queries, TensorType keys, TensorType values)
    {
        if (!queries.Element.IsFloat() || keys.Element != queries.Element || values.Element != queries.Element) return "queries, keys and values are of one float type";
        var rank = queries.Rank;
        if (rank < OwnAxes || keys.Rank != rank || values.Rank != rank) return "queries, keys and values have the same axes: any batch, the sequence, heads, and the elements of a head";
        for (var axis = 0; axis < rank - OwnAxes; axis++)
        {
            if (keys.Shape[axis] != queries.Shape[axis] || values.Shape[axis] != queries.Shape[axis]) return $"axis {axis} of the batch differs";
        }
        if (keys.Shape[rank - 1] != queries.Shape[rank - 1]) return $"a query has {queries.Shape[rank - 1]} elements and a key {keys.Shape[rank - 1]}";
        if (values.Shape[rank - 3] != keys.Shape[rank - 3]) return $"there are {keys.Shape[rank - 3]} keys and {values.Shape[rank - 3]} values";
        if (values.Shape[rank - 2] != keys.Shape[rank - 2]) return $"keys are in {keys.Shape[rank - 2]} groups and values in {values.Shape[rank - 2]}";
        return CanBeMultiple(queries.Shape[rank - 2], keys.Shape[rank - 2]) ? null : $"{queries.Shape[rank - 2]} heads cannot share {keys.Shape[rank - 2]} groups evenly";
    }

    /// <summary>[batch…, i, heads, f].</summary>
    public static TensorType Result(TensorType queries, TensorType values) =>
        queries with { Shape = queries.Shape.Take(queries.Rank - 1).Append(values.Shape[values.Rank - 1]).ToEquatableArray() };

    /// <summary>[batch…, heads, i].</summary>
    public static TensorType LogSums(TensorType queries)
    {
        var rank = queries.Rank;
        return queries with { Shape = queries.Shape.Take(rank - OwnAxes).Append(queries.Shape[rank - 2]).Append(queries.Shape[rank - 3]).ToEquatableArray() };
    }

    // Of sizes that a declaration does not know, the binder asks what is known of them.
    private static bool CanBeMultiple(Size heads, Size groups) =>
        !heads.TryGetConstant(out var many) || !groups.TryGetConstant(out var few) || (few > 0 && many % few == 0);
}
