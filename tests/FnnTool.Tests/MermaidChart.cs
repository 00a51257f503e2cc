using System.Globalization;
using System.Text.RegularExpressions;

namespace FeedbackNN.Tool.Tests;

/// <summary>Reads the Mermaid text that <c>fnn graph</c> writes and fails on anything that is no flowchart: Mermaid's own parser needs a browser.</summary>
internal sealed record MermaidChart(string Model, IReadOnlyDictionary<string, string> Nodes, IReadOnlyList<MermaidChart.Subgraph> Subgraphs, IReadOnlyList<MermaidChart.Line> Lines)
{
    // In quotes: letters, digits and signs that mean nothing to Mermaid, Markdown and HTML; all others by their number; line breaks.
    private const string Label = @"""(?<label>(?:[\p{L}\p{Nd} ,.:()\[\]{}/^=_@%|×…+-]|\#\d+;|<br/>)+)""";

    private static readonly Regex NodeForm = Form(@"^ +(?<id>n\d+)(?:\(\[LABEL\]\)|\[\(LABEL\)\]|\[LABEL\]|\(LABEL\)|\{\{LABEL\}\})$");

    private static readonly Regex SubgraphForm = Form(@"^ +subgraph (?<id>n\d+) \[LABEL\]$");

    private static readonly Regex LineForm = Form(@"^    (?<from>n\d+) (?<arrow>-->|-\.->)\|LABEL\| (?<to>n\d+)$");

    /// <param name="Inside">The nodes and subgraphs in it.</param>
    public sealed record Subgraph(string Id, string Title, List<string> Inside);

    public sealed record Line(string From, string To, string Label, bool IsDashed);

    /// <summary>The charts of an output, one for each model.</summary>
    public static IReadOnlyList<MermaidChart> ReadAll(string output) => output.Split("%% ").Skip(1).Select(Read).ToList();

    private static MermaidChart Read(string text)
    {
        var lines = text.TrimEnd('\n').Split('\n').Where(line => line.Length > 0).ToList();
        Assert.Equal("flowchart TB", lines[1]);
        var nodes = new Dictionary<string, string>();
        var subgraphs = new List<Subgraph>();
        var edges = new List<Line>();
        var open = new Stack<Subgraph>();
        foreach (var line in lines.Skip(2))
        {
            Assert.Equal(0, (line.Length - line.TrimStart(' ').Length) % 4);
            if (line.Trim() == "end")
            {
                Assert.NotEmpty(open);
                Assert.NotEmpty(open.Pop().Inside);
            }
            else if (SubgraphForm.Match(line) is { Success: true } begin)
            {
                var subgraph = new Subgraph(begin.Groups["id"].Value, Plain(begin), []);
                if (open.Count > 0) open.Peek().Inside.Add(subgraph.Id);
                subgraphs.Add(subgraph);
                open.Push(subgraph);
            }
            else if (NodeForm.Match(line) is { Success: true } node)
            {
                nodes.Add(node.Groups["id"].Value, Plain(node));
                if (open.Count > 0) open.Peek().Inside.Add(node.Groups["id"].Value);
            }
            else if (LineForm.Match(line) is { Success: true } edge)
            {
                Assert.Empty(open);
                edges.Add(new Line(edge.Groups["from"].Value, edge.Groups["to"].Value, Plain(edge), edge.Groups["arrow"].Value == "-.->"));
            }
            else Assert.Fail($"This is no line of a flowchart: {line}");
        }
        Assert.Empty(open);
        Assert.Empty(nodes.Keys.Intersect(subgraphs.Select(subgraph => subgraph.Id)));
        Assert.All(edges, edge => Assert.True(nodes.ContainsKey(edge.From) && nodes.ContainsKey(edge.To), $"{edge} leads to nothing"));
        return new MermaidChart(lines[0], nodes, subgraphs, edges);
    }

    /// <summary>The id of the one node of a text.</summary>
    public string this[string text] => Nodes.Single(node => node.Value == text).Key;

    public bool Has(string from, string to, string label, bool isDashed = false) => Lines.Contains(new Line(this[from], this[to], label, isDashed));

    private static string Plain(Match match)
    {
        var label = match.Groups["label"].Value;
        // Markdown would make a list of these.
        Assert.DoesNotMatch(@"^(?:[-+*] |\d+\. )", label);
        return Regex.Replace(label.Replace("<br/>", "\n"), @"#(\d+);", code => ((char)int.Parse(code.Groups[1].Value, CultureInfo.InvariantCulture)).ToString());
    }

    private static Regex Form(string pattern) => new(pattern.Replace("LABEL", Label), RegexOptions.CultureInvariant);
}
