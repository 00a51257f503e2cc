using System.Globalization;
using System.Text;
using FeedbackNN.Dsl.Outlines;

namespace FeedbackNN.Tool;

/// <summary>Writes an outline as a Mermaid flowchart: layers and statements are nodes, loops and copies subgraphs, what comes back in the next round dashed.</summary>
internal static class MermaidWriter
{
    private const string Plain = " ,.:()[]{}/^=_@%|×…";

    public static string Write(Outline outline)
    {
        var text = new StringBuilder("flowchart TB\n");
        foreach (var item in outline.Model.Items) Write(text, item, 1);
        foreach (var edge in outline.Edges)
        {
            var label = Quote(OutlineText.LabelOf(edge));
            text.Append(CultureInfo.InvariantCulture, $"    n{edge.From} {(edge.IsFeedback ? "-.->" : "-->")}|{label}| n{edge.To}\n");
        }
        return text.ToString();
    }

    private static void Write(StringBuilder text, OutlineItem item, int depth)
    {
        var indent = new string(' ', 4 * depth);
        if (item is OutlineNode node)
        {
            var (open, close) = Brackets(node.Kind);
            text.Append(CultureInfo.InvariantCulture, $"{indent}n{node.Id}{open}{Quote(OutlineText.LinesOf(node))}{close}\n");
            return;
        }
        var region = (OutlineRegion)item;
        text.Append(CultureInfo.InvariantCulture, $"{indent}subgraph n{region.Id} [{Quote(OutlineText.TitleOf(region))}]\n");
        foreach (var inner in region.Items) Write(text, inner, depth + 1);
        text.Append(indent).Append("end\n");
    }

    private static (string Open, string Close) Brackets(OutlineNodeKind kind) => kind switch
    {
        OutlineNodeKind.Input or OutlineNodeKind.Result => ("([", "])"),
        OutlineNodeKind.Layer => ("[", "]"),
        OutlineNodeKind.Storage => ("[(", ")]"),
        OutlineNodeKind.State => ("{{", "}}"),
        _ => ("(", ")"),
    };

    /// <summary>Text in quotes, whatever is in it: what Mermaid, Markdown or HTML would read as theirs is written by its number.</summary>
    internal static string Quote(params IEnumerable<string> lines)
    {
        var text = new StringBuilder("\"");
        foreach (var line in lines)
        {
            if (text.Length > 1) text.Append("<br/>");
            foreach (var letter in line)
            {
                // At the beginning of a line a minus or plus is a list's.
                var isFirst = text[^1] is '"' or '>';
                var isPlain = char.IsLetterOrDigit(letter) || Plain.Contains(letter) || (!isFirst && letter is '-' or '+');
                if (isPlain) text.Append(letter);
                else text.Append(CultureInfo.InvariantCulture, $"#{(int)letter};");
            }
        }
        return text.Append('"').ToString();
    }
}
