using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;

namespace FeedbackNN.Tool;

/// <summary>One row of a cost table: a layer instance (copies of a <c>repeat</c> together), or a line of source that owns no weights.</summary>
/// <param name="What">Where the weights are in the model (<c>blocks.*.attn</c>), or the line.</param>
internal sealed record CostRow(string File, int Line, string What, long Parameters, long ValueBytes, long ForwardFlops, long BackwardFlops)
{
    public long Flops => ForwardFlops + BackwardFlops;
}

/// <summary>Gathers a model's costs into rows, in the order of the source.</summary>
internal static class CostRows
{
    public static IReadOnlyList<CostRow> Of(FnnSources sources, BoundModel model, ModelCosts costs)
    {
        var names = model.Parameters.GroupBy(storage => storage.Origin).ToDictionary(group => group.Key, group => CommonPath(group.Select(storage => storage.Path).ToArray()));
        return costs.Places
            .Select(place => (Place: place, Location: SourcePlaces.LineOf(sources.Scope, place.Origin) ?? SourcePlaces.LineOf(sources.Scope, model.Origin)!.Value))
            .GroupBy(item => (item.Location, What: names.TryGetValue(item.Place.Origin, out var name) ? name : ""))
            .OrderBy(group => group.Key.Location.Source.Path, StringComparer.Ordinal)
            .ThenBy(group => group.Key.Location.Span.Start)
            .ThenBy(group => group.Min(item => item.Place.Origin.Token))
            .Select(group => new CostRow(
                group.Key.Location.Source.Path,
                group.Key.Location.Source.GetPosition(group.Key.Location.Span.Start).Line + 1,
                group.Key.What.Length > 0 ? group.Key.What : TextOf(group.Key.Location),
                group.Sum(item => item.Place.Parameters),
                group.Sum(item => item.Place.ValueBytes),
                group.Sum(item => item.Place.ForwardFlops),
                group.Sum(item => item.Place.BackwardFlops)))
            .ToList();
    }

    private static string TextOf(Location line) => line.Source.GetText(line.Span).Trim();

    /// <summary>What the paths of weights begin with: <c>blocks.0.fc.weight</c> and <c>blocks.1.fc.bias</c> are of <c>blocks.*.fc</c>.</summary>
    private static string CommonPath(string[] paths)
    {
        var parts = paths.Select(path => path.Split('.').Select(part => part.All(char.IsAsciiDigit) ? "*" : part).ToArray()).ToList();
        // A weight of the model itself has no layer around it.
        var most = parts.Count == 1 ? Math.Max(1, parts[0].Length - 1) : parts.Min(path => path.Length);
        var common = 0;
        while (common < most && parts.All(path => path[common] == parts[0][common])) common++;
        if (common > 1 && parts.Count > 1 && parts.All(path => path.Length == common)) common--;
        return string.Join('.', parts[0].Take(common));
    }
}
