using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Outlines;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

// Statements and conditions.
internal sealed partial class BodyBinder
{
    /// <summary>So many copies a repeat may make.</summary>
    private const int MaximumCopies = 4096;

    private bool _failed;
    private TextSpan _returnSpan;
    private EquatableArray<Expression> _returnValues;

    /// <summary>Binds statements of a train; null in bodies of layers, where there are none.</summary>
    public Action<Statement>? TrainStatement { get; init; }

    /// <summary>Binds statements until one returns.</summary>
    public void BindStatements(EquatableArray<Statement> statements)
    {
        foreach (var statement in statements)
        {
            if (frame.Returned is not null || _failed) return;
            if (++context.Statements > BindingContext.MaximumStatements)
            {
                if (context.Statements == BindingContext.MaximumStatements + 1) ReportAtRoot(DiagnosticTable.TooMuchToUnfold, statement.Span, BindingContext.MaximumStatements);
                _failed = true;
                return;
            }
            if (statement is ReturnStatement && TrainStatement is null && statements[statements.Count - 1] != statement)
            {
                Report(DiagnosticTable.AfterReturn, statements.SkipWhile(other => other != statement).ElementAt(1).Span);
            }
            SetOrigin(statement.Span);
            _unknownNames.Clear();
            try
            {
                BindStatement(statement);
            }
            catch (OverflowException)
            {
                Report(DiagnosticTable.SizeTooLarge, statement.Span);
                _failed = true;
            }
            catch (InsufficientExecutionStackException)
            {
                Report(DiagnosticTable.TooDeep, statement.Span);
                _failed = true;
            }
        }
    }

    private void BindStatement(Statement statement)
    {
        switch (statement)
        {
            case BindStatement bind:
                BindNames(bind);
                break;
            case IndexBindStatement index:
                var isFree = CheckTarget(index.Target);
                if (Outline is { } outline)
                {
                    outline.BeginReads();
                    ReadWords(outline, index.Value.Span);
                }
                var value = new IndexNotation(Builder, this).Bind(index);
                Outline?.EndPart(value, TextOf(index.Span));
                if (isFree) BindName(index.Target, null, value);
                break;
            case StorageStatement storage:
                BindStorage(storage);
                break;
            case UpdateStatement update:
                BindUpdate(update);
                break;
            case RepeatStatement repeat:
                BindRepeat(repeat);
                break;
            case IfStatement condition:
                BindIf(condition);
                break;
            case FeedbackStatement feedback:
                BindFeedback(feedback);
                break;
            case EmitStatement emit:
                BindEmit(emit);
                break;
            case BudgetStatement:
                // Of the model alone, when all of it is known; a model that is used as a layer has none.
                break;
            case ReturnStatement when frame.Feedback is not null:
                Report(DiagnosticTable.NotInFeedback, statement.Span, "'return'");
                _failed = true;
                break;
            case ReturnStatement result:
                if (TrainStatement is not null)
                {
                    Report(DiagnosticTable.StatementInTrain, result.Span, "'return'");
                    break;
                }
                _returnSpan = result.Span;
                _returnValues = result.Values;
                frame.Returned = result.Values.Select(value => BindPart(value)).ToArray();
                break;
            default:
                var word = TextOf(statement.Span).Split(' ', '(')[0];
                if (frame.Feedback is not null) Report(DiagnosticTable.NotInFeedback, statement.Span, $"'{word}'");
                else if (TrainStatement is not null) TrainStatement(statement);
                else Report(DiagnosticTable.TrainingStatementInBody, statement.Span, word);
                break;
        }
    }

    private bool CheckTarget(Identifier target) => CheckTarget(target, frame.Feedback);

    /// <param name="round">The block in whose round the name is bound; null outside of all.</param>
    private bool CheckTarget(Identifier target, FeedbackScope? round)
    {
        string? taken = frame.Axes.ContainsKey(target.Text) ? "an axis"
            : frame.Config.TryGetValue(target.Text, out var config) && config is SizeOperand or NumberOperand ? "config"
            : target.Text is "true" or "false" or "inf" or "pi" or "training" ? "a word of the language"
            : context.Scope.Find(frame.Symbol.Namespace, target.Text, frame.IsLibrary) is DimSymbol { IsLibrary: false } ? "a dim"
            : null;
        if (taken is null) return round is null || CheckRoundName(round, target);
        Report(DiagnosticTable.NameTaken, target.Span, [], $"write {target.Text}_value = …", target.Text, taken);
        // Lines below mean the value by it: what they would make of the axis is no mistake of its own.
        frame.Values[target.Text] = Poison;
        return false;
    }

    private void BindNames(BindStatement bind)
    {
        var value = BindPart(bind.Value, bind.Span);
        if (bind.Targets.Count == 1)
        {
            if (CheckTarget(bind.Targets[0])) BindName(bind.Targets[0], bind.CheckpointName, value);
            return;
        }
        if (value is TupleOperand tuple && tuple.Items.Count == bind.Targets.Count)
        {
            for (var k = 0; k < bind.Targets.Count; k++)
            {
                if (CheckTarget(bind.Targets[k])) BindName(bind.Targets[k], null, tuple.Items[k]);
            }
            return;
        }
        if (value is not PoisonOperand)
        {
            Report(DiagnosticTable.DestructuringCount, TextSpan.FromBounds(bind.Targets[0].Span.Start, bind.Targets[bind.Targets.Count - 1].Span.End), bind.Targets.Count, Describe(value));
        }
        foreach (var target in bind.Targets) frame.Values[target.Text] = Poison;
    }

    private void BindName(Identifier target, StringExpression? checkpointName, Operand value)
    {
        if (value is InstanceOperand { Instance: { Path: null } instance })
        {
            if (!PlaceInstance(instance, target.Text, checkpointName, target.Span)) value = Poison;
        }
        else if (checkpointName is not null && value is not PoisonOperand)
        {
            Report(DiagnosticTable.BadCheckpointName, checkpointName.Span, "only a layer or a param has a name in checkpoints");
        }
        if (value is TensorOperand { Rank: > 0 } tensor && tensor.Notes.All(note => note.Source is null) && !frame.IsLibrary)
        {
            var source = frame.At(target.Span);
            value = tensor with { Notes = tensor.Notes.Select(note => note with { Source = source }).ToEquatableArray() };
        }
        frame.Values[target.Text] = value;
        Note(target.Span, value);
    }

    private void BindUpdate(UpdateStatement update)
    {
        var name = update.Target.Text;
        // Its value may name it as well: that is no second mistake.
        if (Lookup(name) is null) ReportNothingToUpdate(update.Target);
        var value = BindPart(update.Value, update.Span);
        if (TryUpdateState(update, value)) return;
        if (!frame.Buffers.TryGetValue(name, out var place))
        {
            var known = Lookup(name)!;
            if (known is PoisonOperand) return;
            Report(DiagnosticTable.NotABuffer, update.Target.Span, [], frame.StorageValues.ContainsKey(name) ? $"declare it as a buffer, which is not trained: buffer {name}: …" : $"write {name} = … to bind the name anew", name, Describe(known));
            frame.Values[name] = Poison;
            return;
        }
        if (value is PoisonOperand) return;
        var storage = frame.Owner!.Net!.Buffers[place.Index];
        if (Adapt(value, storage.Type.Element, update.Value.Span) is not { } tensor) return;
        if (tensor.Rank > 0 && (tensor.Rank != storage.Type.Rank || !tensor.Shape.Zip(storage.Type.Shape, AreEqual).All(same => same)))
        {
            Report(DiagnosticTable.ShapeMismatch, update.Value.Span, tensor.Type, $"'{name}', which is {storage.Type}", "a buffer keeps its shape");
            return;
        }
        // What is remembered has no past: no gradient goes through it.
        var next = Builder.Stop(BroadcastTo(tensor.Value, storage.Type.Shape));
        context.BufferUpdates[place] = next;
        frame.Values[name] = new TensorOperand(next, ((TensorOperand)frame.Values[name]).Notes);
        Note(update.Target.Span, frame.Values[name]);
    }

    private void ReportNothingToUpdate(Identifier target)
    {
        var name = target.Text;
        var updated = frame.Buffers.Keys.Concat(frame.Feedback?.States.Select(state => state.Name.Text) ?? []);
        Report(
            DiagnosticTable.UnknownName, target.Span, [],
            Spelling.Fix(name, updated) ?? (frame.Feedback is null ? $"write {name} = …, or declare a buffer: '<-' updates buffers, and states of a feedback" : $"make it a state, with what it is before the first round: feedback ({name}: type = value) …"), name);
        frame.Values[name] = Poison;
        frame.Feedback?.Missing.Add(name);
    }

    // ---- Repetition and choice ----------------------------------------------------------------------------------

    private void BindRepeat(RepeatStatement repeat)
    {
        var operand = Bind(repeat.Count);
        if (operand is PoisonOperand)
        {
            _failed = true;
            return;
        }
        if (!TryNumber(operand, out var number, out var whole) || !whole)
        {
            if (context.Symbolic && operand is SizeOperand) number = 2;
            else
            {
                if (operand is NumberOperand) Report(DiagnosticTable.RepeatCount, repeat.Count.Span, MaximumCopies, Describe(operand));
                else Report(DiagnosticTable.NotBuildTime, repeat.Count.Span, [], operand is SizeOperand ? $"rounds along an axis are a feedback: feedback (h: f32[batch, 8] = 0) over x_t in x along {TextOf(repeat.Count.Span)} {{ … }}" : null, "the number of copies", Describe(operand));
                _failed = true;
                return;
            }
        }
        if (number is < 0 or > MaximumCopies)
        {
            Report(DiagnosticTable.RepeatCount, repeat.Count.Span, MaximumCopies, number);
            _failed = true;
            return;
        }
        if (repeat.Index is { } target && !CheckTarget(target)) return;
        if (BindSegmentLength(repeat) is not { } length) return;
        var hidden = repeat.Index is { } counter && frame.Values.TryGetValue(counter.Text, out var before) ? before : null;
        var outer = frame.Path;
        var isSingle = repeat.Path is not null && HasSingleUnnamedLayer(repeat.Body);
        // One copy is no repetition.
        var outline = number > 1 ? Outline : null;
        outline?.BeginRegion(OutlineRegionKind.Repeat, "× " + number.ToString("R", System.Globalization.CultureInfo.InvariantCulture));
        var segment = (Nodes: 0, frame.Values);
        for (var i = 0; i < (int)number && frame.Returned is null && !_failed; i++)
        {
            if (i > 0) outline?.BeginCopy();
            if (length > 0 && i % length == 0) segment = (Builder.Nodes.Count, new Dictionary<string, Operand>(frame.Values));
            if (repeat.Index is { } index) frame.Values[index.Text] = new NumberOperand(i, true);
            frame.Path = repeat.Path is { } path
                ? new PathContext($"{outer.Prefix}{path.Text}{outer.Suffix}.{i}.", "", isSingle)
                : outer with { Suffix = $"{outer.Suffix}.{i}", IsSingle = false };
            BindStatements(repeat.Body);
            if (length > 0 && ((i + 1) % length == 0 || i + 1 == (int)number)) EndSegment(segment.Nodes, segment.Values);
            if (i > 0) outline?.EndCopy();
        }
        outline?.EndRegion();
        frame.Path = outer;
        // What had the name before has it again: the outer of two loops goes on counting.
        if (repeat.Index is not { } last) return;
        if (hidden is null) frame.Values.Remove(last.Text);
        else frame.Values[last.Text] = hidden;
    }

    // Whether the one layer made in a body is made without a name: then the copy's path is its path.
    private bool HasSingleUnnamedLayer(EquatableArray<Statement> body)
    {
        var unnamed = 0;
        var others = 0;
        foreach (var statement in body)
        {
            switch (statement)
            {
                case BindStatement { Value: CallExpression made, Targets.Count: 1 } when IsLayerReference(made.Callee):
                    others++;
                    break;
                case BindStatement bind:
                    unnamed += CountLayers(bind.Value);
                    break;
                case IndexBindStatement index:
                    unnamed += CountLayers(index.Value);
                    break;
                case ReturnStatement result:
                    unnamed += result.Values.Sum(CountLayers);
                    break;
                case UpdateStatement update:
                    unnamed += CountLayers(update.Value);
                    break;
                default:
                    others++;
                    break;
            }
        }
        return unnamed == 1 && others == 0;
    }

    private bool IsLayerReference(Expression expression) => expression is NameExpression name && Lookup(name.Name) is CallableOperand { Symbol.IsLayer: true } or MemberOperand;

    private int CountLayers(Expression expression) => (IsLayerReference(expression) ? 1 : 0) + expression switch
    {
        UnaryExpression unary => CountLayers(unary.Operand),
        BinaryExpression binary => CountLayers(binary.Left) + CountLayers(binary.Right),
        PipeExpression pipe => CountLayers(pipe.Value) + CountLayers(pipe.Target),
        CallExpression call => CountLayers(call.Callee) + call.Arguments.Sum(argument => CountLayers(argument.Value)),
        MemberExpression member => CountLayers(member.Target),
        SubscriptExpression subscript => CountLayers(subscript.Target),
        ReshapeExpression reshape => CountLayers(reshape.Value),
        ReduceExpression reduce => CountLayers(reduce.Body),
        TupleExpression tuple => tuple.Items.Sum(CountLayers),
        _ => 0,
    };

    private void BindIf(IfStatement condition)
    {
        var operand = Bind(condition.Condition);
        switch (operand)
        {
            case BoolOperand truth:
                BindStatements(truth.Truth ? condition.Then : condition.Else);
                break;
            case PoisonOperand:
                _failed = true;
                break;
            default:
                if (context.Symbolic)
                {
                    BindStatements(condition.Then);
                    break;
                }
                Report(DiagnosticTable.NotBuildTime, condition.Condition.Span, [], operand is TensorOperand ? "choose between tensors with select(condition, a, b)" : null,
                    "the condition of an 'if'", Describe(operand));
                _failed = true;
                break;
        }
    }

    // ---- Conditions of signatures -------------------------------------------------------------------------------

    /// <summary>Decides each <c>where</c>, or makes it a guard and a fact. False after a diagnostic.</summary>
    public bool ApplyConditions(EquatableArray<Expression> conditions)
    {
        foreach (var condition in conditions)
        {
            if (!ApplyCondition(condition)) return false;
        }
        return true;
    }

    private bool ApplyCondition(Expression condition)
    {
        try
        {
            return DecideCondition(condition);
        }
        catch (OverflowException)
        {
            Report(DiagnosticTable.SizeTooLarge, condition.Span);
            return false;
        }
    }

    private bool DecideCondition(Expression condition)
    {
        if (condition is BinaryExpression { Operator: BinaryOperator.And } both) return ApplyCondition(both.Left) && ApplyCondition(both.Right);
        if (condition is BinaryExpression binary && Rows.TryGetValue(binary.Operator, out var entry) && entry.Row.Typing == Operators.OperatorTyping.Comparison)
        {
            var leftOperand = Bind(binary.Left);
            var rightOperand = Bind(binary.Right);
            if (leftOperand is PoisonOperand || rightOperand is PoisonOperand) return ReadsUnknown(condition);
            if (AsSize(leftOperand) is { } left && AsSize(rightOperand) is { } right)
            {
                if (Decide(binary.Operator, left, right) is { } truth) return truth || ConditionFails(condition);
                context.AddGuard(new BoundGuard(TextOf(condition.Span), left, entry.Sign, right, OriginOf(condition.Span)));
                AddFact(binary, left, right);
                return true;
            }
        }
        var operand = Bind(condition);
        switch (operand)
        {
            case PoisonOperand: return ReadsUnknown(condition);
            case BoolOperand truth: return truth.Truth || ConditionFails(condition);
            default:
                if (context.Symbolic) return true;
                Report(DiagnosticTable.WhereUnclear, condition.Span);
                return false;
        }
    }

    private bool ConditionFails(Expression condition)
    {
        if (context.Symbolic) return true;
        var values = NamesIn(condition).Distinct().Select(name => (name, Value: Lookup(name))).Where(item => item.Value is NumberOperand or SizeOperand { Size.IsConstant: true } or BoolOperand)
            .Select(item => $"{item.name} is {(item.Value is SizeOperand size ? size.Size.ToString() : Describe(item.Value!))}").ToArray();
        var why = values.Length == 0 ? "that is never so" : string.Join(" and ", values);
        var sources = NamesIn(condition).Distinct().Where(name => frame.Notes.TryGetValue(name, out var note) && note.Source is not null).Select(name => new Label(frame.Notes[name].Source!.Value, $"'{name}' comes from here"));
        var labels = sources.Prepend(new Label(frame.At(condition.Span), "the condition")).ToArray();
        // The call is to blame, not the body.
        if (frame.Caller is { } caller) new BodyBinder(context, caller).Report(DiagnosticTable.WhereFails, frame.CallSpan, labels, null, frame.Name, TextOf(condition.Span), why);
        else Report(DiagnosticTable.WhereFails, condition.Span, labels.Skip(1), null, frame.Name, TextOf(condition.Span), why);
        return false;
    }

    private void AddFact(BinaryExpression condition, Size left, Size right)
    {
        var facts = context.Facts;
        switch (condition.Operator)
        {
            case BinaryOperator.Equal:
                if (right.IsZero && condition.Left is BinaryExpression { Operator: BinaryOperator.Remainder } remainder
                    && AsSize(Bind(remainder.Left)) is { } numerator && AsSize(Bind(remainder.Right)) is { } denominator)
                {
                    facts.AddExactDivision(numerator, denominator);
                }
                else facts.AddEqual(left, right);
                break;
            case BinaryOperator.LessOrEqual: facts.AddNotNegative(right - left); break;
            case BinaryOperator.Less: facts.AddNotNegative(right - left - Size.One); break;
            case BinaryOperator.GreaterOrEqual: facts.AddNotNegative(left - right); break;
            case BinaryOperator.Greater: facts.AddNotNegative(left - right - Size.One); break;
        }
    }
}
