using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

// concat, split and pad.
internal sealed partial class BodyBinder
{
    private Expression? AxisArgument(BuiltInCall call, int position) => (call.Named("axis") ?? call.Positional.Skip(position).FirstOrDefault())?.Syntax;

    public Operand BindConcat(BuiltInCall call)
    {
        if (!CheckNames(call, "axis")) return Poison;
        var first = call.Positional.FirstOrDefault();
        var operand = first?.Bind(this);
        if (operand is PoisonOperand) return Poison;
        if (operand is not TupleOperand { Items.Count: > 0 } tuple || AxisArgument(call, 1) is not { } axisSyntax)
        {
            var several = call.Positional.Select(argument => TextOf(argument.Span)).ToArray();
            Report(DiagnosticTable.MissingArgument, call.Span, [], operand is TensorOperand && several.Length > 2 ? $"write concat(({string.Join(", ", several.Take(several.Length - 1))}), {several[several.Length - 1]})" : null,
                call.Name, operand is TupleOperand ? "axis" : "(a, b)", "concat((a, b), axis)");
            return Poison;
        }
        var parts = new List<TensorOperand>();
        for (var k = 0; k < tuple.Items.Count; k++)
        {
            var span = first!.Syntax is TupleExpression syntax ? syntax.Items[k].Span : first.Span;
            if (tuple.Items[k] is not TensorOperand part) return Fail(DiagnosticTable.NotATensor, span, "'concat'", Describe(tuple.Items[k]));
            if (parts.Count > 0 && part.Element != parts[0].Element)
            {
                ReportMixing(call.Span, parts[0], first.Span, part, span);
                return Poison;
            }
            parts.Add(part);
        }
        if (ResolveAxis(axisSyntax, parts[0]) is not { } axis) return Poison;
        foreach (var part in parts.Skip(1))
        {
            if (part.Rank != parts[0].Rank) return Fail(DiagnosticTable.ShapeMismatch, call.Span, parts[0].Type, part.Type, "they have different numbers of axes");
            for (var k = 0; k < part.Rank; k++)
            {
                if (k == axis || AreEqual(part.Shape[k], parts[0].Shape[k])) continue;
                Report(DiagnosticTable.ShapeMismatch, call.Span, AxisLabels((parts[0].Shape[k], parts[0].Notes[k]), (part.Shape[k], part.Notes[k])), null,
                    parts[0].Type, part.Type, $"axis {k} is {parts[0].Shape[k]} here and {part.Shape[k]} there");
                return Poison;
            }
        }
        SetOrigin(call.Span);
        var values = parts.Select(part => Relabel(part.Value, part.Shape.Select((size, k) => k == axis ? size : parts[0].Shape[k]).ToEquatableArray())).ToArray();
        return new TensorOperand(Builder.Concat(values, axis), parts[0].Notes.Select((note, k) => k == axis ? AxisNote.None : note).ToEquatableArray());
    }

    public Operand BindSplit(BuiltInCall call)
    {
        if (!CheckNames(call, "axis", "n") || FirstTensor(call) is not { } x) return Poison;
        var countArgument = call.Named("n") ?? call.Positional.Skip(1).FirstOrDefault();
        if (countArgument is null || AxisArgument(call, 2) is not { } axisSyntax) return Fail(DiagnosticTable.MissingArgument, call.Span, call.Name, countArgument is null ? "n" : "axis", "split(x, n, axis)");
        var operand = countArgument.Bind(this);
        if (operand is PoisonOperand || ResolveAxis(axisSyntax, x) is not { } axis) return Poison;
        if (operand is TupleOperand lengths) return SplitAt(call, x, axis, lengths, countArgument);
        if (!TryNumber(operand, out var number, out var whole) || !whole || number < 1 || number > 1024)
        {
            return Fail(DiagnosticTable.BadArgumentValue, countArgument.Span, $"split makes 1 to 1024 parts, known at build, not {Describe(operand)}");
        }
        if (context.Facts.Divide(x.Shape[axis], (long)number) is not { } length)
        {
            Report(DiagnosticTable.CannotSplit, call.Span, AxisLabels((x.Shape[axis], x.Notes[axis])), null, x.Shape[axis], number);
            return Poison;
        }
        return Parts(x, axis, Enumerable.Repeat(length, (int)number));
    }

    // split(x, (a, b), axis): parts of given lengths.
    private Operand SplitAt(BuiltInCall call, TensorOperand x, int axis, TupleOperand lengths, CallArgument argument)
    {
        var sizes = lengths.Items.Select(AsSize).ToArray();
        if (sizes.Any(size => size is null)) return Fail(DiagnosticTable.NotASize, argument.Span, Describe(lengths.Items.First(item => AsSize(item) is null)));
        if (sizes.Any(size => RequireNotNegative(size!, argument.Span) is null)) return Poison;
        var total = sizes.Aggregate(Size.Zero, (sum, size) => sum + size!);
        return AreEqual(total, x.Shape[axis])
            ? Parts(x, axis, sizes!)
            : Fail(DiagnosticTable.BadArgumentValue, call.Span, $"the parts have {total} together, but the axis has {x.Shape[axis]}");
    }

    private Operand Parts(TensorOperand x, int axis, IEnumerable<Size> lengths)
    {
        var parts = new List<Operand>();
        var start = Size.Zero;
        var notes = x.Notes.Select((note, k) => k == axis ? note with { Name = null } : note).ToEquatableArray();
        foreach (var length in lengths)
        {
            parts.Add(new TensorOperand(Builder.Slice(x.Value, axis, start, length), notes) { MadeBy = x.MadeBy });
            start += length;
        }
        return parts.Count == 1 ? parts[0] : new TupleOperand(parts.ToEquatableArray());
    }

    public Operand BindPad(BuiltInCall call)
    {
        if (!CheckNames(call, "axes", "axis", "before", "after", "between", "value") || FirstTensor(call) is not { } x) return Poison;
        var given = (call.Named("axes") ?? call.Named("axis")) is { } named ? [named] : call.Positional.Skip(1).ToArray();
        var syntax = given.SelectMany(argument => Items(argument.Syntax)).ToArray();
        if (syntax.Length == 0) return Fail(DiagnosticTable.MissingArgument, call.Span, call.Name, "axes", "pad(x, axes: (h, w), before: 1, after: 1)");
        var axes = new List<int>();
        foreach (var item in syntax)
        {
            if (ResolveAxis(item, x) is not { } axis) return Poison;
            axes.Add(axis);
        }
        if (PadSizes(call, "before", x.Rank, axes) is not { } before || PadSizes(call, "after", x.Rank, axes) is not { } after || PadSizes(call, "between", x.Rank, axes) is not { } between) return Poison;
        var number = 0.0;
        if (call.Named("value") is { } value)
        {
            var operand = value.Bind(this);
            if (operand is PoisonOperand) return Poison;
            if (operand is BoolOperand truth && x.Element == ElementType.Bool) number = truth.Truth ? 1 : 0;
            else if (!TryNumber(operand, out number, out _)) return Fail(DiagnosticTable.NotBuildTime, value.Span, "what 'pad' fills in", Describe(operand));
        }
        SetOrigin(call.Span);
        var padded = Builder.Pad(x.Value, before, after, between, number);
        return new TensorOperand(padded, x.Notes.Select((note, k) => axes.Contains(k) ? AxisNote.None : note).ToEquatableArray());
    }

    // One size for all padded axes, or a tuple with one for each.
    private EquatableArray<Size>? PadSizes(BuiltInCall call, string name, int rank, List<int> axes)
    {
        var sizes = Enumerable.Repeat(Size.Zero, rank).ToArray();
        if (call.Named(name) is not { } argument) return sizes.ToEquatableArray();
        var operand = argument.Bind(this);
        if (operand is PoisonOperand) return null;
        var items = operand is TupleOperand tuple ? tuple.Items.ToArray() : axes.Select(_ => operand).ToArray();
        if (items.Length != axes.Count)
        {
            Report(DiagnosticTable.BadArgumentValue, argument.Span, $"{items.Length} sizes for {Count(axes.Count, "axis").Replace("axiss", "axes")}");
            return null;
        }
        for (var k = 0; k < items.Length; k++)
        {
            if (ToSize(items[k], argument.Syntax) is not { } size) return null;
            sizes[axes[k]] = size;
        }
        return sizes.ToEquatableArray();
    }
}
