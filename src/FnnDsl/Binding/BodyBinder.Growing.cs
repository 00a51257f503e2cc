using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

// States of a generate that grow along an axis, and how the next element is drawn: checked, and not compiled in this version. What they are worth is made up;
// only its type counts.
internal sealed partial class BodyBinder
{
    private bool IsInGenerate
    {
        get
        {
            var place = frame;
            while (place.Caller is { } caller) place = caller;
            return place.Symbol is GenerateSymbol;
        }
    }

    /// <summary><c>grow tokens: i32[batch, length &lt;= context] = prompt</c>: the axis with a bound is as long as the rounds have made it.</summary>
    private FeedbackState? BindGrowingState(StateSyntax syntax)
    {
        if (frame.Symbol is not GenerateSymbol)
        {
            Report(DiagnosticTable.GrowOutside, syntax.Name.Span, [], "begin with the whole length and update parts of it", syntax.Name.Text);
            return null;
        }
        var axes = (syntax.Type.Axes ?? default).OfType<SizeAxis>().ToArray();
        var growing = axes.Where(axis => axis.AtMost is not null).ToArray();
        if (growing.Length != 1 || growing[0].Size is not NameExpression name)
        {
            Report(DiagnosticTable.GrowingAxis, syntax.Type.Span, [], "write one axis with its bound, such as length <= 128", $"'{syntax.Name.Text}' grows along one axis, which has a name and a bound");
            return null;
        }
        if (!IsFreeAxis(name.Name))
        {
            Report(DiagnosticTable.GrowingAxis, name.Span, [], "give the axis that grows a name of its own", $"'{name.Name}' has a length already, and can't grow");
            return null;
        }
        if (EvaluateSize(growing[0].AtMost!) is null) return null;
        frame.Axes[name.Name] = Size.Axis(name.Name);
        frame.Notes[name.Name] = new AxisNote(name.Name, frame.At(name.Span));
        if (ResolveElement(syntax.Type) is not { } element || BindShape(new ShapeExpression(syntax.Type.Axes!.Value, syntax.Type.Span)) is not ShapeOperand shape) return null;
        var at = Array.IndexOf(axes, growing[0]);
        if (syntax.Initial is { } first && !BeginsWith(syntax, Bind(first), element, shape.Sizes, at)) return null;
        return new FeedbackState(syntax.Name, new TensorType(element, shape.Sizes), shape.Notes, MadeUp(element, shape.Sizes)) { GrowingAxis = at };
    }

    // A beginning is as long as it likes.
    private bool BeginsWith(StateSyntax syntax, Operand initial, ElementType element, EquatableArray<Size> shape, int growing)
    {
        if (initial is PoisonOperand || Adapt(initial, element, syntax.Initial!.Span) is not { } tensor) return false;
        var wanted = tensor.Rank == shape.Count ? shape.Select((size, axis) => axis == growing ? tensor.Shape[axis] : size).ToEquatableArray() : shape;
        if (tensor.Rank == shape.Count && FitsInto(tensor, wanted, out var why)) return true;
        why = tensor.Rank == shape.Count ? "only the axis that grows may have another length" : "it has as many axes as the state";
        Report(DiagnosticTable.StateChangesType, syntax.Initial.Span, [new Label(frame.At(syntax.Type.Span), "its type")], null, syntax.Name.Text, new TensorType(element, shape), "this", tensor.Type, why);
        return false;
    }

    private Value MadeUp(ElementType element, EquatableArray<Size> shape) => Builder.Broadcast(Builder.Constant(0, element), shape);

    /// <summary><c>append(tokens, next)</c>: the state with one more element along the axis that grows.</summary>
    internal Operand BindAppend(BuiltInCall call)
    {
        var given = call.Positional.ToArray();
        if (given.Length != 2 || call.Arguments.Count != 2 || given[0].Syntax is not NameExpression name || frame.Feedback?.Find(name.Name) is not { GrowingAxis: { } at } state)
        {
            Report(DiagnosticTable.AppendUnfit, call.Span, [], "it is append(state, next), with a state that grows", "'append' adds an element to a state that grows, in the feedback of a generate");
            return Poison;
        }
        var wanted = state.Type.Shape.Where((_, axis) => axis != at).ToEquatableArray();
        if (given[1].Bind(this) is not (not PoisonOperand and var operand) || Adapt(operand, state.Type.Element, given[1].Span) is not { } next) return Poison;
        if (next.Rank != wanted.Count || !FitsInto(next, wanted, out _))
        {
            Report(DiagnosticTable.AppendUnfit, given[1].Span, AxisLabels(next.Shape.Zip(next.Notes, (size, note) => (size, note)).ToArray()), null,
                $"what is appended to '{name.Name}' is {new TensorType(state.Type.Element, wanted)}, one element of its axis {at}, but this is {next.Type}");
            return Poison;
        }
        // Of the right type, and dependent on what is appended.
        return new TensorOperand(Builder.Broadcast(Builder.Reduce(ReduceKind.Max, next.Value, Enumerable.Range(0, next.Rank).ToArray()), state.Type.Shape), state.Notes);
    }

    /// <summary><c>sample(logits, top_k: 40)</c>: an index along the last axis, drawn by its probability.</summary>
    internal Operand BindSample(BuiltInCall call)
    {
        if (!IsInGenerate)
        {
            Report(DiagnosticTable.SampleOutside, call.Span, "sample");
            return Poison;
        }
        var settings = new Dictionary<string, Func<double, bool, bool>>(StringComparer.Ordinal)
        {
            ["top_k"] = (number, isWhole) => isWhole && number >= 1,
            ["top_p"] = (number, _) => number is > 0 and <= 1,
            ["temperature"] = (number, _) => number > 0,
            ["repetition_penalty"] = (number, _) => number >= 1,
        };
        foreach (var argument in call.Arguments.Where(argument => argument.Name is not null))
        {
            var name = argument.Name!;
            if (!settings.TryGetValue(name.Text, out var fits))
            {
                Report(DiagnosticTable.UnknownArgument, name.Span, [], Spelling.Fix(name.Text, settings.Keys) ?? $"it takes {string.Join(", ", settings.Keys)}", "sample", name.Text);
                return Poison;
            }
            var setting = argument.Bind(this);
            if (setting is PoisonOperand) return Poison;
            // What a caller gives at run time is a tensor; its value is not known here.
            if (setting is TensorOperand { Rank: 0 } || (TryNumber(setting, out var number, out var isWhole) && fits(number, isWhole))) continue;
            Report(DiagnosticTable.BadSetting, argument.Span, name.Text, "sample", name.Text switch
            {
                "top_k" => $"a whole number of at least 1 is expected, not {Describe(setting)}",
                "top_p" => $"a share above 0 and at most 1 is expected, not {Describe(setting)}",
                "temperature" => $"a number above 0 is expected, not {Describe(setting)}",
                _ => $"a number of at least 1 is expected, not {Describe(setting)}",
            });
            return Poison;
        }
        var given = call.Positional.ToArray();
        if (given.Length != 1)
        {
            Report(DiagnosticTable.TooManyArguments, call.Span, "sample", "1 tensor", given.Length);
            return Poison;
        }
        var operand = given[0].Bind(this);
        if (operand is PoisonOperand) return Poison;
        if (operand is not TensorOperand { Rank: > 0 } logits || !logits.Element.IsFloat())
        {
            Report(DiagnosticTable.ElementUnfit, given[0].Span, [], null, "sample", "float logits with an axis", Describe(operand));
            return Poison;
        }
        return new TensorOperand(Builder.ArgReduce(isMax: true, logits.Value, logits.Rank - 1), logits.Notes.Take(logits.Rank - 1).ToEquatableArray());
    }
}
