using System.Globalization;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Diagnostics;

/// <summary>
/// Takes away what comments turn off, and adds a hint for each comment that turns nothing off. It runs once everything has been found, over all files, and never
/// inside of what is compiled: so a comment has its effect however little of the rest is compiled again.
/// </summary>
public static class IgnoreComments
{
    public static EquatableArray<Diagnostic> Apply(IEnumerable<IgnoreComment> comments, EquatableArray<Diagnostic> found)
    {
        var all = comments.ToArray();
        if (all.Length == 0) return found;
        var ignored = new HashSet<Diagnostic>();
        var idle = new DiagnosticBag();
        // With errors about, what a line would report besides may not have been found.
        var isComplete = found.All(diagnostic => diagnostic.Severity != Severity.Error);
        foreach (var comment in all) Apply(comment, found, isComplete, ignored, idle);
        var left = new DiagnosticBag();
        left.AddRange(found.Where(diagnostic => !ignored.Contains(diagnostic)));
        left.AddRange(idle.ToArray());
        return left.ToArray();
    }

    private static void Apply(IgnoreComment comment, EquatableArray<Diagnostic> found, bool isComplete, HashSet<Diagnostic> ignored, DiagnosticBag idle)
    {
        if (!comment.IsMarked)
        {
            Report(idle, comment.Location, $"write // fnn: ignore {string.Join(", ", comment.Codes.Select(code => code.Text))}", "it begins without 'fnn:'");
            return;
        }
        if (comment.Word != IgnoreComment.Ignore)
        {
            Report(idle, comment.Location, $"write {IgnoreComment.Ignore}", $"it says '{comment.Word}'");
            return;
        }
        if (comment.Codes.Count == 0) Report(idle, comment.Location, "write the codes: // fnn: ignore FNN6001", "it names no code");
        foreach (var code in comment.Codes)
        {
            if (DiagnosticTable.Find(code.Text) is not { } row)
            {
                var codes = DiagnosticTable.All.Where(other => other.Severity != Severity.Error).Select(other => other.Code);
                Report(idle, code.Location, Spelling.Fix(code.Text, codes), $"there is no code '{code.Text}'");
            }
            else if (row.Severity == Severity.Error)
            {
                Report(idle, code.Location, "mend what the error is about, and remove the comment", $"{row.Code} is an error, and only hints and warnings can be ignored");
            }
            else
            {
                var hits = found.Where(diagnostic => diagnostic.Row == row && IsAbout(comment, diagnostic.Location)).ToArray();
                ignored.UnionWith(hits);
                if (hits.Length > 0 || !isComplete) continue;
                var place = comment.Line is { } line ? string.Format(CultureInfo.InvariantCulture, "line {0} has no {1}", line + 1, row.Code) : "no line follows it";
                Report(idle, code.Location, "remove it", place);
            }
        }
    }

    private static bool IsAbout(IgnoreComment comment, Location place) =>
        comment.Location.Source == place.Source && comment.Line == place.Source.GetPosition(place.Span.Start).Line;

    private static void Report(DiagnosticBag idle, Location place, string? fix, string why) =>
        idle.Report(DiagnosticTable.IdleIgnore, place, fix, EquatableArray<Label>.Empty, why);
}
