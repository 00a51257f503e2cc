using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Planning.Windows;

namespace FeedbackNN.Dsl.Planning;

/// <summary>Sums of what a step puts in its places, such as a bias's gradient of a pool's: added up by that step, instead of read again.</summary>
internal sealed partial class Fusion
{
    private readonly SortedDictionary<int, int> _placedSums = [];

    /// <summary>The sums that the step of a transposed view adds up.</summary>
    public IEnumerable<Node> SumsOf(int transpose) => _placedSums.Where(sum => sum.Value == transpose).Select(sum => _graph[sum.Key]);

    private void FindPlacedSums()
    {
        foreach (var node in _graph.Nodes.Where(IsPlacedSum))
        {
            _placedSums.Add(node.Id, node.Inputs[0]);
            _stored.Add(node.Id);
        }
    }

    // One sum for each column of the kernel that puts all elements in their places.
    private bool IsPlacedSum(Node node)
    {
        if (node is not { Operation: Reduce { Kind: ReduceKind.Sum } reduce, Type.Rank: 1 } || _graph[node.Inputs[0]] is not { Operation: ViewTranspose transpose } placed) return false;
        var from = _graph[placed.Inputs[0]].Type.Shape;
        if (from.Count < 2 || !WindowMap.IsBijective(transpose.Map, from, placed.Type.Shape)) return false;
        var kept = Enumerable.Range(0, placed.Type.Rank).Except(reduce.Axes).Single();
        return transpose.Map[kept] == AffineMap.Index(from.Count, from.Count - 1) && SmallWindows.AxesToUnroll(transpose.Map, from).Length < from.Count - 1;
    }
}
