using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

// Feedback blocks: how each form ends its rounds, and what a finished loop gives.
internal sealed partial class BodyBinder
{
    /// <summary>A sample has halted when its probabilities add up to one less this: see Graves, "Adaptive Computation Time for Recurrent Neural Networks", 2016.</summary>
    private const double HaltingSlack = 0.01;

    /// <summary>What ends the rounds; null after a diagnostic. The body's names are still known.</summary>
    private RoundsEnd? BindEnd(FeedbackScope scope, Rounds rounds, LoopRegion region) => scope.Syntax switch
    {
        { Form: UntilForm until } => EndUntil(scope, until, region),
        { Form: HaltForm halt } => EndWhenHalted(scope, halt, rounds, region),
        { Lengths: { } lengths } => EndOfEach(scope, lengths, rounds, region),
        _ => new RoundsEnd(),
    };

    private RoundsEnd? EndUntil(FeedbackScope scope, UntilForm until, LoopRegion region)
    {
        var operand = BindPart(until.Condition, until.Span);
        if (operand is PoisonOperand) return null;
        if (operand is BoolOperand || (operand is TensorOperand { Element: ElementType.Bool } truth && !region.DependsOn(truth.Value)))
        {
            Report(DiagnosticTable.NeverEnds, until.Condition.Span, [], "compare something that the body computes", []);
            return null;
        }
        if (operand is not TensorOperand { Element: ElementType.Bool } condition)
        {
            Report(DiagnosticTable.FeedbackKind, until.Condition.Span, "what ends a loop", "a bool, one or one for each sample", Describe(operand));
            return null;
        }
        SetOrigin(until.Condition.Span);
        if (condition.Rank == 0) return new RoundsEnd { Stop = condition.Value, Taken = (loop, _) => new TensorOperand(loop.Rounds) };

        if (!CheckSamples(scope, condition, $"'{TextOf(until.Condition.Span)}'")) return null;
        var active = AddActive(region, condition.Type.Shape);
        var taken = region.AddState(active.Type);
        var next = Builder.Convert(active.NotEqualTo(0).And(!condition.Value), ElementType.I32);
        return new RoundsEnd
        {
            Active = active.NotEqualTo(0),
            Stop = IsZero(next),
            Own = [(Builder.Fill(1, active.Type), next), (Builder.Fill(0, taken.Type), taken + active)],
            Taken = (_, own) => new TensorOperand(own(1), condition.Notes),
        };
    }

    private RoundsEnd? EndWhenHalted(FeedbackScope scope, HaltForm halt, Rounds rounds, LoopRegion region)
    {
        var operand = BindPart(halt.Probability, halt.Span);
        if (operand is PoisonOperand) return null;
        if (operand is not TensorOperand probability || !probability.Element.IsFloat())
        {
            Report(DiagnosticTable.FeedbackKind, halt.Probability.Span, "what 'halt' takes", "the probability to stop, a float for each sample", Describe(operand));
            return null;
        }
        if (!region.DependsOn(probability.Value))
        {
            Report(DiagnosticTable.NeverEnds, halt.Probability.Span, [], "compute it from a state", []);
            return null;
        }
        if (!CheckSamples(scope, probability, $"'{TextOf(halt.Probability.Span)}'")) return null;
        SetOrigin(halt.Span);
        var p = probability.Value;
        var active = AddActive(region, p.Type.Shape);
        var sum = region.AddState(p.Type);
        var cost = region.AddState(p.Type);
        var isActive = active.NotEqualTo(0);
        var isFinal = Builder.SizeValue(region.Step, ElementType.I32).EqualTo(Builder.SizeValue(rounds.Count - Size.One, ElementType.I32));
        var isLast = (sum + p).GreaterOrEqual(1 - HaltingSlack).Or(Builder.Broadcast(isFinal, p.Type.Shape));
        var remainder = 1 - sum;
        var weight = isActive.Select(isLast.Select(remainder, p), 0);
        var next = Builder.Convert(isActive.And(!isLast), ElementType.I32);
        var own = new List<(Value, Value)>
        {
            (Builder.Fill(1, active.Type), next),
            (Builder.Fill(0, p.Type), sum + isActive.Select(p, 0)),
            (Builder.Fill(0, p.Type), cost + isActive.Select(1 + isLast.Select(remainder, 0), 0)),
        };
        // The result of a state is the mean of its values, weighted with the probability to stop there.
        var results = scope.States.Select(state =>
        {
            if (!state.Type.Element.IsFloat()) return (int?)null;
            var mean = region.AddState(state.Type);
            var share = Builder.Convert(Builder.SpreadOver(weight, state.Type.Shape), state.Type.Element);
            own.Add((Builder.Fill(0, state.Type), mean + share * state.Next!.Value));
            return own.Count - 1;
        }).ToArray();
        return new RoundsEnd
        {
            Active = isActive,
            Stop = IsZero(next),
            Own = own,
            Results = results,
            Taken = (_, last) => new TensorOperand(last(2), probability.Notes),
        };
    }

    private RoundsEnd? EndOfEach(FeedbackScope scope, Expression lengths, Rounds rounds, LoopRegion region)
    {
        // What is said of a sample's length is said before the loop.
        var operand = Bind(lengths);
        if (operand is PoisonOperand) return null;
        if (operand is not TensorOperand length || !length.Element.IsInteger() || region.DependsOn(length.Value))
        {
            Report(DiagnosticTable.FeedbackKind, lengths.Span, "a length", "an integer for each sample, bound before the loop", Describe(operand));
            return null;
        }
        if (!CheckSamples(scope, length, $"'{TextOf(lengths.Span)}'")) return null;
        SetOrigin(lengths.Span);
        // A length that is none would not be seen: a longer one than the axis takes every round, and one below 0 none.
        var steps = Builder.CheckRange(length.Value, rounds.Count + Size.One, TextOf(lengths.Span), isLength: true);
        return new RoundsEnd { Active = Builder.SizeValue(region.Step, length.Element).Less(steps) };
    }

    // A mask is in memory as i32: vectors hold no bools.
    private Value AddActive(LoopRegion region, EquatableArray<Size> shape) => region.AddState(new TensorType(ElementType.I32, shape));

    private Value IsZero(Value mask) => Builder.Reduce(ReduceKind.Max, mask, Enumerable.Range(0, mask.Type.Rank).ToArray()).EqualTo(0);

    /// <summary>Whether all states and everything that is collected begin with a condition's axes.</summary>
    private bool CheckSamples(FeedbackScope scope, TensorOperand condition, string text)
    {
        var named = scope.States.Select(state => (state.Name, state.Type)).Concat(scope.Emits.Select(emit => (emit.Name, emit.Value.Type)));
        foreach (var (name, type) in named)
        {
            if (type.Rank >= condition.Rank && condition.Shape.Zip(type.Shape, AreEqual).All(same => same)) continue;
            Report(DiagnosticTable.SampleAxes, name.Span, text, condition.Type, name.Text, type);
            return false;
        }
        return true;
    }

    private void FinishFeedback(FeedbackScope scope, Rounds rounds, LoopRegion region, RoundsEnd end, IReadOnlyList<(StoragePlace Place, Value Before, Value Next)> hidden)
    {
        var feedback = scope.Syntax;
        SetOrigin(feedback.Span);
        var nexts = scope.States.Select(state => end.Active is { } active
            ? Builder.SpreadOver(active, state.Type.Shape).Select(state.Next!.Value, state.Seen)
            : state.Next!.Value);
        var emits = scope.Emits.Select(emit => end.Active is { } active
            ? Builder.SpreadOver(active, emit.Value.Shape).Select(emit.Value.Value, Builder.Fill(0, emit.Value.Type))
            : emit.Value.Value).ToArray();
        var whole = region.Finish(
            scope.States.Select(state => state.Initial).Concat(hidden.Select(buffer => buffer.Before)).Concat(end.Own.Select(own => own.Initial)).ToArray(),
            nexts.Concat(hidden.Select(buffer => buffer.Next)).Concat(end.Own.Select(own => own.Next)).ToArray(),
            end.Stop, null, emits);
        FinishedLoop loop = scope.Segment is { } length ? whole.InSegments(length) : whole;

        Value Own(int index) => loop.Final(scope.States.Count + hidden.Count + index);
        for (var k = 0; k < scope.States.Count; k++)
        {
            var state = scope.States[k];
            var last = end.Results.Count > k && end.Results[k] is { } own ? Own(own) : loop.Final(k);
            // A state whose update is wrong has been told of: what it would be after the block is not known.
            frame.Values[state.Name.Text] = state.IsHidden ? Poison : new TensorOperand(last, state.Notes);
        }
        for (var k = 0; k < hidden.Count; k++) KeepBuffer(hidden[k].Place, loop.Final(scope.States.Count + k));
        foreach (var name in scope.Uncollected.Where(name => !frame.Values.ContainsKey(name))) frame.Values[name] = Poison;
        for (var k = 0; k < emits.Length; k++)
        {
            var collection = frame.Values[scope.Emits[k].Name.Text] = Collection(scope.Emits[k], loop.Stack(emits[k]), rounds);
            Note(scope.Emits[k].Name.Span, collection);
        }
        if (feedback.Step is not { } step) return;
        frame.Values[step.Text] = end.Taken?.Invoke(loop, Own) ?? new SizeOperand(rounds.Count);
        Note(step.Span, frame.Values[step.Text]);
    }

    private void KeepBuffer(StoragePlace place, Value value)
    {
        context.BufferUpdates[place] = value;
        foreach (var own in frame.Buffers.Where(buffer => buffer.Value == place))
        {
            if (frame.Values.TryGetValue(own.Key, out var known) && known is TensorOperand tensor) frame.Values[own.Key] = tensor with { Value = value };
        }
    }

    /// <summary>What was collected: 'over' puts the new axis where the one it goes along was, the others behind the first.</summary>
    private TensorOperand Collection(Collected emit, Value stack, Rounds rounds)
    {
        var axis = emit.Axis ?? Math.Min(rounds.Position ?? 1, emit.Value.Rank);
        var notes = emit.Value.Notes.ToList();
        notes.Insert(axis, rounds.Note);
        return new TensorOperand(Builder.MoveAxis(stack, 0, axis), notes.ToEquatableArray());
    }
}
