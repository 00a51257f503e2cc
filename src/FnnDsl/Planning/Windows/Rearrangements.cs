using FeedbackNN.Dsl.Graphs;

namespace FeedbackNN.Dsl.Planning.Windows;

/// <summary>
/// Windows that fill an axis without gap and overlap only rearrange elements: what is computed of them element by element can be computed before they are put in their places, in the
/// same kernel.
/// </summary>
internal static class Rearrangements
{
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
