using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

// States of a generate that grow along an axis, and how the next element is drawn.
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
        if (!IsApartInCSharp(name.Name, name.Span)) return null;
        if (EvaluateSize(growing[0].AtMost!) is not { } capacity) return null;
        frame.Axes[name.Name] = Size.Axis(name.Name);
        frame.Notes[name.Name] = new AxisNote(name.Name, frame.At(name.Span));
        if (ResolveElement(syntax.Type) is not { } element || BindShape(new ShapeExpression(syntax.Type.Axes!.Value, syntax.Type.Span)) is not ShapeOperand shape) return null;
        if (syntax.Initial is not { } first)
        {
            Report(DiagnosticTable.GrowingAxis, syntax.Span, [], $"write grow {syntax.Name.Text}: {TextOf(syntax.Type.Span)} = prompt", $"'{syntax.Name.Text}' grows from a beginning of at least one element");
            return null;
        }
        var at = Array.IndexOf(axes, growing[0]);
        if (Beginning(syntax, Bind(first), element, shape.Sizes, at) is not { } beginning) return null;
        // The axis is as long as what has been written: at least 1, so that the last element is there.
        context.Facts.AddNotNegative(Size.Axis(name.Name) - Size.One);
        context.Facts.AddNotNegative(capacity - Size.Axis(name.Name));
        return new FeedbackState(syntax.Name, new TensorType(element, shape.Sizes), shape.Notes, beginning) { GrowingAxis = at, Capacity = capacity };
    }

    // A beginning is as long as it likes.
    private Value? Beginning(StateSyntax syntax, Operand initial, ElementType element, EquatableArray<Size> shape, int growing)
    {
        if (initial is PoisonOperand || Adapt(initial, element, syntax.Initial!.Span) is not { } tensor) return null;
        var wanted = tensor.Rank == shape.Count ? shape.Select((size, axis) => axis == growing ? tensor.Shape[axis] : size).ToEquatableArray() : shape;
        if (tensor.Rank == shape.Count && FitsInto(tensor, wanted, out var why)) return BroadcastTo(tensor.Value, wanted);
        why = tensor.Rank == shape.Count ? "only the axis that grows may have another length" : "it has as many axes as the state";
        Report(DiagnosticTable.StateChangesType, syntax.Initial.Span, [new Label(frame.At(syntax.Type.Span), "its type")], null, syntax.Name.Text, new TensorType(element, shape), "this", tensor.Type, why);
        return null;
    }

    /// <summary><c>tokens &lt;- append(tokens, next)</c></summary>
    private void Grow(FeedbackState state, UpdateStatement update, Operand value)
    {
        if (value is AppendOperand append && append.State == state)
        {
            state.Next = append.Next;
            frame.Values[state.Name.Text] = new TensorOperand(append.Whole, state.Notes);
            Note(update.Target.Span, frame.Values[state.Name.Text]);
            return;
        }
        state.IsHidden = true;
        if (value is not PoisonOperand) Report(DiagnosticTable.AppendUnfit, update.Value.Span, [], $"write {state.Name.Text} <- append({state.Name.Text}, next)", $"'{state.Name.Text}' grows by one element a round, and is not replaced");
    }

    /// <summary>A feedback with a state that grows is no loop of the graph: its rounds are runs of a program.</summary>
    private void BindGrowth(FeedbackScope scope, Rounds rounds)
    {
        var feedback = scope.Syntax;
        var state = scope.States.First(candidate => candidate.GrowingAxis is not null);
        var region = Builder.BeginLoop(rounds.Count);
        foreach (var other in scope.States) other.Before = region.AddState(other.Type);
        var isRight = CheckGrowth(scope, state) & BindRound(scope, rounds, region, out var hidden);
        var end = isRight ? BindEnd(scope, rounds, region) : null;
        if (end is not null && scope.Emits.FirstOrDefault() is { } emit)
        {
            Report(DiagnosticTable.GrowthUnfit, emit.Name.Span, [], "make it a state that is updated in each round", "what grows is collected already, and a round of it emits nothing else");
            end = null;
        }
        ForgetRound(scope);
        if (end is null || scope.States.Any(other => other.IsHidden) || !CheckLength(scope, state, rounds))
        {
            PoisonResults(feedback);
            return;
        }
        SetOrigin(feedback.Span);
        var at = state.GrowingAxis!.Value;
        var ordered = scope.States.OrderBy(other => other != state).ToArray();
        var nexts = ordered.Select(other => end.Active is { } active
            ? Builder.SpreadOver(active, other.Next!.Value.Type.Shape).Select(other.Next.Value, other == state ? Builder.ElementAt(state.Before, at, state.Type.Shape[at] - Size.One) : other.Before)
            : other.Next!.Value);
        // The end's own states stand behind those of buffers, which a program without training does not keep.
        var own = end.Own.Select((item, k) => region.Leaf(scope.States.Count + hidden.Count + k, item.Next.Type)).ToArray();
        context.Growth = new GrowthBinding(
            ((NameExpression)((SizeAxis)scope.Syntax.States.First(syntax => syntax.Grows).Type.Axes!.Value[at]).Size).Name, at, state.Initial.Type.Shape[at], state.Capacity!, rounds.Count,
            ordered.Select(other => other.Before).Concat(own).ToArray(), ordered.Select(other => other.Initial).Concat(end.Own.Select(item => item.Initial)).ToArray(),
            nexts.Concat(end.Own.Select(item => item.Next)).ToArray(), end.Stop, region.StepName, scope.Slide, OriginOf(feedback.Span));

        foreach (var other in scope.States) frame.Values[other.Name.Text] = new TensorOperand(other.Before, other.Notes);
        if (feedback.Step is not { } step) return;
        frame.Values[step.Text] = end.Active is null ? new SizeOperand(Size.Axis(context.Growth.RoundAxis)) : end.Taken!(null!, k => own[k]);
        Note(step.Span, frame.Values[step.Text]);
    }

    // One state grows, in rounds that are counted or end by a condition.
    private bool CheckGrowth(FeedbackScope scope, FeedbackState state)
    {
        var feedback = scope.Syntax;
        var (why, fix) = scope switch
        {
            { Outer: not null } => ("a state grows in a feedback of its own, not within another", "bind it before or behind the other feedback"),
            _ when context.Growth is not null => ("one state of a generate grows", "make a second generate that begins with what the first gave"),
            _ when scope.States.Count(other => other.GrowingAxis is not null) > 1 => ("one state of a generate grows", "append to one tensor with another axis for both"),
            _ when feedback.Form is not (UntilForm or TimesForm) => ("a state grows round by round", "write times 100, or until next == stop, at_most 100"),
            _ => ("", ""),
        };
        if (why.Length == 0) return true;
        Report(DiagnosticTable.GrowthUnfit, state.Name.Span, [], fix, why);
        return false;
    }

    // What all rounds append has room, or the caller is told; where the state slides, one element has room, and some are left.
    private bool CheckLength(FeedbackScope scope, FeedbackState state, Rounds rounds)
    {
        var (start, capacity) = (state.Initial.Type.Shape[state.GrowingAxis!.Value], state.Capacity!);
        var count = scope.Syntax.Form is UntilForm until ? until.AtMost : ((TimesForm)scope.Syntax.Form).Count;
        return scope.Slide is { } slide
            ? HasRoom(slide + Size.One, scope.Syntax.Slide!.Span, $"when it is full, '{state.Name.Text}' forgets {slide} of {capacity} elements, and one must be left")
                && HasRoom(start + Size.One, count.Span, $"'{state.Name.Text}' becomes {start + Size.One} long, and may be {capacity}")
            : HasRoom(start + rounds.Count, count.Span, $"'{state.Name.Text}' becomes {start + rounds.Count} long, and may be {capacity}");

        bool HasRoom(Size needed, TextSpan span, string why)
        {
            if (context.Facts.IsNotNegativeWhenEmpty(capacity - needed)) return true;
            if (context.Facts.IsNotNegative(needed - capacity - Size.One))
            {
                Report(DiagnosticTable.GrowthUnfit, span, [], scope.Slide is null ? $"let it slide: slide {Size.Divide(capacity, 2)}" : null, why);
                return false;
            }
            context.AddGuard(new BoundGuard($"{needed} <= {capacity}", needed, "<=", capacity, OriginOf(span)));
            return true;
        }
    }

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
        SetOrigin(call.Span);
        var element = BroadcastTo(next.Value, wanted);
        var whole = Builder.Concat([state.Seen, Builder.Expand(element, at, Size.One)], at);
        return new AppendOperand(whole, state.Notes, state, element);
    }

    /// <summary><c>sample(logits, top_k: 40)</c>: an index along the last axis, drawn by its probability.</summary>
    internal Operand BindSample(BuiltInCall call)
    {
        if (!IsInGenerate)
        {
            Report(DiagnosticTable.SampleOutside, call.Span, "sample");
            return Poison;
        }
        var settings = new Dictionary<string, (double Default, Func<double, bool, bool> Fits)>(StringComparer.Ordinal)
        {
            ["temperature"] = (1, (number, _) => number >= 0),
            ["top_k"] = (0, (number, isWhole) => isWhole && number >= 1),
            ["top_p"] = (1, (number, _) => number is > 0 and <= 1),
            ["repetition_penalty"] = (1, (number, _) => number >= 1),
        };
        var numbers = new Dictionary<string, Value>(StringComparer.Ordinal);
        foreach (var argument in call.Arguments.Where(argument => argument.Name is not null))
        {
            var name = argument.Name!;
            if (!settings.TryGetValue(name.Text, out var known))
            {
                Report(DiagnosticTable.UnknownArgument, name.Span, [], Spelling.Fix(name.Text, settings.Keys) ?? $"it takes {string.Join(", ", settings.Keys)}", "sample", name.Text);
                return Poison;
            }
            var setting = argument.Bind(this);
            if (setting is PoisonOperand) return Poison;
            // What a caller gives at run time is a tensor, or a size; its value is not known here.
            var isRight = TryNumber(setting, out var number, out var isWhole) ? known.Fits(number, isWhole) : setting is TensorOperand { Rank: 0 } or SizeOperand;
            if (isRight)
            {
                if (setting is TensorOperand atRunTime) context.DrawBy(atRunTime.Value, name.Text);
                numbers[name.Text] = setting is TensorOperand given0 ? Builder.Convert(given0.Value, ElementType.F32) : Adapt(setting, ElementType.F32, argument.Span)!.Value;
                continue;
            }
            Report(DiagnosticTable.BadSetting, argument.Span, name.Text, "sample", name.Text switch
            {
                "top_k" => $"a whole number of at least 1 is expected, not {Describe(setting)}",
                "top_p" => $"a share above 0 and at most 1 is expected, not {Describe(setting)}",
                "temperature" => $"a number of at least 0 is expected, not {Describe(setting)}",
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
        SetOrigin(call.Span);
        var rows = logits.Shape.Take(logits.Rank - 1).ToEquatableArray();
        Value? history = null;
        if (numbers.ContainsKey("repetition_penalty") && !TryFindHistory(call, rows, out history)) return Poison;
        // Each sample has draws of its own, whatever samples stand beside it.
        var draws = Builder.ElementAt(Builder.RandomUniform(NextSite(call.Span), Size.Zero, rows.Append(Size.Constant(MostDraws)).ToEquatableArray()), rows.Count, context.Round);
        var inputs = new List<Value> { Builder.Convert(logits.Value, ElementType.F32), draws };
        inputs.AddRange(settings.Select(setting => numbers.TryGetValue(setting.Key, out var number) ? number : Builder.Constant(setting.Value.Default, ElementType.F32)));
        if (history is { } before) inputs.Add(before);
        return new TensorOperand(Builder.Make(new Sample(), inputs, new TensorType(ElementType.I32, rows)), logits.Notes.Take(logits.Rank - 1).ToEquatableArray());
    }

    /// <summary>Between the draws of a sample and those of the next: more rounds than that draw what the next sample has drawn.</summary>
    private const int MostDraws = 1 << 16;

    // What has been drawn before is the state that grows, where its elements are indices, one for each row.
    private bool TryFindHistory(BuiltInCall call, EquatableArray<Size> rows, out Value? history)
    {
        var state = frame.Feedback?.States.FirstOrDefault(candidate => candidate.GrowingAxis is not null);
        var isFit = state is { Type.Element: ElementType.I32, GrowingAxis: { } at } && at == rows.Count && state.Type.Rank == rows.Count + 1 && state.Type.Shape.Take(at).SequenceEqual(rows);
        history = isFit ? state!.Seen : null;
        if (!isFit) Report(DiagnosticTable.BadSetting, call.Named("repetition_penalty")!.Span, "repetition_penalty", "sample", "it is about what a state that grows has of each sample, i32[…, length], and there is none here");
        return isFit;
    }
}
