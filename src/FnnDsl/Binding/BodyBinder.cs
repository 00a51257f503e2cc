using System.Runtime.CompilerServices;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// Binds the body of one call: runs its statements with config known and run-time axes symbolic, and makes graph nodes as it goes. Its parts:
/// names and reports (this file), arithmetic, subscripts, calls, signatures, statements, storage.
/// </summary>
internal sealed partial class BodyBinder(BindingContext context, Frame frame) : IIndexScope
{
    internal static readonly Operand Poison = PoisonOperand.Instance;

    public BindingContext Context => context;

    public Frame Frame => frame;

    /// <summary>What <c>real</c> is here: the float type of numbers that meet no tensor.</summary>
    public ElementType Float => frame.Real ?? ElementType.F32;

    private GraphBuilder Builder => context.Builder;

    // ---- Names --------------------------------------------------------------------------------------------------

    public Operand? Lookup(string name)
    {
        if (frame.Values.TryGetValue(name, out var value)) return value;
        if (frame.Config.TryGetValue(name, out var config)) return config;
        if (frame.Axes.TryGetValue(name, out var axis)) return new SizeOperand(context.Facts.Normalize(axis));
        switch (name)
        {
            case "true": return new BoolOperand(true);
            case "false": return new BoolOperand(false);
            case "inf": return new NumberOperand(double.PositiveInfinity, false);
            case "pi": return new NumberOperand(Math.PI, false);
            case "training": return new BoolOperand(context.AskForTraining());
        }
        switch (context.Scope.Find(frame.Symbol.Namespace, name, frame.IsLibrary))
        {
            case DimSymbol dim:
                if (context.Scope.ValueOf(dim) is not { } number) return Poison;
                return number.IsInteger ? new SizeOperand((long)number.Value) : new NumberOperand(number.Value, false);
            case ConstSymbol constant:
                return BindConst(constant);
            case CallableSymbol callable:
                return new CallableOperand(callable);
            case ModelMemberSymbol member:
                return new MemberOperand(member);
        }
        return BuiltIns.IsFunction(name) ? new BuiltInOperand(name) : null;
    }

    private Operand BindName(NameExpression name)
    {
        if (Lookup(name.Name) is { } found)
        {
            context.Outline?.Read(found);
            Note(name.Span, found);
            return found;
        }
        ReportUnknown(name.Name, name.Span);
        return Poison;
    }

    /// <summary>What a name of this body stands for, for editors.</summary>
    public void Note(TextSpan name, Operand operand)
    {
        if (!_isInHole) context.Scope.Notes?.Add(frame.Symbol, name, operand);
    }

    // What a statement does not know it says once, however often it names it.
    private readonly HashSet<string> _unknownNames = new(StringComparer.Ordinal);

    // What the body does not know, the signature does not say once more.
    private readonly HashSet<string> _unknownInBody = new(StringComparer.Ordinal);

    private void ReportUnknown(string name, TextSpan span)
    {
        if (!_unknownNames.Add(name) || ReportNoDelay(name, span)) return;
        if (!_unknownInBody.Add(name) && ResultAxisFix(name) is not null) return; // is mended in one place
        if (LaterConstructs.Instead.TryGetValue(name, out var instead))
        {
            Report(DiagnosticTable.NotInThisVersion, span, name, instead);
            return;
        }
        Report(DiagnosticTable.UnknownName, span, [], ForgottenFix(name) ?? ResultAxisFix(name) ?? ForeignNames.Value(name) ?? Spelling.Fix(name, NamesInScope), name);
    }

    private IEnumerable<string> DimsInScope => context.Scope.NamesVisibleFrom(frame.Symbol.Namespace, frame.IsLibrary).Where(name => context.Scope.Find(frame.Symbol.Namespace, name, frame.IsLibrary) is DimSymbol);

    private string? ForgottenFix(string name) => frame.Forgotten.Contains(name)
        ? $"what a round binds is forgotten after it: make '{name}' a state, or collect it with 'emit {name}s = {name}'"
        : null;

    // An axis that no input has: what is returned tells its size, after the body. If it isn't one that an input has, misspelt.
    private string? ResultAxisFix(string name)
    {
        if (Spelling.Closest(name, frame.Axes.Keys.Concat(DimsInScope)) is not null) return null;
        if (frame.Symbol is not CallableSymbol { Declaration: var declaration } || !declaration.Results.Any(result => result.Type.Axes is { } axes && axes.Any(axis => axis is SizeAxis { Size: NameExpression size } && size.Name == name))) return null;
        var choice = declaration.Kind switch
        {
            CallableKind.Layer => $"layer {declaration.Name}({name}: dim)(...)",
            CallableKind.Model => $"dim {name} = 10",
            _ => $"fn {declaration.Name}(..., {name}: dim)",
        };
        return $"only the result names it, and has its size from what is returned; to choose it, write {choice}";
    }

    private IEnumerable<string> NamesInScope => frame.Values.Keys.Concat(frame.Config.Keys).Concat(frame.Axes.Keys)
        .Concat(context.Scope.NamesVisibleFrom(frame.Symbol.Namespace, frame.IsLibrary))
        .Concat(BuiltIns.Names).Concat(OperatorTable.All.Select(row => row.Name)).Concat(["true", "false", "inf", "pi", "training"]);

    // ---- Expressions --------------------------------------------------------------------------------------------

    public Operand Evaluate(Expression expression) => Bind(expression);

    /// <summary>What an expression is worth. Reports what is wrong with it and gives poison then.</summary>
    public Operand Bind(Expression expression)
    {
        // A chain of a thousand '+' is as deep as it is long.
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return BindKind(expression);
    }

    private Operand BindKind(Expression expression) => expression switch
    {
        NumberExpression number => new NumberOperand(number.Value, number.IsInteger),
        StringExpression text => new TextOperand(text.Value),
        NameExpression name => BindName(name),
        UnaryExpression unary => Unary(unary, Bind(unary.Operand)),
        BinaryExpression binary => BindBinary(binary),
        PipeExpression pipe => BindPipe(pipe),
        CallExpression call => BindCall(call),
        MemberExpression member => BindMember(member),
        SubscriptExpression subscript => BindSubscript(subscript),
        ReshapeExpression reshape => BindReshape(reshape),
        ReduceExpression reduce => BindReduction(reduce),
        TupleExpression tuple => BindTuple(tuple),
        ShapeExpression shape => BindShape(shape),
        _ => Poison,
    };

    private Operand BindReduction(ReduceExpression reduce)
    {
        if (Outline is { } outline) ReadWords(outline, reduce.Span);
        return new IndexNotation(Builder, this).Bind(reduce);
    }

    private Operand BindTuple(TupleExpression tuple)
    {
        var items = tuple.Items.Select(Bind).ToEquatableArray();
        return items.Any(item => item is PoisonOperand) ? Poison : new TupleOperand(items);
    }

    private Operand BindShape(ShapeExpression shape)
    {
        var sizes = new List<Size>();
        var notes = new List<AxisNote>();
        foreach (var axis in shape.Axes)
        {
            if (axis is EllipsisAxis)
            {
                if (frame.Ellipsis is not { } any)
                {
                    Report(DiagnosticTable.EllipsisHere, axis.Span, "'...' stands for the axes that '...' stands for in the signature, and there is none");
                    return Poison;
                }
                sizes.AddRange(any.Sizes);
                notes.AddRange(any.Notes);
                continue;
            }
            var expression = ((SizeAxis)axis).Size;
            var operand = Bind(expression);
            if (operand is TensorOperand or InstanceOperand or CallableOperand or BuiltInOperand)
            {
                Report(DiagnosticTable.NotASize, expression.Span, [], "[…] is a shape; several values stand in round brackets: (a, b)", Describe(operand));
                return Poison;
            }
            if (ToSize(operand, expression) is not { } size) return Poison;
            sizes.Add(size);
            notes.Add(NoteOf(expression));
        }
        return new ShapeOperand(sizes.ToEquatableArray(), notes.ToEquatableArray());
    }

    public Size? EvaluateSize(Expression expression) => ToSize(Bind(expression), expression);

    /// <summary>The size an operand stands for; null after a diagnostic.</summary>
    private Size? ToSize(Operand operand, Expression expression)
    {
        switch (operand)
        {
            case PoisonOperand: return null;
            case SizeOperand size when size.Size.TryGetConstant(out var known) && known < 0:
                Report(DiagnosticTable.SizeNotPositive, expression.Span, known);
                return null;
            case SizeOperand size when size.Size.TryGetConstant(out var known) && known > int.MaxValue:
                Report(DiagnosticTable.AxisTooLong, expression.Span, known);
                return null;
            case NumberOperand { IsInteger: true, Number: > int.MaxValue } number:
                Report(DiagnosticTable.AxisTooLong, expression.Span, number.Number);
                return null;
            case SizeOperand size: return RequireNotNegative(context.Facts.Normalize(size.Size), expression.Span);
            case NumberOperand { IsInteger: true, Number: >= 0 } number: return (long)number.Number;
            case NumberOperand { IsInteger: true } number:
                Report(DiagnosticTable.SizeNotPositive, expression.Span, [], number.Number == -1 ? "write the size; '...' stands first for axes that stay as they are: x as [..., 784]" : null, number);
                return null;
            case QuotientOperand quotient:
                ReportQuotient(quotient, expression.Span);
                return null;
            case NumberOperand when expression is BinaryExpression { Operator: BinaryOperator.Divide } division && AsSize(Bind(division.Left)) is { } left && AsSize(Bind(division.Right)) is { } right:
                ReportQuotient(new QuotientOperand(left, right), expression.Span);
                return null;
            default:
                Report(DiagnosticTable.NotASize, expression.Span, Describe(operand));
                return null;
        }
    }

    private void ReportQuotient(QuotientOperand quotient, TextSpan span)
    {
        if (quotient.Left.IsConstant && quotient.Right.IsConstant) Report(DiagnosticTable.NotWhole, span, [], $"write div({quotient.Left}, {quotient.Right}) to round down", quotient.Left, quotient.Right);
        else Report(DiagnosticTable.DivisionUnproven, span, [], $"add: where {quotient.Left} % {quotient.Right} == 0", quotient.Left, quotient.Right);
    }

    // ---- What messages say --------------------------------------------------------------------------------------

    /// <summary>An operand in the words of a message: its type for a tensor, its value for a number.</summary>
    internal static string Describe(Operand operand) => operand switch
    {
        TensorOperand tensor => tensor.Type.ToString(),
        NumberOperand number => number.ToString(),
        SizeOperand size => $"the size {size.Size}",
        BoolOperand truth => truth.Truth ? "true" : "false",
        CallableOperand callable => $"the {callable.Symbol.Kind.ToString().ToLowerInvariant()} '{callable.Symbol.Name}'",
        MemberOperand member => $"the model '{member.Symbol.Name}'",
        BuiltInOperand builtIn => $"the fn '{builtIn.Name}'",
        InstanceOperand instance => $"the layer '{instance.Instance.DisplayName}'",
        TupleOperand tuple => $"{tuple.Items.Count} values",
        ShapeOperand shape => $"the shape [{string.Join(", ", shape.Sizes)}]",
        TextOperand text => $"\"{text.Text}\"",
        _ => operand.Kind,
    };

    private AxisNote NoteOf(Expression expression)
    {
        if (expression is NameExpression name)
        {
            if (frame.Notes.TryGetValue(name.Name, out var note)) return new AxisNote(name.Name, note.Source);
            return new AxisNote(name.Name, frame.IsLibrary ? null : frame.At(expression.Span));
        }
        return new AxisNote(null, frame.IsLibrary ? null : frame.At(expression.Span));
    }

    // ---- Reports ------------------------------------------------------------------------------------------------

    public Location At(TextSpan span) => frame.At(span);

    public void Report(DiagnosticRow row, TextSpan span, params object[] arguments) => Report(row, span, [], null, arguments);

    /// <summary>
    /// Reports at the place itself when that is in the declaration being compiled, or when it is wrong however it is called: a name, or what is wrong in the
    /// user's layer checked by itself too. Else the call is to blame: the nearest one that is not wrong by itself, with the way from there as labels.
    /// </summary>
    public void Report(DiagnosticRow row, TextSpan span, IEnumerable<Label> labels, string? fix, params object[] arguments)
    {
        var place = frame;
        var trail = new List<Label>();
        // What is no error is told where it stands, and of the user's own code.
        if (row.Severity != Severity.Error && frame.IsLibrary) return;
        if (row.Severity == Severity.Error)
        {
            while (place.Caller is { } caller && !IsOwnFault(row, place, span))
            {
                trail.Add(new Label(place.At(span), $"here in '{place.Name}'"));
                span = place.CallSpan;
                place = caller;
            }
            if (place is { IsLibrary: true, Member: { } user })
            {
                trail.Add(new Label(place.At(span), $"here in '{place.Name}'"));
                (place, span) = user;
            }
            else if (place.Member is { } member && !IsOwnFault(row, place, span)) trail.Add(new Label(member.Frame.At(member.Span), $"in the member '{member.Frame.Name}'"));
        }
        context.Diagnostics.Report(row, place.At(span), fix, trail.Concat(labels).ToEquatableArray(), arguments);
    }

    private bool IsOwnFault(DiagnosticRow row, Frame place, TextSpan span)
    {
        if (place.IsLibrary) return false;
        if (place.Symbol is ConstSymbol) return true;
        if (place == frame && (row == DiagnosticTable.BadInitializer || row.Code.StartsWith("FNN2", StringComparison.Ordinal))) return true;
        return place.Symbol is CallableSymbol or TrainSymbol && context.Scope.ErrorsAlone(place.Symbol).Any(error => error.Location == place.At(span));
    }

    public bool AreEqual(Size left, Size right) => context.Facts.AreEqual(left, right);

    public void RequireAtMost(Size left, Size right, string text, TextSpan span)
    {
        if (context.Facts.IsNotNegativeWhenEmpty(right - left)) return;
        if (context.Facts.IsNotNegative(left - right - Size.One))
        {
            Report(DiagnosticTable.SliceOutOfRange, span, text, right);
            return;
        }
        context.AddGuard(new BoundGuard(text, left, "<=", right, OriginOf(span)));
        context.Facts.AddNotNegative(right - left);
    }

    public Value CheckIndex(Value index, Size bound, string what, TextSpan span)
    {
        var (place, call) = InUsersCode(span);
        return Builder.CheckRange(index, bound, place == frame ? what : $"an index in '{place.Source.GetText(call)}'");
    }

    /// <summary>Where nodes made for a span come from: the place itself in the user's code, or the user's call that led into the library.</summary>
    private Origin OriginOf(TextSpan span)
    {
        var (place, own) = InUsersCode(span);
        return place.OriginAt(own);
    }

    private (Frame Place, TextSpan Span) InUsersCode(TextSpan span)
    {
        var place = frame;
        while (place.IsLibrary && place.Caller is { } caller)
        {
            span = place.CallSpan;
            place = caller;
        }
        return place is { IsLibrary: true, Member: { } member } ? member : (place, span);
    }

    private void SetOrigin(TextSpan span) => Builder.Origin = OriginOf(span);
}

/// <summary>A quotient of sizes that is not known to be whole: a number, but no size.</summary>
internal sealed record QuotientOperand(Size Left, Size Right) : Operand
{
    public override string Kind => "a number";
}

/// <summary>A member of a model family, not yet called.</summary>
internal sealed record MemberOperand(ModelMemberSymbol Symbol) : Operand
{
    public override string Kind => "a layer";
}
