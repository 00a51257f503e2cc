using FeedbackNN.Dsl.Derivatives;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// Binds a train. Its body is bound once for each objective, as a training step, and once more for evaluation where something in it asks which of both it is; what a
/// graph does not need falls away when it is built.
/// </summary>
internal sealed class TrainBinder(ModuleScope scope, DiagnosticBag diagnostics, TrainInstance train)
{
    private readonly IReadOnlyList<NetUse> _nets = train.Nets;
    private readonly HashSet<BoundParameterReference> _reached = [];
    private Adapters? _adapters;

    private Symbol Symbol => train.Symbol;

    public (BoundTrain? Result, BoundTrain? Signature) Bind()
    {
        var first = train.HasBrokenNet ? TrainRun.ExecuteSignature(scope, diagnostics, train) : Execute(training: true);
        if (first.Inputs is null) return (null, null);
        var signature = SignatureOf(first);
        if (train.HasBrokenNet || first.Body.HasWrongHead) return (null, signature);
        if (train.Family is not null && !new TrainFamilyBinder(scope, diagnostics, train.Text).Takes(train.Symbol, first)) return (null, signature);
        if (diagnostics.HasErrors) return (null, signature);
        if (first.Minimized.Count == 0)
        {
            diagnostics.Report(DiagnosticTable.NothingMinimized, train.Text.Location, train.Text.Name);
            return (null, signature);
        }
        var paths = new ParameterPaths(first.Body, _nets);
        var frozen = paths.Resolve(first.Frozen);
        var settings = new TrainSettings(first.Body, paths, _nets);
        settings.Check(first.Settings);
        var rates = new RateBinder(first.Body, paths).Bind(first.Rates);
        if (settings.Lora is { } lora)
        {
            // What a 'lora' means stands in the body, so the body is bound once more, with the weights as they are then read.
            _adapters = lora.Updates;
            frozen.UnionWith(lora.Frozen);
            first = Execute(training: true);
            signature = signature with { Adapters = _adapters.Sets };
        }
        var objectives = new List<BoundObjective>();
        EquatableArray<BoundMetric> stepMetrics = default;
        var runs = new List<TrainRun> { first };
        for (var k = 0; k < first.Minimized.Count; k++)
        {
            // Each has a graph of its own: a step of the first changes what the second sees.
            var run = k == 0 ? first : Execute(training: true);
            if (k > 0) runs.Add(run);
            if (BindObjective(run, k, paths, frozen, rates, out var metrics) is { } objective) objectives.Add(objective);
            if (k == 0) stepMetrics = metrics;
        }
        if (!diagnostics.HasErrors)
        {
            ReportNotReached(first, paths, frozen);
            new UnsaidOvers(first, paths, _nets, parameter => _adapters?.WeightOf(parameter) ?? parameter).Check(objectives);
        }
        var evaluation = first;
        if (first.Context.DependsOnMode) runs.Add(evaluation = Execute(training: false));
        if (diagnostics.HasErrors) return (null, signature);

        var outputs = new List<GraphOutput>();
        for (var k = 0; k < evaluation.Minimized.Count; k++)
        {
            if (TrainLoss.From(evaluation, k) is not { } loss) return (null, signature);
            AddScalar(outputs, loss.Name + ".sum", loss.Sum);
            AddScalar(outputs, loss.Name + ".count", loss.Count);
        }
        var evaluationMetrics = BindMetrics(evaluation, outputs);
        if (diagnostics.HasErrors) return (null, signature);
        var graph = evaluation.Context.Builder.Build(outputs);
        var checks = new BorderChecks(
            first.RuntimeAxes,
            [objectives.Where(objective => objective.Every == 1).Select(objective => objective.Forward), [graph]],
            objectives.Where(objective => objective.Every != 1).Select(objective => objective.Forward));
        var result = Assemble(first, checks.Without(graph), objectives.Select(checks.Without).ToEquatableArray(), stepMetrics, evaluationMetrics) with
        {
            Accumulate = settings.Accumulate,
            Precision = settings.Precision,
            Adapters = _adapters?.Sets ?? default,
            Averages = settings.Averages.ToEquatableArray(),
            Guards = runs.SelectMany(run => run.Context.RemainingGuards).Distinct().ToEquatableArray(),
            Inputs = checks.Of(first.Inputs!),
        };
        return (result, signature);
    }

    /// <summary>What C# sees of it, bodies aside; null where nothing is known of a network.</summary>
    public BoundTrain? BindSignature() => TrainRun.ExecuteSignature(scope, diagnostics, train) is { Inputs: not null } run ? SignatureOf(run) : null;

    private BoundTrain SignatureOf(TrainRun run)
    {
        var metrics = TrainSignature.Metrics(train.Text);
        return Assemble(run, null, TrainSignature.Objectives(train.Text), metrics, metrics) with
        {
            Averages = TrainSignature.Averages(train.Text),
            Adapters = TrainSignature.Adapters(train.Text, _nets),
        };
    }

    private TrainRun Execute(bool training) => TrainRun.Execute(scope, diagnostics, train, training, _adapters);

    private BoundTrain Assemble(TrainRun run, Graph? evaluation, EquatableArray<BoundObjective> objectives, EquatableArray<BoundMetric> stepMetrics, EquatableArray<BoundMetric> evaluationMetrics) => new(
        Symbol.Namespace, Symbol.Name, Symbol.Syntax.Doc ?? train.Declaration.Doc,
        _nets.Select(net => net.Bound).ToEquatableArray(),
        run.RuntimeAxes, run.Inputs!.ToEquatableArray(), run.Context.RemainingGuards.ToEquatableArray(),
        objectives, stepMetrics, evaluation ?? new Graph(default, default), evaluationMetrics,
        run.ClipKind, run.ClipLimit, new Origin(Symbol.FullName, 0)) { Family = train.Family is { } family ? new DeclarationName(family.Namespace, family.Name) : null };

    private BoundObjective? BindObjective(TrainRun run, int index, ParameterPaths paths, HashSet<BoundParameterReference> frozen, Dictionary<BoundParameterReference, double> rates, out EquatableArray<BoundMetric> metrics)
    {
        metrics = default;
        if (index >= run.Minimized.Count || TrainLoss.From(run, index) is not { } loss) return null;
        var statement = run.Minimized[index].Statement;
        var optimizer = new OptimizerBinder(run.Body).Bind(statement.Optimizer);
        var every = BindEvery(run, statement);
        var over = statement.Over.Count > 0 ? paths.Resolve(statement.Over) : null;
        if (optimizer is null || every is null || diagnostics.HasErrors) return null;

        var outputs = new List<GraphOutput>();
        AddScalar(outputs, loss.Name + ".sum", loss.Sum);
        AddScalar(outputs, loss.Name + ".count", loss.Count);
        if (index == 0)
        {
            metrics = BindMetrics(run, outputs);
            foreach (var update in run.Context.BufferUpdates.OrderBy(update => update.Key.Net).ThenBy(update => update.Key.Index))
            {
                outputs.Add(new GraphOutput(new BufferTarget(update.Key.Net, update.Key.Index), update.Value.Id));
            }
        }
        var reached = Reached(run.Context.Builder, loss.Mean).ToArray();
        _reached.UnionWith(reached);
        var trained = reached.Where(parameter => !frozen.Contains(parameter) && over?.Contains(_adapters?.WeightOf(parameter) ?? parameter) != false)
            .OrderBy(parameter => parameter.Net).ThenBy(parameter => parameter.Parameter).ToEquatableArray();
        if (trained.Count == 0)
        {
            ReportTrainsNothing(run, statement, reached, frozen);
            return null;
        }
        var shares = trained.Select(parameter => rates.TryGetValue(_adapters?.WeightOf(parameter) ?? parameter, out var share) ? share : 1).ToArray();
        var graph = run.Context.Builder.Build(outputs, [loss.Mean], out var kept);
        return new BoundObjective(loss.Name, optimizer, every.Value, trained, graph, kept[0], run.Body.Frame.OriginAt(statement.Span))
        {
            Rates = shares.All(share => share == 1) ? default : shares.ToEquatableArray(),
            CountsSamples = SampleShape.Of(run.RuntimeAxes, run.Inputs!) is not { } samples || LossCount.IsOfSamples(graph, samples.BatchAxis),
        };
    }

    // Why a loss changes no weight: none has a part in it, or what stands in the train keeps those as they are.
    private void ReportTrainsNothing(TrainRun run, MinimizeStatement statement, IReadOnlyList<BoundParameterReference> reached, HashSet<BoundParameterReference> frozen)
    {
        var paths = new ParameterPaths(run.Body, _nets);
        var freezes = run.Frozen.Where(pattern => paths.Resolve([pattern]).Overlaps(reached)).ToArray();
        var (labels, fix) = reached.Count == 0 ? ([], "make it depend on weights: argmax, comparisons, integers and stop(…) let no gradient through")
            : statement.Over.Count > 0 && !reached.Any(paths.Resolve(statement.Over).Contains) ? ([Label(statement.Over[0].Span, "changes only these")], "let 'over' name weights that the loss depends on")
            : freezes.Length > 0 ? (freezes.Select(pattern => Label(pattern.Span, "keeps its weights as they are")).ToArray(), "freeze less: all weights that this loss depends on are frozen")
            : (Array.Empty<Label>(), "all weights that this loss depends on are kept as they are: let 'over', 'freeze' and 'lora' leave some to be trained");
        run.Body.Report(DiagnosticTable.LossWithoutParameters, statement.Loss.Span, labels, fix);

        Label Label(TextSpan span, string text) => new(run.Body.Frame.At(span), text);
    }

    /// <summary>Weights to which no loss has a way and that nothing says are frozen: told once for each layer that is left as it is as a whole.</summary>
    private void ReportNotReached(TrainRun run, ParameterPaths paths, HashSet<BoundParameterReference> frozen)
    {
        // Who says what each loss is minimised over has said what it isn't.
        var overs = run.Minimized.Select(item => item.Statement.Over).ToArray();
        var meant = overs.All(over => over.Count > 0) ? paths.Resolve(overs.SelectMany(over => over).ToArray()) : null;
        for (var net = 0; net < _nets.Count; net++)
        {
            var (name, storage) = (_nets[net].Name, _nets[net].Storage);
            var parameters = storage.Parameters.Select((parameter, index) => (parameter.Path, Reference: new BoundParameterReference(net, index))).ToArray();
            var left = parameters.Where(parameter => !_reached.Contains(parameter.Reference) && !frozen.Contains(parameter.Reference) && meant?.Contains(parameter.Reference) != false).ToArray();
            if (left.Length == 0) continue;
            var isOne = left.Length == 1 || left.Length == parameters.Length;
            var what = left.Length == parameters.Length ? $"the network '{name}'" : string.Join(", ", left.Take(3).Select(parameter => $"'{name}.{parameter.Path}'")) + (left.Length > 3 ? $" and {left.Length - 3} more" : "");
            var fix = $"use {(isOne ? "it" : "them")} in a loss; or write freeze {(left.Length == parameters.Length ? name : $"{name}.{left[0].Path}")}, if that is meant";
            run.Body.Report(DiagnosticTable.WeightNotReached, train.Declaration.Nets[net].Span, [], fix, what, isOne ? "it as it is" : "them as they are");
        }
    }

    private static int? BindEvery(TrainRun run, MinimizeStatement statement)
    {
        if (statement.Every is null) return 1;
        var operand = run.Body.Bind(statement.Every);
        if (operand is PoisonOperand) return null;
        if (BodyBinder.TryNumber(operand, out var number, out var whole) && whole && number is >= 1 and <= int.MaxValue) return (int)number;
        run.Body.Report(DiagnosticTable.EveryNotPositive, statement.Every.Span, BodyBinder.Describe(operand));
        return null;
    }

    // Parameters to which a gradient can flow.
    private static IEnumerable<BoundParameterReference> Reached(GraphBuilder builder, Value loss) =>
        Differentiation.ReachableFrom(builder.Nodes, [loss.Id]).OrderBy(id => id).Select(id => builder[id].Operation).OfType<Parameter>()
            .Select(parameter => new BoundParameterReference(parameter.Net, parameter.Index));

    private static void AddScalar(List<GraphOutput> outputs, string name, Value value)
    {
        var index = outputs.Count(output => output.Target is ScalarTarget);
        outputs.Add(new GraphOutput(new ScalarTarget(index, name), value.Id));
    }

    // ---- Metrics ------------------------------------------------------------------------------------------------

    internal static EquatableArray<BoundMetric> BindMetrics(TrainRun run, List<GraphOutput> outputs)
    {
        var metrics = new List<BoundMetric>();
        var known = new Dictionary<(int Value, ReduceKind Kind), int>();
        foreach (var (statement, operand) in run.Metrics)
        {
            if (operand is PoisonOperand) continue;
            if (metrics.Any(metric => metric.Name == statement.Name.Text) || run.Minimized.Select((_, k) => run.LossName(k)).Contains(statement.Name.Text))
            {
                run.Body.Report(DiagnosticTable.MetricTwice, statement.Name.Span, [], "give it another name; a loss is reported under its own", statement.Name.Text);
                continue;
            }
            var reduction = operand is TensorOperand { Formula: { } formula } ? formula
                : BodyBinder.TryNumber(operand, out var number, out _) ? new NumberReduction(number) : null;
            if (reduction is null)
            {
                run.Body.Report(DiagnosticTable.MetricNotReduced, statement.Value.Span, [], operand is TensorOperand ? $"write mean({run.Body.Frame.Source.GetText(statement.Value.Span)})" : null, BodyBinder.Describe(operand));
                continue;
            }
            var result = Formula(reduction, statement.Name.Text);
            metrics.Add(new BoundMetric(statement.Name.Text, null, result, run.Body.Frame.OriginAt(statement.Span)));
        }
        return metrics.ToEquatableArray();

        MetricFormula Formula(ReductionFormula reduction, string name) => reduction switch
        {
            MeanReduction mean => new OperatorFormula(Operators.OperatorTable.Div,
                EquatableArray<MetricFormula>.Own(Accumulator(mean.Sum, ReduceKind.Sum, name + ".sum"), Accumulator(mean.Count, ReduceKind.Sum, name + ".count"))),
            WholeReduction whole => Accumulator(whole.Value, whole.Kind, name),
            NumberReduction number => new NumberFormula(number.Number),
            AppliedReduction applied => new OperatorFormula(applied.Operator, applied.Inputs.Select(input => Formula(input, name)).ToEquatableArray()),
            _ => throw new ArgumentException($"Unknown reduction {reduction}.", nameof(reduction)),
        };

        AccumulatorFormula Accumulator(Value value, ReduceKind kind, string name)
        {
            if (!known.TryGetValue((value.Id, kind), out var scalar))
            {
                scalar = outputs.Count(output => output.Target is ScalarTarget);
                known.Add((value.Id, kind), scalar);
                outputs.Add(new GraphOutput(new ScalarTarget(scalar, name), value.Id));
            }
            return new AccumulatorFormula(scalar, kind);
        }
    }
}
