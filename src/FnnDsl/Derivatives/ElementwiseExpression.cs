using FeedbackNN.Dsl.Graphs;

namespace FeedbackNN.Dsl.Derivatives;

/// <summary>
/// Elementwise functions of one value that a graph spells out, such as gelu's x (1 + erf(x / √2)) / 2. The gradient of such a one is the output's gradient times a derivative
/// that is known as soon as the value is. The rules of its operators, one after the other, would mix the gradient in at every step, and all that they are made of would have to wait for it.
/// </summary>
internal sealed class ElementwiseExpression
{
    /// <summary>Longer functions are differentiated operator by operator.</summary>
    private const int MostOperators = 32;

    private readonly GraphBuilder _builder;
    private readonly bool[] _depends;
    private readonly List<int>?[] _users;

    /// <param name="depends">The nodes through which gradients flow.</param>
    /// <param name="letsThrough">Whether a gradient flows from a node to one of its inputs.</param>
    public ElementwiseExpression(GraphBuilder builder, bool[] depends, Func<Node, int, bool> letsThrough)
    {
        _builder = builder;
        _depends = depends;
        _users = new List<int>?[depends.Length];
        for (var id = 0; id < depends.Length; id++)
        {
            if (!depends[id]) continue;
            var node = builder[id];
            for (var input = 0; input < node.Inputs.Count; input++)
            {
                if (depends[node.Inputs[input]] && letsThrough(node, input)) (_users[node.Inputs[input]] ??= []).Add(id);
            }
        }
    }

    /// <summary>
    /// The value that the node is a function of, where gradients take several ways to it and take no other ways; null where there is none. It has the node's type.
    /// </summary>
    /// <param name="stops">Whether a node's own gradient is given or wanted.</param>
    public Value? ArgumentOf(int root, Func<int, bool> stops)
    {
        if (!IsOperator(root)) return null;
        var inside = new HashSet<int> { root };
        var border = new SortedSet<int>(FlowingInputs(root));
        if (border.Count < 2) return null;
        while (border.Count > 1)
        {
            var id = border.Max;
            if (!IsOperator(id) || _builder[id].Type != _builder[root].Type || stops(id) || inside.Count == MostOperators || !_users[id]!.All(inside.Contains)) return null;
            border.Remove(id);
            inside.Add(id);
            border.UnionWith(FlowingInputs(id));
        }
        var argument = border.Max;
        return _builder[argument].Type == _builder[root].Type ? _builder.ValueOf(argument) : null;
    }

    private bool IsOperator(int id) => _builder[id].Operation is Elementwise;

    private IEnumerable<int> FlowingInputs(int id) => _builder[id].Inputs.Where(input => _depends[input]);
}
