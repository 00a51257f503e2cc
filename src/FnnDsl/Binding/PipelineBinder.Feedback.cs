using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;

namespace FeedbackNN.Dsl.Binding;

/// <content>Stages that run again, and what decides whether they do.</content>
internal sealed partial class PipelineBinder
{
    private PipelineAction? BindRun(RunStep run)
    {
        if (!_stages.TryGetValue(run.Stage.Text, out var stage))
        {
            _reports.Add(DiagnosticTable.UnknownStage, run.Stage.Span, Spelling.Fix(run.Stage.Text, _stages.Keys), run.Stage.Text);
            return null;
        }
        if (stage is not FitStage && (run.Data?.Span ?? run.Epochs?.Span) is { } span)
        {
            _reports.Add(DiagnosticTable.StageUnfit, span, null, run.Stage.Text, stage is EvaluateStage ? "an evaluation, which always takes the same data" : "a transfer of weights");
            return null;
        }
        // What is wrong in the stage has been said where it stands.
        if (diagnostics.HasErrors) return BindOnlyWhatIsNew(run, stage);
        return Execute(stage, run.Data, run.Epochs, run.Span);
    }

    private PipelineAction? BindOnlyWhatIsNew(RunStep run, Stage stage)
    {
        if (run.Epochs is { } epochs) BindCount(epochs, "epochs");
        if (run.Data is { } data && stage is FitStage fit && FindTrain(fit.Call.Train) is { } found)
            BindData(data, new PipelineCall(found, default), isFitted: true);
        return null;
    }

    private LoopAction? BindFeedback(PipelineFeedback feedback)
    {
        var most = BindCount(feedback.AtMost, "rounds");
        var evaluations = new HashSet<string>(StringComparer.Ordinal);
        var condition = BindCondition(feedback.Condition, isTruth: true, evaluations);
        var body = BindSteps(feedback.Body);
        _read.UnionWith(evaluations);
        var runAgain = new HashSet<string>(feedback.Body.Select(step => step switch { RunStep run => run.Stage.Text, Stage stage => stage.Name.Text, _ => "" }));
        if (condition is null || evaluations.Any(runAgain.Contains))
        {
            return condition is null || most is null ? null
                : new LoopAction(condition, most.Value, body, FormattableString.Invariant($"while {condition}, at_most {most.Value} {{ {string.Join("; ", body.Select(step => step.Text))} }}"), _body.Frame.OriginAt(feedback.Span));
        }
        if (evaluations.Count == 0) _reports.Add(DiagnosticTable.PipelineCondition, feedback.Condition.Span, null, symbol.Source.GetText(feedback.Condition.Span), "it asks for nothing that a stage finds, such as check.accuracy < 0.98");
        else _reports.Add(DiagnosticTable.NeverEvaluatedAgain, feedback.Condition.Span, $"write {evaluations.First()} as the last line of the body", evaluations.First());
        return null;
    }

    private static string? SignOf(BinaryOperator kind) => kind switch
    {
        BinaryOperator.And => "and",
        BinaryOperator.Or => "or",
        BinaryOperator.Less => "<",
        BinaryOperator.LessOrEqual => "<=",
        BinaryOperator.Greater => ">",
        BinaryOperator.GreaterOrEqual => ">=",
        _ => null,
    };

    /// <param name="isTruth">Whether what is true or false stands here, and no number.</param>
    /// <param name="evaluations">Takes the stages that are asked.</param>
    private PipelineCondition? BindCondition(Expression condition, bool isTruth, HashSet<string> evaluations)
    {
        switch (condition)
        {
            case BinaryExpression binary when isTruth && SignOf(binary.Operator) is { } sign:
                var joins = binary.Operator is BinaryOperator.And or BinaryOperator.Or;
                var left = BindCondition(binary.Left, joins, evaluations);
                var right = BindCondition(binary.Right, joins, evaluations);
                return left is null || right is null ? null : new ConditionOperator(sign, left, right);
            case UnaryExpression { Operator: UnaryOperator.Not } not when isTruth:
                return BindCondition(not.Operand, true, evaluations) is { } operand ? new ConditionNot(operand) : null;
            case MemberExpression { Target: NameExpression stageName } member when !isTruth:
                return BindResult(stageName, member.Member, evaluations);
            case NumberExpression when !isTruth && BodyBinder.TryNumber(_body.Bind(condition), out var number, out _):
                return new ConditionNumber(number);
            default:
                _reports.Add(DiagnosticTable.PipelineCondition, condition.Span, null, symbol.Source.GetText(condition.Span), "a condition compares what an evaluation found with numbers: check.accuracy < 0.98");
                return null;
        }
    }

    private FoundResult? BindResult(NameExpression stageName, Identifier result, HashSet<string> evaluations)
    {
        if (!_stages.TryGetValue(stageName.Name, out var stage))
        {
            _reports.Add(DiagnosticTable.UnknownStage, stageName.Span, Spelling.Fix(stageName.Name, _stages.Values.OfType<EvaluateStage>().Select(other => other.Name.Text)), stageName.Name);
            return null;
        }
        if (stage is not EvaluateStage evaluate)
        {
            _reports.Add(DiagnosticTable.PipelineCondition, stageName.Span, null, stageName.Name, "it evaluates nothing: only a stage 'name: evaluate Train(net) on data' has results");
            return null;
        }
        evaluations.Add(stageName.Name);
        if (FindTrain(evaluate.Call.Train) is not { } train) return null;
        var known = _trains[train].Train.Metrics.Concat(_trains[train].Train.Losses).ToArray();
        if (known.Contains(result.Text)) return new FoundResult(stageName.Name, train, result.Text);
        _reports.Add(DiagnosticTable.UnknownMember, result.Span, Spelling.Fix(result.Text, known) ?? $"{_trains[train].Train.Name} reports {string.Join(", ", known)}", stageName.Name, result.Text);
        return null;
    }
}
