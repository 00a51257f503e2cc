using System.Text.Json;
using System.Text.RegularExpressions;

namespace FeedbackNN.Tool.Tests;

/// <summary>
/// As much of a TextMate tokenizer as the grammar of <c>.fnn</c> uses: of all patterns the one that matches first wins, the upper one of two at the same place. Its regular expressions are .NET's,
/// of which the grammar uses what Oniguruma has too.
/// </summary>
internal sealed class TextMate
{
    private readonly JsonElement _grammar;
    private readonly Dictionary<string, Regex> _expressions = new(StringComparer.Ordinal);

    public TextMate(string path)
    {
        _grammar = JsonDocument.Parse(File.ReadAllText(path)).RootElement;
        Visit(_grammar);
    }

    /// <summary>Every regular expression of the grammar; each has been compiled.</summary>
    public IEnumerable<string> Expressions => _expressions.Keys;

    /// <summary>The innermost scope of each character of a line; empty where there is none.</summary>
    public string[] ScopesOf(string line)
    {
        var scopes = Enumerable.Repeat("", line.Length).ToArray();
        var open = new Stack<JsonElement>();
        var position = 0;
        while (position <= line.Length)
        {
            var best = Candidates(open).Select((rule, order) => (rule, order, Match: _expressions[rule.Expression].Match(line, position)))
                .Where(item => item.Match.Success).OrderBy(item => item.Match.Index).ThenBy(item => item.order).FirstOrDefault();
            if (best.Match is not { } match) break;
            if (open.Count > 0) Paint(position, match.Index, NameOf(open.Peek(), "name"));
            var (rule, kind) = (best.rule.Rule, best.rule.Kind);
            Paint(match.Index, match.Index + match.Length, NameOf(rule, "name"));
            foreach (var captures in new[] { "captures", kind + "Captures" }.Where(key => rule.TryGetProperty(key, out _)).Select(key => rule.GetProperty(key)))
            {
                foreach (var capture in captures.EnumerateObject())
                {
                    var group = match.Groups[capture.Name];
                    if (group.Success) Paint(group.Index, group.Index + group.Length, NameOf(capture.Value, "name"));
                }
            }
            if (kind == "begin") open.Push(rule);
            else if (kind == "end") open.Pop();
            position = match.Length > 0 || kind != "match" ? match.Index + match.Length : match.Index + 1;
            if (match.Length == 0 && match.Index == line.Length) break;
        }
        if (open.Count > 0) Paint(position, line.Length, NameOf(open.Peek(), "name"));
        return scopes;

        void Paint(int from, int to, string? scope)
        {
            for (var k = from; scope is not null && k < to; k++) scopes[k] = scope;
        }
    }

    private IEnumerable<(JsonElement Rule, string Kind, string Expression)> Candidates(Stack<JsonElement> open)
    {
        if (open.TryPeek(out var inside)) yield return (inside, "end", inside.GetProperty("end").GetString()!);
        var patterns = open.Count == 0 ? _grammar.GetProperty("patterns") : inside.TryGetProperty("patterns", out var own) ? own : default;
        if (patterns.ValueKind != JsonValueKind.Array) yield break;
        foreach (var rule in Flatten(patterns))
        {
            var kind = rule.TryGetProperty("match", out var expression) ? "match" : "begin";
            yield return (rule, kind, (kind == "match" ? expression : rule.GetProperty("begin")).GetString()!);
        }
    }

    private IEnumerable<JsonElement> Flatten(JsonElement patterns)
    {
        foreach (var pattern in patterns.EnumerateArray())
        {
            var rule = pattern.TryGetProperty("include", out var name) ? _grammar.GetProperty("repository").GetProperty(name.GetString()![1..]) : pattern;
            if (rule.TryGetProperty("match", out _) || rule.TryGetProperty("begin", out _)) yield return rule;
            else foreach (var inner in Flatten(rule.GetProperty("patterns"))) yield return inner;
        }
    }

    private static string? NameOf(JsonElement rule, string key) => rule.TryGetProperty(key, out var name) ? name.GetString() : null;

    private void Visit(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray()) Visit(item);
        }
        if (element.ValueKind != JsonValueKind.Object) return;
        foreach (var property in element.EnumerateObject())
        {
            if (property.Name is "match" or "begin" or "end" && property.Value.ValueKind == JsonValueKind.String) _expressions[property.Value.GetString()!] = new Regex(property.Value.GetString()!, RegexOptions.CultureInvariant);
            else Visit(property.Value);
        }
    }
}
