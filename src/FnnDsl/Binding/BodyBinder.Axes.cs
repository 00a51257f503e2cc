using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

// Slices, reshapes, transposes, members, and which axis a name or number means.
internal sealed partial class BodyBinder
{
    // ---- Slices -------------------------------------------------------------------------------------------------

    private Operand BindSubscript(SubscriptExpression subscript)
    {
        var target = Bind(subscript.Target);
        if (target is PoisonOperand) return Poison;
        if (target is ShapeOperand shapeValue) return SubscriptOfShape(subscript, shapeValue);
        if (target is not TensorOperand tensor) return Fail(DiagnosticTable.NotATensor, subscript.Target.Span, "a subscript", Describe(target));
        var ellipses = subscript.Subscripts.Count(item => item is EllipsisSubscript);
        if (ellipses > 1) return Fail(DiagnosticTable.EllipsisHere, subscript.Subscripts.Last(item => item is EllipsisSubscript).Span, "'...' stands once among subscripts");
        var given = subscript.Subscripts.Count - ellipses;
        if (given > tensor.Rank)
        {
            var added = subscript.Subscripts.OfType<IndexSubscript>().Select(item => item.Index).OfType<NameExpression>().FirstOrDefault(name => Lookup(name.Name) is null);
            Report(DiagnosticTable.TooManySubscripts, subscript.Span, AxisLabelsOf(tensor), added is null ? $"give {Count(tensor.Rank, "subscript")} at most" : ForeignNames.Value(added.Name), given, tensor.Type);
            return Poison;
        }

        SetOrigin(subscript.Span);
        var value = tensor.Value;
        var notes = tensor.Notes.ToList();
        var axis = 0;
        foreach (var item in subscript.Subscripts)
        {
            switch (item)
            {
                case EllipsisSubscript:
                    axis += tensor.Rank - given;
                    break;
                case RangeSubscript range:
                    if (BindRange(value, axis, range) is not { } sliced) return Poison;
                    if (sliced.Type.Shape != value.Type.Shape) notes[axis] = AxisNote.None;
                    value = sliced;
                    axis++;
                    break;
                case IndexSubscript index:
                    var operand = Bind(index.Index);
                    if (operand is PoisonOperand) return Poison;
                    // Arithmetic with the step of a loop: where that leads is seen when it runs.
                    if (operand is AdaptingOperand { IsInteger: true } and not StepOperand) operand = Adapt(operand, ElementType.I32, index.Span)!;
                    if (operand is TensorOperand places)
                    {
                        if (!places.Element.IsInteger()) return Fail(places, index.Span);
                        var checkedPlaces = CheckIndex(places.Value, value.Type.Shape[axis], TextOf(index.Span), index.Span);
                        value = Builder.Gather(value, checkedPlaces, axis);
                        notes.RemoveAt(axis);
                        notes.InsertRange(axis, places.Notes);
                        axis += places.Rank;
                        break;
                    }
                    if (BindPosition(operand, value.Type.Shape[axis], index.Span) is not { } position) return Poison;
                    value = Builder.ElementAt(value, axis, position);
                    notes.RemoveAt(axis);
                    break;
            }
        }
        return new TensorOperand(value, notes.ToEquatableArray()) { MadeBy = tensor.MadeBy };
    }

    // Where a mask keeps elements their number is known at run time only.
    private Operand Fail(TensorOperand index, TextSpan span)
    {
        Report(DiagnosticTable.ElementUnfit, span, [], index.Element == ElementType.Bool ? $"select({TextOf(span)}, x, 0) puts 0 where it does not hold" : $"write i32({TextOf(span)})", "an index", "integers", index.Type);
        return Poison;
    }

    private static IEnumerable<Label> AxisLabelsOf(TensorOperand tensor) => tensor.Shape.Zip(tensor.Notes, (size, note) => (size, note)).SelectMany(axis => AxisLabels(axis));

    private Operand SubscriptOfShape(SubscriptExpression subscript, ShapeOperand shape)
    {
        if (subscript.Subscripts.Count == 1 && subscript.Subscripts[0] is IndexSubscript index && TryNumber(Bind(index.Index), out var number, out var whole) && whole)
        {
            var position = number < 0 ? shape.Sizes.Count + (int)number : (int)number;
            if (position >= 0 && position < shape.Sizes.Count) return new SizeOperand(shape.Sizes[position]);
        }
        Report(DiagnosticTable.BadArgumentValue, subscript.Span, [], shape.Sizes.Count == 0 ? null : $"its axes are 0 to {shape.Sizes.Count - 1}, and -1 is the last", $"{Describe(shape)} has no axis '{string.Join(", ", subscript.Subscripts.Select(item => TextOf(item.Span)))}'");
        return Poison;
    }

    private Size? BindPosition(Operand operand, Size length, TextSpan span)
    {
        if (operand is StepOperand step)
        {
            RequireAtMost(step.Count, length, TextOf(span), span);
            return step.Step;
        }
        if (AsSize(operand) is not { } position) return FailSize(DiagnosticTable.NotASize, span, Describe(operand));
        var fromEnd = position.TryGetConstant(out var number) && number < 0;
        var place = fromEnd ? length + position : position;
        if (context.Facts.IsNotNegative(Size.Zero - place - Size.One) || context.Facts.IsNotNegative(place - length))
        {
            return FailSize(DiagnosticTable.IndexOutOfRange, span, TextOf(span), length);
        }
        var least = fromEnd ? Size.Zero - position : position + Size.One;
        if (!context.Facts.IsNotNegativeWhenEmpty(length - least)) AddSizeGuard(least, length, span);
        return RequireNotNegative(place, span);
    }

    private Value? BindRange(Value value, int axis, RangeSubscript range)
    {
        var length = value.Type.Shape[axis];
        long step = 1;
        if (range.Step is not null)
        {
            var stepOperand = Bind(range.Step);
            if (stepOperand is PoisonOperand) return null;
            if (!TryNumber(stepOperand, out var number, out var whole) || !whole || number == 0)
            {
                Report(DiagnosticTable.BadArgumentValue, range.Step.Span, "a step is a whole number other than 0, known at build");
                return null;
            }
            step = (long)number;
        }
        if (step < 0)
        {
            if (range.From is not null || range.To is not null)
            {
                Report(DiagnosticTable.BadArgumentValue, range.Span, "a step below 0 turns a whole axis round: write ::-1, and slice before or after");
                return null;
            }
            return Builder.Slice(value, axis, length - Size.One, Size.Divide(length - Size.One, -step) + Size.One, step);
        }
        if (BindBound(range.From, Size.Zero, length) is not { } from || BindBound(range.To, length, length) is not { } to) return null;
        if (!RequireSlice(Size.Zero, from, length, range) || !RequireSlice(from, to, length, range) || !RequireSlice(to, length, length, range)) return null;
        var count = step == 1 ? to - from : Size.Divide(to - from + (step - 1), step);
        return Builder.Slice(value, axis, from, count, step);
    }

    private bool RequireSlice(Size low, Size high, Size length, RangeSubscript range)
    {
        if (context.Facts.IsNotNegativeWhenEmpty(high - low)) return true;
        if (context.Facts.IsNotNegative(low - high - Size.One))
        {
            Report(DiagnosticTable.SliceOutOfRange, range.Span, TextOf(range.Span), length);
            return false;
        }
        AddSizeGuard(low, high, range.Span);
        return true;
    }

    private Size? BindBound(Expression? expression, Size missing, Size length)
    {
        if (expression is null) return missing;
        var operand = Bind(expression);
        if (operand is PoisonOperand) return null;
        if (operand is QuotientOperand quotient)
        {
            ReportQuotient(quotient, expression.Span);
            return null;
        }
        if (AsSize(operand) is not { } size) return FailSize(DiagnosticTable.NotASize, expression.Span, Describe(operand));
        return size.TryGetConstant(out var number) && number < 0 ? length + size : size;
    }

    // A size that can't be below 0, or not in calls that the program takes; null after a diagnostic.
    private Size? RequireNotNegative(Size size, TextSpan span)
    {
        if (context.Facts.IsNotNegativeWhenEmpty(size)) return size;
        if (context.Facts.IsNotNegative(Size.Zero - size - Size.One)) return FailSize(DiagnosticTable.SizeNotPositive, span, size);
        AddSizeGuard(Size.Zero, size, span);
        return size;
    }

    private void AddSizeGuard(Size left, Size right, TextSpan span)
    {
        // As one would write it: 1 <= time, and not 0 <= time - 1.
        Size less = right.Terms.Where(term => term.Factors.Count == 0 && term.Coefficient < 0).Select(term => -term.Coefficient).FirstOrDefault();
        (left, right) = (left + less, right + less);
        context.AddGuard(new BoundGuard($"{left} <= {right}", left, "<=", right, OriginOf(span)));
        context.Facts.AddNotNegative(right - left);
    }

    private Size? FailSize(DiagnosticRow row, TextSpan span, params object[] arguments)
    {
        Report(row, span, arguments);
        return null;
    }

    private string TextOf(TextSpan span) => frame.Source.GetText(span);

    // ---- Reshape ------------------------------------------------------------------------------------------------

    private Operand BindReshape(ReshapeExpression reshape)
    {
        var operand = Bind(reshape.Value);
        if (operand is PoisonOperand) return Poison;
        if (operand is not TensorOperand tensor) return Fail(DiagnosticTable.NotATensor, reshape.Value.Span, "'as'", Describe(operand));
        var sizes = new List<Size>();
        var notes = new List<AxisNote>();
        var ellipsis = -1;
        foreach (var axis in reshape.Axes)
        {
            if (axis is EllipsisAxis)
            {
                if (ellipsis >= 0) return Fail(DiagnosticTable.EllipsisHere, axis.Span, "'...' stands once in a shape");
                ellipsis = sizes.Count;
                continue;
            }
            var expression = ((SizeAxis)axis).Size;
            if (EvaluateSize(expression) is not { } size) return Poison;
            sizes.Add(size);
            notes.Add(NoteOf(expression));
        }
        var total = context.Facts.Normalize(tensor.Type.ElementCount);
        if (ellipsis > 0)
        {
            // Axes that stay are those in front; further behind it can only be what the signature's stands for.
            if (frame.Ellipsis is not { } carried) return Fail(DiagnosticTable.EllipsisHere, reshape.Span, "'...' stands first in a reshape: the axes that stay as they are");
            sizes.InsertRange(ellipsis, carried.Sizes);
            notes.InsertRange(ellipsis, carried.Notes);
        }
        if (ellipsis == 0)
        {
            var rest = Size.Product(sizes);
            // Where axes of size 1 leave a choice, the axes that stay are those that the signature calls so.
            var fitting = Enumerable.Range(0, tensor.Rank + 1).Where(k => AreEqual(Size.Product(tensor.Shape.Skip(k)), rest)).Select(k => (int?)k).ToArray();
            var carried = frame.Ellipsis?.Sizes;
            var kept = carried is { } own && fitting.Contains(own.Count) && tensor.Shape.Take(own.Count).Zip(own, AreEqual).All(same => same) ? own.Count : fitting.LastOrDefault();
            if (kept is null) return Fail(DiagnosticTable.ReshapeMismatch, reshape.Span, tensor.Type, total, "..., " + string.Join(", ", sizes), $"..., {rest}");
            sizes.InsertRange(0, tensor.Shape.Take(kept.Value));
            notes.InsertRange(0, tensor.Notes.Take(kept.Value));
        }
        var product = context.Facts.Normalize(Size.Product(sizes));
        if (!AreEqual(product, total))
        {
            Report(DiagnosticTable.ReshapeMismatch, reshape.Span, tensor.Shape.Zip(tensor.Notes, (size, note) => (size, note)).SelectMany(axis => AxisLabels(axis)), ReshapeFix(sizes.ToEquatableArray(), total),
                tensor.Type, total, string.Join(", ", sizes), product);
            return Poison;
        }
        SetOrigin(reshape.Span);
        var normal = Relabel(tensor.Value, tensor.Shape.Select(context.Facts.Normalize).ToEquatableArray());
        var shape = sizes.Select(context.Facts.Normalize).ToEquatableArray();
        return new TensorOperand(Builder.Reshape(normal, shape), notes.ToEquatableArray()) { MadeBy = tensor.MadeBy };
    }

    // ---- Members ------------------------------------------------------------------------------------------------

    private Operand BindMember(MemberExpression member)
    {
        var value = ValueOfMember(member);
        Note(member.Member.Span, value);
        return value;
    }

    private Operand ValueOfMember(MemberExpression member)
    {
        if (member.Target is NameExpression { Name: var prefix } && ForeignNames.IsPrefix(prefix) && Lookup(prefix) is null) return ForeignMember(member);
        var target = Bind(member.Target);
        switch (target)
        {
            case PoisonOperand: return Poison;
            case SolvedOperand solved when member.Member.Text == "residual":
                return new TensorOperand(solved.Residual, solved.Notes);
            case SolvedOperand solved when member.Member.Text == "converged":
                return new TensorOperand(solved.Converged, solved.Notes);
            case TensorOperand tensor when member.Member.Text == "T":
                if (tensor.Rank < 2) return Fail(DiagnosticTable.NoSuchAxis, member.Span, tensor.Type, "-2 to transpose");
                var permutation = Enumerable.Range(0, tensor.Rank).ToArray();
                (permutation[tensor.Rank - 1], permutation[tensor.Rank - 2]) = (tensor.Rank - 2, tensor.Rank - 1);
                return new TensorOperand(Builder.Transpose(tensor.Value, permutation), permutation.Select(axis => tensor.Notes[axis]).ToEquatableArray()) { MadeBy = tensor.MadeBy };
            case TensorOperand tensor when member.Member.Text == "shape":
                return new ShapeOperand(tensor.Shape, tensor.Notes);
            case InstanceOperand instance:
                return MemberOf(instance.Instance, member);
            default:
                var name = member.Member.Text;
                var function = Lookup(name) is CallableOperand or BuiltInOperand ? $"write {name}({TextOf(member.Target.Span)})" : null;
                Report(DiagnosticTable.UnknownMember, member.Member.Span, [], function ?? ForeignNames.Value(name), target is TensorOperand t ? t.Type.ToString() : Describe(target), name);
                return Poison;
        }
    }

    // nn.Linear, torch.where: the name without what stands before it, where the language has it.
    private Operand ForeignMember(MemberExpression member)
    {
        var name = member.Member.Text;
        var own = NamesInScope.FirstOrDefault(known => string.Equals(known, name, StringComparison.OrdinalIgnoreCase));
        Report(DiagnosticTable.UnknownName, member.Span, [], own is not null ? $"write {own}" : ForeignNames.Value(name) ?? Spelling.Fix(name, NamesInScope) ?? ForeignNames.Value("nn"), TextOf(member.Span));
        return Poison;
    }

    // ---- Which axis ---------------------------------------------------------------------------------------------

    /// <summary>The axis an argument means: by name where that is unambiguous, or by position (negative from the right). Null after a diagnostic.</summary>
    private int? ResolveAxis(Expression expression, TensorOperand tensor)
    {
        if (expression is NameExpression name && !(frame.Config.TryGetValue(name.Name, out var config) && config is NumberOperand))
        {
            var named = Enumerable.Range(0, tensor.Rank).Where(axis => tensor.Notes[axis].Name == name.Name).ToArray();
            if (named.Length == 1) return named[0];
            var found = Lookup(name.Name);
            if (found is PoisonOperand) return null;
            if (found is null)
            {
                var fix = Spelling.Fix(name.Name, tensor.Notes.Select(note => note.Name).OfType<string>().Concat(NamesInScope)) ?? $"name an axis of {tensor.Type}, or its position from 0";
                Report(DiagnosticTable.UnknownName, name.Span, [], fix, name.Name);
                return null;
            }
            if (found is SizeOperand size)
            {
                var candidates = named.Length > 1 ? named : Enumerable.Range(0, tensor.Rank).Where(axis => AreEqual(tensor.Shape[axis], size.Size)).ToArray();
                if (candidates.Length == 1) return candidates[0];
                if (candidates.Length == 0) Report(DiagnosticTable.NoSuchAxis, expression.Span, [], AxesFix(tensor), tensor.Type, $"'{name.Name}'");
                else Report(DiagnosticTable.AmbiguousAxis, expression.Span, tensor.Type, name.Name);
                return null;
            }
        }
        var operand = Bind(expression);
        if (operand is PoisonOperand) return null;
        if (!TryNumber(operand, out var number, out var whole) || !whole)
        {
            Report(DiagnosticTable.BadArgumentValue, expression.Span, $"an axis is its name or its position, but this is {Describe(operand)}");
            return null;
        }
        var position = number < 0 ? tensor.Rank + (int)number : (int)number;
        if (position >= 0 && position < tensor.Rank) return position;
        Report(DiagnosticTable.NoSuchAxis, expression.Span, [], AxesFix(tensor), tensor.Type, number);
        return null;
    }

    // Its axes by the names that they have here and by their positions.
    private static string AxesFix(TensorOperand tensor) => tensor.Rank == 0 ? "leave it out: this is one number and has no axes"
        : tensor.Rank == 1 ? $"write its only axis, {AxisText(tensor, 0)}"
        : $"write one of its axes: {string.Join(", ", Enumerable.Range(0, tensor.Rank).Select(axis => AxisText(tensor, axis)))}";

    private static string AxisText(TensorOperand tensor, int axis) => tensor.Notes[axis].Name is { } name ? $"{axis} ({name})" : axis.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
