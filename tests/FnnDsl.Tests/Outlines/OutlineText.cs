using FeedbackNN.Dsl.Outlines;

namespace FeedbackNN.Dsl.Tests.Outlines;

/// <summary>Writes an outline so that a test can show it: parts by their titles, indented like regions, with what each reads behind it.</summary>
internal static class OutlineText
{
    public static string Write(Outline outline)
    {
        var titles = new Dictionary<int, string>();
        Collect(outline.Model, titles);
        return string.Join("\n", outline.Model.Items.SelectMany(item => Lines(item, "")));

        IEnumerable<string> Lines(OutlineItem item, string indent)
        {
            if (item is OutlineRegion region)
            {
                yield return $"{indent}{region.Kind} {region.Title}";
                foreach (var line in region.Items.SelectMany(inner => Lines(inner, indent + "  "))) yield return line;
                yield break;
            }
            var node = (OutlineNode)item;
            var reads = outline.Edges.Where(edge => edge.To == node.Id)
                .Select(edge => edge.IsFeedback ? $"again {titles[edge.From]}{(edge.NextRound!.Length > 0 ? $" as {edge.NextRound}" : "")}: {edge.Type}" : $"{titles[edge.From]}: {edge.Type}");
            yield return $"{indent}{node.Kind} {node.Title}{(node.Detail is { } detail ? $" {detail}" : "")} <- {string.Join(", ", reads)}".Replace(" <- \n", "\n").TrimEnd();
        }
    }

    public static void Collect(OutlineRegion region, Dictionary<int, string> titles)
    {
        foreach (var item in region.Items)
        {
            titles.Add(item.Id, item is OutlineNode node ? node.Title : ((OutlineRegion)item).Title);
            if (item is OutlineRegion inner) Collect(inner, titles);
        }
    }
}
