using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Planning;

/// <summary>Attention: one step computes the result and its log sums, one step all gradients.</summary>
internal sealed partial class Fusion
{
    private ILookup<(Attention, int, int), int>? _attentions;
    private ILookup<(AttentionGradient, EquatableArray<int>), int>? _attentionGradients;

    /// <summary>
    /// The node whose step computes this one: log sums are computed with an earlier attention over the same queries and keys, all gradients of an attention with the first of
    /// them; any other node by itself.
    /// </summary>
    public int RunsWith(int id)
    {
        var node = _graph[id];
        switch (node.Operation)
        {
            case AttentionLogSums sums:
                _attentions ??= _graph.Nodes.Where(other => other.Operation is Attention).ToLookup(other => ((Attention)other.Operation, other.Inputs[0], other.Inputs[1]), other => other.Id);
                return _attentions[(new Attention(sums.IsCausal, sums.Scale) { Operands = sums.Operands }, node.Inputs[0], node.Inputs[1])].Append(id).Min();
            case AttentionGradient gradient:
                _attentionGradients ??= _graph.Nodes.Where(other => other.Operation is AttentionGradient).ToLookup(other => (KeyOf((AttentionGradient)other.Operation), other.Inputs), other => other.Id);
                return _attentionGradients[(KeyOf(gradient), node.Inputs)].Min();
            default:
                return id;
        }
    }

    /// <summary>What the step of an attention's node computes: the node itself and those that run with it.</summary>
    public IEnumerable<Node> ComputedWith(int id) => _graph.Nodes.Where(node => IsOfAttention(node.Operation) && RunsWith(node.Id) == id);

    private static bool IsOfAttention(Operation operation) => operation is Attention or AttentionLogSums or AttentionGradient;

    private static AttentionGradient KeyOf(AttentionGradient gradient) => gradient with { Of = default };

    // Log sums lie by themselves; everything else is read where it lies.
    private IEnumerable<int> ReadsOfAttention(Node node) => node.Inputs.Select((input, position) =>
        position != AttentionShapes.LogSumsInput && AttentionLayout.TryRead(_graph, input, out var source, out _) ? source : input);
}
