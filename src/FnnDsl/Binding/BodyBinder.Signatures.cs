using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

// Signatures: config, the unification of axes with actual sizes, results.
internal sealed partial class BodyBinder
{
    /// <summary>Gives a callee's config and tensors their values. <paramref name="callee"/> is the binder of its body; this one is the caller's.</summary>
    private bool BindSignature(BodyBinder callee, EquatableArray<ParameterSyntax> parameters, Dictionary<string, CallArgument> given)
    {
        var target = callee.Frame;
        var tensors = parameters.Where(parameter => parameter.Type.Axes is not null).ToArray();
        var operands = new Dictionary<string, Operand>(StringComparer.Ordinal);
        foreach (var parameter in tensors)
        {
            if (!given.TryGetValue(parameter.Name.Text, out var argument)) continue;
            var operand = argument.Bind(this);
            if (operand is PoisonOperand) return false;
            operands[parameter.Name.Text] = operand;
            if (operand is TensorOperand { Element: var element } && element.IsFloat() && parameter.Type.Element.Text == "real") target.Real ??= element;
        }
        target.Real ??= frame.Real;
        var first = tensors.Select(parameter => operands.TryGetValue(parameter.Name.Text, out var operand) ? operand : null).OfType<TensorOperand>().FirstOrDefault();
        if (!BindConfig(callee, parameters.Where(parameter => parameter.Type.Axes is null).ToEquatableArray(), given, first)) return false;

        var swapped = SwappedFix(callee, tensors, operands, given);
        // Plain names first, so that expressions over them can be compared wherever they stand.
        foreach (var expressions in new[] { false, true })
        {
            foreach (var parameter in tensors)
            {
                if (!operands.TryGetValue(parameter.Name.Text, out var operand) || operand is not TensorOperand tensor) continue;
                if (!AcceptTensor(callee, parameter, tensor, given[parameter.Name.Text].Span, expressions, swapped)) return false;
            }
        }
        foreach (var parameter in tensors)
        {
            var name = parameter.Name.Text;
            if (!operands.TryGetValue(name, out var operand))
            {
                operand = callee.Bind(parameter.Default!);
                if (operand is PoisonOperand) return false;
                if (operand is TensorOperand initial)
                {
                    if (!callee.AcceptTensor(callee, parameter, initial, parameter.Default!.Span, false) || !callee.AcceptTensor(callee, parameter, initial, parameter.Default!.Span, true)) return false;
                    Give(parameter, callee.Rename(parameter.Type, initial));
                    continue;
                }
                if (callee.AcceptNumber(callee, parameter, operand, parameter.Default!.Span) is not { } constant) return false;
                Give(parameter, constant);
                continue;
            }
            if (operand is TensorOperand tensor)
            {
                Give(parameter, callee.Rename(parameter.Type, tensor));
                continue;
            }
            if (AcceptNumber(callee, parameter, operand, given[name].Span) is not { } number) return false;
            Give(parameter, number);
        }
        return true;

        void Give(ParameterSyntax parameter, Operand value)
        {
            target.Values[parameter.Name.Text] = value;
            callee.Note(parameter.Name.Span, value);
        }
    }

    private bool BindConfig(BodyBinder callee, EquatableArray<ParameterSyntax> parameters, Dictionary<string, CallArgument> given, TensorOperand? first)
    {
        foreach (var parameter in parameters)
        {
            var name = parameter.Name.Text;
            var isGiven = given.TryGetValue(name, out var argument);
            var isAxis = parameter.Type.Element.Text == "axis" || (name == "axis" && parameter.Type.Element.Text == "int");
            if (isGiven && isAxis && first is not null && argument!.Syntax is NameExpression)
            {
                if (ResolveAxis(argument.Syntax, first) is not { } position) return false;
                callee.Frame.Config[name] = new NumberOperand(position, true);
                continue;
            }
            var source = isGiven ? this : callee;
            var operand = isGiven ? argument!.Bind(this) : callee.Bind(parameter.Default!);
            var syntax = isGiven ? argument!.Syntax : parameter.Default!;
            if (operand is PoisonOperand) return false;
            if (source.ConvertConfig(callee, parameter, operand, syntax.Span) is not { } value) return false;
            callee.Frame.Config[name] = value;
            callee.Note(parameter.Name.Span, value);
            callee.Frame.Notes[name] = isGiven ? NoteOf(syntax) : new AxisNote(null, callee.Frame.IsLibrary ? null : callee.Frame.At(syntax.Span));
        }
        return true;
    }

    private Operand? ConvertConfig(BodyBinder callee, ParameterSyntax parameter, Operand operand, TextSpan span)
    {
        var type = parameter.Type.Element.Text;
        var isNumber = TryNumber(operand, out var number, out var whole);
        switch (type)
        {
            case "dim" when AsSize(operand) is { } size:
                if (!size.TryGetConstant(out var known) || known is >= 0 and <= int.MaxValue) return new SizeOperand(size);
                Report(known < 0 ? DiagnosticTable.SizeNotPositive : DiagnosticTable.AxisTooLong, span, known);
                return null;
            case "dim" when operand is QuotientOperand quotient:
                ReportQuotient(quotient, span);
                return null;
            case "int" or "axis" when isNumber && whole:
                return new NumberOperand(number, true);
            case "int" when operand is SizeOperand symbolic && context.Symbolic:
                return symbolic;
            case "f32" or "f64" or "real" when isNumber:
                return new NumberOperand(number, whole);
            case "int" or "f32" or "f64" or "real" when operand is SizeOperand or QuotientOperand or AdaptingOperand or TensorOperand:
                Report(DiagnosticTable.NotBuildTime, span, [], operand is TensorOperand ? BadConfigFix(callee.Frame.Symbol, parameter) : null, $"'{parameter.Name.Text}' of '{callee.Frame.Name}'", Describe(operand));
                return null;
            case "bool" when operand is BoolOperand:
            case "string" when operand is TextOperand:
            case "fn" when operand is CallableOperand { Symbol.IsLayer: false } or BuiltInOperand or InstanceOperand:
            case "layer" when operand is CallableOperand { Symbol.IsLayer: true } or MemberOperand:
                return operand;
            case "dim" or "int" or "f32" or "f64" or "real" or "bool" or "fn" or "layer" or "axis" or "string":
                Report(DiagnosticTable.BadConfig, span, [], BadConfigFix(callee.Frame.Symbol, parameter), parameter.Name.Text, callee.Frame.Name, DescribeParameter(parameter), Describe(operand));
                return null;
            default:
                callee.Report(DiagnosticTable.UnknownType, parameter.Type.Element.Span, [], SuggestType(type, TypeNames), type);
                return null;
        }
    }

    private static readonly string[] TypeNames = ["dim", "int", "f32", "f64", "i32", "i64", "bool", "real", "fn", "layer", "string"];

    private string? BadConfigFix(Symbol symbol, ParameterSyntax parameter)
    {
        if (symbol is TrainSymbol train) return ParametersFix(train.Name, Choices(train).Concat(train.Declaration.Config ?? default));
        if (symbol is not CallableSymbol { Declaration: var callable }) return null;
        return callable.Config is { } config && config.Contains(parameter)
            ? ParametersFix(callable.Name.Text, config) + InputsText(callable) + "; sizes that its input has are not given"
            : ParametersFix(callable.Name.Text, callable.Parameters);
    }

    /// <summary>The second list of a layer: where its tensors go.</summary>
    private static string InputsText(CallableDeclaration callable) => $"({string.Join(", ", callable.Parameters.Select(parameter => parameter.Name.Text))})";

    private static string ParametersFix(string callee, IEnumerable<ParameterSyntax> parameters) =>
        $"it is {callee}({string.Join(", ", parameters.Select(parameter => $"{parameter.Name.Text}: {(parameter.Type.Axes is null ? parameter.Type.Element.Text : "tensor")}"))})";

    private static string? SuggestType(string word, IEnumerable<string> candidates) => ForeignNames.Type(word) ?? Spelling.Fix(word, candidates);

    // cross_entropy(label, logits): two of the tensors, each of the type that the other's place takes.
    private string? SwappedFix(BodyBinder callee, ParameterSyntax[] parameters, Dictionary<string, Operand> operands, Dictionary<string, CallArgument> given)
    {
        if (operands.Count != parameters.Length) return null;
        var tensors = parameters.Select(parameter => operands[parameter.Name.Text]).OfType<TensorOperand>().ToArray();
        var wrong = Enumerable.Range(0, tensors.Length).Where(k => !Takes(parameters[k], tensors[k])).ToArray();
        if (tensors.Length != parameters.Length || wrong.Length != 2 || !Takes(parameters[wrong[0]], tensors[wrong[1]]) || !Takes(parameters[wrong[1]], tensors[wrong[0]])) return null;
        var order = Enumerable.Range(0, tensors.Length).Select(k => k == wrong[0] ? wrong[1] : k == wrong[1] ? wrong[0] : k);
        return $"the other way round: {callee.Frame.Owner?.DisplayNameOverride ?? callee.Frame.Name}({string.Join(", ", order.Select(k => TextOf(given[parameters[k].Name.Text].Span)))})";

        static bool Takes(ParameterSyntax parameter, TensorOperand tensor) => parameter.Type.Element.Text == "real" ? tensor.Element.IsFloat() : tensor.Element.Text() == parameter.Type.Element.Text;
    }

    private static string? OneHotFix(BodyBinder callee, ParameterSyntax parameter, TensorOperand tensor) =>
        callee.Frame is { Name: "cross_entropy", IsLibrary: true } && parameter.Name.Text == "label" && tensor.Element.IsFloat() && callee.Frame.Ellipsis?.Sizes.Count < tensor.Rank
            ? "a target for each class goes into soft_cross_entropy(logits, target); cross_entropy takes the number of the class"
            : null;

    private bool AcceptTensor(BodyBinder callee, ParameterSyntax parameter, TensorOperand tensor, TextSpan span, bool expressions, string? swapped = null)
    {
        if (!expressions)
        {
            if (callee.ResolveElement(parameter.Type) is not { } element) return false;
            if (parameter.Type.Element.Text == "real" ? !tensor.Element.IsFloat() || tensor.Element != element : tensor.Element != element)
            {
                Report(DiagnosticTable.ArgumentElement, span, [], swapped ?? OneHotFix(callee, parameter, tensor) ?? ConversionFix(span, element), callee.Frame.Name, callee.TypeText(parameter.Type), parameter.Name.Text, tensor.Type);
                return false;
            }
        }
        var outcome = callee.UnifyAxes(parameter.Type, tensor, expressions, isResult: false);
        if (outcome is null) return true;
        if (outcome.Reason.Length > 0)
        {
            Report(DiagnosticTable.ArgumentShape, span, outcome.Labels, outcome.Fix?.Replace("{0}", Grouped(span)), callee.Frame.Name, callee.TypeText(parameter.Type), parameter.Name.Text, tensor.Type, outcome.Reason);
        }
        return false;
    }

    // A number where a tensor is taken has the shape that the signature gives it by then.
    private TensorOperand? AcceptNumber(BodyBinder callee, ParameterSyntax parameter, Operand operand, TextSpan span)
    {
        if (callee.ResolveElement(parameter.Type) is not { } element) return null;
        if (Adapt(operand, element, span) is not { } number) return null;
        var shape = new List<Size>();
        var notes = new List<AxisNote>();
        foreach (var axis in parameter.Type.Axes!.Value)
        {
            if (axis is EllipsisAxis)
            {
                shape.AddRange(callee.Frame.Ellipsis?.Sizes ?? default);
                notes.AddRange(callee.Frame.Ellipsis?.Notes ?? default);
                continue;
            }
            var expression = ((SizeAxis)axis).Size;
            if (expression is NameExpression name && callee.Lookup(name.Name) is null)
            {
                Report(DiagnosticTable.ArgumentShape, span, [], null, callee.Frame.Name, callee.TypeText(parameter.Type), parameter.Name.Text, Describe(operand), $"nothing else says how large '{name.Name}' is");
                return null;
            }
            if (callee.EvaluateSize(expression) is not { } size) return null;
            shape.Add(size);
            notes.Add(callee.NoteOf(expression));
        }
        return shape.Count == 0 ? number : new TensorOperand(Builder.Broadcast(number.Value, shape.ToEquatableArray()), notes.ToEquatableArray());
    }

    // ---- Axes ---------------------------------------------------------------------------------------------------

    /// <summary>Why a tensor does not fit a type. An empty reason: it has been reported.</summary>
    /// <param name="Fix">What to write for the tensor, when that is likely; <c>{0}</c> stands for it.</param>
    private sealed record Misfit(string Reason, IEnumerable<Label> Labels, string? Fix = null);

    /// <summary>
    /// Matches a tensor's axes with a type of this declaration's signature: names without a size get the actual one, everything else must be equal to it.
    /// </summary>
    /// <param name="expressions">Whether to look at axes that are expressions; otherwise at names, numbers and <c>...</c>.</param>
    private Misfit? UnifyAxes(TypeSyntax type, TensorOperand tensor, bool expressions, bool isResult)
    {
        var axes = type.Axes ?? default;
        if (axes.Count == 0 && frame.MapsScalars) return null;
        var ellipses = axes.Count(axis => axis is EllipsisAxis);
        if (ellipses > 1)
        {
            Report(DiagnosticTable.EllipsisHere, axes.Last(axis => axis is EllipsisAxis).Span, "'...' stands once in a type");
            return new Misfit("", []);
        }
        var carried = tensor.Rank - (axes.Count - ellipses);
        if (carried < 0 || (ellipses == 0 && carried > 0))
        {
            return new Misfit($"that has {Count(axes.Count - ellipses, "axis").Replace("axiss", "axes")}{(ellipses > 0 ? " or more" : "")}, this has {tensor.Rank}", [], frame.IsLibrary ? ImageFix(axes, tensor) : null);
        }
        var position = 0;
        foreach (var axis in axes)
        {
            if (axis is EllipsisAxis)
            {
                if (!expressions && UnifyEllipsis(tensor, position, carried) is { } misfit) return misfit;
                position += carried;
                continue;
            }
            var actual = tensor.Shape[position];
            var note = tensor.Notes[position];
            var expression = ((SizeAxis)axis).Size;
            position++;
            if (expression is NameExpression or NumberExpression == expressions) continue;
            if (expression is NameExpression name && Lookup(name.Name) is null or BuiltInOperand or CallableOperand or MemberOperand)
            {
                var unbound = (NameExpression)expression;
                if (isResult && Spelling.Closest(unbound.Name, frame.Axes.Keys.Concat(DimsInScope)) is { } closest && Lookup(closest) is SizeOperand meant && AreEqual(meant.Size, actual))
                {
                    Report(DiagnosticTable.UnknownName, unbound.Span, [], $"write {closest}", unbound.Name);
                    return new Misfit("", []);
                }
                frame.Axes[unbound.Name] = actual;
                frame.Notes[unbound.Name] = note;
                Note(unbound.Span, new SizeOperand(actual));
                continue;
            }
            if (EvaluateAxis(expression) is not { } expected) return new Misfit("", []);
            if (AreEqual(expected, actual)) continue;
            var wanted = expression is NumberExpression ? $"not {expected}" : $"and '{TextOf(expression.Span)}' is {expected}";
            return new Misfit($"axis {position - 1 - tensor.Rank} is {actual}, {wanted}", AxisLabels((expected, NoteOf(expression)), (actual, note)).ToArray(),
                SizeFix(expected, NoteOf(expression), actual, note, isResult && expression is NameExpression result ? result.Name : null));
        }
        return null;
    }

    // Images without their axis of channels, or as rows of pixels.
    private static string? ImageFix(EquatableArray<AxisSyntax> axes, TensorOperand tensor)
    {
        if (!axes.Select(axis => axis is SizeAxis { Size: NameExpression name } ? name.Name : "").SequenceEqual(["batch", "in", "h", "w"])) return null;
        if (tensor.Rank == 3) return $"write {{0}} as [{tensor.Shape[0]}, 1, {tensor.Shape[1]}, {tensor.Shape[2]}]";
        if (tensor.Rank != 2 || !tensor.Shape[1].TryGetConstant(out var pixels)) return null;
        var side = (long)Math.Round(Math.Sqrt(pixels));
        return side * side == pixels ? $"write {{0}} as [{tensor.Shape[0]}, 1, {side}, {side}]" : null;
    }

    // An axis that is an expression: its names have a size by then, or nothing gives them one.
    private Size? EvaluateAxis(Expression expression)
    {
        if (expression is NameExpression || NamesIn(expression).FirstOrDefault(name => Lookup(name) is null) is not { } unbound) return EvaluateSize(expression);
        Report(DiagnosticTable.AxisUnbound, expression.Span, unbound);
        return null;
    }

    private Misfit? UnifyEllipsis(TensorOperand tensor, int position, int carried)
    {
        var sizes = tensor.Shape.Skip(position).Take(carried).ToEquatableArray();
        if (frame.Ellipsis is not { } known)
        {
            frame.Ellipsis = (sizes, tensor.Notes.Skip(position).Take(carried).ToEquatableArray());
            return null;
        }
        if (known.Sizes.Count == sizes.Count && known.Sizes.Zip(sizes, AreEqual).All(same => same)) return null;
        // [batch] for [batch, 1]: the same numbers.
        var isReshaped = tensor.Rank == carried && known.Sizes.Where(size => !size.IsOne).SequenceEqual(sizes.Where(size => !size.IsOne));
        return new Misfit($"'...' is [{string.Join(", ", known.Sizes)}] and [{string.Join(", ", sizes)}]", known.Sizes.Zip(known.Notes, (size, note) => (size, note))
            .Concat(sizes.Zip(tensor.Notes.Skip(position), (size, note) => (size, note))).SelectMany(axis => AxisLabels(axis)).ToArray(),
            isReshaped ? $"write {{0}} as [{string.Join(", ", known.Sizes)}]" : null);
    }

    // A tensor with its axes named as this signature names them.
    private TensorOperand Rename(TypeSyntax type, TensorOperand tensor)
    {
        var axes = type.Axes ?? default;
        if (axes.Count == 0) return tensor;
        var carried = tensor.Rank - axes.Count(axis => axis is not EllipsisAxis);
        var notes = new List<AxisNote>();
        foreach (var axis in axes)
        {
            if (axis is EllipsisAxis) notes.AddRange(tensor.Notes.Skip(notes.Count).Take(carried).Select(note => note with { Name = null }));
            else notes.Add(tensor.Notes[notes.Count] with { Name = axis is SizeAxis { Size: NameExpression name } ? name.Name : null });
        }
        return tensor with { Notes = notes.ToEquatableArray() };
    }

    /// <summary>The element type that a type means here; null after a diagnostic.</summary>
    private ElementType? ResolveElement(TypeSyntax type)
    {
        switch (type.Element.Text)
        {
            case "f32": return ElementType.F32;
            case "f64": return ElementType.F64;
            case "i32": return ElementType.I32;
            case "i64": return ElementType.I64;
            case "bool": return ElementType.Bool;
            case "real": return frame.Real ?? ElementType.F32;
            case "f16" or "bf16":
                Report(DiagnosticTable.TypeOfLaterVersion, type.Element.Span, type.Element.Text, "f32");
                return null;
            case "i8" or "u8":
                Report(DiagnosticTable.TypeOfLaterVersion, type.Element.Span, type.Element.Text, "i32");
                return null;
            default:
                Report(DiagnosticTable.UnknownType, type.Element.Span, [], SuggestType(type.Element.Text, ["f32", "f64", "i32", "i64", "bool", "real"]), type.Element.Text);
                return null;
        }
    }

    /// <summary>A type of the signature with what is known put in: <c>f32[..., 128]</c>.</summary>
    private string TypeText(TypeSyntax type)
    {
        var element = type.Element.Text == "real" && frame.Real is { } real ? real.Text() : type.Element.Text;
        var axes = (type.Axes ?? default).Select(axis => axis switch
        {
            EllipsisAxis => "...",
            SizeAxis { Size: NameExpression name } when Lookup(name.Name) is { } known && AsSize(known) is { } size => size.ToString(),
            _ => TextOf(axis.Span),
        });
        return $"{element}[{string.Join(", ", axes)}]";
    }

    // ---- Results ------------------------------------------------------------------------------------------------

    /// <summary>What the body returned, checked against the signature, with axes named as the caller knows them. Null when it failed.</summary>
    public IReadOnlyList<TensorOperand>? TakeResults(CallableDeclaration declaration)
    {
        if (frame.Returned is not { } returned)
        {
            var last = declaration.Body.LastOrDefault();
            var name = last is BindStatement { Targets.Count: 1 } bound ? bound.Targets[0].Text : last is IndexBindStatement index ? index.Target.Text : "…";
            if (!_failed) Report(DiagnosticTable.NoReturn, declaration.Name.Span, [], $"end the body with: return {name}", declaration.Name.Text);
            return null;
        }
        if (returned.Any(operand => operand is PoisonOperand)) return null;
        if (returned.Count == 1 && returned[0] is TupleOperand tuple) returned = tuple.Items;
        if (returned.Count != declaration.Results.Count)
        {
            var declared = declaration.Results.Count == 0 ? declaration.Name.Span : declaration.Results[0].Span.Cover(declaration.Results[declaration.Results.Count - 1].Span);
            Report(DiagnosticTable.ResultCount, _returnSpan, [new Label(frame.At(declared), "declared here")], null, declaration.Name.Text, Count(declaration.Results.Count, "value"), returned.Count);
            return null;
        }
        var names = declaration.Results.Select(result => result.Name).Where(name => name is not null).ToArray();
        if (names.FirstOrDefault(name => names.First(other => other!.Text == name!.Text) != name) is { } second)
        {
            Report(DiagnosticTable.ParameterTwice, second.Span, second.Text);
            return null;
        }
        var results = new List<TensorOperand>();
        for (var k = 0; k < returned.Count; k++)
        {
            var type = declaration.Results[k].Type;
            var span = returned.Count == _returnValues.Count ? _returnValues[k].Span : _returnSpan;
            if (ResolveElement(type) is not { } element) return null;
            var operand = returned[k];
            if (operand is NumberOperand or SizeOperand or QuotientOperand or AdaptingOperand or BoolOperand) operand = Adapt(operand, element, span) ?? Poison;
            if (operand is PoisonOperand) return null;
            if (operand is not TensorOperand tensor)
            {
                Report(DiagnosticTable.NotATensor, span, [], UseFix(operand, span), "'return'", Describe(operand));
                return null;
            }
            if (tensor.Element != element)
            {
                Report(DiagnosticTable.ResultMismatch, span, [new Label(frame.At(type.Span), "the result's type")], tensor.Rank == (type.Axes ?? default).Count ? ConversionFix(span, element) : null, declaration.Name.Text, TypeText(type), tensor.Type);
                return null;
            }
            foreach (var expressions in new[] { false, true })
            {
                if (UnifyAxes(type, tensor, expressions, isResult: true) is not { } misfit) continue;
                if (misfit.Reason.Length > 0)
                {
                    Report(DiagnosticTable.ResultMismatch, span, misfit.Labels.Prepend(new Label(frame.At(type.Span), misfit.Reason)), misfit.Fix?.Replace("{0}", Grouped(span)), declaration.Name.Text, TypeText(type), tensor.Type);
                }
                return null;
            }
            results.Add(frame.Caller is null ? Rename(type, tensor) : NameForCaller(type, tensor));
        }
        return results;
    }

    private TensorOperand NameForCaller(TypeSyntax type, TensorOperand tensor)
    {
        var axes = type.Axes ?? default;
        if (axes.Count == 0) return tensor;
        var carried = tensor.Rank - axes.Count(axis => axis is not EllipsisAxis);
        var notes = new List<AxisNote>();
        foreach (var axis in axes)
        {
            if (axis is EllipsisAxis) notes.AddRange((frame.Ellipsis?.Notes ?? tensor.Notes).Take(carried));
            else if (axis is SizeAxis { Size: NameExpression name } && frame.Notes.TryGetValue(name.Name, out var note)) notes.Add(note);
            else notes.Add(new AxisNote(null, tensor.Notes[notes.Count].Source));
        }
        return tensor with { Notes = notes.ToEquatableArray() };
    }
}
