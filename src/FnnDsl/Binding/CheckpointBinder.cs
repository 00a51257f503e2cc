using System.Globalization;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>Checks another project's names of a model's weights: every weight and buffer has one, once. This version makes no code of it.</summary>
internal sealed class CheckpointBinder(ModuleScope scope, DiagnosticBag diagnostics, CheckpointSymbol symbol)
{
    private readonly SymbolReports _reports = new(symbol, diagnostics);

    private CheckpointDeclaration Declaration => symbol.Declaration;

    public void Check()
    {
        if (NetUse.FindModel(scope, diagnostics, symbol, Declaration.Name.Text, Declaration.Model) is not { } model) return;
        var bound = scope.Bound(model);
        if (bound.Result is null) return;
        var storage = bound.Storage;
        var names = storage.Parameters.Concat(storage.Buffers).Select(item => item.Path).ToArray();
        var covered = new Dictionary<string, CheckpointEntry>(StringComparer.Ordinal);
        var theirs = new Dictionary<string, CheckpointEntry>(StringComparer.Ordinal);
        foreach (var entry in Declaration.Entries) Cover(entry, names, covered, theirs);
        if (diagnostics.HasErrors) return;
        var left = names.Where(name => !covered.ContainsKey(name)).ToArray();
        if (left.Length > 0)
        {
            _reports.Add(DiagnosticTable.NameMissing, Declaration.Name.Span, $"add {left[0]} = \"…\"", Declaration.Model.Text, $"'{left[0]}'" + (left.Length > 1 ? $" and {left.Length - 1} more" : ""));
            return;
        }
        _reports.Add(DiagnosticTable.NotCompiledYet, Declaration.Name.Span, null, "checkpoint", "give parameters other names with 'named'");
    }

    private void Cover(CheckpointEntry entry, IReadOnlyList<string> names, Dictionary<string, CheckpointEntry> covered, Dictionary<string, CheckpointEntry> theirs)
    {
        var matches = names.Select(name => (Name: name, Holes: Match(entry, name))).Where(item => item.Holes is not null).ToArray();
        var span = entry.Parts[0].Span.Cover(entry.Parts[entry.Parts.Count - 1].Span);
        if (matches.Length == 0)
        {
            var written = string.Join(".", entry.Parts.Select(part => part.Text));
            _reports.Add(DiagnosticTable.PatternMatchesNothing, span, Spelling.Fix(written, names), written);
            return;
        }
        foreach (var (name, holes) in matches)
        {
            if (covered.TryGetValue(name, out var first))
            {
                _reports.Add(DiagnosticTable.NamedTwice, span, "leave one of them out", (first.Span, "the first"), name);
                return;
            }
            covered.Add(name, entry);
            var other = holes!.Aggregate(entry.Theirs.Value, (text, hole) => text.Replace(hole.Key, hole.Value));
            if (other.IndexOf('{') >= 0)
            {
                _reports.Add(DiagnosticTable.BadCheckpointName, entry.Theirs.Span, null, $"nothing on the left gives a value to {other.Substring(other.IndexOf('{')).Split('}')[0]}}}");
                return;
            }
            if (theirs.TryGetValue(other, out var taken))
            {
                _reports.Add(DiagnosticTable.NamedTwice, entry.Theirs.Span, "two weights can't have one place in a file", (taken.Theirs.Span, "taken here"), other);
                return;
            }
            theirs.Add(other, entry);
        }
        if (entry.Other is { } alternative && !names.Contains(string.Join(".", alternative.Parts.Select(part => part.Text))))
        {
            var written = symbol.Source.GetText(alternative.Span);
            _reports.Add(DiagnosticTable.PatternMatchesNothing, alternative.Span, Spelling.Fix(written, names), written);
        }
    }

    /// <summary>What the holes of an entry stand for in a name; null where it does not match.</summary>
    private static Dictionary<string, string>? Match(CheckpointEntry entry, string name)
    {
        var parts = name.Split('.');
        if (parts.Length != entry.Parts.Count) return null;
        var holes = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var k = 0; k < parts.Length; k++)
        {
            var wanted = entry.Parts[k].Text;
            if (wanted[0] != '{')
            {
                if (wanted != parts[k]) return null;
                continue;
            }
            var isNumber = int.TryParse(parts[k], NumberStyles.None, CultureInfo.InvariantCulture, out _);
            if (!isNumber || (holes.TryGetValue(wanted, out var known) && known != parts[k])) return null;
            holes[wanted] = parts[k];
        }
        return holes;
    }
}
