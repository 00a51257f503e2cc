using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Passes;

/// <summary>
/// What is known of a value's elements where it relates a position, the query, to a later one, the key. A sum over the keys may go only over those so far where all later ones are 0, a maximum where they are -inf: then
/// the later ones change nothing. So a mask is recognised by what it does: <c>select(i >= j, x, -inf)</c> is -inf there, <c>exp</c> of it 0, and so is the product of that and anything.
/// </summary>
internal sealed class LaterElements
{
    private readonly Graph _graph;
    private readonly Known[] _anywhere;
    private readonly Dictionary<(int Node, EquatableArray<PositionForm?> Place), Known> _known = [];

    public LaterElements(Graph graph)
    {
        _graph = graph;
        _anywhere = new Known[graph.Nodes.Count];
        foreach (var node in graph.Nodes) _anywhere[node.Id] = Make(node, Nowhere(node.Type.Rank), node.Inputs.Select(input => _anywhere[input]).ToArray());
    }

    /// <summary>What is known of a value's elements where the key's position is behind the query's.</summary>
    /// <param name="query">The axis of the queries; -1 where it has none.</param>
    /// <param name="key">The axis of the keys; -1 where it has none.</param>
    public Known Of(int node, int query, int key)
    {
        var place = Enumerable.Range(0, _graph[node].Type.Rank)
            .Select(axis => axis == query ? PositionForm.QueryItself : axis == key ? PositionForm.KeyItself : (PositionForm?)null).ToEquatableArray();
        // Made in order, so that nothing recurses as deep as the graph is long.
        var open = new Stack<(int Node, EquatableArray<PositionForm?> Place)>([(node, place)]);
        var wanted = new HashSet<(int Node, EquatableArray<PositionForm?> Place)>();
        while (open.Count > 0)
        {
            var next = open.Pop();
            if (IsAnywhere(next.Node, next.Place) || _known.ContainsKey(next) || !wanted.Add(next)) continue;
            for (var k = 0; k < _graph[next.Node].Inputs.Count; k++) open.Push((_graph[next.Node].Inputs[k], PlaceOf(_graph[next.Node], next.Place, k)));
        }
        foreach (var (id, at) in wanted.OrderBy(item => item.Node))
        {
            _known[(id, at)] = Make(_graph[id], at, _graph[id].Inputs.Select((input, k) => At(input, PlaceOf(_graph[id], at, k))).ToArray());
        }
        return At(node, place);
    }

    private Known At(int node, EquatableArray<PositionForm?> place) => IsAnywhere(node, place) ? _anywhere[node] : _known[(node, place)];

    // Numbers are looked into where they relate two positions; whole numbers and conditions, which masks are made of, wherever a position is known.
    private bool IsAnywhere(int node, EquatableArray<PositionForm?> place)
    {
        var known = place.Where(form => form is not null).ToArray();
        return _graph[node].Type.Element.IsFloat() ? !known.Any(form => form!.Value.Query != 0) || !known.Any(form => form!.Value.Key != 0) : known.Length == 0;
    }

    private static EquatableArray<PositionForm?> Nowhere(int rank) => new PositionForm?[rank].ToEquatableArray();

    /// <summary>Which elements of an input those at a place are made of: for each axis the position, or null where it is not known or there are several.</summary>
    private EquatableArray<PositionForm?> PlaceOf(Node node, EquatableArray<PositionForm?> place, int input)
    {
        var rank = _graph[node.Inputs[input]].Type.Rank;
        if (node.Operation is View view) return view.Map.Select(function => Position(function, place)).ToEquatableArray();
        return Enumerable.Range(0, rank).Select(axis => AxisPath.Of(_graph, node, input, axis) is >= 0 and var at ? place[at] : null).ToEquatableArray();
    }

    private static PositionForm? Position(AffineIndex function, EquatableArray<PositionForm?> place)
    {
        if (!function.Offset.TryGetConstant(out var offset)) return null;
        var sum = PositionForm.Number(offset);
        for (var axis = 0; axis < place.Count; axis++)
        {
            if (function.Coefficients[axis].IsZero) continue;
            if (!function.Coefficients[axis].TryGetConstant(out var coefficient) || Math.Abs(coefficient) > PositionForm.MostTimes || place[axis] is not { } form) return null;
            sum += form.Times(coefficient);
        }
        return sum.Checked;
    }

    /// <summary>What is known of a node's elements at a place, from what is of its inputs' there.</summary>
    private static Known Make(Node node, EquatableArray<PositionForm?> place, Known[] x)
    {
        switch (node.Operation)
        {
            case Constant constant: return Known.Number(constant.Value);
            case Iota iota: return place[iota.Axis] is { } form ? Known.Position(form) : Known.Finite;
            case Elementwise elementwise: return Known.Of(elementwise.Operator, x, node.Type.Element);
            case Graphs.Convert convert: return x[0].To(convert.To);
            case View or Graphs.Reshape or Stop or CheckRange or CheckConverged or Gather: return x[0];
            case Concat: return x.Aggregate(Known.Either);
            case Pad pad: return Known.Either(x[0], Known.Number(pad.Value));
            case Reduce reduce: return OfReduction(reduce.Kind, x[0]);
            case ArgReduce: return Known.Finite;
            case Contract: return OfReduction(ReduceKind.Sum, Known.Product(x[0], x[1]));
            case ViewTranspose or ScatterAdd: return x[0].Is(0) ? x[0] : Known.FiniteOf(x[0]);
            // Inputs, weights, and what networks make of them elsewhere.
            default: return Known.Finite;
        }
    }

    // Of what a mask hides parts of, something is seen: the largest is finite.
    private static Known OfReduction(ReduceKind kind, Known x) => kind switch
    {
        ReduceKind.Sum => x.Is(0) ? x : Known.FiniteOf(x),
        ReduceKind.Max => x.Kind == KnownKind.FiniteOrLess ? Known.Finite : x,
        ReduceKind.Min => x,
        ReduceKind.Prod => x.Is(0) || x.Is(1) ? x : Known.FiniteOf(x),
        _ => Known.Anything,
    };
}
