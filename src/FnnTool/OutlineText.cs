using System.Text.RegularExpressions;
using FeedbackNN.Dsl.Outlines;

namespace FeedbackNN.Tool;

/// <summary>The words that stand in a picture of a model.</summary>
internal static partial class OutlineText
{
    private const int LongestLine = 56;

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();

    public static IReadOnlyList<string> LinesOf(OutlineNode node) =>
        node.Detail is { } detail ? [Shorten(node.Title), Shorten(detail)] : [Shorten(node.Kind == OutlineNodeKind.Slice ? $"{node.Title}, step by step" : node.Title)];

    public static string TitleOf(OutlineRegion region) => Shorten(region.Title);

    /// <summary>A tensor's type; of what comes back the state's name before it.</summary>
    public static string LabelOf(OutlineEdge edge) => string.IsNullOrEmpty(edge.NextRound) ? edge.Type : $"{edge.NextRound}: {edge.Type}";

    private static string Shorten(string text)
    {
        text = Blanks().Replace(text, " ").Trim();
        return text.Length <= LongestLine ? text : text[..(LongestLine - 1)] + "…";
    }
}
