using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Names;

// Names in pipelines and in other projects' names of weights.
internal sealed partial class NameResolver
{
    private void Visit(EquatableArray<PipelineStep> steps)
    {
        foreach (var step in steps)
        {
            if (step is Stage stage) Bind(stage.Name);
            switch (step)
            {
                case FitStage fit:
                    Visit(fit.Call);
                    Visit(fit.Data);
                    Visit(fit.Epochs);
                    foreach (var path in fit.Frozen) VisitPath(path);
                    break;
                case TransferStage transfer:
                    VisitPath(transfer.To);
                    VisitPath(transfer.From);
                    break;
                case EvaluateStage evaluate:
                    Visit(evaluate.Call);
                    Visit(evaluate.Data);
                    break;
                case RunStep run:
                    if (_locals.Find(run.Stage.Text) is { } again) Add(run.Stage.Span, again, again.Location, false);
                    if (run.Data is { } data) Visit(data);
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

    private void Visit(DataSyntax data)
    {
        if (_locals.Find(NameKind.Data, data.Name.Text) is { } name) Add(data.Name.Span, name, name.Location, data.Name.Span == name.Location?.Span);
    }

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
