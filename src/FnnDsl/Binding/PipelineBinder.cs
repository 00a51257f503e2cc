using System.Globalization;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// Binds a pipeline: its trains, networks, weights and stages exist and fit each other, data names keep one type, nothing is evaluated on what it was fitted on,
/// and its feedback can end. A stage that is run again becomes a step like the first, with all that it takes over.
/// </summary>
internal sealed partial class PipelineBinder(ModuleScope scope, DiagnosticBag diagnostics, PipelineSymbol symbol)
{
    private readonly Dictionary<string, Stage> _stages = new(StringComparer.Ordinal);
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);
    private readonly HashSet<string> _evaluated = new(StringComparer.Ordinal);
    private readonly SymbolReports _reports = new(symbol, diagnostics);
    private readonly List<(TrainInstance Instance, PipelineTrain Train)> _trains = [];
    private BodyBinder _body = null!;
    private IReadOnlyList<NetUse> _nets = [];
    private bool _isBroken;

    public (BoundPipeline? Result, BoundPipeline? Signature) Bind()
    {
        if (NetUse.Bind(scope, diagnostics, symbol, symbol.Declaration.Nets) is not { } nets) return (null, null);
        _nets = nets;
        _isBroken = nets.Any(net => net.IsBroken);
        _body = new BodyBinder(new BindingContext(scope, diagnostics, training: false, symbolic: false), new Frame(symbol, null, default));
        var steps = BindSteps(symbol.Declaration.Body);
        KeepLostData();
        var evaluations = _stages.Values.OfType<EvaluateStage>().ToArray();
        foreach (var stage in evaluations) CheckNotFitted(stage.Data);
        var bound = new BoundPipeline(
            symbol.Namespace, symbol.Name, symbol.Declaration.Doc, nets.Select(net => net.Bound).ToEquatableArray(),
            _trains.Select(item => item.Train).ToEquatableArray(), _data.ToEquatableArray(), _answers.ToEquatableArray(), steps, new Origin(symbol.FullName, 0));
        if (diagnostics.HasErrors || _isBroken) return (null, bound with { Answers = default, Steps = default });
        foreach (var stage in evaluations.Where(stage => !_read.Contains(stage.Name.Text))) _reports.Add(DiagnosticTable.ResultNeverRead, stage.Name.Span, null, stage.Name.Text);
        return (bound, bound);
    }

    private EquatableArray<PipelineAction> BindSteps(EquatableArray<PipelineStep> steps) => steps.Select(step => step switch
    {
        Stage stage => BindStage(stage),
        RunStep run => BindRun(run),
        PipelineFeedback feedback => BindFeedback(feedback),
        _ => null,
    }).OfType<PipelineAction>().ToEquatableArray();

    // ---- Stages -------------------------------------------------------------------------------------------------

    private PipelineAction? BindStage(Stage stage)
    {
        if (_stages.TryGetValue(stage.Name.Text, out var first))
        {
            _reports.Add(DiagnosticTable.StageTwice, stage.Name.Span, "give it a name of its own; to run the first again, write its name alone", (first.Name.Span, "the first"), stage.Name.Text);
            return null;
        }
        _stages.Add(stage.Name.Text, stage);
        return Execute(stage, null, null, stage.Span);
    }

    /// <summary>A stage as a step.</summary>
    /// <param name="otherData">What it takes instead of its own data.</param>
    /// <param name="otherEpochs">How often, instead of its own number.</param>
    private PipelineAction? Execute(Stage stage, DataSyntax? otherData, Expression? otherEpochs, TextSpan span) => stage switch
    {
        FitStage fit => Fit(fit, otherData ?? fit.Data, otherEpochs ?? fit.Epochs, span),
        EvaluateStage evaluate => Evaluate(evaluate, span),
        TransferStage transfer => Transfer(transfer, span),
        _ => null,
    };

    private FitAction? Fit(FitStage stage, DataSyntax data, Expression count, TextSpan span)
    {
        var epochs = BindCount(count, "epochs");
        var call = BindCall(stage.Call);
        var frozen = BindFrozen(stage, call);
        if (call is null) return Lost<FitAction>(stage.Call, data);
        if (BindData(data, call, isFitted: true) is not var (name, choice, text) || epochs is null) return null;
        var freeze = frozen.Count == 0 ? "" : $" freeze {string.Join(", ", frozen)}";
        return new FitAction(stage.Name.Text, call, name, choice, epochs.Value, frozen,
            FormattableString.Invariant($"{stage.Name.Text}: {TextOf(call)} on {text} for {epochs.Value} epochs{freeze}"), _body.Frame.OriginAt(span));
    }

    private EvaluateAction? Evaluate(EvaluateStage stage, TextSpan span)
    {
        if (BindCall(stage.Call) is not { } call) return Lost<EvaluateAction>(stage.Call, stage.Data);
        if (BindData(stage.Data, call, isFitted: false) is not var (name, choice, text)) return null;
        return new EvaluateAction(stage.Name.Text, call, name, choice, _evaluated.Add(stage.Name.Text), $"{stage.Name.Text}: evaluate {TextOf(call)} on {text}", _body.Frame.OriginAt(span));
    }

    /// <summary>Paths as the training knows them: with its names of the networks.</summary>
    private EquatableArray<string> BindFrozen(FitStage stage, PipelineCall? call)
    {
        if (stage.Frozen.Count == 0) return default;
        var trained = call is null ? _nets : call.Nets.Select(net => _nets[net]).ToArray();
        var frozen = new ParameterPaths(_body, trained).Resolve(stage.Frozen);
        if (call is null) return default;
        if (!_isBroken && frozen.Count > 0 && frozen.Count == trained.Sum(net => net.Storage.Parameters.Count))
            _reports.Add(DiagnosticTable.LossWithoutParameters, stage.Frozen[0].Span, "freeze a part of it, or evaluate");
        var names = _trains[call.Train].Instance.Nets;
        return stage.Frozen.Select(path =>
        {
            var position = NetUse.IndexOf(trained, path.Parts[0].Text);
            return string.Join(".", path.Parts.Skip(1).Select(part => part.Text).Prepend(position < names.Count ? names[position].Name : ""));
        }).ToEquatableArray();
    }

    private PipelineCall? BindCall(TrainCall call)
    {
        if (FindTrain(call.Train, isReported: true) is not { } found) return null;
        var train = _trains[found].Instance;
        var wanted = train.Nets;
        if (wanted.Count != call.Nets.Count)
        {
            _reports.Add(DiagnosticTable.NetsUnfit, call.Span, null, train.Symbol.Name, string.Join(", ", wanted.Select(net => $"{net.Name}: {net.Model.Name}")), $"{call.Nets.Count} of them stand here");
            return null;
        }
        var given = new List<int>();
        for (var k = 0; k < wanted.Count; k++)
        {
            var name = call.Nets[k];
            var position = NetUse.IndexOf(_nets, name.Text);
            if (position == _nets.Count)
            {
                _reports.Add(DiagnosticTable.UnknownName, name.Span, Spelling.Fix(name.Text, _nets.Select(other => other.Name)), name.Text);
                return null;
            }
            given.Add(position);
            if (wanted[k].Model == _nets[position].Model) continue;
            _reports.Add(DiagnosticTable.NetsUnfit, name.Span, _nets.FirstOrDefault(other => other.Model == wanted[k].Model) is { } fitting ? $"write {fitting.Name}" : null, train.Symbol.Name,
                $"{wanted[k].Name}: {wanted[k].Model.Name}", $"'{name.Text}' is a {_nets[position].Model.Name}");
            return null;
        }
        return new PipelineCall(found, given.ToEquatableArray());
    }

    /// <summary>The train of a name: its position among those that the pipeline uses; null where there is none, or one with errors.</summary>
    /// <param name="isReported">Whether to say that there is none.</param>
    private int? FindTrain(Identifier name, bool isReported = false)
    {
        var train = scope.Find(symbol.Namespace, name.Text, false);
        if (train is TrainSymbol family && scope.IsFamily(family))
        {
            var members = string.Join(", ", scope.MembersOf(family).Select(member => $"'{member.Name}'"));
            if (isReported) _reports.Add(DiagnosticTable.TrainIsFamily, name.Span, members.Length > 0 ? "write one of them" : $"declare one: {new TrainFamilyBinder(scope, diagnostics, family).MemberFix()}", family.Name, members.Length > 0 ? $"its members are {members}" : "it has none");
            return null;
        }
        if (train is not (TrainSymbol or TrainMemberSymbol))
        {
            var trains = scope.UserSymbols.Where(other => other is TrainSymbol or TrainMemberSymbol).Select(other => other.Name).ToArray();
            if (isReported) _reports.Add(DiagnosticTable.UnknownTrain, name.Span, Spelling.Fix(name.Text, trains), name.Text);
            return null;
        }
        var known = _trains.FindIndex(item => item.Instance.Symbol == train);
        if (known >= 0) return known;
        // What is wrong in its signature is reported with the train.
        var quiet = new DiagnosticBag();
        var instance = TrainInstance.Of(scope, quiet, train);
        if (instance is null || TrainRun.ExecuteSignature(scope, quiet, instance) is not { Inputs: { } inputs } run)
        {
            _isBroken = true;
            return null;
        }
        var losses = TrainSignature.Objectives(instance.Text).Select(objective => objective.Name).ToEquatableArray();
        var metrics = TrainSignature.Metrics(instance.Text).Select(metric => metric.Name).ToEquatableArray();
        _trains.Add((instance, new PipelineTrain(train.Namespace, train.Name, run.RuntimeAxes, inputs.ToEquatableArray(), losses, metrics)));
        return _trains.Count - 1;
    }

    // ---- Weights ------------------------------------------------------------------------------------------------

    private TransferAction? Transfer(TransferStage stage, TextSpan span)
    {
        var paths = new ParameterPaths(_body, _nets);
        if (paths.Resolve([stage.To]).Count == 0 || paths.Resolve([stage.From]).Count == 0) return null;
        var to = NetUse.IndexOf(_nets, stage.To.Parts[0].Text);
        var from = NetUse.IndexOf(_nets, stage.From.Parts[0].Text);
        var parameters = Pair(stage, _nets[to].Storage.Parameters, _nets[from].Storage.Parameters);
        var buffers = Pair(stage, _nets[to].Storage.Buffers, _nets[from].Storage.Buffers);
        if (parameters is null || buffers is null) return null;
        return new TransferAction(stage.Name.Text, to, from, parameters.ToEquatableArray(), buffers.ToEquatableArray(), $"{stage.Name.Text}: {TextOf(stage.To)} from {TextOf(stage.From)}",
            _body.Frame.OriginAt(span));
    }

    /// <summary>For each weight below one path the weight of the same name below the other; null after a diagnostic.</summary>
    private List<TransferredWeight>? Pair(TransferStage stage, IReadOnlyList<BoundStorage> to, IReadOnlyList<BoundStorage> from)
    {
        var given = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var k = 0; k < from.Count; k++)
        {
            if (Below(stage.From, from[k].Path) is { } below && !given.ContainsKey(below)) given.Add(below, k);
        }
        var pairs = new List<TransferredWeight>();
        for (var k = 0; k < to.Count; k++)
        {
            if (Below(stage.To, to[k].Path) is not { } below) continue;
            var isThere = given.TryGetValue(below, out var source);
            var problem = !isThere ? $"'{TextOf(stage.From)}' has no '{below}'"
                : from[source].Type != to[k].Type ? $"'{below}' is {to[k].Type} in one and {from[source].Type} in the other" : null;
            if (problem is null)
            {
                pairs.Add(new TransferredWeight(k, source));
                continue;
            }
            _reports.Add(DiagnosticTable.TransferUnfit, stage.To.Span.Cover(stage.From.Span), null, TextOf(stage.To), TextOf(stage.From), problem);
            return null;
        }
        return pairs;
    }

    private static string? Below(PathPattern pattern, string path) => WeightPath.Rest([.. pattern.Parts.Skip(1).Select(part => part.Text)], path);

    // ---- Numbers and words --------------------------------------------------------------------------------------

    private int? BindCount(Expression expression, string what)
    {
        var operand = _body.Bind(expression);
        if (operand is PoisonOperand) return null;
        if (BodyBinder.TryNumber(operand, out var number, out var isWhole) && isWhole && number is >= 1 and <= int.MaxValue) return (int)number;
        _reports.Add(DiagnosticTable.CountUnfit, expression.Span, null, what, BodyBinder.Describe(operand));
        return null;
    }

    private string TextOf(PathPattern pattern) => string.Join(".", pattern.Parts.Select(part => part.Text));

    private string TextOf(PipelineCall call) => $"{_trains[call.Train].Instance.Symbol.FullName}({string.Join(", ", call.Nets.Select(net => _nets[net].Name))})";

    private static string TextOf(double number) => number.ToString("R", CultureInfo.InvariantCulture);
}
