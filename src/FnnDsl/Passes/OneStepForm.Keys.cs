using System.Globalization;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Passes;

// Values of a generate that have the axis twice: what each element, the query, makes of each, the keys. At one step the query is the latest element, and the keys are all so far. Which of the two axes is the query's is
// said by what reads the value: it goes over the keys, and keeps the queries. So that the keys behind the query, which there are none of at a step, change nothing in the whole, a mask must hide them (LaterElements).
public sealed partial class OneStepForm
{
    private LaterElements? _later;

    private sealed partial class Scope
    {
        private string KeysInLoop => $"attention over '{form._axis}' stands in a loop, whose rounds would need keys and values each of their own";

        // Where a value has the axis.
        private int[] AxesOf(int id) => form.AxesOf(graph[id].Type);

        /// <summary>An input of a node, and which of its axes is the query's where it has two: the one that the node keeps as its own.</summary>
        private (int Node, int Query) InputOf(Node node, int query, int input)
        {
            var id = node.Inputs[input];
            if (form._growth is null || AxesOf(id) is not { Length: 2 } both) return (id, -1);
            var own = query >= 0 ? query : AxesOf(node.Id) is { Length: 1 } axes ? axes[0] : -1;
            var kept = own < 0 ? [] : both.Where(axis => AxisPath.Of(graph, node, input, axis) == own).ToArray();
            return (id, kept.Length == 1 ? kept[0] : -1);
        }

        private bool IsOverKeys(Node node, int input) => AxesOf(node.Inputs[input]).Any(axis => AxisPath.Of(graph, node, input, axis) == AxisPath.Reduced);

        /// <summary>What goes over all keys must find nothing in those behind the query.</summary>
        private void CheckHidden(Node node, int own)
        {
            var later = form._later ??= new LaterElements(graph);
            var x = node.Inputs.Select((id, k) =>
            {
                var axes = AxesOf(id);
                int Find(int path) => axes.Where(axis => AxisPath.Of(graph, node, k, axis) == path).DefaultIfEmpty(-1).First();
                return later.Of(id, Find(own), Find(AxisPath.Reduced));
            }).ToArray();
            var (what, needed) = node.Operation switch
            {
                Reduce { Kind: ReduceKind.Max } or ArgReduce { IsMax: true } => ("takes the largest of", double.NegativeInfinity),
                Reduce { Kind: ReduceKind.Min } or ArgReduce => ("takes the smallest of", double.PositiveInfinity),
                Reduce { Kind: ReduceKind.Prod } => ("multiplies", 1),
                _ => ("adds up", 0.0),
            };
            if ((node.Operation is Contract ? Known.Product(x[0], x[1]) : x[0]).Is(needed)) return;
            var hint = node.Operation is Contract ? "0) or, before a softmax, select(i >= j, …, -inf)" : Text(needed) + ")";
            throw Ahead(
                x.Length == 1 && x[0].Kind == KnownKind.Number ? $"it {what} later elements of '{form._axis}' too, which are {Text(x[0].Value)} and not {Text(needed)}: mask them with {Text(needed)}"
                : x.Any(item => item.Is(0)) ? $"it {what} later elements of '{form._axis}' too, in which 0 is multiplied by what may be infinite"
                : $"it {what} later elements of '{form._axis}' too; hide them: select(i >= j, …, {hint}, where i is the element and j what it looks at", node);
        }

        private static string Text(double number) => double.IsNegativeInfinity(number) ? "-inf" : double.IsPositiveInfinity(number) ? "inf" : number.ToString("R", CultureInfo.InvariantCulture);
    }
}
