using FeedbackNN.Dsl.Derivatives;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

// Built-in fns: operators by name, reductions, conversions, random draws.
internal sealed partial class BodyBinder
{
    private Operand CallBuiltIn(string name, List<CallArgument> arguments, TextSpan span)
    {
        if (BuiltIns.TryFind(name) is { } row)
        {
            SetOrigin(span);
            return row.Bind(this, new BuiltInCall(name, arguments, span));
        }
        var op = OperatorTable.TryFind(name)!;
        if (arguments.FirstOrDefault(argument => argument.Name is not null) is { } named) return Fail(DiagnosticTable.UnknownArgument, named.Name!.Span, name, named.Name.Text);
        if (arguments.Count != op.Arity) return Fail(DiagnosticTable.TooManyArguments, span, name, Count(op.Arity, "argument"), arguments.Count);
        var operands = arguments.Select(argument => argument.Bind(this)).ToArray();
        if (operands.Any(operand => operand is PoisonOperand)) return Poison;
        var syntax = arguments.Select(argument => argument.Syntax).ToArray();
        for (var k = 0; k < operands.Length; k++)
        {
            if (operands[k] is TensorOperand or NumberOperand or SizeOperand or QuotientOperand or AdaptingOperand or BoolOperand) continue;
            return Fail(DiagnosticTable.NotATensor, syntax[k].Span, $"'{name}'", Describe(operands[k]));
        }
        if (operands.Any(operand => operand is TensorOperand)) return ApplyRow(op, name, span, operands, syntax);
        return BuildTimeOperator(op, operands, span);
    }

    private Operand BuildTimeOperator(ScalarOperator op, Operand[] operands, TextSpan span)
    {
        if (op == OperatorTable.Select) return operands[0] is BoolOperand truth ? operands[truth.Truth ? 1 : 2] : Fail(DiagnosticTable.ElementUnfit, span, "select", "bool", Describe(operands[0]));
        // div of sizes rounds down and stays a size.
        if (op == OperatorTable.Div && AsSize(operands[0]) is { } numerator && AsSize(operands[1]) is { } denominator && !denominator.IsZero)
        {
            var quotient = context.Facts.Divide(numerator, denominator) ?? Size.Divide(context.Facts.Normalize(numerator), context.Facts.Normalize(denominator));
            return operands.All(operand => operand is NumberOperand) ? new NumberOperand(quotient.Value, true) : new SizeOperand(Divided(quotient, denominator, span));
        }
        var numbers = new double[operands.Length];
        var whole = true;
        var isKnown = true;
        for (var k = 0; k < operands.Length; k++)
        {
            if (operands[k] is BoolOperand truth && op.Typing == OperatorTyping.Logical) numbers[k] = truth.Truth ? 1 : 0;
            else if (operands[k] is BoolOperand) return Fail(DiagnosticTable.ElementUnfit, span, op.Name, "numbers", Describe(operands[k]));
            else if (TryNumber(operands[k], out numbers[k], out var isWhole)) whole &= isWhole;
            else isKnown = false;
        }
        if (!isKnown) return new AdaptingOperand(element => Builder.Apply(op, operands.Select(operand => MakeNumber(operand, element)).ToArray()));
        var result = Told(op.Evaluate(numbers), numbers, span);
        return op.Typing is OperatorTyping.Comparison or OperatorTyping.Logical ? new BoolOperand(result != 0) : new NumberOperand(result, whole && result == Math.Floor(result) && op.Typing == OperatorTyping.Numeric);
    }

    // ---- Arguments ----------------------------------------------------------------------------------------------

    // The first argument as a tensor; numbers stand for themselves. Null after a diagnostic.
    private TensorOperand? FirstTensor(BuiltInCall call)
    {
        if (call.Positional.FirstOrDefault() is not { } argument)
        {
            Report(DiagnosticTable.MissingArgument, call.Span, call.Name, "x", $"{call.Name}({BuiltIns.TryFind(call.Name)!.Parameters})");
            return null;
        }
        var operand = argument.Bind(this);
        switch (operand)
        {
            case PoisonOperand: return null;
            case TensorOperand tensor: return tensor;
            case NumberOperand or SizeOperand or QuotientOperand or AdaptingOperand: return Adapt(operand, frame.Real ?? ElementType.F32, argument.Span);
            case BoolOperand: return Adapt(operand, ElementType.Bool, argument.Span);
            default:
                Report(DiagnosticTable.NotATensor, argument.Span, $"'{call.Name}'", Describe(operand));
                return null;
        }
    }

    private bool CheckNames(BuiltInCall call, params string[] known)
    {
        var stranger = call.Arguments.FirstOrDefault(argument => argument.Name is not null && !known.Contains(argument.Name.Text));
        if (stranger is null) return true;
        Report(DiagnosticTable.UnknownArgument, stranger.Name!.Span, [], SuggestArgument(stranger.Name.Text, known) ?? $"'{call.Name}' has {string.Join(", ", known)}", call.Name, stranger.Name.Text);
        return false;
    }

    /// <summary>The argument that was probably meant: by its name elsewhere, or by its letters.</summary>
    private static string? SuggestArgument(string name, IEnumerable<string> known) =>
        ForeignNames.Argument(name) is { } own && known.Contains(own) ? $"write {own}" : Spelling.Fix(name, known);

    private static IEnumerable<Expression> Items(Expression syntax) => syntax is TupleExpression tuple ? tuple.Items : [syntax];

    private bool? BoolArgument(BuiltInCall call, string name)
    {
        if (call.Named(name) is not { } argument) return false;
        var operand = argument.Bind(this);
        if (operand is BoolOperand truth) return truth.Truth;
        if (operand is not PoisonOperand) Report(DiagnosticTable.NotBuildTime, argument.Span, $"'{name}'", Describe(operand));
        return null;
    }

    // ---- Reductions ---------------------------------------------------------------------------------------------

    public Operand BindReduction(BuiltInCall call, ReduceKind kind, bool isMean)
    {
        if (!CheckNames(call, isMean ? ["keep", "where", "weights", "axis"] : ["keep", "axis"]) || FirstTensor(call) is not { } x || BoolArgument(call, "keep") is not { } keep) return Poison;
        var given = call.Positional.Skip(1).Concat(call.Arguments.Where(argument => argument.Name?.Text == "axis"))
            .SelectMany(argument => Items(argument.Syntax)).ToArray();
        var axes = new List<int>();
        foreach (var syntax in given)
        {
            if (call.Name is "max" or "min" && IsNoAxis(syntax)) return FailReduction(call, syntax);
            if (ResolveAxis(syntax, x) is not { } axis) return Poison;
            if (axes.Contains(axis)) return Fail(DiagnosticTable.BadArgumentValue, syntax.Span, [$"'{call.Name}' gets axis {axis} twice"]);
            axes.Add(axis);
        }
        var isWhole = given.Length == 0;
        if (isWhole) axes.AddRange(Enumerable.Range(0, x.Rank));
        axes.Sort();

        if (x.Element == ElementType.Bool && kind != ReduceKind.Sum) return Fail(DiagnosticTable.ElementUnfit, call.Span, call.Name, "numbers", x.Type);
        SetOrigin(call.Span);
        var value = x.Element == ElementType.Bool || (isMean && !x.Element.IsFloat()) ? Builder.Convert(x.Value, ElementType.F32) : x.Value;
        var element = value.Type.Element;
        Value? mask = null;
        if (isMean && call.Named("where") is { } where)
        {
            if (where.Bind(this) is not { } condition || condition is PoisonOperand) return Poison;
            if (Adapt(condition, ElementType.Bool, where.Span) is not { } bools || !TryBroadcast([x, bools], where.Span, out var common, out _)) return Poison;
            if (common.Count != x.Rank) return Fail(DiagnosticTable.ShapeMismatch, where.Span, x.Type, bools.Type, "the mask has more axes");
            mask = BroadcastTo(bools.Value, x.Shape);
            value = Builder.Apply(OperatorTable.Select, mask.Value, value, Builder.Constant(0, element));
        }
        Value? weight = null;
        if (isMean && call.Named("weights") is { } weights)
        {
            if (weights.Bind(this) is not { } offered || offered is PoisonOperand) return Poison;
            if (Adapt(offered, element, weights.Span) is not { } numbers || !TryBroadcast([x, numbers], weights.Span, out var common, out _)) return Poison;
            if (common.Count != x.Rank) return Fail(DiagnosticTable.ShapeMismatch, weights.Span, x.Type, numbers.Type, "the weights have more axes");
            var all = BroadcastTo(numbers.Value, x.Shape);
            weight = mask is { } counted ? Builder.Apply(OperatorTable.Select, counted, all, Builder.Constant(0, element)) : all;
            value = Builder.Apply(OperatorTable.Mul, value, weight.Value);
        }
        var result = axes.Count == 0 ? value : Builder.Reduce(kind, value, axes.ToArray());
        ReductionFormula? formula = isWhole && !isMean && kind != ReduceKind.Prod ? new WholeReduction(kind, AsFloat(result)) : null;
        if (isMean)
        {
            var count = weight is { } weighed
                ? Builder.Reduce(ReduceKind.Sum, weighed, axes.ToArray())
                : mask is { } chosen
                ? Builder.Reduce(ReduceKind.Sum, Builder.Convert(chosen, element), axes.ToArray())
                : Builder.SizeValue(Size.Product(axes.Select(axis => x.Shape[axis])), element);
            if (isWhole) formula = new MeanReduction(AsFloat(result), AsFloat(count));
            // Where nothing is chosen the mean is 0, not 0/0.
            var divisor = weight is not null ? Builder.Apply(OperatorTable.Select, Builder.Apply(OperatorTable.Equal, count, Builder.Constant(0, element)), Builder.Constant(1, element), count)
                : mask is null ? count : Builder.Apply(OperatorTable.Maximum, count, Builder.Constant(1, element));
            result = Builder.Apply(OperatorTable.Div, result, divisor);
        }
        if (!keep) return new TensorOperand(result, x.Notes.Where((_, axis) => !axes.Contains(axis)).ToEquatableArray()) { Formula = formula };
        var kept = x.Shape.Select((size, axis) => axes.Contains(axis) ? Size.One : size).ToEquatableArray();
        return new TensorOperand(Builder.Reshape(result, kept), x.Notes.Select((note, axis) => axes.Contains(axis) ? AxisNote.None : note).ToEquatableArray());
    }

    /// <summary>The product along axes; of a shape, the number of elements.</summary>
    public Operand BindProduct(BuiltInCall call) => call.Arguments.Count == 1 && call.Positional.FirstOrDefault()?.Bind(this) is ShapeOperand shape
        ? new SizeOperand(Size.Product(shape.Sizes))
        : BindReduction(call, ReduceKind.Prod, isMean: false);

    // max(x, 0.5), min(a, b): the larger of two has another name.
    private bool IsNoAxis(Expression syntax) => syntax is NumberExpression { IsInteger: false } || (syntax is NameExpression name && Lookup(name.Name) is TensorOperand or NumberOperand { IsInteger: false });

    private Operand FailReduction(BuiltInCall call, Expression syntax)
    {
        Report(DiagnosticTable.BadArgumentValue, syntax.Span, [], $"of two values it is {call.Name}imum({TextOf(call.Arguments[0].Span)}, {TextOf(syntax.Span)})", $"'{call.Name}' goes over axes, and '{TextOf(syntax.Span)}' is none");
        return Poison;
    }

    private Value AsFloat(Value value) => Builder.Convert(value, ElementType.F32);

    public Operand BindArgReduction(BuiltInCall call, bool isMax)
    {
        if (!CheckNames(call, "axis") || FirstTensor(call) is not { } x) return Poison;
        if (x.Element == ElementType.Bool) return Fail(DiagnosticTable.ElementUnfit, call.Span, call.Name, "numbers", x.Type);
        if (x.Rank == 0) return Fail(DiagnosticTable.NoSuchAxis, call.Span, x.Type, "-1");
        var given = call.Positional.Skip(1).Concat(call.Arguments.Where(argument => argument.Name?.Text == "axis")).ToArray();
        if (given.Length > 1) return Fail(DiagnosticTable.TooManyArguments, call.Span, call.Name, "one axis", given.Length);
        var axis = given.Length == 0 ? x.Rank - 1 : ResolveAxis(given[0].Syntax, x);
        if (axis is not { } at) return Poison;
        SetOrigin(call.Span);
        return new TensorOperand(Builder.ArgReduce(isMax, x.Value, at), x.Notes.Where((_, k) => k != at).ToEquatableArray());
    }

    // ---- One to one ---------------------------------------------------------------------------------------------

    public Operand BindConversion(BuiltInCall call, ElementType to)
    {
        if (!CheckNames(call) || call.Arguments.Count != 1) return call.Arguments.Count == 1 ? Poison : Fail(DiagnosticTable.TooManyArguments, call.Span, call.Name, "1 argument", call.Arguments.Count);
        var operand = call.Arguments[0].Bind(this);
        switch (operand)
        {
            case PoisonOperand: return Poison;
            case BoolOperand truth when to != ElementType.Bool: return new TensorOperand(Builder.Constant(truth.Truth ? 1 : 0, to));
            case BoolOperand: return operand;
            case TensorOperand tensor: return tensor with { Value = Builder.Convert(tensor.Value, to), Formula = to == ElementType.F32 ? tensor.Formula : null };
            case NumberOperand or SizeOperand or QuotientOperand or AdaptingOperand when to == ElementType.Bool:
                return TryNumber(operand, out var known, out _) ? new BoolOperand(known != 0) : Fail(DiagnosticTable.NotATensor, call.Arguments[0].Span, "'bool'", Describe(operand));
            case NumberOperand or QuotientOperand when to.IsInteger() && TryNumber(operand, out var number, out _):
                return new TensorOperand(Builder.Constant(Math.Truncate(number), to));
            case NumberOperand or SizeOperand or QuotientOperand or AdaptingOperand: return Adapt(operand, to, call.Arguments[0].Span) ?? Poison;
            default: return Fail(DiagnosticTable.NotATensor, call.Arguments[0].Span, $"'{call.Name}'", Describe(operand));
        }
    }

    public Operand BindStop(BuiltInCall call)
    {
        if (!CheckNames(call) || FirstTensor(call) is not { } x) return Poison;
        return x with { Value = Builder.Stop(x.Value) };
    }

    /// <summary>The gradient of a number with respect to a tensor that it is made of, as a tensor that can be differentiated in turn.</summary>
    public Operand BindGradient(BuiltInCall call)
    {
        var given = call.Positional.ToArray();
        if (!CheckNames(call)) return Poison;
        if (given.Length != 2) return Fail(DiagnosticTable.MissingArgument, call.Span, call.Name, given.Length == 0 ? "scalar" : "x", "grad(scalar, x)");
        var operands = given.Select(argument => argument.Bind(this)).ToArray();
        if (operands.Any(operand => operand is PoisonOperand)) return Poison;
        if (operands[0] is not TensorOperand { Rank: 0 } scalar || !scalar.Element.IsFloat())
        {
            var sum = operands[0] is TensorOperand { Rank: > 0 } tensor && tensor.Element.IsFloat() && TextOf(given[0].Span) is { Length: <= 40 } text && text.IndexOf('\n') < 0 ? $"write grad(sum({text}), {TextOf(given[1].Span)})" : null;
            Report(DiagnosticTable.BadArgumentValue, given[0].Span, [], sum, $"'grad' differentiates one float number, such as a sum, but this is {Describe(operands[0])}");
            return Poison;
        }
        if (operands[1] is not TensorOperand x || !x.Element.IsFloat()) return Fail(DiagnosticTable.BadArgumentValue, given[1].Span, $"'grad' differentiates with respect to a float tensor, but this is {Describe(operands[1])}");
        // A fn by itself does not know what it will be given.
        if (context.Symbolic) return x;
        // Other values may have been simplified away from what was made of them.
        if (x.Value.Node.Operation is not (Input or Parameter or BufferValue or Placeholder or LoopFinal or LoopStack or EquilibriumState))
        {
            return Fail(DiagnosticTable.BadArgumentValue, given[1].Span, $"'grad' differentiates with respect to an input, a weight, or a state of a feedback, and '{TextOf(given[1].Span)}' is computed here; make it a state: feedback (z: type = {TextOf(given[1].Span)}) times 1 {{ … }}");
        }
        var reached = Differentiation.ReachableFrom(Builder.Nodes, [scalar.Value.Id]);
        if (!reached.Contains(x.Value.Id)) return Fail(DiagnosticTable.BadArgumentValue, call.Span, $"no gradient flows from '{TextOf(given[0].Span)}' to '{TextOf(given[1].Span)}': it would be 0 everywhere");
        if (reached.Any(id => Builder[id].Operation is Equilibrium && Builder.ConeOf([id], _ => false).Contains(x.Value.Id)))
        {
            return Fail(DiagnosticTable.BadArgumentValue, call.Span, "'grad' goes through a fixed point here, whose gradient has no derivative of its own in this version; use a number of rounds (times 30)");
        }
        if (reached.Any(id => Builder[id].Operation is Attention && Builder.ConeOf([id], _ => false).Contains(x.Value.Id)))
        {
            return Fail(DiagnosticTable.BadArgumentValue, call.Span, "'grad' goes through 'attend' here, whose gradient has no derivative of its own; write the attention with 'softmax' and index notation");
        }
        SetOrigin(call.Span);
        return new TensorOperand(Differentiation.Gradients(Builder, [(scalar.Value, Builder.Constant(1, scalar.Element))], [x.Value])[0], x.Notes);
    }

    public Operand BindCheckIndex(BuiltInCall call)
    {
        if (!CheckNames(call, "bound") || FirstTensor(call) is not { } x) return Poison;
        if ((call.Named("bound") ?? call.Positional.Skip(1).FirstOrDefault()) is not { } argument) return Fail(DiagnosticTable.MissingArgument, call.Span, call.Name, "bound", "a size");
        if (!x.Element.IsInteger()) return Fail(DiagnosticTable.ElementUnfit, call.Arguments[0].Span, "an index", "integers", x.Type);
        if (ToSize(argument.Bind(this), argument.Syntax) is not { } bound) return Poison;
        // The name that the user knows it by.
        var (place, span) = InUsersCode(call.Arguments[0].Span);
        return x with { Value = Builder.CheckRange(x.Value, bound, place.Source.GetText(span)) };
    }

    // ---- Made of a shape ----------------------------------------------------------------------------------------

    private ShapeOperand? ShapeArgument(BuiltInCall call)
    {
        var argument = call.Named("like") ?? call.Positional.FirstOrDefault();
        var operand = argument?.Bind(this);
        if (operand is PoisonOperand || !CheckNames(call, "like", "value")) return null;
        if (operand is ShapeOperand shape) return shape;
        if (operand is TensorOperand like && argument!.Name is not null) return new ShapeOperand(like.Shape, like.Notes);
        Report(DiagnosticTable.MissingArgument, call.Span, call.Name, "shape", $"{call.Name}({BuiltIns.TryFind(call.Name)!.Parameters})");
        return null;
    }

    public Operand BindUniform(BuiltInCall call)
    {
        if (ShapeArgument(call) is not { } shape) return Poison;
        return Drawn(Builder.RandomUniform(NextSite(call.Span), context.Round, shape.Sizes), shape);
    }

    /// <summary>Standard normal draws by the method of Box and Muller, 1958.</summary>
    public Operand BindNormal(BuiltInCall call)
    {
        if (ShapeArgument(call) is not { } shape) return Poison;
        var radius = Builder.RandomUniform(NextSite(call.Span), context.Round, shape.Sizes);
        var angle = Builder.RandomUniform(NextSite(call.Span), context.Round, shape.Sizes);
        // 1 - u lies in (0, 1], where the logarithm is finite.
        var normal = Builder.Apply(OperatorTable.Sqrt, Builder.Apply(OperatorTable.Log, 1 - radius) * -2) * Builder.Apply(OperatorTable.Cos, angle * (2 * Math.PI));
        return Drawn(normal, shape);
    }

    private Operand Drawn(Value value, ShapeOperand shape) =>
        new TensorOperand(frame.Real is ElementType.F64 ? Builder.Convert(value, ElementType.F64) : value, shape.Notes);

    // The same for the same place of the same instance, whatever is written elsewhere; another for each call.
    private int NextSite(TextSpan span)
    {
        var key = "";
        for (var place = frame; place is not null; place = place.Caller)
        {
            key += $"{place.Symbol.FullName}:{place.OriginAt(span).Token}|";
            span = place.CallSpan;
            if (place.Owner is not { } owner) continue;
            key += $"{owner.Net?.Index}:{owner.Path}";
            break;
        }
        context.RandomSites.TryGetValue(key, out var count);
        context.RandomSites[key] = count + 1;
        // FNV-1a, 31 bits.
        var hash = 2166136261u;
        foreach (var character in key + count) hash = unchecked((hash ^ character) * 16777619u);
        return (int)(hash & 0x7fffffff);
    }

    public Operand BindFilled(BuiltInCall call, double number)
    {
        if (ShapeArgument(call) is not { } shape) return Poison;
        return new TensorOperand(Builder.Broadcast(Builder.Constant(number, frame.Real ?? ElementType.F32), shape.Sizes), shape.Notes) { Filled = call.Named("like") is null ? new NumberOperand(number, true) : null };
    }

    public Operand BindFill(BuiltInCall call)
    {
        if (ShapeArgument(call) is not { } shape) return Poison;
        if ((call.Named("value") ?? call.Positional.Skip(call.Named("like") is null ? 1 : 0).FirstOrDefault()) is not { } argument)
        {
            return Fail(DiagnosticTable.MissingArgument, call.Span, call.Name, "value", "a number");
        }
        var operand = argument.Bind(this);
        if (operand is PoisonOperand) return Poison;
        var value = operand as TensorOperand ?? Adapt(operand, operand is BoolOperand ? ElementType.Bool : frame.Real ?? ElementType.F32, argument.Span);
        if (value is null) return Poison;
        return value.Rank > 0 ? Fail(DiagnosticTable.NotATensor, argument.Span, "the value of 'fill'", value.Type) : new TensorOperand(Builder.Broadcast(value.Value, shape.Sizes), shape.Notes)
        {
            Filled = call.Named("like") is null && operand is NumberOperand or SizeOperand or QuotientOperand or AdaptingOperand ? operand : null,
        };
    }

    public Operand BindBroadcast(BuiltInCall call)
    {
        if (!CheckNames(call) || FirstTensor(call) is not { } x) return Poison;
        if (call.Positional.Skip(1).FirstOrDefault() is not { } argument) return Fail(DiagnosticTable.MissingArgument, call.Span, call.Name, "shape", "[a, b]");
        if (argument.Bind(this) is not ShapeOperand shape) return Fail(DiagnosticTable.NotASize, argument.Span, Describe(argument.Bind(this)));
        var target = new TensorOperand(Builder.Broadcast(Builder.Constant(0, x.Element), shape.Sizes), shape.Notes);
        if (!TryBroadcast([target, x], call.Span, out var common, out var notes)) return Poison;
        if (common != shape.Sizes) return Fail(DiagnosticTable.ShapeMismatch, call.Span, x.Type, Describe(shape), "it has more elements");
        return new TensorOperand(BroadcastTo(x.Value, common), notes) { MadeBy = x.MadeBy };
    }
}
