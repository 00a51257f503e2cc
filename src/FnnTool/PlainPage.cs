using System.Text;
using System.Text.RegularExpressions;

namespace FeedbackNN.Tool;

/// <summary>A page in Markdown as a terminal shows it: paragraphs broken into lines, programs set in, no marks of Markdown but the quotes around code.</summary>
internal static partial class PlainPage
{
    private const int Width = 100;
    private const string Margin = "    ";

    [GeneratedRegex(@"\[(?<text>[^\]]+)\]\([^)\s]+\)")]
    private static partial Regex Link();

    public static string Of(string markdown)
    {
        var page = new StringBuilder();
        var paragraph = new List<string>();
        var isProgram = false;
        foreach (var line in markdown.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                Flush(page, paragraph);
                isProgram = !isProgram;
            }
            else if (isProgram) page.Append(line.Length == 0 ? "" : Margin).Append(line).Append('\n');
            else if (line.Length == 0)
            {
                Flush(page, paragraph);
                page.Append('\n');
            }
            else if (line[0] == '#') page.Append(Text(line.TrimStart('#', ' '))).Append(line.StartsWith("##", StringComparison.Ordinal) ? ":" : "").Append('\n');
            else
            {
                // An item of a list begins a line of its own.
                if (line.StartsWith("- ", StringComparison.Ordinal)) Flush(page, paragraph);
                paragraph.Add(line.Trim());
            }
        }
        Flush(page, paragraph);
        return page.ToString();
    }

    private static void Flush(StringBuilder page, List<string> paragraph)
    {
        if (paragraph.Count == 0) return;
        var column = 0;
        var isItem = paragraph[0].StartsWith("- ", StringComparison.Ordinal);
        foreach (var word in Text(string.Join(' ', paragraph)).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (column > 0 && column + 1 + word.Length > Width)
            {
                page.Append('\n').Append(isItem ? "  " : "");
                column = isItem ? 2 : 0;
            }
            else if (column > 0)
            {
                page.Append(' ');
                column++;
            }
            page.Append(word);
            column += word.Length;
        }
        page.Append('\n');
        paragraph.Clear();
    }

    private static string Text(string markdown) => Link().Replace(markdown, link => link.Groups["text"].Value).Replace("**", "");
}
