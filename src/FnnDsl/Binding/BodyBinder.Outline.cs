using System.Globalization;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Outlines;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

// What the binder tells an outline, when one is wanted: the parts of the source, calls, loops.
internal sealed partial class BodyBinder
{
    /// <summary>Null when no outline is wanted, or nothing is noted here.</summary>
    private OutlineRecorder? Outline => context.Outline is { IsOn: true } outline ? outline : null;

    /// <summary>An expression that is a part of its own where it computes something.</summary>
    /// <param name="whole">What its node is called by: the statement it is the value of; null for the expression itself.</param>
    public Operand BindPart(Expression expression, TextSpan? whole = null)
    {
        if (Outline is not { } outline) return Bind(expression);
        outline.BeginReads();
        var operand = Bind(expression);
        outline.EndPart(operand, TextOf(whole ?? expression.Span));
        return operand;
    }

    /// <summary>Index notation looks names up by itself: every name in it that is a tensor is read.</summary>
    private void ReadWords(OutlineRecorder outline, TextSpan span)
    {
        foreach (var word in DeclarationClosure.Words(TextOf(span)).Distinct())
        {
            if (Lookup(word) is TensorOperand tensor) outline.Read(tensor);
        }
    }

    // ---- Calls --------------------------------------------------------------------------------------------------

    /// <summary>How a call is noted: as a node, as a region with what is inside, or, when neither, as what its caller computes.</summary>
    private sealed record OutlinedCall(OutlineRecorder Outline, bool IsPart, bool IsOpen, IReadOnlyList<Operand> Arguments);

    /// <summary>Notes that a call begins. Arguments that compute something are parts of their own, unless the call is itself a part of what its caller computes.</summary>
    private OutlinedCall? BeginOutlinedCall(CallableSymbol symbol, LayerInstance? instance, Dictionary<string, CallArgument> given)
    {
        if (Outline is not { } outline) return null;
        // Layers of the user's own, and whatever has a loop in it, are looked into.
        var isOpen = (instance is not null && !symbol.IsLibrary) || HasLoop(symbol);
        var isPart = isOpen || instance is not null;
        if (!isPart) return new OutlinedCall(outline, false, false, []);
        outline.BeginReads();
        var tensors = symbol.Declaration.Parameters.Where(parameter => parameter.Type.Axes is not null && given.ContainsKey(parameter.Name.Text)).ToArray();
        var arguments = tensors.Select(parameter => given[parameter.Name.Text].BindPart(this)).ToArray();
        outline.EndReads();
        return new OutlinedCall(outline, true, isOpen, arguments);
    }

    private void EnterOutlinedCall(OutlinedCall? call, Frame callee, LayerInstance? instance)
    {
        if (call is null) return;
        if (!call.IsOpen)
        {
            call.Outline.BeginQuiet();
            return;
        }
        if (instance is not null) call.Outline.BeginRegion(OutlineRegionKind.Layer, $"{NameOf(instance)}: {Describe(instance)}");
        call.Outline.BeginReads();
    }

    private void EndOutlinedCall(OutlinedCall? call, Frame callee, LayerInstance? instance, IReadOnlyList<Operand>? results)
    {
        if (call is null) return;
        if (call.IsOpen)
        {
            call.Outline.EndReads();
            if (instance is not null) call.Outline.EndRegion();
        }
        else call.Outline.EndQuiet();
        if (results is null || !call.IsPart) return;
        if (call.IsOpen)
        {
            foreach (var (result, value) in results.Zip(callee.ReturnedValues, (result, value) => (result, value))) call.Outline.Alias(result, value);
        }
        else if (!call.IsOpen && instance is not null)
        {
            call.Outline.AddNode(OutlineNodeKind.Layer, NameOf(instance), Describe(instance), call.Arguments.SelectMany(OutlineRecorder.ValuesOf), results.SelectMany(OutlineRecorder.ValuesOf));
        }
        foreach (var result in results) call.Outline.Read(result);
    }

    private bool HasLoop(CallableSymbol symbol)
    {
        if (context.HasLoop.TryGetValue(symbol, out var known)) return known;
        return context.HasLoop[symbol] = DeclarationClosure.Reach(context.Scope, symbol).OfType<CallableSymbol>().SelectMany(reached => AllBlocks(reached.Declaration.Body)).Any(statement => statement is FeedbackStatement);
    }

    private static IEnumerable<Statement> AllBlocks(IEnumerable<Statement> statements) => statements.SelectMany(statement => statement switch
    {
        RepeatStatement repeat => AllBlocks(repeat.Body),
        IfStatement condition => AllBlocks(condition.Then).Concat(AllBlocks(condition.Else)),
        _ => [statement],
    });

    // blocks.3.attn → attn, blocks.3 → blocks
    private static string NameOf(LayerInstance instance) =>
        (instance.Path ?? "").Split('.').LastOrDefault(part => part.Length > 0 && !part.All(char.IsDigit)) ?? instance.Symbol.Name;

    /// <summary><c>linear(128)</c>: the layer with the numbers of its config.</summary>
    private static string Describe(LayerInstance instance)
    {
        var numbers = instance.Config.Values.Select(value => value switch
        {
            NumberOperand number => number.Number.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant(),
            SizeOperand size => size.Size.ToString(),
            _ => null,
        }).OfType<string>();
        return $"{instance.Symbol.Name}({string.Join(", ", numbers)})";
    }

    // ---- Loops --------------------------------------------------------------------------------------------------

    private void BeginOutlinedFeedback(FeedbackScope scope)
    {
        if (Outline is not { } outline) return;
        outline.BeginRegion(OutlineRegionKind.Feedback, "feedback " + TextOf(scope.Syntax.Form.Span));
    }

    /// <summary>A state as its rounds see it.</summary>
    private void OutlineState(FeedbackState state)
    {
        if (Outline is not { } outline) return;
        state.OutlineNode = outline.AddNode(OutlineNodeKind.State, state.Name.Text, state.Type.ToString(), [state.Initial], [state.Before, state.Seen]);
    }

    /// <summary>States come back, and afterwards their names, and those of what was collected, stand for what the last round made.</summary>
    private void EndOutlinedFeedback(FeedbackScope scope)
    {
        if (Outline is not { } outline) return;
        foreach (var state in scope.States)
        {
            if (state.Next is not { } next) continue;
            outline.AddFeedback(next, state.OutlineNode, state.Name.Text);
            if (frame.Values.TryGetValue(state.Name.Text, out var last) && last is TensorOperand value) outline.Alias(value.Value, next);
        }
        foreach (var emit in scope.Emits)
        {
            if (frame.Values.TryGetValue(emit.Name.Text, out var collected) && collected is TensorOperand value) outline.Alias(value.Value, emit.Value.Value);
        }
        // How many rounds it took is known when the last state is.
        if (scope.Syntax.Step is { } step && frame.Values.TryGetValue(step.Text, out var rounds) && rounds is TensorOperand taken && scope.States[scope.States.Count - 1].Next is { } end) outline.Alias(taken.Value, end);
        outline.EndRegion();
    }
}
