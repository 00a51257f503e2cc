using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Outlines;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>What binding a model gave: the model, the part of it that stands with errors, what it owns, and what is wrong with it.</summary>
internal sealed record ModelBinding(BoundModel? Result, BoundModel? Signature, NetStorage Storage, EquatableArray<Diagnostic> Diagnostics);

/// <summary>Binds a model as it trains and as it infers, over one set of parameters: once, where nothing in it asks which of both it is.</summary>
internal sealed class ModelBinder(ModuleScope scope, DiagnosticBag diagnostics)
{
    private static readonly Graph Empty = new(default, default);

    /// <summary>The model, the part of it that stands with errors, and its storage.</summary>
    public (BoundModel? Result, BoundModel? Signature, NetStorage Storage) Bind(Symbol symbol)
    {
        var net = new NetStorage(0);
        var training = BindOnce(symbol, net, training: true);
        var isQuiet = training.Context.Diagnostics != diagnostics;
        var inference = isQuiet || (training.Results is null && diagnostics.HasErrors) ? default
            : training.Context.DependsOnMode ? BindOnce(symbol, net, training: false)
            : training with { Graph = training.WithoutUpdates() };

        if (training.Inputs is null || training.Callable is null) return (null, null, net);
        var (forTraining, forInference) = (training.Graph ?? Empty, inference.Graph ?? Empty);
        var checks = new BorderChecks(training.RuntimeAxes, [[forTraining], [forInference]], []);
        var model = new BoundModel(
            symbol.Namespace, symbol.Name, symbol.Syntax.Doc ?? training.Callable.Declaration.Doc,
            training.RuntimeAxes,
            checks.Of(training.Inputs),
            training.BoundResults,
            net.Parameters.ToEquatableArray(), net.Buffers.ToEquatableArray(),
            training.Context.RemainingGuards.Concat(inference.Context?.RemainingGuards ?? []).Distinct().ToEquatableArray(),
            checks.Without(forInference), checks.Without(forTraining),
            new Origin(symbol.FullName, 0)) { Budgets = training.Budgets };
        var isWhole = !isQuiet && training.Graph is not null && inference.Graph is not null && !diagnostics.HasErrors;
        return (isWhole ? model : null, model, net);
    }

    /// <summary>What a model that is right looks like: its inference, part by part.</summary>
    public Outline? Outline(Symbol symbol)
    {
        var recorder = new OutlineRecorder(symbol.FullName);
        return BindOnce(symbol, new NetStorage(0), training: false, recorder).Graph is null ? null : recorder.Finish();
    }

    /// <summary>Checks a layer, fn or family by itself: axes and config symbolic.</summary>
    public void CheckAlone(CallableSymbol symbol)
    {
        var context = new BindingContext(scope, diagnostics, training: true, symbolic: true);
        var holder = new Frame(symbol, null, default);
        var configBinder = new BodyBinder(context, holder);
        foreach (var parameter in symbol.Declaration.Config ?? default) holder.Config[parameter.Name.Text] = configBinder.SymbolicConfig(parameter);
        var instance = new LayerInstance(symbol, holder.Config, holder.Notes) { Path = "", Net = new NetStorage(0) };
        var frame = new Frame(symbol, null, default) { Owner = symbol.IsLayer ? instance : null };
        foreach (var pair in holder.Config) frame.Config[pair.Key] = pair.Value;
        var body = new BodyBinder(context, frame);
        body.BindInputs(symbol.Declaration.Parameters, symbol.Declaration.Where, out _);
        if (body.HasWrongHead) return;
        body.BindStatements(symbol.Declaration.Body);
        body.TakeResults(symbol.Declaration);
    }

    /// <summary>Checks a const by itself.</summary>
    public void CheckAlone(ConstSymbol symbol)
    {
        var context = new BindingContext(scope, diagnostics, training: true, symbolic: false);
        new BodyBinder(context, new Frame(symbol, null, default)).CheckFinite(symbol);
    }

    private readonly record struct Once(
        BindingContext Context, CallableSymbol? Callable, IReadOnlyList<BoundTensor>? Inputs, EquatableArray<string> RuntimeAxes,
        IReadOnlyList<TensorOperand>? Results, EquatableArray<BoundTensor> BoundResults, Graph? Graph)
    {
        public EquatableArray<BoundBudget> Budgets { get; init; }

        /// <summary>The graph that gives the results alone, of the same nodes.</summary>
        public Graph? WithoutUpdates() =>
            Graph is null || Context.BufferUpdates.Count == 0 ? Graph : Context.Builder.Build(Graph.Outputs.Take(BoundResults.Count).Zip(Results!, (output, result) => output with { Node = result.Value.Id }));
    }

    /// <param name="isQuiet">Whether this is for the API alone, of what has an error in its head: nothing is reported.</param>
    private Once BindOnce(Symbol symbol, NetStorage net, bool training, OutlineRecorder? outline = null, bool isQuiet = false)
    {
        var context = new BindingContext(scope, isQuiet ? new DiagnosticBag() : diagnostics, training, symbolic: false) { Outline = outline };
        if (InstanceOf(context, symbol) is not { } instance)
        {
            if (symbol is not ModelMemberSymbol wrong) return new Once(context, null, null, default, null, default, null);
            isQuiet = true;
            context = new BindingContext(scope, new DiagnosticBag(), training, symbolic: true);
            if (new BodyBinder(context, new Frame(wrong, null, default)).MeantByMember(wrong) is not { } meant) return new Once(context, null, null, default, null, default, null);
            instance = meant;
        }
        instance.Path = "";
        instance.Net = net;
        var declaration = instance.Symbol.Declaration;
        var frame = new Frame(instance.Symbol, null, default)
        {
            Owner = instance,
            Member = symbol is ModelMemberSymbol member ? (new Frame(member, null, default), member.Declaration.Family.Span) : null,
        };
        foreach (var pair in instance.Config) frame.Config[pair.Key] = pair.Value;
        foreach (var pair in instance.Notes) frame.Notes[pair.Key] = pair.Value;
        var body = new BodyBinder(context, frame);
        var inputs = body.BindInputs(declaration.Parameters, declaration.Where, out var axes);
        if (body.HasWrongHead && !isQuiet) return BindOnce(symbol, net, training, isQuiet: true);
        foreach (var input in inputs) outline?.AddNode(OutlineNodeKind.Input, input.Name, input.Type.ToString(), null, frame.Values[input.Name]);
        var budgets = training && !isQuiet ? new BudgetBinder(body, axes).Bind(declaration.Body) : default;
        body.BindStatements(declaration.Body);
        if (body.TakeResults(declaration) is not { } results)
        {
            return new Once(context, instance.Symbol, inputs, axes, null, body.DeclaredResults(declaration.Results), null);
        }
        for (var k = 0; k < results.Count; k++) outline?.AddNode(OutlineNodeKind.Result, declaration.Results[k].Name?.Text ?? "result", results[k].Type.ToString(), frame.ReturnedValues.ElementAt(k), null);
        var outputs = results.Select((result, k) => new GraphOutput(new ResultTarget(k, declaration.Results[k].Name?.Text ?? (results.Count == 1 ? "result" : $"result{k + 1}")), result.Value.Id));
        if (training)
        {
            outputs = outputs.Concat(context.BufferUpdates.OrderBy(update => update.Key.Index).Select(update => new GraphOutput(new BufferTarget(update.Key.Net, update.Key.Index), update.Value.Id)));
        }
        return new Once(context, instance.Symbol, inputs, axes, results, body.BoundResults(declaration.Results, results), context.Builder.Build(outputs.ToArray())) { Budgets = budgets };
    }

    /// <summary>A model, or a member of a family, as an instance.</summary>
    public static LayerInstance? InstanceOf(BindingContext context, Symbol symbol)
    {
        switch (symbol)
        {
            case ModelMemberSymbol member:
                try
                {
                    return new BodyBinder(context, new Frame(member, null, default)).InstanceOfMember(member);
                }
                catch (OverflowException)
                {
                    context.Diagnostics.Report(DiagnosticTable.SizeTooLarge, member.Location);
                    return null;
                }
            case CallableSymbol callable:
                var frame = new Frame(callable, null, default);
                var binder = new BodyBinder(context, frame);
                return binder.InstanceWithDefaults(callable);
            default:
                return null;
        }
    }
}
