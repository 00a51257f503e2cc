using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

// Operators: build-time arithmetic over numbers and sizes, and elementwise operators over tensors with broadcasting.
internal sealed partial class BodyBinder
{
    private static readonly Dictionary<BinaryOperator, (string Sign, ScalarOperator Row)> Rows = new()
    {
        [BinaryOperator.Add] = ("+", OperatorTable.Add),
        [BinaryOperator.Subtract] = ("-", OperatorTable.Sub),
        [BinaryOperator.Multiply] = ("*", OperatorTable.Mul),
        [BinaryOperator.Divide] = ("/", OperatorTable.Div),
        [BinaryOperator.Remainder] = ("%", OperatorTable.Rem),
        [BinaryOperator.Power] = ("^", OperatorTable.Pow),
        [BinaryOperator.Less] = ("<", OperatorTable.Less),
        [BinaryOperator.LessOrEqual] = ("<=", OperatorTable.LessOrEqual),
        [BinaryOperator.Greater] = (">", OperatorTable.Greater),
        [BinaryOperator.GreaterOrEqual] = (">=", OperatorTable.GreaterOrEqual),
        [BinaryOperator.Equal] = ("==", OperatorTable.Equal),
        [BinaryOperator.NotEqual] = ("!=", OperatorTable.NotEqual),
        [BinaryOperator.And] = ("and", OperatorTable.And),
        [BinaryOperator.Or] = ("or", OperatorTable.Or),
    };

    private Operand BindBinary(BinaryExpression binary)
    {
        var left = Bind(binary.Left);
        // What is decided by the left side alone leaves the right side alone: 'training and rate > 0'.
        if (left is BoolOperand truth && (binary.Operator, truth.Truth) is (BinaryOperator.And, false) or (BinaryOperator.Or, true)) return left;
        var right = Bind(binary.Right);
        if (left is PoisonOperand || right is PoisonOperand) return Poison;
        return binary.Operator == BinaryOperator.MatrixMultiply ? MatrixProduct(binary, left, right) : Binary(binary, left, right);
    }

    public Operand Binary(BinaryExpression expression, Operand left, Operand right)
    {
        if (left is PoisonOperand || right is PoisonOperand) return Poison;
        if (expression.Operator == BinaryOperator.MatrixMultiply) return MatrixProduct(expression, left, right);
        var (sign, row) = Rows[expression.Operator];
        foreach (var operand in new[] { left, right })
        {
            if (operand is TensorOperand or NumberOperand or SizeOperand or QuotientOperand or AdaptingOperand or BoolOperand) continue;
            Report(DiagnosticTable.OperandKind, expression.Span, sign, Describe(operand));
            return Poison;
        }
        if (left is not TensorOperand && right is not TensorOperand) return BuildTimeBinary(expression, sign, row, left, right);
        if (row == OperatorTable.Div && left is TensorOperand or NumberOperand or SizeOperand && right is TensorOperand or NumberOperand or SizeOperand
            && ((left as TensorOperand)?.Element ?? (right as TensorOperand)!.Element).IsInteger())
        {
            var element = ((left as TensorOperand)?.Element ?? (right as TensorOperand)!.Element).Text();
            Report(DiagnosticTable.IntegerDivision, expression.Span, [], "write f32(a) / f32(b), or div(a, b) to round down", element);
            return Poison;
        }
        if (row == OperatorTable.Pow && left is TensorOperand x && TryNumber(right, out var exponent, out _) && exponent is 1 or 2 or 3)
        {
            SetOrigin(expression.Span);
            var square = exponent == 1 ? x : ApplyRow(OperatorTable.Mul, sign, expression.Span, [x, x], [expression.Left, expression.Left]);
            return exponent == 3 && square is TensorOperand ? ApplyRow(OperatorTable.Mul, sign, expression.Span, [square, x], [expression.Left, expression.Left]) : square;
        }
        return ApplyRow(row, sign, expression.Span, [left, right], [expression.Left, expression.Right]);
    }

    public Operand Unary(UnaryExpression expression, Operand operand)
    {
        if (expression.Operator == UnaryOperator.Not)
        {
            return operand switch
            {
                PoisonOperand => Poison,
                BoolOperand truth => new BoolOperand(!truth.Truth),
                TensorOperand => ApplyRow(OperatorTable.Not, "not", expression.Span, [operand], [expression.Operand]),
                _ => Fail(DiagnosticTable.OperandKind, expression.Span, "not", Describe(operand)),
            };
        }
        return operand switch
        {
            PoisonOperand => Poison,
            NumberOperand number => number with { Number = -number.Number },
            SizeOperand size => new SizeOperand(Size.Zero - size.Size),
            QuotientOperand quotient => new QuotientOperand(Size.Zero - quotient.Left, quotient.Right),
            AdaptingOperand adapting => new AdaptingOperand(element => -adapting.Make(element)) { IsInteger = adapting.IsInteger },
            TensorOperand => ApplyRow(OperatorTable.Neg, "-", expression.Span, [operand], [expression.Operand]),
            _ => Fail(DiagnosticTable.OperandKind, expression.Span, "-", Describe(operand)),
        };
    }

    private Operand Fail(DiagnosticRow row, TextSpan span, params object[] arguments)
    {
        Report(row, span, arguments);
        return Poison;
    }

    // ---- Build time ---------------------------------------------------------------------------------------------

    private Operand BuildTimeBinary(BinaryExpression expression, string sign, ScalarOperator row, Operand left, Operand right)
    {
        if (left is BoolOperand a && right is BoolOperand b)
        {
            return expression.Operator switch
            {
                BinaryOperator.And => new BoolOperand(a.Truth && b.Truth),
                BinaryOperator.Or => new BoolOperand(a.Truth || b.Truth),
                BinaryOperator.Equal => new BoolOperand(a.Truth == b.Truth),
                BinaryOperator.NotEqual => new BoolOperand(a.Truth != b.Truth),
                _ => Fail(DiagnosticTable.OperandKind, expression.Span, sign, "true or false"),
            };
        }
        if (left is BoolOperand || right is BoolOperand || row.Typing == OperatorTyping.Logical)
        {
            return Fail(DiagnosticTable.OperandKind, expression.Span, sign, Describe(left is BoolOperand ? right : left));
        }
        if (AsSize(left) is { } l && AsSize(right) is { } r)
        {
            if (row.Typing == OperatorTyping.Comparison) return CompareSizes(expression.Operator, row, l, r);
            var bothNumbers = left is NumberOperand && right is NumberOperand;
            if (SizeArithmetic(expression.Operator, l, r, expression.Span) is { } size) return bothNumbers ? new NumberOperand(size.Value, true) : new SizeOperand(size);
            if (expression.Operator == BinaryOperator.Divide && !r.IsZero && !bothNumbers) return new QuotientOperand(l, r);
        }
        if (TryNumber(left, out var x, out _) && TryNumber(right, out var y, out _))
        {
            var result = Told(row.Evaluate([x, y]), [x, y], expression.Span);
            return row.Typing == OperatorTyping.Comparison ? new BoolOperand(result != 0) : new NumberOperand(result, false);
        }
        if (row.Typing == OperatorTyping.Comparison)
        {
            return new TensorOperand(Builder.Apply(row, MakeNumber(left, ElementType.F32), MakeNumber(right, ElementType.F32)));
        }
        var isInteger = IsInteger(left) && IsInteger(right) && expression.Operator is BinaryOperator.Add or BinaryOperator.Subtract or BinaryOperator.Multiply;
        return new AdaptingOperand(element => Builder.Apply(row, MakeNumber(left, element), MakeNumber(right, element))) { IsInteger = isInteger };
    }

    private static bool IsInteger(Operand operand) => operand is SizeOperand or NumberOperand { IsInteger: true } or AdaptingOperand { IsInteger: true };

    private Size? SizeArithmetic(BinaryOperator op, Size left, Size right, TextSpan span)
    {
        switch (op)
        {
            case BinaryOperator.Add: return left + right;
            case BinaryOperator.Subtract: return left - right;
            case BinaryOperator.Multiply: return left * right;
            case BinaryOperator.Divide: return context.Facts.Divide(left, right) is { } quotient ? Divided(quotient, right, span) : null;
            case BinaryOperator.Remainder when !right.IsZero:
                return context.Facts.Divide(left, right) is not null ? Size.Zero : Divided(Size.Remainder(context.Facts.Normalize(left), context.Facts.Normalize(right)), right, span);
            case BinaryOperator.Power when right.TryGetConstant(out var exponent) && exponent is >= 0 and <= 16:
                return Enumerable.Repeat(left, (int)exponent).Aggregate(Size.One, (product, factor) => product * factor);
            default: return null;
        }
    }

    // What a division of sizes gives, in calls in which it divides by something.
    private Size Divided(Size result, Size divisor, TextSpan span)
    {
        var isDivided = result.Terms.Any(term => term.Factors.Any(factor => factor is not Size.NamedAtom));
        if (isDivided && !divisor.IsConstant && !context.Facts.IsNotNegativeWhenEmpty(divisor - Size.One)) AddSizeGuard(Size.One, divisor, span);
        return result;
    }

    private Operand CompareSizes(BinaryOperator op, ScalarOperator row, Size left, Size right)
    {
        if (Decide(op, left, right) is { } truth) return new BoolOperand(truth);
        return new TensorOperand(Builder.Apply(row, Builder.SizeValue(left, ElementType.I32), Builder.SizeValue(right, ElementType.I32)));
    }

    /// <summary>Whether a comparison of sizes holds, as far as that is known; else null.</summary>
    private bool? Decide(BinaryOperator op, Size left, Size right)
    {
        var facts = context.Facts;
        bool? AtMost(Size a, Size b) => facts.IsNotNegative(b - a) ? true : facts.IsNotNegative(a - b - Size.One) ? false : null;
        bool? Same() => facts.AreEqual(left, right) ? true : facts.IsNotNegative(left - right - Size.One) || facts.IsNotNegative(right - left - Size.One) ? false : null;
        return op switch
        {
            BinaryOperator.LessOrEqual => AtMost(left, right),
            BinaryOperator.GreaterOrEqual => AtMost(right, left),
            BinaryOperator.Less => AtMost(left + Size.One, right),
            BinaryOperator.Greater => AtMost(right + Size.One, left),
            BinaryOperator.Equal => Same(),
            BinaryOperator.NotEqual => !Same(),
            _ => null,
        };
    }

    /// <summary>A size, or a whole number as one; null for anything else.</summary>
    internal static Size? AsSize(Operand operand) => operand switch
    {
        SizeOperand size => size.Size,
        NumberOperand { IsInteger: true, Number: > -1e15 and < 1e15 } number => (long)number.Number,
        _ => null,
    };

    internal static bool TryNumber(Operand operand, out double number, out bool isInteger)
    {
        (number, isInteger) = (0, false);
        switch (operand)
        {
            case NumberOperand literal:
                (number, isInteger) = (literal.Number, literal.IsInteger);
                return true;
            case SizeOperand size when size.Size.TryGetConstant(out var known):
                (number, isInteger) = (known, true);
                return true;
            case QuotientOperand quotient when quotient.Left.TryGetConstant(out var left) && quotient.Right.TryGetConstant(out var right) && right != 0:
                number = (double)left / right;
                return true;
            default: return false;
        }
    }

    private Value MakeNumber(Operand operand, ElementType element)
    {
        if (TryNumber(operand, out var number, out _)) return Builder.Constant(number, element);
        return operand switch
        {
            SizeOperand size => Builder.SizeValue(size.Size, element),
            QuotientOperand quotient => Builder.SizeValue(quotient.Left, element) / Builder.SizeValue(quotient.Right, element),
            AdaptingOperand adapting => adapting.Make(element),
            BoolOperand truth => Builder.Constant(truth.Truth ? 1 : 0, element),
            _ => throw new ArgumentException($"{operand.Kind} is no number.", nameof(operand)),
        };
    }

    // ---- Tensors ------------------------------------------------------------------------------------------------

    public TensorOperand? Adapt(Operand operand, ElementType element, TextSpan span)
    {
        switch (operand)
        {
            case PoisonOperand: return null;
            case TensorOperand tensor when tensor.Element == element: return tensor;
            case TensorOperand { Filled: { } value } tensor when Takes(element, value):
                return tensor with { Value = Builder.Broadcast(MakeNumber(value, element), tensor.Shape) };
            case TensorOperand tensor:
                Report(DiagnosticTable.ElementMismatch, span, [], ConversionFix(span, element), tensor.Type, element.Text(), tensor.Element.Text(), element.Text());
                return null;
            case BoolOperand truth when element == ElementType.Bool:
                return new TensorOperand(Builder.Constant(truth.Truth ? 1 : 0, element));
            case NumberOperand or SizeOperand or QuotientOperand or AdaptingOperand when element != ElementType.Bool:
                if (!Takes(element, operand))
                {
                    Report(DiagnosticTable.NumberUnfit, span, Describe(operand), element.Text());
                    return null;
                }
                var formula = TryNumber(operand, out var literal, out _) ? new NumberReduction(literal) : null;
                return new TensorOperand(MakeNumber(operand, element)) { Formula = formula };
            case NumberOperand or SizeOperand or QuotientOperand or AdaptingOperand or BoolOperand:
                Report(DiagnosticTable.NumberUnfit, span, Describe(operand), element.Text());
                return null;
            default:
                Report(DiagnosticTable.NotATensor, span, [], UseFix(operand, span), "this place", Describe(operand));
                return null;
        }
    }

    private static bool Takes(ElementType element, Operand number) => element != ElementType.Bool
        && (element.IsFloat() || number is SizeOperand or AdaptingOperand { IsInteger: true } || (TryNumber(number, out var known, out _) && known == Math.Floor(known) && Math.Abs(known) < 1e15));

    // A layer that was made is often taken for what it gives.
    private string? UseFix(Operand operand, TextSpan span) => operand is InstanceOperand ? $"use it on a tensor: {TextOf(span)}(x)" : null;

    private string? ConversionFix(TextSpan span, ElementType element)
    {
        if (frame.IsLibrary) return null;
        var text = frame.Source.GetText(span);
        return text.Length <= 40 && text.IndexOf('\n') < 0 ? $"write {element.Text()}({text})" : $"convert with {element.Text()}(...)";
    }

    /// <summary>A row of the operator table on operands: element types unified, numbers adapted, shapes broadcast.</summary>
    /// <param name="syntax">The operands' expressions, for messages; may be shorter.</param>
    private Operand ApplyRow(ScalarOperator row, string name, TextSpan span, IReadOnlyList<Operand> operands, IReadOnlyList<Expression> syntax)
    {
        if (operands.Any(operand => operand is PoisonOperand)) return Poison;
        CheckZeros(row, operands, span);
        if (operands.Count == 1) CheckAppliedTwice(name, operands[0], span);
        TextSpan SpanOf(int k) => k < syntax.Count ? syntax[k].Span : span;

        var begin = row.Typing == OperatorTyping.Select ? 1 : 0;
        var decided = -1;
        for (var k = begin; k < operands.Count; k++)
        {
            // The first tensor, but one that is filled with a number only where there is no other.
            if (operands[k] is TensorOperand tensor && (decided < 0 || (tensor.Filled is null && operands[decided] is TensorOperand { Filled: not null }))) decided = k;
        }
        var isLogical = row.Typing == OperatorTyping.Logical;
        var element = isLogical ? ElementType.Bool
            : decided >= 0 ? ((TensorOperand)operands[decided]).Element
            : operands.Skip(begin).All(operand => operand is BoolOperand) ? ElementType.Bool : Float;

        var tensors = new TensorOperand[operands.Count];
        for (var k = 0; k < operands.Count; k++)
        {
            if (k < begin || isLogical)
            {
                if (operands[k] is not (TensorOperand { Element: ElementType.Bool } or BoolOperand))
                {
                    Report(DiagnosticTable.ElementUnfit, SpanOf(k), [], operands[k] is TensorOperand ? $"compare it: {Grouped(SpanOf(k))} > 0" : null, name, "bool", Describe(operands[k]));
                    return Poison;
                }
                tensors[k] = Adapt(operands[k], ElementType.Bool, SpanOf(k))!;
                continue;
            }
            if (operands[k] is TensorOperand other && other.Element != element && !(other.Filled is { } value && Takes(element, value)))
            {
                ReportMixing(span, (TensorOperand)operands[decided], SpanOf(decided), other, SpanOf(k));
                return Poison;
            }
            if (Adapt(operands[k], element, SpanOf(k)) is not { } adapted) return Poison;
            tensors[k] = adapted;
        }
        if (ElementTyping.Result(row, tensors.Select(tensor => tensor.Element).ToArray()) is null)
        {
            var wanted = row.Typing == OperatorTyping.Float ? "a float" : "numbers";
            Report(DiagnosticTable.ElementUnfit, SpanOf(Math.Max(decided, 0)), [], row.Typing == OperatorTyping.Float ? ConversionFix(SpanOf(Math.Max(decided, 0)), ElementType.F32) : null,
                name, wanted, tensors[begin].Type);
            return Poison;
        }
        if (!TryBroadcast(tensors, span, out var shape, out var notes, () => tensors.Length == 2 && syntax.Count == 2 ? BroadcastFix(row, tensors[0], syntax[0].Span, tensors[1], syntax[1].Span) : null)) return Poison;
        SetOrigin(span);
        var inputs = tensors.Select(tensor => tensor.Rank == 0 ? tensor.Value : BroadcastTo(tensor.Value, shape)).ToArray();
        var result = Builder.Apply(row, inputs);
        if (result.Type.Rank < shape.Count) result = Builder.Broadcast(result, shape);
        return new TensorOperand(result, notes)
        {
            MadeBy = operands.Count == 1 ? MadeHere(name, span) : null,
            Formula = shape.Count == 0 && tensors.All(tensor => tensor.Formula is not null) && tensors.Any(tensor => tensor.Formula is not NumberReduction)
                ? new AppliedReduction(row, tensors.Select(tensor => tensor.Formula!).ToEquatableArray())
                : null,
        };
    }

    // x * w for x @ w, and x - mean(x, -1) without keep.
    private string? BroadcastFix(ScalarOperator row, TensorOperand left, TextSpan leftSpan, TensorOperand right, TextSpan rightSpan)
    {
        if (row == OperatorTable.Mul && left.Rank >= 1 && right.Rank == 2 && AreEqual(left.Shape[left.Rank - 1], right.Shape[0])) return $"for the matrix product write {TextOf(leftSpan)} @ {TextOf(rightSpan)}";
        var (small, smallSpan, large) = left.Rank < right.Rank ? (left, leftSpan, right) : (right, rightSpan, left);
        if (small.Rank == 0 || small.Rank != large.Rank - 1) return null;
        var lost = Enumerable.Range(0, large.Rank).Where(axis => small.Shape.Zip(large.Shape.Where((_, k) => k != axis), AreEqual).All(same => same)).Select(axis => (int?)axis).LastOrDefault();
        if (lost is not { } at) return null;
        var shape = small.Shape.Take(at).Append(Size.One).Concat(small.Shape.Skip(at));
        return $"write {Grouped(smallSpan)} as [{string.Join(", ", shape)}], which goes along axis {at}; a reduction keeps its axis with keep: true";
    }

    private string Grouped(TextSpan span) => TextOf(span) is var text && text.All(character => char.IsLetterOrDigit(character) || character is '_' or '.') ? text : text.EndsWith(")", StringComparison.Ordinal) ? text : $"({text})";

    private void ReportMixing(TextSpan span, TensorOperand left, TextSpan leftSpan, TensorOperand right, TextSpan rightSpan)
    {
        // The correction converts towards the float, and bool towards anything else.
        var (from, to) = Rank(left.Element) < Rank(right.Element) ? (leftSpan, right.Element) : (rightSpan, left.Element);
        Report(DiagnosticTable.ElementMismatch, span, [], ConversionFix(from, to), left.Type, right.Type, left.Element.Text(), right.Element.Text());

        static int Rank(ElementType element) => element switch { ElementType.Bool => 0, ElementType.I32 => 1, ElementType.I64 => 2, ElementType.F32 => 3, _ => 4 };
    }

    /// <summary>A value under another shape that is provably the same, or broadcasts to it.</summary>
    private Value BroadcastTo(Value value, EquatableArray<Size> shape)
    {
        var own = value.Type.Shape;
        var offset = shape.Count - own.Count;
        var same = own.Select((size, axis) => size.IsOne && !shape[offset + axis].IsOne ? size : shape[offset + axis]).ToEquatableArray();
        if (same != own) value = Relabel(value, same);
        return Builder.Broadcast(value, shape);
    }

    /// <summary>The same elements where a condition says that sizes of different form are equal.</summary>
    private Value Relabel(Value value, EquatableArray<Size> shape) => value.Type.Shape == shape
        ? value
        : Builder.View(value, shape, Enumerable.Range(0, shape.Count)
            .Select(axis => new AffineIndex(Size.Zero, Enumerable.Range(0, shape.Count).Select(k => k == axis ? Size.One : Size.Zero).ToEquatableArray())).ToEquatableArray());

    /// <summary>The common shape by position from the right: sizes equal, or the literal 1, or missing.</summary>
    private bool TryBroadcast(IReadOnlyList<TensorOperand> tensors, TextSpan span, out EquatableArray<Size> shape, out EquatableArray<AxisNote> notes, Func<string?>? fix = null)
    {
        var rank = tensors.Max(tensor => tensor.Rank);
        var sizes = new Size[rank];
        var found = new AxisNote[rank];
        var owner = new TensorOperand?[rank];
        (shape, notes) = (default, default);
        foreach (var tensor in tensors)
        {
            for (var k = 1; k <= tensor.Rank; k++)
            {
                var size = tensor.Shape[tensor.Rank - k];
                var note = tensor.Notes[tensor.Rank - k];
                var at = rank - k;
                if (owner[at] is null || (sizes[at].IsOne && !size.IsOne))
                {
                    (sizes[at], found[at], owner[at]) = (size, note, tensor);
                    continue;
                }
                if (size.IsOne && !sizes[at].IsOne) continue;
                if (!AreEqual(size, sizes[at]))
                {
                    Report(DiagnosticTable.ShapeMismatch, span, AxisLabels((sizes[at], found[at]), (size, note)), fix?.Invoke() ?? SizeFix(sizes[at], found[at], size, note),
                        owner[at]!.Type, tensor.Type, $"axis -{k} is {sizes[at]} here and {size} there");
                    return false;
                }
                if (found[at].Name is null && note.Name is not null) found[at] = note;
            }
        }
        (shape, notes) = (sizes.ToEquatableArray(), found.ToEquatableArray());
        return true;
    }

    private static IEnumerable<Label> AxisLabels(params (Size Size, AxisNote Note)[] axes) =>
        axes.Where(axis => axis.Note.Source is not null).Select(axis => new Label(axis.Note.Source!.Value, $"{axis.Size} comes from here")).Distinct();

    // ---- Matrix product -----------------------------------------------------------------------------------------

    /// <summary>numpy's: over the last axis of the left and the last but one of the right, batch axes broadcast.</summary>
    private Operand MatrixProduct(BinaryExpression expression, Operand left, Operand right)
    {
        if (left is not TensorOperand a || right is not TensorOperand b)
        {
            Report(DiagnosticTable.NotATensor, left is TensorOperand ? expression.Right.Span : expression.Left.Span, "'@'", Describe(left is TensorOperand ? right : left));
            return Poison;
        }
        if (a.Element != b.Element)
        {
            ReportMixing(expression.Span, a, expression.Left.Span, b, expression.Right.Span);
            return Poison;
        }
        if (a.Element == ElementType.Bool) return Fail(DiagnosticTable.ElementUnfit, expression.Span, "@", "numbers", a.Type);
        if (a.Rank == 0 || b.Rank == 0) return Fail(DiagnosticTable.MatrixMismatch, expression.Span, a.Type, b.Type, "a number has no axis to sum over; write *");
        var summed = b.Rank == 1 ? 0 : b.Rank - 2;
        if (!AreEqual(a.Shape[a.Rank - 1], b.Shape[summed]))
        {
            var turned = b.Rank >= 2 && AreEqual(a.Shape[a.Rank - 1], b.Shape[b.Rank - 1]) ? $"write {TextOf(expression.Left.Span)} @ {Grouped(expression.Right.Span)}.T" : null;
            Report(DiagnosticTable.MatrixMismatch, expression.Span, AxisLabels((a.Shape[a.Rank - 1], a.Notes[a.Rank - 1]), (b.Shape[summed], b.Notes[summed])), turned ?? SizeFix(a.Shape[a.Rank - 1], a.Notes[a.Rank - 1], b.Shape[summed], b.Notes[summed]),
                a.Type, b.Type, $"the last axis of the left is {a.Shape[a.Rank - 1]}, axis {summed - b.Rank} of the right is {b.Shape[summed]}");
            return Poison;
        }
        SetOrigin(expression.Span);
        // The right side as [batch…, n, k].
        var k = a.Shape[a.Rank - 1];
        var y = Relabel(b.Value, b.Shape.Select((size, axis) => axis == summed ? k : size).ToEquatableArray());
        if (b.Rank >= 2)
        {
            var permutation = Enumerable.Range(0, b.Rank).ToArray();
            (permutation[b.Rank - 1], permutation[b.Rank - 2]) = (b.Rank - 2, b.Rank - 1);
            y = Builder.Transpose(y, permutation);
        }
        if (b.Rank <= 2)
        {
            var product = Builder.Contract(a.Value, y, 0, a.Rank - 1, b.Rank - 1, 1);
            return new TensorOperand(product, a.Notes.Take(a.Rank - 1).Concat(b.Rank == 2 ? [b.Notes[1]] : []).ToEquatableArray());
        }
        // Batch axes: everything left of the matrices.
        var batchRank = Math.Max(b.Rank - 2, Math.Max(a.Rank - 2, 0));
        if (!TryBatch(a, Math.Min(a.Rank, 2), b, expression.Span, out var batch, out var notes)) return Poison;
        var rows = a.Rank >= 2 ? 1 : 0;
        var x = BroadcastTo(a.Value, batch.Concat(a.Shape.Skip(a.Rank - 1 - rows)).ToEquatableArray());
        y = BroadcastTo(y, batch.Concat(y.Type.Shape.Skip(b.Rank - 2)).ToEquatableArray());
        var result = Builder.Contract(x, y, batchRank, rows, 1, 1);
        return new TensorOperand(result, notes.Concat(a.Notes.Skip(a.Rank - 1 - rows).Take(rows)).Append(b.Notes[b.Rank - 1]).ToEquatableArray());
    }

    private bool TryBatch(TensorOperand a, int matrixRank, TensorOperand b, TextSpan span, out EquatableArray<Size> batch, out EquatableArray<AxisNote> notes)
    {
        var left = a.Shape.Take(a.Rank - matrixRank).ToArray();
        var right = b.Shape.Take(b.Rank - 2).ToArray();
        var rank = Math.Max(left.Length, right.Length);
        var sizes = new Size[rank];
        var found = new AxisNote[rank];
        (batch, notes) = (default, default);
        for (var axis = 0; axis < rank; axis++)
        {
            var l = axis - (rank - left.Length);
            var r = axis - (rank - right.Length);
            if (l >= 0 && r >= 0 && !left[l].IsOne && !right[r].IsOne && !AreEqual(left[l], right[r]))
            {
                Report(DiagnosticTable.MatrixMismatch, span, AxisLabels((left[l], a.Notes[l]), (right[r], b.Notes[r])), null, a.Type, b.Type,
                    $"the axis {left[l]} on the left meets {right[r]} on the right");
                return false;
            }
            var useLeft = l >= 0 && (r < 0 || !left[l].IsOne || right[r].IsOne);
            (sizes[axis], found[axis]) = useLeft ? (left[l], a.Notes[l]) : (right[r], b.Notes[r]);
        }
        (batch, notes) = (sizes.ToEquatableArray(), found.ToEquatableArray());
        return true;
    }
}
