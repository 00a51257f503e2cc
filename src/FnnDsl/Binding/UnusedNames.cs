using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// Finds what a declaration names and never uses: inputs, settings, layers, weights, values, what a loop collects. It reads the syntax backwards, as a compiler
/// does that asks which variables are alive; blocks that may run again count as reading all that is in them. A name that begins with <c>_</c> is meant to be unused.
/// </summary>
internal sealed class UnusedNames
{
    private readonly Symbol _symbol;
    private readonly DiagnosticBag _diagnostics;
    private readonly bool _isTrain;
    private readonly Dictionary<string, TextSpan> _boundAnew = new(StringComparer.Ordinal);

    private UnusedNames(Symbol symbol, DiagnosticBag diagnostics)
    {
        _symbol = symbol;
        _diagnostics = diagnostics;
        _isTrain = symbol is TrainSymbol;
    }

    /// <summary>Checks a declaration that has no errors.</summary>
    public static void Check(Symbol symbol, DiagnosticBag diagnostics)
    {
        var check = new UnusedNames(symbol, diagnostics);
        switch (symbol.Syntax)
        {
            case CallableDeclaration callable:
                check.CheckCallable(callable);
                break;
            case GenerateDeclaration generate:
                check.CheckCallable(generate.Program);
                break;
            case TrainDeclaration train:
                check.CheckTrain(train);
                break;
        }
    }

    private void CheckCallable(CallableDeclaration callable)
    {
        var live = new HashSet<string>(StringComparer.Ordinal);
        Walk(callable.Body, live);
        live.UnionWith(callable.Where.SelectMany(Reads.Of));
        var config = callable.Config ?? default;
        CheckSettings(config.Concat(callable.Parameters.Where(parameter => parameter.Type.Axes is null)), config, callable.Parameters.Select(parameter => parameter.Type).Concat(callable.Results.Select(result => result.Type)), live);
        CheckInputs(callable.Parameters, live);
    }

    /// <param name="config">Settings whose defaults may count with others.</param>
    /// <param name="types">Types whose axes may count with them.</param>
    private void CheckSettings(IEnumerable<ParameterSyntax> settings, EquatableArray<ParameterSyntax> config, IEnumerable<TypeSyntax> types, HashSet<string> live)
    {
        var inHead = new HashSet<string>(types.SelectMany(Reads.Of).Concat(config.SelectMany(other => Reads.Of(other.Default))), StringComparer.Ordinal);
        foreach (var setting in settings)
        {
            if (!inHead.Contains(setting.Name.Text)) Expect(live, setting.Name, "the setting");
        }
    }

    private void CheckTrain(TrainDeclaration train)
    {
        var live = new HashSet<string>(StringComparer.Ordinal);
        Walk(train.Body, live);
        live.UnionWith(train.Where.SelectMany(Reads.Of));
        var config = train.Config ?? default;
        CheckSettings(config, config, train.Inputs.Select(input => input.Type), live);
        CheckInputs(train.Inputs, live);
    }

    /// <summary>An input whose axes something counts with is used, even if its elements are not.</summary>
    private void CheckInputs(IEnumerable<ParameterSyntax> parameters, HashSet<string> live)
    {
        foreach (var input in parameters.Where(parameter => parameter.Type.Axes is not null))
        {
            if (!Reads.Of(input.Type).Any(live.Contains)) Expect(live, input.Name, "the input");
        }
    }

    private void Expect(HashSet<string> live, Identifier name, string what, Expression? value = null)
    {
        if (live.Contains(name.Text) || name.Text.StartsWith("_", StringComparison.Ordinal)) return;
        var fix = _isTrain && value is not null ? $"write metric {name.Text} = … if it is to be reported; else leave it out" : null;
        var labels = _boundAnew.TryGetValue(name.Text, out var later) ? EquatableArray<Label>.Own(new Label(new Location(_symbol.Source, later), "bound anew here, unread until then")) : default;
        _diagnostics.Report(DiagnosticTable.NeverUsed, new Location(_symbol.Source, name.Span), fix, labels, what, name.Text);
    }

    // ---- Backwards through the body -----------------------------------------------------------------------------

    private void Walk(EquatableArray<Statement> body, HashSet<string> live)
    {
        for (var k = body.Count - 1; k >= 0; k--) Walk(body[k], live);
    }

    private void Walk(Statement statement, HashSet<string> live)
    {
        switch (statement)
        {
            case BindStatement bind:
                // Of several values that come together, one that is used is enough.
                if (!bind.Targets.Any(target => live.Contains(target.Text))) Expect(live, bind.Targets[0], "the value", bind.Value);
                foreach (var target in bind.Targets) Forget(target, live);
                live.UnionWith(Reads.Of(bind));
                break;
            case IndexBindStatement index:
                Expect(live, index.Target, "the value", index.Value);
                Forget(index.Target, live);
                live.UnionWith(Reads.Of(index));
                break;
            case StorageStatement storage:
                Expect(live, storage.Name, storage.IsBuffer ? "the buffer" : "the weights");
                live.Remove(storage.Name.Text);
                live.UnionWith(Reads.Of(storage));
                break;
            case UpdateStatement update:
                // A buffer outlives the run, a state the round.
                live.Add(update.Target.Text);
                live.UnionWith(Reads.Of(update));
                break;
            case RepeatStatement repeat:
                WalkRepeat(repeat, live);
                break;
            case IfStatement condition:
                var otherwise = new HashSet<string>(live, StringComparer.Ordinal);
                Walk(condition.Then, live);
                Walk(condition.Else, otherwise);
                live.UnionWith(otherwise);
                live.UnionWith(Reads.Of(condition.Condition));
                break;
            case FeedbackStatement feedback:
                WalkFeedback(feedback, live);
                break;
            default:
                live.UnionWith(Reads.Of(statement));
                break;
        }
    }

    // Above its binding, a name is another one.
    private void Forget(Identifier target, HashSet<string> live)
    {
        live.Remove(target.Text);
        _boundAnew[target.Text] = target.Span;
    }

    private void WalkRepeat(RepeatStatement repeat, HashSet<string> live)
    {
        var inside = new HashSet<string>(Reads.Of(repeat.Body), StringComparer.Ordinal);
        live.UnionWith(inside);
        Walk(repeat.Body, live);
        // A copy more or none: what the body binds may have been bound before it.
        live.UnionWith(inside);
        live.UnionWith(Reads.Of(repeat.Count));
        live.UnionWith(Reads.Of(repeat.Every));
    }

    private void WalkFeedback(FeedbackStatement feedback, HashSet<string> live)
    {
        var inside = new HashSet<string>(Reads.Of(feedback.Body).Concat(Reads.Of(feedback.Form)), StringComparer.Ordinal);
        var used = new HashSet<string>(inside.Concat(live), StringComparer.Ordinal);
        if (feedback.Step is { } step) Expect(used, step, "the number of rounds");
        foreach (var state in feedback.States) Expect(used, state.Name, "the state");
        foreach (var emit in feedback.Body.OfType<EmitStatement>()) Expect(live, emit.Name, "what is collected as");
        if (feedback.Form is OverForm over)
        {
            foreach (var source in over.Sources) Expect(inside, source.Name, "the slice");
        }
        live.UnionWith(inside);
        Walk(feedback.Body, live);
        live.ExceptWith(feedback.States.Select(state => state.Name.Text));
        live.UnionWith(inside);
        live.UnionWith(Reads.OfHead(feedback));
    }
}
