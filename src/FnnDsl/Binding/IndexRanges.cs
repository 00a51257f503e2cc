using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// Finds how far each index runs. A bare index runs over the axis it indexes, and all its axes are equal; one that occurs only in sums such as
/// <c>2*i + u</c> runs as far as stays in bounds; a written range holds before all. Then everything is checked against bounds.
/// </summary>
internal sealed class IndexRanges(IIndexScope scope)
{
    private readonly List<RunningIndex> _indices = [];
    private readonly List<Use> _uses = [];

    // An index expression that does not by itself fix an index, and the axis it must stay in. Fixed: the index whose range it gave.
    private sealed record Use(AffineAccess Access, Size Axis, string Tensor)
    {
        public RunningIndex? Fixed { get; set; }
    }

    public void Add(RunningIndex index) => _indices.Add(index);

    /// <summary>Notes how far each index runs, for editors.</summary>
    public void Note()
    {
        foreach (var index in _indices.Where(index => index is { IsGroup: false, Sizes: not null })) scope.Note(index.Span, new SizeOperand(index.Size));
    }

    /// <summary>The group stands for these axes. False after a diagnostic.</summary>
    public bool Meet(RunningIndex group, EquatableArray<Size> sizes, EquatableArray<AxisNote> notes, TextSpan span)
    {
        if (group.Sizes is not { } known)
        {
            group.Fix(sizes, notes, span);
            return true;
        }
        if (known.Count == sizes.Count && known.Zip(sizes, scope.AreEqual).All(equal => equal)) return true;
        scope.Report(DiagnosticTable.IndexRangesDiffer, span, Labels(group), null, "...", $"[{string.Join(", ", sizes)}]", $"[{string.Join(", ", known)}]");
        return false;
    }

    /// <summary>An index expression stands on an axis. False after a diagnostic.</summary>
    public bool Meet(AffineAccess access, Size axis, AxisNote note, string tensor)
    {
        if (!access.IsBare || access.Parts[0].Index.HasWrittenRange)
        {
            if (access.Parts.FirstOrDefault(part => Sign(part.Coefficient) is null) is { Index: not null })
            {
                scope.Report(DiagnosticTable.IndexNotAffine, access.Span, Text(access.Span));
                return false;
            }
            _uses.Add(new Use(access, axis, tensor));
            return true;
        }
        var index = access.Parts[0].Index;
        if (index.Sizes is null)
        {
            index.Fix(EquatableArray<Size>.Own(axis), EquatableArray<AxisNote>.Own(note), access.Span);
            return true;
        }
        if (scope.AreEqual(index.Size, axis)) return true;
        var labels = Labels(index);
        if (note.Source is { } source) labels = labels.Append(new Label(source, $"{axis} comes from here"));
        scope.Report(DiagnosticTable.IndexRangesDiffer, access.Span, labels, null, index.Name, axis, index.Size);
        return false;
    }

    /// <summary>Fixes what is open and checks bounds. False after a diagnostic.</summary>
    public bool Solve()
    {
        while (_indices.Any(TryFix)) { }
        var isRight = true;
        foreach (var index in _indices.Where(index => index.Sizes is null))
        {
            isRight = false;
            var isUsed = _uses.Any(use => use.Access.Parts.Any(part => part.Index == index));
            scope.Report(DiagnosticTable.IndexRangeOpen, index.Span, [], $"write its range: {index.Name}: size", index.Name,
                index.IsGroup ? ": '...' indexes nothing" : isUsed ? ": several ranges would be in bounds" : ": it indexes nothing");
        }
        return isRight && _uses.Aggregate(true, (all, use) => Check(use) && all);
    }

    private bool TryFix(RunningIndex index)
    {
        if (index.Sizes is not null || index.IsGroup) return false;
        var uses = _uses.Where(use => use.Access.Parts.Any(part => part.Index == index)).ToArray();
        if (uses.Length == 0 || uses.Any(use => use.Access.Parts.Any(part => part.Index != index && part.Index.Sizes is null))) return false;

        var extents = uses.Select(use => Extent(use, index)).ToArray();
        var smallest = 0;
        for (var k = 1; k < extents.Length; k++)
        {
            if (!(extents[k] - extents[smallest]).TryGetConstant(out var difference)) return false;
            if (difference < 0) smallest = k;
        }
        foreach (var (use, extent) in uses.Zip(extents, (use, extent) => (use, extent)))
        {
            if (extent == extents[smallest]) use.Fixed = index;
        }
        index.Fix(EquatableArray<Size>.Own(extents[smallest]), EquatableArray<AxisNote>.Own(AxisNote.None), uses[smallest].Access.Span);
        return true;
    }

    // The largest number of values for which a use stays in its axis, the other indices at their worst.
    private static Size Extent(Use use, RunningIndex index)
    {
        var coefficient = use.Access.Parts.First(part => part.Index == index).Coefficient;
        var (low, high) = Bounds(use.Access, except: index);
        return Sign(coefficient) > 0
            ? Size.Divide(use.Axis - 1 - high, coefficient) + 1
            : Size.Divide(low, Size.Zero - coefficient) + 1;
    }

    // The smallest and the largest value.
    private static (Size Low, Size High) Bounds(AffineAccess access, RunningIndex? except = null)
    {
        var (low, high) = (access.Offset, access.Offset);
        foreach (var (index, coefficient) in access.Parts)
        {
            if (index == except) continue;
            var reach = coefficient * (index.Size - 1);
            if (Sign(coefficient) > 0) high += reach;
            else low += reach;
        }
        return (low, high);
    }

    private bool Check(Use use)
    {
        var (low, high) = Bounds(use.Access);
        var fixedSign = use.Fixed is { } index ? Sign(use.Access.Parts.First(part => part.Index == index).Coefficient) : 0;
        var text = Text(use.Access.Span);
        // Of the bound that fixed a range only this is open: whether it leaves anything.
        if (use.Fixed is { } from && !Demand(Size.One, from.Size, "too far", text, use)) return false;
        return (fixedSign < 0 || Demand(Size.Zero, low, "below 0", text, use)) && (fixedSign > 0 || Demand(high + 1, use.Axis, $"up to {high}", text, use));
    }

    private bool Demand(Size left, Size right, string reach, string text, Use use)
    {
        if ((right - left).TryGetConstant(out var slack))
        {
            if (slack >= 0) return true;
            var open = use.Access.Parts.Select(part => part.Index).FirstOrDefault(index => !index.HasWrittenRange);
            scope.Report(DiagnosticTable.IndexOutOfBounds, use.Access.Span, use.Access.Parts.SelectMany(part => Labels(part.Index)),
                open is null ? null : $"give '{open.Name}' a shorter range, as in {open.Name}: {open.Size + slack}", text, reach, use.Tensor, use.Axis);
            return false;
        }
        scope.RequireAtMost(left, right, $"{left} <= {right}", use.Access.Span);
        return true;
    }

    private IEnumerable<Label> Labels(RunningIndex index) =>
        index.Sizes is null ? [] : [new Label(scope.At(index.Source), $"'{index.Name}' gets {(index.IsGroup ? $"[{string.Join(", ", index.Sizes.Value)}]" : index.Size.ToString())} here")];

    // 1 or -1; null when it depends on axes in a way that leaves it open.
    private static int? Sign(Size size) =>
        size.Terms.Count > 0 && size.Terms.All(term => term.Coefficient > 0) ? 1 : size.Terms.Count > 0 && size.Terms.All(term => term.Coefficient < 0) ? -1 : null;

    private string Text(TextSpan span) => scope.At(span).Source.GetText(span);
}
