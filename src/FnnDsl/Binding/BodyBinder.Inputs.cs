using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

// The signature of what is compiled itself: a model, a train, or a layer that is checked alone. Its axes are sized at run time.
internal sealed partial class BodyBinder
{
    /// <summary>
    /// Makes the inputs of the graph. Names that are no dim and no config are axes sized at run time; conditions are facts before the
    /// inputs' types are fixed. After a diagnostic they are what C# may see of them, and <see cref="HasWrongHead"/> is true: nothing is made of them.
    /// </summary>
    public IReadOnlyList<BoundTensor> BindInputs(EquatableArray<ParameterSyntax> parameters, EquatableArray<Expression> conditions, out EquatableArray<string> runtimeAxes)
    {
        var axes = new List<string>();
        var fits = true;
        runtimeAxes = default;
        for (var k = 0; k < parameters.Count; k++)
        {
            var parameter = parameters[k];
            if (parameters.Take(k).Any(other => other.Name.Text == parameter.Name.Text) || frame.Config.ContainsKey(parameter.Name.Text))
            {
                Report(DiagnosticTable.ParameterTwice, parameter.Name.Span, parameter.Name.Text);
                fits = false;
            }
            if (parameter.Type.Axes is null && !context.Symbolic)
            {
                Report(DiagnosticTable.BadArgumentValue, parameter.Type.Span, [], $"write {parameter.Type.Element.Text}[]", $"an input is a tensor: '{parameter.Name.Text}' needs axes");
                fits = false;
            }
            foreach (var axis in parameter.Type.Axes ?? default)
            {
                if (axis is EllipsisAxis && !context.Symbolic)
                {
                    Report(DiagnosticTable.EllipsisHere, axis.Span, "the axes of an input are written out; '...' is for layers and fns");
                    fits = false;
                }
                if (axis is not SizeAxis { Size: NameExpression name } || !IsFreeAxis(name.Name)) continue;
                fits &= IsApartInCSharp(name.Name, name.Span);
                frame.Axes[name.Name] = Size.Axis(name.Name);
                frame.Notes[name.Name] = new AxisNote(name.Name, frame.At(name.Span));
                Note(name.Span, new SizeOperand(frame.Axes[name.Name]));
                axes.Add(name.Name);
            }
        }
        foreach (var condition in conditions)
        {
            // Conditions are about sizes: tensors have no values before the program runs.
            if (!NamesIn(condition).Any(name => parameters.Any(parameter => parameter.Type.Axes is not null && parameter.Name.Text == name))) continue;
            Report(DiagnosticTable.WhereUnclear, condition.Span);
            fits = false;
        }
        HasWrongHead = !fits;
        // Settings first: conditions speak of them, and axes may be made of those that stand behind them.
        foreach (var setting in parameters.Where(parameter => parameter.Type.Axes is null)) frame.Config[setting.Name.Text] = SymbolicConfig(setting);
        if (fits && !ApplyConditions(conditions)) HasWrongHead = true;

        var inputs = new List<BoundTensor>();
        foreach (var parameter in parameters)
        {
            if (parameter.Type.Axes is not { } parameterAxes) continue;
            try
            {
                inputs.Add(BindInput(parameter, parameterAxes, inputs.Count));
            }
            catch (OverflowException)
            {
                Report(DiagnosticTable.SizeTooLarge, parameter.Type.Span);
                HasWrongHead = true;
                inputs.Add(new BoundTensor(parameter.Name.Text, ElementType.F32, default));
            }
        }
        runtimeAxes = axes.Where(axis => context.Facts.Normalize(Size.Axis(axis)) == Size.Axis(axis)).ToEquatableArray();
        return inputs;
    }

    /// <summary>Whether something in the head of what is bound is wrong, and has been reported.</summary>
    public bool HasWrongHead { get; private set; }

    /// <summary>Whether C# tells a size from the others of this signature: <c>batch_size</c>, <c>batchSize</c> and <c>BatchSize</c> are one parameter there. Reports it where not.</summary>
    public bool IsApartInCSharp(string name, TextSpan span)
    {
        if (context.Symbolic || frame.Caller is not null) return true;
        var sizes = frame.Config.Where(pair => pair.Value is SizeOperand).Select(pair => pair.Key).Concat(frame.Axes.Keys);
        if (sizes.FirstOrDefault(other => other != name && Folded(other) == Folded(name)) is not { } twin) return true;
        Report(DiagnosticTable.SizesAlike, span, frame.Notes.TryGetValue(twin, out var note) && note.Source is { } place ? [new Label(place, "the first")] : [], "give one of them another name", name, twin);
        return false;

        static string Folded(string size) => size.Replace("_", "").ToLowerInvariant();
    }

    private bool IsFreeAxis(string name) => Lookup(name) is null or BuiltInOperand or CallableOperand or MemberOperand;

    private BoundTensor BindInput(ParameterSyntax parameter, EquatableArray<AxisSyntax> axes, int index)
    {
        var name = parameter.Name.Text;
        if (ResolveElement(parameter.Type) is not { } element)
        {
            HasWrongHead = true;
            // The fix is a text such as "write i32".
            element = ElementNamed(SuggestType(parameter.Type.Element.Text, TypeNames)?.Split(' ').Last());
        }
        var bound = new List<BoundAxis>();
        var notes = new List<AxisNote>();
        var isUnknown = false;
        foreach (var axis in axes)
        {
            if (axis is EllipsisAxis)
            {
                // A layer checked alone: any axes are two axes.
                frame.Ellipsis ??= (EquatableArray<Size>.Own(Size.Axis("..."), Size.Axis("....")), EquatableArray<AxisNote>.Own(AxisNote.None, AxisNote.None));
                bound.AddRange(frame.Ellipsis.Value.Sizes.Select(size => new BoundAxis(null, size)));
                notes.AddRange(frame.Ellipsis.Value.Notes);
                continue;
            }
            var expression = ((SizeAxis)axis).Size;
            // Members of a family may have different numbers here, and C# one type for all of them.
            var open = expression is not NameExpression && Reads.Of(expression).Any(frame.Open.Contains) ? TextOf(expression.Span) : null;
            if (ReadsUnknown(expression))
            {
                isUnknown = true;
                bound.Add(new BoundAxis(null, Size.One) { Open = TextOf(expression.Span) });
                continue;
            }
            if (EvaluateAxis(expression) is not { } size)
            {
                HasWrongHead = true;
                bound.Add(new BoundAxis(null, Size.One) { Open = TextOf(expression.Span) });
                notes.Add(AxisNote.None);
                continue;
            }
            bound.Add(BoundAxisOf(expression, size) with { Open = open });
            notes.Add(NoteOf(expression));
        }
        var input = new BoundTensor(name, element, bound.ToEquatableArray());
        frame.Values[name] = isUnknown ? Poison : new TensorOperand(Builder.Input(index, name, input.Type), notes.ToEquatableArray());
        Note(parameter.Name.Span, frame.Values[name]);
        return input;
    }

    /// <summary>Whether a piece of the head reads something of which nothing is known, and of which nothing is said here: a network that is broken, or that members of a family choose.</summary>
    private bool ReadsUnknown(Expression expression) => Reads.Of(expression).Any(name => frame.Values.TryGetValue(name, out var value) && value is PoisonOperand);

    /// <summary>What stands for config that nobody has given: sizes stay symbolic, numbers are 2, truths are as the default says, or true.</summary>
    public Operand SymbolicConfig(ParameterSyntax parameter)
    {
        if (parameter.Default is { } initial && Bind(initial) is var given and not PoisonOperand && ConvertConfig(this, parameter, given, initial.Span) is { } value) return value;
        return parameter.Type.Element.Text switch
        {
            "dim" => new SizeOperand(Size.Axis(parameter.Name.Text)),
            "int" => new NumberOperand(2, true),
            "axis" => new NumberOperand(-1, true),
            "bool" => new BoolOperand(true),
            "string" => new TextOperand(""),
            "f32" or "f64" or "real" => new NumberOperand(0.5, false),
            // What they take and give is known to callers only.
            "fn" or "layer" => Poison,
            _ => UnknownConfigType(parameter.Type),
        };
    }

    private Operand UnknownConfigType(TypeSyntax type)
    {
        Report(DiagnosticTable.UnknownType, type.Element.Span, [], SuggestType(type.Element.Text, TypeNames), type.Element.Text);
        return Poison;
    }

    /// <summary>Results as C# sees them.</summary>
    public EquatableArray<BoundTensor> BoundResults(EquatableArray<ResultSyntax> results, IReadOnlyList<TensorOperand> values) => results.Select((result, k) =>
    {
        var shape = values[k].Shape;
        var axes = (result.Type.Axes ?? default).Select((axis, i) => axis is SizeAxis size ? BoundAxisOf(size.Size, shape[i]) : new BoundAxis(null, shape[i]));
        return new BoundTensor(result.Name?.Text ?? (results.Count == 1 ? "result" : $"result{k + 1}"), values[k].Element, axes.ToEquatableArray());
    }).ToEquatableArray();

    /// <summary>Results as far as the signature alone tells: for the API of a model whose body is wrong.</summary>
    public EquatableArray<BoundTensor> DeclaredResults(EquatableArray<ResultSyntax> results)
    {
        var bound = new List<BoundTensor>();
        for (var k = 0; k < results.Count; k++)
        {
            var type = results[k].Type;
            var axes = new List<BoundAxis>();
            foreach (var axis in type.Axes ?? default)
            {
                // Names are right or wrong whatever the body does; the rest waits for it. However long the axis, the C# that uses the model keeps compiling.
                foreach (var name in axis is SizeAxis written ? NamesIn(written.Size).Where(name => Lookup(name) is null && !_unknownInBody.Contains(name)) : []) ReportUnknown(name, axis.Span);
                axes.Add(axis is SizeAxis size ? BoundAxisOf(size.Size, Quietly.SizeOrNull(size.Size) ?? Size.Axis(TextOf(axis.Span))) : new BoundAxis(null, Size.Axis(TextOf(axis.Span))));
            }
            bound.Add(new BoundTensor(results[k].Name?.Text ?? (results.Count == 1 ? "result" : $"result{k + 1}"), ElementNamed(type.Element.Text), axes.ToEquatableArray()));
        }
        return bound.ToEquatableArray();
    }

    private static ElementType ElementNamed(string? name) => name switch { "i32" => ElementType.I32, "i64" => ElementType.I64, "f64" => ElementType.F64, "bool" => ElementType.Bool, _ => ElementType.F32 };

    /// <summary>As <see cref="DeclaredResults"/>, where something else has been reported already.</summary>
    public EquatableArray<BoundTensor> DeclaredQuietly(EquatableArray<ResultSyntax> results) => Quietly.DeclaredResults(results);

    // The same sizes without the tensors, which belong to another graph, and whose reports nobody hears.
    private BodyBinder Quietly
    {
        get
        {
            var sizes = new Frame(frame.Symbol, frame.Caller, frame.CallSpan);
            foreach (var pair in frame.Config.Where(pair => pair.Value is SizeOperand or NumberOperand)) sizes.Config[pair.Key] = pair.Value;
            foreach (var pair in frame.Axes) sizes.Axes[pair.Key] = pair.Value;
            return new BodyBinder(new BindingContext(context.Scope, new DiagnosticBag(), context.AskForTraining(), context.Symbolic), sizes);
        }
    }

    private Size? SizeOrNull(Expression expression)
    {
        try
        {
            return AsSize(Bind(expression));
        }
        catch (OverflowException)
        {
            return null;
        }
    }
}
