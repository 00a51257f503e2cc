using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Outlines;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

// Feedback blocks: states, rounds, the body, and what names stand for after it. How a form ends its rounds is in the next part.
internal sealed partial class BodyBinder
{
    private void BindFeedback(FeedbackStatement feedback)
    {
        var outside = new Dictionary<string, Operand>(frame.Values, StringComparer.Ordinal);
        var scope = new FeedbackScope(feedback, frame.Feedback, outside);
        var statesAreRight = BindStates(scope);
        var rounds = BindRounds(feedback);
        if (!BindOptions(scope, rounds) || !statesAreRight || rounds is null)
        {
            ForgetRound(scope);
            PoisonResults(feedback);
            return;
        }
        BeginOutlinedFeedback(scope);
        if (scope.States.Any(state => state.GrowingAxis is not null)) BindGrowth(scope, rounds);
        else if (feedback.Form is FixedPointForm fixedPoint) BindFixedPoint(scope, fixedPoint, rounds);
        else BindLoop(scope, rounds);
        EndOutlinedFeedback(scope);
    }

    private void BindLoop(FeedbackScope scope, Rounds rounds)
    {
        var feedback = scope.Syntax;
        var region = Builder.BeginLoop(rounds.Count, feedback.Reverse is not null);
        foreach (var state in scope.States) state.Before = region.AddState(state.Type);
        var isRight = BindRound(scope, rounds, region, out var hidden);
        var end = isRight ? BindEnd(scope, rounds, region) : null;
        ForgetRound(scope);
        if (end is null) PoisonResults(feedback);
        else FinishFeedback(scope, rounds, region, end, hidden);
    }

    /// <summary>The names after a block that has errors: nothing that uses them is complained about.</summary>
    private void PoisonResults(FeedbackStatement feedback)
    {
        foreach (var state in feedback.States) frame.Values[state.Name.Text] = Poison;
        foreach (var emit in AllStatements(feedback.Body).OfType<EmitStatement>()) frame.Values[emit.Name.Text] = Poison;
        if (feedback.Step is { } step) frame.Values[step.Text] = Poison;
    }

    private void ForgetRound(FeedbackScope scope)
    {
        frame.Forgotten.UnionWith(frame.Values.Keys.Where(name => !scope.Outside.ContainsKey(name)));
        frame.Values.Clear();
        foreach (var pair in scope.Outside) frame.Values.Add(pair.Key, pair.Value);
        foreach (var name in scope.Missing) frame.Values[name] = Poison;
        scope.Outer?.Missing.UnionWith(scope.Missing);
        frame.Feedback = scope.Outer;
    }

    // ---- States -------------------------------------------------------------------------------------------------

    private bool BindStates(FeedbackScope scope)
    {
        var isRight = true;
        foreach (var syntax in scope.Syntax.States)
        {
            if (scope.Find(syntax.Name.Text) is not null)
            {
                Report(DiagnosticTable.ParameterTwice, syntax.Name.Span, syntax.Name.Text);
                isRight = false;
            }
            else if (!CheckTarget(syntax.Name) || BindState(syntax) is not { } state) isRight = false;
            else scope.States.Add(state);
        }
        return isRight;
    }

    private FeedbackState? BindState(StateSyntax syntax)
    {
        if (syntax.Grows) return BindGrowingState(syntax);
        var initial = syntax.Initial is { } expression ? BindPart(expression, syntax.Span) : null;
        if (ResolveElement(syntax.Type) is not { } element || initial is PoisonOperand) return null;
        initial ??= element == ElementType.Bool ? new BoolOperand(false) : new NumberOperand(0, true);
        if (BindShape(new ShapeExpression(syntax.Type.Axes ?? default, syntax.Type.Span)) is not ShapeOperand shape) return null;
        var span = syntax.Initial?.Span ?? syntax.Span;
        if (Adapt(initial, element, span) is not { } value) return null;
        var type = new TensorType(element, shape.Sizes);
        if (!FitsInto(value, shape.Sizes, out var why))
        {
            Report(DiagnosticTable.StateChangesType, span, [new Label(frame.At(syntax.Type.Span), "its type")], null, syntax.Name.Text, type, "this", value.Type, why);
            return null;
        }
        var first = BroadcastTo(value.Value, shape.Sizes);
        if (initial is TensorOperand given) Outline?.Alias(first, given.Value);
        return new FeedbackState(syntax.Name, type, shape.Notes, first);
    }

    // Whether a tensor has a shape, or repeats to it.
    private bool FitsInto(TensorOperand tensor, EquatableArray<Size> shape, out string why)
    {
        why = "";
        if (tensor.Rank > shape.Count)
        {
            why = $"it has {tensor.Rank - shape.Count} more {(tensor.Rank - shape.Count == 1 ? "axis" : "axes")}";
            return false;
        }
        for (var axis = 0; axis < tensor.Rank; axis++)
        {
            var wanted = shape[shape.Count - tensor.Rank + axis];
            if (tensor.Shape[axis].IsOne || AreEqual(tensor.Shape[axis], wanted)) continue;
            why = $"axis {axis - tensor.Rank} is {tensor.Shape[axis]} and not {wanted}";
            return false;
        }
        return true;
    }

    /// <summary>An update of a state of the block at hand. False when the name is none.</summary>
    private bool TryUpdateState(UpdateStatement update, Operand value)
    {
        var name = update.Target.Text;
        if (frame.Feedback?.Find(name) is not { } state)
        {
            for (var scope = frame.Feedback?.Outer; scope is not null; scope = scope.Outer)
            {
                if (scope.Find(name) is null) continue;
                Report(DiagnosticTable.OuterState, update.Target.Span, name);
                return true;
            }
            return false;
        }
        if (state.Next is not null)
        {
            Report(DiagnosticTable.StateUpdatedTwice, update.Target.Span, [new Label(frame.At(state.UpdateSpan), "updated here")], null, name);
            return true;
        }
        state.UpdateSpan = update.Span;
        state.Next = state.Before;
        frame.Values[name] = Poison;
        if (state.GrowingAxis is not null)
        {
            Grow(state, update, value);
            return true;
        }
        if (value is PoisonOperand || Adapt(value, state.Type.Element, update.Value.Span) is not { } tensor) return true;
        if (!FitsInto(tensor, state.Type.Shape, out var why))
        {
            var labels = state.Type.Shape.Zip(state.Notes, (size, note) => (size, note)).Concat(tensor.Shape.Zip(tensor.Notes, (size, note) => (size, note))).SelectMany(axis => AxisLabels(axis));
            Report(DiagnosticTable.StateChangesType, update.Value.Span, labels, null, name, state.Type, "its next value", tensor.Type, why);
            state.IsHidden = true;
            return true;
        }
        SetOrigin(update.Span);
        state.Next = BroadcastTo(tensor.Value, state.Type.Shape);
        Outline?.Alias(state.Next.Value, tensor.Value);
        frame.Values[name] = new TensorOperand(state.Next.Value, state.Notes);
        Note(update.Target.Span, frame.Values[name]);
        return true;
    }

    // Whether a round may bind a name: what it binds is gone when it ends.
    private bool CheckRoundName(FeedbackScope scope, Identifier target)
    {
        if (scope.Find(target.Text) is { } state)
        {
            state.IsHidden = true;
            Report(DiagnosticTable.StateHidden, target.Span, [], $"write {target.Text} <- …", target.Text);
            return false;
        }
        if (!scope.Outside.ContainsKey(target.Text) || scope.OwnNames.Contains(target.Text)) return true;
        Report(DiagnosticTable.ForgottenName, target.Span, [], $"make it a state ({target.Text}: type = {target.Text}) if the next round needs it, else give it another name", target.Text);
        return false;
    }

    // ---- Rounds -------------------------------------------------------------------------------------------------

    private Rounds? BindRounds(FeedbackStatement feedback) => feedback.Form switch
    {
        OverForm over => BindSources(over),
        TimesForm times => RoundsOf(times.Count),
        UntilForm until => RoundsOf(until.AtMost),
        HaltForm halt => RoundsOf(halt.AtMost),
        _ => new Rounds(Size.One, AxisNote.None, null, []),
    };

    private Rounds? RoundsOf(Expression count)
    {
        var operand = Bind(count);
        if (operand is TensorOperand)
        {
            Report(DiagnosticTable.NotASize, count.Span, [], "a number of rounds that is computed is an end by condition: as t until t + 1 >= n, at_most 20", Describe(operand));
            return null;
        }
        if (ToSize(operand, count) is not { } size) return null;
        if (size.IsZero)
        {
            Report(DiagnosticTable.NoRounds, count.Span, size);
            return null;
        }
        return new Rounds(size, new AxisNote(null, NoteOf(count).Source), null, []);
    }

    private Rounds? BindSources(OverForm over)
    {
        var sources = new List<(Identifier, TensorOperand Value, int Axis)>();
        var isRight = true;
        foreach (var source in over.Sources)
        {
            var operand = BindPart(source.Value);
            if (operand is PoisonOperand) isRight = false;
            else if (operand is not TensorOperand tensor)
            {
                Report(DiagnosticTable.NotATensor, source.Value.Span, "'over'", Describe(operand));
                isRight = false;
            }
            else if (ResolveAxis(over.Axis, tensor) is { } axis) sources.Add((source.Name, tensor, axis));
            else return null;
        }
        if (!isRight) return null;
        var (first, at) = (sources[0].Value, sources[0].Axis);
        foreach (var (name, other, axis) in sources.Skip(1))
        {
            if (AreEqual(first.Shape[at], other.Shape[axis])) continue;
            Report(DiagnosticTable.SourceLengths, name.Span, AxisLabels((first.Shape[at], first.Notes[at]), (other.Shape[axis], other.Notes[axis])), null,
                over.Sources[0].Name.Text, first.Shape[at], name.Text, other.Shape[axis]);
            return null;
        }
        return new Rounds(first.Shape[at], first.Notes[at], at, sources);
    }

    // ---- The body -----------------------------------------------------------------------------------------------

    /// <summary>Binds one round. False after a diagnostic.</summary>
    /// <param name="hidden">Buffers that the body updates, with their values before the block and in it.</param>
    private bool BindRound(FeedbackScope scope, Rounds rounds, LoopRegion region, out IReadOnlyList<(StoragePlace Place, Value Before, Value Next)> hidden)
    {
        var feedback = scope.Syntax;
        hidden = [];
        frame.Feedback = scope;
        foreach (var (name, source, axis) in rounds.Sources)
        {
            if (!CheckSlice(scope, name)) return false;
            frame.Values[name.Text] = new TensorOperand(Builder.ElementAt(source.Value, axis, region.Step), source.Notes.Where((_, k) => k != axis).ToEquatableArray());
            Outline?.AddNode(OutlineNodeKind.Slice, name.Text, null, source, frame.Values[name.Text]);
            Note(name.Span, frame.Values[name.Text]);
        }
        var isFixedPoint = feedback.Form is FixedPointForm;
        if (feedback.Step is { } step && !isFixedPoint)
        {
            if (!CheckSlice(scope, step)) return false;
            frame.Values[step.Text] = new StepOperand(region.Step, rounds.Count, element => Builder.SizeValue(region.Step, element)) { IsInteger = true };
        }
        foreach (var state in scope.States)
        {
            state.Seen = Cut(scope, state, rounds, region);
            frame.Values[state.Name.Text] = new TensorOperand(state.Seen, state.Notes);
            OutlineState(state);
            Note(state.Name.Span, frame.Values[state.Name.Text]);
        }

        ReportMissingStates(feedback);
        var buffers = new Dictionary<StoragePlace, Value>(context.BufferUpdates);
        var round = context.Round;
        // An equilibrium is one of a map: its draws are the same in every round.
        if (!isFixedPoint) context.Round = round * rounds.Count + region.Step;
        BindStatements(feedback.Body);
        context.Round = round;
        SetOrigin(feedback.Span);
        hidden = TakeBuffers(buffers, region);
        if (_failed || frame.Returned is not null) return false;
        foreach (var state in scope.States.Where(state => state.Next is null && !state.IsHidden))
        {
            Report(DiagnosticTable.StateNotUpdated, state.Name.Span, [], $"write {state.Name.Text} <- … in the body, or bind it before the feedback if it does not change", state.Name.Text);
        }
        return scope.States.All(state => state.Next is not null);
    }

    /// <summary>States that the block updates and does not have. Lines above the update may read them: so it is said before any is bound.</summary>
    private void ReportMissingStates(FeedbackStatement feedback)
    {
        var bound = new HashSet<string>(AllStatements(feedback.Body).SelectMany(statement => statement switch
        {
            BindStatement bind => bind.Targets.Select(target => target.Text),
            IndexBindStatement bind => [bind.Target.Text],
            StorageStatement storage => [storage.Name.Text],
            EmitStatement emit => [emit.Name.Text],
            _ => [],
        }).Concat(feedback.Body.OfType<FeedbackStatement>().SelectMany(inner => inner.States.Select(state => state.Name.Text))), StringComparer.Ordinal);
        foreach (var update in feedback.Body.OfType<UpdateStatement>())
        {
            if (!bound.Contains(update.Target.Text) && Lookup(update.Target.Text) is null) ReportNothingToUpdate(update.Target);
        }
    }

    private bool CheckSlice(FeedbackScope scope, Identifier name)
    {
        if (scope.OwnNames.Add(name.Text) && scope.Find(name.Text) is null) return CheckTarget(name);
        Report(DiagnosticTable.ParameterTwice, name.Span, name.Text);
        return false;
    }

    /// <summary>A state as the round sees it: after each stretch of a truncated loop no gradient goes further back.</summary>
    private Value Cut(FeedbackScope scope, FeedbackState state, Rounds rounds, LoopRegion region)
    {
        if (scope.Stretch is not { } length || !state.Type.Element.IsFloat()) return state.Before;
        var done = scope.Syntax.Reverse is null ? region.Step : rounds.Count - region.Step - Size.One;
        var isBorder = Builder.SizeValue(Size.Remainder(done, length), ElementType.I32).EqualTo(0).And(Builder.SizeValue(done, ElementType.I32).Greater(0));
        return isBorder.Select(Builder.Stop(state.Before), state.Before);
    }

    // Buffers that the body updated: each round sees the value before the block, and that of the last round remains.
    private IReadOnlyList<(StoragePlace, Value, Value)> TakeBuffers(Dictionary<StoragePlace, Value> before, LoopRegion region)
    {
        var changed = new List<(StoragePlace, Value, Value)>();
        foreach (var update in context.BufferUpdates.ToArray())
        {
            var isKnown = before.TryGetValue(update.Key, out var old);
            if (isKnown && old.Id == update.Value.Id) continue;
            region.AddState(update.Value.Type);
            changed.Add((update.Key, isKnown ? old : Builder.BufferValue(update.Key.Net, update.Key.Index, update.Value.Type), update.Value));
        }
        return changed;
    }

    private void BindEmit(EmitStatement emit)
    {
        if (frame.Feedback is not { } scope)
        {
            Report(DiagnosticTable.EmitOutside, emit.Span);
            _failed = true;
            return;
        }
        var value = BindPart(emit.Value, emit.Span);
        scope.Uncollected.Add(emit.Name.Text);
        if (scope.Emits.Any(other => other.Name.Text == emit.Name.Text))
        {
            Report(DiagnosticTable.EmitTwice, emit.Name.Span, emit.Name.Text);
            return;
        }
        if (scope.Syntax.Form is FixedPointForm)
        {
            Report(DiagnosticTable.EmitLength, emit.Span, emit.Name.Text, "a fixed point has no rounds of its own; compute it from the states after the block");
            return;
        }
        if (scope.Find(emit.Name.Text) is not null)
        {
            Report(DiagnosticTable.StateHidden, emit.Name.Span, [], "give the collection another name", emit.Name.Text);
            scope.Find(emit.Name.Text)!.IsHidden = true;
            return;
        }
        // The collection is there after the block.
        if (value is PoisonOperand || !CheckTarget(emit.Name, scope.Outer)) return;
        if (value is AdaptingOperand or NumberOperand or SizeOperand or QuotientOperand) value = Adapt(value, frame.Real ?? ElementType.F32, emit.Value.Span) ?? Poison;
        if (value is PoisonOperand) return;
        if (value is not TensorOperand tensor)
        {
            Report(DiagnosticTable.NotATensor, emit.Value.Span, "'emit'", Describe(value));
            return;
        }
        int? axis = null;
        // The name of the axis that the loop goes along is the usual place.
        var isUsual = emit.Along is null || (emit.Along is NameExpression named && scope.Syntax.Form is OverForm { Axis: NameExpression axisName } && axisName.Name == named.Name);
        if (!isUsual)
        {
            var along = emit.Along!;
            var isPlace = TryNumber(Bind(along), out var number, out var whole) && whole;
            axis = (int)(number < 0 ? number + tensor.Rank + 1 : number);
            if (!isPlace || axis < 0 || axis > tensor.Rank)
            {
                Report(DiagnosticTable.BadArgumentValue, along.Span, $"'along' is followed by where the new axis goes among those of {tensor.Type}: 0 to {tensor.Rank}, or from the right -1 to {-tensor.Rank - 1}");
                return;
            }
        }
        scope.Emits.Add(new Collected(emit.Name, tensor, axis));
    }

    // ---- Names that come later ----------------------------------------------------------------------------------

    /// <summary>A name that the round binds further down: what would be a loop within the round, or the wrong order. False when it is not so.</summary>
    private bool ReportNoDelay(string name, TextSpan span)
    {
        if (frame.Feedback is not { } scope) return false;
        var bound = AllStatements(scope.Syntax.Body).Select(statement => (Statement: statement, Names: TargetsOf(statement))).Where(item => item.Names.Count > 0).ToArray();
        var definition = bound.FirstOrDefault(item => item.Names.Contains(name) && item.Statement.Span.Start > span.Start).Statement;
        if (definition is null) return false;
        var user = bound.LastOrDefault(item => item.Statement.Span.Start <= span.Start && span.End <= item.Statement.Span.End);
        var cycle = user.Statement is null ? null : PathTo(definition, user.Names, [name]);
        var line = frame.Source.GetPosition(definition.Span.Start).Line + 1;
        var why = cycle is null
            ? $"it is bound in line {line.ToString(System.Globalization.CultureInfo.InvariantCulture)}, later in the round"
            : $"{user.Names[0]} needs {string.Join(", which needs ", cycle)}";
        Report(DiagnosticTable.NoDelay, span, [new Label(frame.At(definition.Span), "bound here")], $"move that line up, or make '{name}' a state to use its value of the round before", name, why);
        return true;

        // The names by which a statement needs one of the targets, the target last; null when it does not.
        List<string>? PathTo(Statement from, IReadOnlyList<string> targets, List<string> path)
        {
            foreach (var word in DeclarationClosure.Words(TextOf(from.Span)).Where(word => !TargetsOf(from).Contains(word)))
            {
                if (targets.Contains(word)) return [.. path, word];
                if (path.Contains(word)) continue;
                var next = bound.FirstOrDefault(item => item.Names.Contains(word)).Statement;
                if (next is not null && PathTo(next, targets, [.. path, word]) is { } found) return found;
            }
            return null;
        }
    }

    private static IReadOnlyList<string> TargetsOf(Statement statement) => statement switch
    {
        BindStatement bind => bind.Targets.Select(target => target.Text).ToArray(),
        IndexBindStatement index => [index.Target.Text],
        _ => [],
    };

    // ---- Options ------------------------------------------------------------------------------------------------

    /// <summary>Whether the options mean something here; finds the lengths of stretches and segments. False after a diagnostic.</summary>
    private bool BindOptions(FeedbackScope scope, Rounds? rounds)
    {
        var feedback = scope.Syntax;
        var isOver = feedback.Form is OverForm;
        var isCounted = feedback.Form is OverForm or TimesForm;
        if (feedback.Reverse is { } reverse && !isOver) return Unfit("reverse", reverse.Span, "only 'over' has an axis to go along");
        if (feedback.Lengths is { } lengths && !isOver) return Unfit("lengths", lengths.Span, "only 'over' has an axis with lengths");
        if (feedback.Truncate is { } truncate && !isCounted) return Unfit("truncate", truncate.Span, "only 'over' and 'times' have stretches to cut");
        if (feedback.Checkpoint is { } checkpoint && !isCounted) return Unfit("checkpoint", checkpoint.Span, "only 'over' and 'times' run to a count");
        if (feedback.Otherwise is { } otherwise && feedback.Form is not FixedPointForm) return Unfit("else", otherwise.Span, "only a fixed point may fail to be reached");
        if (feedback.Slide is { } slide && !feedback.States.Any(state => state.Grows)) return Unfit("slide", slide.Span, "only a state that grows becomes full");
        scope.Stretch = BindLength(feedback.Truncate);
        scope.Slide = BindLength(feedback.Slide);
        scope.Segment = BindLength(feedback.Checkpoint);
        if (scope.Stretch is { } stretch && rounds is not null && context.Facts.IsNotNegative(stretch - rounds.Count - Size.One))
        {
            Report(DiagnosticTable.TruncationTooLong, feedback.Truncate!.Span, stretch, rounds.Count);
            return false;
        }
        return (feedback.Truncate is null || scope.Stretch is not null) && (feedback.Checkpoint is null || scope.Segment is not null) && (feedback.Slide is null || scope.Slide is not null);
    }

    // A number of rounds, at least 1; null where there is none, or after a diagnostic.
    private Size? BindLength(Expression? expression)
    {
        if (expression is null || EvaluateSize(expression) is not { } length) return null;
        if (length.IsZero)
        {
            Report(DiagnosticTable.NoRounds, expression.Span, length);
            return null;
        }
        RequireAtMost(Size.One, length, TextOf(expression.Span), expression.Span);
        return length;
    }

    private bool Unfit(string option, TextSpan span, string why)
    {
        Report(DiagnosticTable.OptionUnfit, span, option, why);
        return false;
    }
}
