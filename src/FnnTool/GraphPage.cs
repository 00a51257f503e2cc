using System.Text;
using FeedbackNN.Dsl.Outlines;

namespace FeedbackNN.Tool;

/// <summary>Models as one page of HTML that needs nothing else: no script, no other file, no network.</summary>
internal static class GraphPage
{
    private const string Style = """
        :root { color-scheme: light dark; --ink: #1c2733; --soft: #5b6875; --paper: #ffffff; --line: #8795a3; --layer: #dbe9fb; --operation: #f0f3f6; --state: #fde8cd; --end: #dff3e3; --storage: #ece3f7; --region: #8795a31a; --back: #c2620a; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6ebf0; --soft: #9fabb7; --paper: #14191f; --line: #6d7b88; --layer: #23405f; --operation: #2a323a; --state: #5b3f17; --end: #1f4a2b; --storage: #40305a; --region: #9fabb714; --back: #f0a04b; } }
        body { margin: 24px; background: var(--paper); color: var(--ink); font: 14px system-ui, sans-serif; }
        h1 { font-size: 18px; font-weight: 600; margin: 32px 0 8px; }
        .picture { overflow-x: auto; }
        svg text { font: 12px ui-monospace, Menlo, Consolas, monospace; fill: var(--ink); }
        .node rect { stroke: var(--line); fill: var(--operation); }
        .node text { text-anchor: middle; }
        .node .detail { fill: var(--soft); }
        .layer rect { fill: var(--layer); } .state rect { fill: var(--state); } .storage rect { fill: var(--storage); }
        .input rect, .result rect { fill: var(--end); }
        .region rect { fill: var(--region); stroke: var(--line); } .region text { fill: var(--soft); }
        .region.feedback rect { stroke: var(--back); } .region.repeat rect { stroke-dasharray: 2 3; }
        .line { fill: none; stroke: var(--line); stroke-width: 1.3; } .line.back { stroke: var(--back); stroke-dasharray: 6 4; }
        svg text.type { font-size: 11px; fill: var(--soft); paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
        #arrow path { fill: var(--line); }
        """;

    public static string Write(IReadOnlyList<Outline> outlines)
    {
        var names = string.Join(", ", outlines.Select(outline => outline.Model.Title));
        var page = new StringBuilder($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>{GraphPicture.Escape(names)}</title>
            <style>
            {Style}
            </style>
            </head>
            <body>
            <svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs></svg>

            """.ReplaceLineEndings("\n"));
        foreach (var outline in outlines) page.Append($"<h1>{GraphPicture.Escape(outline.Model.Title)}</h1>\n<div class=\"picture\">\n{GraphPicture.Draw(outline)}\n</div>\n");
        return page.Append("</body>\n</html>\n").ToString();
    }
}
