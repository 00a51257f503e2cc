using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// Which parameters a path means: <c>net.blocks.*.attn</c>. A <c>*</c> is one part; a prefix is everything below it; a network's name alone is all of it.
/// </summary>
internal sealed class ParameterPaths(BodyBinder body, IReadOnlyList<NetUse> nets)
{
    /// <summary>The parameters that any of the patterns matches. Patterns that match nothing are reported.</summary>
    public HashSet<BoundParameterReference> Resolve(IEnumerable<PathPattern> patterns)
    {
        var found = new HashSet<BoundParameterReference>();
        foreach (var pattern in patterns) Resolve(pattern, found);
        return found;
    }

    private void Resolve(PathPattern pattern, HashSet<BoundParameterReference> found)
    {
        if (pattern.Parts.Count == 0) return;
        if (FindNet(pattern.Parts[0], nets.Count == 1 ? $"write {nets[0].Name}.{body.Frame.Source.GetText(pattern.Span)}" : null) is not { } index) return;
        var net = nets[index];
        var parts = pattern.Parts.Skip(1).Select(part => part.Text).ToArray();
        var isEmpty = true;
        for (var k = 0; k < net.Storage.Parameters.Count; k++)
        {
            if (WeightPath.Rest(parts, net.Storage.Parameters[k].Path) is null) continue;
            found.Add(new BoundParameterReference(index, k));
            isEmpty = false;
        }
        if (!isEmpty || net.IsBroken) return;
        var candidates = net.Storage.Parameters.SelectMany(parameter => Prefixes(parameter.Path)).Distinct();
        var near = Spelling.Closest(string.Join(".", parts), candidates);
        var tops = net.Storage.Parameters.Select(parameter => $"{net.Name}.{parameter.Path.Split('.')[0]}").Distinct().ToArray();
        var fix = near is not null ? $"write {net.Name}.{near}" : tops.Length > 0 ? $"there {(tops.Length == 1 ? "is" : "are")} {string.Join(", ", tops)}" : null;
        body.Report(DiagnosticTable.PatternMatchesNothing, pattern.Span, [], fix, body.Frame.Source.GetText(pattern.Span));
    }

    /// <summary>Which network a name is; null after a diagnostic.</summary>
    /// <param name="fix">What to write where no network has nearly this name.</param>
    public int? FindNet(Identifier name, string? fix)
    {
        var index = NetUse.IndexOf(nets, name.Text);
        if (index < nets.Count) return index;
        body.Report(DiagnosticTable.UnknownNet, name.Span, [], Spelling.Fix(name.Text, nets.Select(item => item.Name)) ?? fix, name.Text, $"; there {(nets.Count == 1 ? "is" : "are")} {string.Join(", ", nets.Select(item => item.Name))}");
        return null;
    }

    private static IEnumerable<string> Prefixes(string path)
    {
        var parts = path.Split('.');
        for (var count = 1; count <= parts.Length; count++) yield return string.Join(".", parts.Take(count));
    }
}
