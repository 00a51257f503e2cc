using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;

namespace FeedbackNN.Dsl.Planning;

// What a maximum is compared with must have the bits that the maximum was found among: the gradient goes to the elements that are equal to it.
internal sealed partial class Fusion
{
    /// <summary>
    /// Of a comparison with a maximum or minimum: what is compared, and what that is the largest or smallest of. Null of other comparisons.
    /// </summary>
    private int[]? ComparedWithExtreme(Node comparison)
    {
        for (var side = 0; side < 2; side++)
        {
            if (_graph[Moved(comparison.Inputs[side])] is { Operation: Reduce { Kind: ReduceKind.Max or ReduceKind.Min } } extreme) return [Moved(comparison.Inputs[1 - side]), Moved(extreme.Inputs[0])];
        }
        return null;
    }

    /// <summary>The node whose elements are here at other places.</summary>
    private int Moved(int id)
    {
        while (_graph[id].Operation is View or Reshape) id = _graph[id].Inputs[0];
        return id;
    }

    /// <summary>
    /// Whether a value that is computed in two kernels may have other bits in one than in the other. On GPUs a product and the sum behind it are rounded once or twice, as the kernel has them, and functions are made of
    /// products and sums. (On the processor nothing differs, one by one or in vectors: see ScalarMath.)
    /// </summary>
    private bool MayDiffer(int id)
    {
        var seen = new HashSet<int>();
        var stack = new Stack<int>([id]);
        while (stack.Count > 0)
        {
            var node = _graph[stack.Pop()];
            if (!seen.Add(node.Id) || node.Operation is not (Elementwise or Graphs.Convert or View)) continue;
            if (node.Operation is Elementwise { Operator: var op })
            {
                if (!op.IsCorrectlyRounded) return true;
                if ((op == OperatorTable.Add || op == OperatorTable.Sub) && node.Inputs.Any(input => _graph[input].Operation is Elementwise { Operator: var inner } && inner == OperatorTable.Mul)) return true;
            }
            foreach (var input in node.Inputs) stack.Push(input);
        }
        return false;
    }
}
