using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Names;

// Names in pipelines and in other projects' names of weights.
internal sealed partial class NameResolver
{
    // With which train a stage computes.
    private readonly Dictionary<string, TrainCall> _stages = new(StringComparer.Ordinal);

    private void Visit(EquatableArray<PipelineStep> steps)
    {
        foreach (var step in steps)
        {
            if (step is Stage stage) Bind(stage.Name);
            if (step switch { FitStage one => (one.Name, one.Call), EvaluateStage one => (one.Name, one.Call), _ => default } is { Name: { } name } known) _stages[name.Text] = known.Call;
            switch (step)
            {
                case FitStage fit:
                    Visit(fit.Call);
                    Visit(fit.Data, fit.Call);
                    Visit(fit.Epochs);
                    foreach (var path in fit.Frozen) VisitPath(path);
                    break;
                case TransferStage transfer:
                    VisitPath(transfer.To);
                    VisitPath(transfer.From);
                    break;
                case EvaluateStage evaluate:
                    Visit(evaluate.Call);
                    Visit(evaluate.Data, evaluate.Call);
                    break;
                case RunStep run:
                    if (_locals.Find(run.Stage.Text) is { } again) Add(run.Stage.Span, again, again.Location, false);
                    if (run.Data is { } data) Visit(data, _stages.TryGetValue(run.Stage.Text, out var call) ? call : null);
                    if (run.Epochs is { } epochs) Visit(epochs);
                    break;
                case PipelineFeedback feedback:
                    Visit(feedback.Condition);
                    Visit(feedback.AtMost);
                    Visit(feedback.Body);
                    break;
            }
        }
    }

    private void Visit(TrainCall call)
    {
        ReadDeclared(call.Train);
        foreach (var net in call.Nets)
        {
            if (_locals.Find(net.Text) is { } known) Add(net.Span, known, known.Location, false);
        }
    }

    private void Visit(DataSyntax data, TrainCall? call)
    {
        foreach (var setting in data.Settings)
        {
            // by: loss, by: logits are names of the train.
            if (setting is not { Name.Text: "by", Value: NameExpression by }) Visit(setting.Value);
            else if (InTrain(call, by.Name) is { } found) Add(by.Span, found, found.Location, false);
        }
        if (_locals.Find(NameKind.Data, data.Name.Text) is { } name) Add(data.Name.Span, name, name.Location, data.Name.Span == name.Location?.Span);
    }

    private DeclaredName? InTrain(TrainCall? call, string name)
    {
        if (call is null) return null;
        var train = FindDeclared(call.Train.Text);
        if (train is TrainMemberSymbol member) train = _declarations.Scope.FamilyOf(member);
        if (train is not TrainSymbol) return null;
        var inside = _declarations.Inside(train);
        return inside.Find(NameKind.Metric, name) ?? inside.Find(name);
    }

    // check.accuracy: what the train of a stage finds.
    private DeclaredName? ResultOf(MemberExpression member) =>
        member.Target is NameExpression stage && _locals.Find(stage.Name) is { Kind: NameKind.Stage } && _stages.TryGetValue(stage.Name, out var call) ? InTrain(call, member.Member.Text) : null;

    private void VisitEntries(CheckpointDeclaration checkpoint)
    {
        ReadDeclared(checkpoint.Model);
        var model = _declarations.Scope.Find(_symbol.Namespace, checkpoint.Model.Text, false);
        foreach (var entry in checkpoint.Entries)
        {
            VisitParts(entry.Parts, model);
            foreach (var other in entry.Others) VisitParts(other.Path?.Parts ?? default, model);
        }
    }
}
