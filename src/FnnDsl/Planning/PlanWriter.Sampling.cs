using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

// Sampling: one step, with room for the scores that it makes of logits.
internal sealed partial class PlanWriter
{
    private void WriteSample(Node node)
    {
        var logits = graph[node.Inputs[SampleInputs.Logits]].Type;
        SampleHistory? history = null;
        if (node.Inputs.Count == SampleInputs.WithHistory)
        {
            var source = fusion.HistoryOf(node, out var offset, out var stride);
            history = new SampleHistory(PlaceOf(source), offset, stride, Size.Product(graph[node.Inputs[SampleInputs.History]].Type.Shape.Skip(node.Type.Rank)));
        }
        var numbers = node.Inputs.Skip(SampleInputs.Temperature).Take(SampleInputs.WithoutHistory - SampleInputs.Temperature).Select(PlaceOf).ToEquatableArray();
        var scores = program.NewBuffer("scores" + node.Id, ElementType.F32, logits.ElementCount, StorageReason.Parts);
        _steps.Add(new SampleStep(PlaceOf(node.Inputs[SampleInputs.Logits]), PlaceOf(node.Inputs[SampleInputs.Draws]), numbers, history, scores, PlaceOf(node.Id),
            node.Type.ElementCount, logits.Shape[logits.Rank - 1], node.Origin));
    }
}
