using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// Checks a pipeline: that its trains, networks, weights and stages exist and fit each other, that data names keep one type, that nothing is evaluated on what it
/// was fitted on, and that its feedback can end. This version makes no code of it.
/// </summary>
internal sealed class PipelineBinder(ModuleScope scope, DiagnosticBag diagnostics, PipelineSymbol symbol)
{
    /// <summary>A way to choose a part of the data: its settings, each a share or the name of a loss.</summary>
    private sealed record ChoiceRow(string Name, string Meaning, params string[] Settings);

    private static readonly ChoiceRow[] Choices =
    [
        new("hardest", "the samples with the largest loss", "by", "top"),
        new("confident", "samples without labels, with the answers that the network is sure of", "above"),
    ];

    private readonly Dictionary<string, Stage> _stages = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (TrainSymbol Train, TextSpan Span)> _data = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TextSpan> _fitted = new(StringComparer.Ordinal);
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);
    private readonly SymbolReports _reports = new(symbol, diagnostics);
    private BodyBinder _body = null!;
    private ParameterPaths _paths = null!;
    private IReadOnlyList<NetUse> _nets = [];

    public void Check()
    {
        if (NetUse.Bind(scope, diagnostics, symbol, symbol.Declaration.Nets, out var hasBroken) is not { } nets) return;
        _nets = nets;
        _body = new BodyBinder(new BindingContext(scope, diagnostics, training: false, symbolic: false), new Frame(symbol, null, default));
        _paths = new ParameterPaths(_body, nets);
        Check(symbol.Declaration.Body);
        var evaluations = _stages.Values.OfType<EvaluateStage>().ToArray();
        foreach (var stage in evaluations) CheckNotFitted(stage.Data);
        if (diagnostics.HasErrors || hasBroken) return;
        foreach (var stage in evaluations.Where(stage => !_read.Contains(stage.Name.Text))) _reports.Add(DiagnosticTable.ResultNeverRead, stage.Name.Span, null, stage.Name.Text);
        _reports.Add(DiagnosticTable.NotCompiledYet, symbol.Declaration.Name.Span, null, "pipeline", "run one train after the other in C#");
    }

    private void Check(EquatableArray<PipelineStep> steps)
    {
        foreach (var step in steps)
        {
            switch (step)
            {
                case Stage stage:
                    CheckStage(stage);
                    break;
                case RunStep run:
                    CheckRun(run);
                    break;
                case PipelineFeedback feedback:
                    CheckFeedback(feedback);
                    break;
            }
        }
    }

    // ---- Stages -------------------------------------------------------------------------------------------------

    private void CheckStage(Stage stage)
    {
        if (_stages.TryGetValue(stage.Name.Text, out var first))
        {
            _reports.Add(DiagnosticTable.StageTwice, stage.Name.Span, "give it a name of its own; to run the first again, write its name alone", (first.Name.Span, "the first"), stage.Name.Text);
            return;
        }
        _stages.Add(stage.Name.Text, stage);
        switch (stage)
        {
            case FitStage fit:
                CheckEpochs(fit.Epochs);
                _paths.Resolve(fit.Frozen);
                if (FindTrain(fit.Call) is { } fitted) CheckData(fit.Data, fitted, isFitted: true);
                break;
            case EvaluateStage evaluate:
                if (FindTrain(evaluate.Call) is { } evaluated) CheckData(evaluate.Data, evaluated, isFitted: false);
                break;
            case TransferStage transfer:
                CheckTransfer(transfer);
                break;
        }
    }

    private TrainSymbol? FindTrain(TrainCall call)
    {
        if (scope.Find(symbol.Namespace, call.Train.Text, false) is not TrainSymbol train)
        {
            var trains = scope.UserSymbols.OfType<TrainSymbol>().Select(other => other.Name).ToArray();
            _reports.Add(DiagnosticTable.UnknownTrain, call.Train.Span, Spelling.Fix(call.Train.Text, trains), call.Train.Text);
            return null;
        }
        var wanted = train.Declaration.Nets;
        if (wanted.Count != call.Nets.Count)
        {
            _reports.Add(DiagnosticTable.NetsUnfit, call.Span, null, train.Name, string.Join(", ", wanted.Select(net => $"{net.Name}: {net.Model}")), $"{call.Nets.Count} of them stand here");
            return null;
        }
        for (var k = 0; k < wanted.Count; k++)
        {
            var name = call.Nets[k];
            if (_nets.FirstOrDefault(net => net.Name == name.Text) is not { } net)
            {
                _reports.Add(DiagnosticTable.UnknownName, name.Span, Spelling.Fix(name.Text, _nets.Select(other => other.Name)), name.Text);
                return null;
            }
            if (scope.Find(train.Namespace, wanted[k].Model.Text, false) == net.Model) continue;
            _reports.Add(DiagnosticTable.NetsUnfit, name.Span, _nets.FirstOrDefault(other => other.Model.Name == wanted[k].Model.Text) is { } fitting ? $"write {fitting.Name}" : null, train.Name,
                $"{wanted[k].Name}: {wanted[k].Model}", $"'{name.Text}' is a {net.Model.Name}");
            return null;
        }
        return train;
    }

    private void CheckTransfer(TransferStage transfer)
    {
        var to = _paths.Resolve([transfer.To]);
        var from = _paths.Resolve([transfer.From]);
        if (to.Count == 0 || from.Count == 0) return;
        var given = from.Select(reference => _nets[reference.Net].Storage.Parameters[reference.Parameter]).ToDictionary(parameter => Below(transfer.From, parameter.Path));
        foreach (var parameter in to.Select(reference => _nets[reference.Net].Storage.Parameters[reference.Parameter]))
        {
            var below = Below(transfer.To, parameter.Path);
            var problem = !given.TryGetValue(below, out var source) ? $"'{Text(transfer.From)}' has no '{below}'"
                : source.Type.ToString() != parameter.Type.ToString() ? $"'{below}' is {parameter.Type} in one and {source.Type} in the other" : null;
            if (problem is null) continue;
            _reports.Add(DiagnosticTable.TransferUnfit, transfer.To.Span.Cover(transfer.From.Span), null, Text(transfer.To), Text(transfer.From), problem);
            return;
        }
    }

    // The rest of a parameter's path behind that of a pattern, whose first part is the network.
    private static string Below(PathPattern pattern, string path) => string.Join(".", path.Split('.').Skip(pattern.Parts.Count - 1));

    // ---- Data ---------------------------------------------------------------------------------------------------

    private void CheckData(DataSyntax data, TrainSymbol train, bool isFitted)
    {
        CheckChoice(data, train);
        if (isFitted && !_fitted.ContainsKey(data.Name.Text)) _fitted.Add(data.Name.Text, data.Name.Span);
        if (!_data.TryGetValue(data.Name.Text, out var first))
        {
            _data.Add(data.Name.Text, (train, data.Name.Span));
            return;
        }
        if (Samples(first.Train) == Samples(train)) return;
        _reports.Add(DiagnosticTable.DataUnfit, data.Name.Span, "give the data of each train a name of its own", (first.Span, $"samples of {first.Train.Name}: {Samples(first.Train)}"),
            data.Name.Text, first.Train.Name, train.Name, Samples(train));
    }

    private static string Samples(TrainSymbol train) => "(" + string.Join(", ", train.Declaration.Inputs.Select(input => $"{input.Name}: {train.Source.GetText(input.Type.Span)}")) + ")";

    private void CheckNotFitted(DataSyntax data)
    {
        if (!_fitted.TryGetValue(data.Name.Text, out var fitted)) return;
        _reports.Add(DiagnosticTable.EvaluatedOnFitted, data.Name.Span, "evaluate on data that no stage is fitted on, such as held_out", (fitted, "fitted on here"), data.Name.Text);
    }

    private void CheckChoice(DataSyntax data, TrainSymbol train)
    {
        if (data.Choice is not { } choice) return;
        if (Choices.FirstOrDefault(row => row.Name == choice.Text) is not { } row)
        {
            _reports.Add(DiagnosticTable.UnknownChoice, choice.Span, Spelling.Fix(choice.Text, Choices.Select(other => other.Name)), choice.Text, string.Join("; ", Choices.Select(other => $"{other.Name}: {other.Meaning}")));
            return;
        }
        foreach (var setting in data.Settings)
        {
            var name = setting.Name!;
            if (!row.Settings.Contains(name.Text)) _reports.Add(DiagnosticTable.UnknownArgument, name.Span, Spelling.Fix(name.Text, row.Settings), row.Name, name.Text);
            else if (name.Text == "by") CheckBy(setting.Value, train);
            else CheckShare(setting, row.Name);
        }
        foreach (var missing in row.Settings.Where(name => data.Settings.All(setting => setting.Name!.Text != name)))
        {
            _reports.Add(DiagnosticTable.MissingArgument, data.Span, null, row.Name, missing, missing == "by" ? "the name of a loss" : "a share between 0 and 1");
            return;
        }
    }

    private void CheckBy(Expression value, TrainSymbol train)
    {
        var losses = TrainSignature.Objectives(train).Select(objective => objective.Name).ToArray();
        if (value is NameExpression name && losses.Contains(name.Name)) return;
        var text = symbol.Source.GetText(value.Span);
        _reports.Add(DiagnosticTable.UnknownMember, value.Span, Spelling.Fix(text, losses), train.Name, text);
    }

    private void CheckShare(Argument setting, string choice)
    {
        var operand = _body.Bind(setting.Value);
        if (operand is PoisonOperand || (BodyBinder.TryNumber(operand, out var share, out _) && share is > 0 and <= 1)) return;
        _reports.Add(DiagnosticTable.BadSetting, setting.Value.Span, null, setting.Name!.Text, choice, $"a share above 0 and at most 1 is expected, not {BodyBinder.Describe(operand)}");
    }

    // ---- Feedback -----------------------------------------------------------------------------------------------

    private void CheckRun(RunStep run)
    {
        if (!_stages.TryGetValue(run.Stage.Text, out var stage))
        {
            _reports.Add(DiagnosticTable.UnknownStage, run.Stage.Span, Spelling.Fix(run.Stage.Text, _stages.Keys), run.Stage.Text);
            return;
        }
        if (stage is not FitStage && (run.Data?.Span ?? run.Epochs?.Span) is { } span)
        {
            _reports.Add(DiagnosticTable.StageUnfit, span, null, run.Stage.Text, stage is EvaluateStage ? "an evaluation, which always takes the same data" : "a transfer of weights");
            return;
        }
        if (run.Epochs is { } epochs) CheckEpochs(epochs);
        if (run.Data is { } data && stage is FitStage fit && scope.Find(symbol.Namespace, fit.Call.Train.Text, false) is TrainSymbol train) CheckData(data, train, isFitted: true);
    }

    private void CheckFeedback(PipelineFeedback feedback)
    {
        CheckCount(feedback.AtMost, "rounds");
        var evaluations = new HashSet<string>(StringComparer.Ordinal);
        var isRight = CheckCondition(feedback.Condition, evaluations);
        Check(feedback.Body);
        _read.UnionWith(evaluations);
        var runAgain = new HashSet<string>(feedback.Body.Select(step => step switch { RunStep run => run.Stage.Text, Stage stage => stage.Name.Text, _ => "" }));
        if (!isRight || evaluations.Any(runAgain.Contains)) return;
        if (evaluations.Count == 0) _reports.Add(DiagnosticTable.PipelineCondition, feedback.Condition.Span, null, symbol.Source.GetText(feedback.Condition.Span), "it asks for nothing that a stage finds, such as check.accuracy < 0.98");
        else _reports.Add(DiagnosticTable.NeverEvaluatedAgain, feedback.Condition.Span, $"write {evaluations.First()} as the last line of the body", evaluations.First());
    }

    private bool CheckCondition(Expression condition, HashSet<string> evaluations)
    {
        switch (condition)
        {
            case BinaryExpression { Operator: BinaryOperator.And or BinaryOperator.Or or BinaryOperator.Less or BinaryOperator.LessOrEqual or BinaryOperator.Greater or BinaryOperator.GreaterOrEqual } binary:
                return CheckCondition(binary.Left, evaluations) & CheckCondition(binary.Right, evaluations);
            case UnaryExpression { Operator: UnaryOperator.Not } not:
                return CheckCondition(not.Operand, evaluations);
            case MemberExpression { Target: NameExpression stageName } member:
                return CheckResult(stageName, member.Member, evaluations);
            case NumberExpression:
                return true;
            default:
                _reports.Add(DiagnosticTable.PipelineCondition, condition.Span, null, symbol.Source.GetText(condition.Span), "a condition compares what an evaluation found with numbers: check.accuracy < 0.98");
                return false;
        }
    }

    private bool CheckResult(NameExpression stageName, Identifier result, HashSet<string> evaluations)
    {
        if (!_stages.TryGetValue(stageName.Name, out var stage))
        {
            _reports.Add(DiagnosticTable.UnknownStage, stageName.Span, Spelling.Fix(stageName.Name, _stages.Values.OfType<EvaluateStage>().Select(other => other.Name.Text)), stageName.Name);
            return false;
        }
        if (stage is not EvaluateStage evaluate)
        {
            _reports.Add(DiagnosticTable.PipelineCondition, stageName.Span, null, stageName.Name, "it evaluates nothing: only a stage 'name: evaluate Train(net) on data' has results");
            return false;
        }
        evaluations.Add(stageName.Name);
        if (scope.Find(symbol.Namespace, evaluate.Call.Train.Text, false) is not TrainSymbol train) return false;
        var known = TrainSignature.Metrics(train).Select(metric => metric.Name).Concat(TrainSignature.Objectives(train).Select(objective => objective.Name)).ToArray();
        if (known.Contains(result.Text)) return true;
        _reports.Add(DiagnosticTable.UnknownMember, result.Span, Spelling.Fix(result.Text, known) ?? $"{train.Name} reports {string.Join(", ", known)}", stageName.Name, result.Text);
        return false;
    }

    // ---- Numbers and words --------------------------------------------------------------------------------------

    private void CheckEpochs(Expression epochs) => CheckCount(epochs, "epochs");

    private void CheckCount(Expression expression, string what)
    {
        var operand = _body.Bind(expression);
        if (operand is PoisonOperand || (BodyBinder.TryNumber(operand, out var number, out var isWhole) && isWhole && number is >= 1 and <= int.MaxValue)) return;
        _reports.Add(DiagnosticTable.CountUnfit, expression.Span, null, what, BodyBinder.Describe(operand));
    }

    private string Text(PathPattern pattern) => symbol.Source.GetText(pattern.Span);
}
