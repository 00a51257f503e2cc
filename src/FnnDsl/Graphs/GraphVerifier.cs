using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

/// <summary>
/// Checks what every graph must fulfil: order, shapes, element types, views within bounds. Run after each pass in tests, so that a broken
/// graph is caught where it broke.
/// </summary>
public static class GraphVerifier
{
    private delegate string? Check(Node node, TensorType[] x);

    private static readonly Dictionary<Type, (int? Inputs, Check Check)> Checks = new()
    {
        [typeof(Input)] = (0, Anything),
        [typeof(Parameter)] = (0, Anything),
        [typeof(BufferValue)] = (0, Anything),
        [typeof(OutputGradient)] = (0, Anything),
        [typeof(Kept)] = (0, Anything),
        [typeof(WriteKept)] = (2, OfWriteKept),
        [typeof(Sample)] = (null, OfSample),
        [typeof(Constant)] = (0, (node, _) => node.Type.Rank == 0 ? null : "a constant has rank 0"),
        [typeof(SizeValue)] = (0, (node, _) => node.Type.Rank == 0 ? null : "a size has rank 0"),
        [typeof(Iota)] = (0, (node, _) => Same(node.Type.Element, ElementType.I32) ?? AxisOf(((Iota)node.Operation).Axis, node.Type)),
        [typeof(RandomUniform)] = (0, (node, _) => Same(node.Type.Element, ElementType.F32)),
        [typeof(Elementwise)] = (null, OfElementwise),
        [typeof(Convert)] = (1, (node, x) => Same(node.Type, x[0] with { Element = ((Convert)node.Operation).To })),
        [typeof(Stop)] = (1, (node, x) => Same(node.Type, x[0])),
        [typeof(View)] = (1, (node, x) => Same(node.Type.Element, x[0].Element) ?? OfMap(((View)node.Operation).Map, node.Type.Shape, x[0].Shape)),
        [typeof(ViewTranspose)] = (1, (node, x) => Same(node.Type.Element, x[0].Element) ?? OfMap(((ViewTranspose)node.Operation).Map, x[0].Shape, node.Type.Shape)),
        [typeof(Reshape)] = (1, (node, x) => Same(node.Type.Element, x[0].Element) ?? Same(node.Type.ElementCount, x[0].ElementCount)),
        [typeof(Pad)] = (1, OfPad),
        [typeof(Concat)] = (null, OfConcat),
        [typeof(Reduce)] = (1, OfReduce),
        [typeof(ArgReduce)] = (1, (node, x) => AxisOf(((ArgReduce)node.Operation).Axis, x[0])
            ?? Same(node.Type, new TensorType(ElementType.I32, x[0].Shape.Where((_, axis) => axis != ((ArgReduce)node.Operation).Axis).ToEquatableArray()))),
        [typeof(Contract)] = (2, OfContract),
        [typeof(Gather)] = (2, OfGather),
        [typeof(ScatterAdd)] = (2, OfScatterAdd),
        [typeof(Attention)] = (3, (node, x) => AttentionShapes.Misfit(x[0], x[1], x[2]) ?? Same(node.Type, AttentionShapes.Result(x[0], x[2]))),
        [typeof(AttentionLogSums)] = (2, (node, x) => AttentionShapes.Misfit(x[0], x[1], x[1]) ?? Same(node.Type, AttentionShapes.LogSums(x[0]))),
        [typeof(AttentionGradient)] = (6, (node, x) => AttentionShapes.Misfit(x[0], x[1], x[2]) ?? Same(x[3], AttentionShapes.Result(x[0], x[2])) ?? Same(x[4], AttentionShapes.LogSums(x[0]))
            ?? Same(x[5], x[3]) ?? Same(node.Type, x[(int)((AttentionGradient)node.Operation).Of])),
        [typeof(LoopArgument)] = (0, Anything),
        [typeof(Loop)] = (null, OfLoop),
        [typeof(Equilibrium)] = (null, (node, x) => x.Length != 2 * ((Equilibrium)node.Operation).States ? "it takes each state and what the map makes of it"
            : Enumerable.Range(0, x.Length / 2).Select(k => Same(x[x.Length / 2 + k], x[k])).FirstOrDefault(problem => problem is not null)),
        [typeof(EquilibriumState)] = (1, Anything),
        [typeof(CheckConverged)] = (3, (node, x) => Same(node.Type, x[0]) ?? Same(x[1], TensorType.Scalar(ElementType.I32)) ?? Same(x[2], TensorType.Scalar(ElementType.F32))),
        [typeof(Segment)] = (null, (node, x) => x.Length > ((Segment)node.Operation).Values ? Same(node.Type, TensorType.Scalar(ElementType.I32)) : "it takes its values and what went in"),
        [typeof(SegmentValue)] = (1, Anything),
        [typeof(After)] = (null, (node, x) => x.Length > 1 ? Same(node.Type, x[0]) : "it takes a value and what comes before it"),
        [typeof(LoopFinal)] = (1, Anything),
        [typeof(LoopStack)] = (1, Anything),
        [typeof(CheckRange)] = (1, (node, x) => Same(node.Type, x[0]) ?? (x[0].Element.IsInteger() ? null : "an index is an integer")),
    };

    /// <summary>What is wrong with a graph, one line each; none when it is sound.</summary>
    public static IReadOnlyList<string> Verify(Graph graph)
    {
        var problems = new List<string>();
        for (var position = 0; position < graph.Nodes.Count; position++)
        {
            var node = graph.Nodes[position];
            if (ProblemOf(graph, node, position) is { } problem) problems.Add($"{node}: {problem}");
        }
        foreach (var output in graph.Outputs)
        {
            if (output.Node < 0 || output.Node >= graph.Nodes.Count) problems.Add($"{output.Target}: there is no node %{output.Node}");
        }
        foreach (var twice in graph.Outputs.GroupBy(output => output.Target).Where(group => group.Count() > 1)) problems.Add($"{twice.Key}: written {twice.Count()} times");
        foreach (var twice in graph.Nodes.GroupBy(node => (node.Operation, node.Inputs, node.Type)).Where(group => group.Count() > 1))
        {
            problems.Add($"{string.Join(" and ", twice.Select(node => "%" + node.Id))} are the same node");
        }
        return problems;
    }

    /// <summary>The graph, when it is sound.</summary>
    /// <exception cref="InvalidOperationException">It is not.</exception>
    public static Graph Verified(Graph graph) => Verify(graph) is { Count: > 0 } problems
        ? throw new InvalidOperationException("The graph is broken:\n" + string.Join("\n", problems))
        : graph;

    private static string? ProblemOf(Graph graph, Node node, int position)
    {
        if (node.Id != position) return $"it stands at position {position}";
        if (node.Inputs.Any(input => input < 0 || input >= node.Id)) return "an input does not come before it";
        if (!Checks.TryGetValue(node.Operation.GetType(), out var row)) return "not one of the known operations";
        if (row.Inputs is { } count && node.Inputs.Count != count) return $"it takes {count} inputs";
        if (node.Operation is LoopFinal or LoopStack) return OfLoopOutput(node, graph[node.Inputs[0]], graph);
        if (node.Operation is EquilibriumState state) return graph[node.Inputs[0]] is { Operation: Equilibrium } point ? Same(node.Type, graph[point.Inputs[state.State]].Type) : "it is of no equilibrium";
        if (node.Operation is SegmentValue value) return graph[node.Inputs[0]] is { Operation: Segment } segment ? Same(node.Type, graph[segment.Inputs[value.Index]].Type) : "it is of no segment";
        return row.Check(node, node.Inputs.Select(input => graph[input].Type).ToArray());
    }

    private static string? OfLoop(Node node, TensorType[] x)
    {
        var loop = (Loop)node.Operation;
        if (Verify(loop.Body) is { Count: > 0 } problems) return "its body: " + string.Join("; ", problems);
        if (loop.Body.Outputs.Count - loop.States is not (0 or 1)) return "it has another number of outputs than states";
        var arguments = loop.Body.Nodes.Where(inner => inner.Operation is LoopArgument).ToArray();
        if (arguments.Length != x.Length - (loop.HasTrips ? 1 : 0)) return "it has another number of arguments than inputs";
        foreach (var argument in arguments)
        {
            if (Same(argument.Type, x[((LoopArgument)argument.Operation).Index]) is { } misfit) return misfit;
        }
        for (var state = 0; state < loop.States; state++)
        {
            if (loop.Body[state].Operation is not LoopArgument first || first.Index != state) return $"state {state} is not node {state} of its body";
            if (Same(loop.Body[loop.Body.Outputs[state].Node].Type, x[state]) is { } misfit) return $"state {state}: {misfit}";
        }
        if (loop.CanStop && Same(loop.Body[loop.Body.Outputs[loop.States].Node].Type, TensorType.Scalar(ElementType.Bool)) is { } stop) return $"its end: {stop}";
        if (loop.HasTrips && Same(x[x.Length - 1], TensorType.Scalar(ElementType.I32)) is { } trips) return $"its rounds: {trips}";
        return Same(node.Type, TensorType.Scalar(ElementType.I32));
    }

    private static string? OfLoopOutput(Node node, Node source, Graph graph)
    {
        if (source.Operation is not Loop loop) return "it is of no loop";
        if (node.Operation is LoopFinal final) return final.State < 0 || final.State >= loop.States ? "there is no such state" : Same(node.Type, graph[source.Inputs[final.State]].Type);
        var body = ((LoopStack)node.Operation).BodyNode;
        if (body < 0 || body >= loop.Body.Nodes.Count) return "there is no such node";
        var type = loop.Body[body].Type;
        return Same(node.Type, type with { Shape = type.Shape.Prepend(loop.Count).ToEquatableArray() });
    }

    private static string? Anything(Node node, TensorType[] x) => null;

    private static string? Same<T>(T actual, T expected) => Equals(actual, expected) ? null : $"{actual} should be {expected}";

    private static string? AxisOf(int axis, TensorType type) => axis >= 0 && axis < type.Rank ? null : $"there is no axis {axis}";

    private static string? OfElementwise(Node node, TensorType[] x)
    {
        var op = ((Elementwise)node.Operation).Operator;
        if (x.Length != op.Arity) return $"it takes {op.Arity} inputs";
        if (ElementTyping.Result(op, x.Select(input => input.Element).ToArray()) is not { } element) return "it does not take these element types";
        return Same(node.Type.Element, element) ?? (x.All(input => input.Shape == node.Type.Shape) ? null : "its inputs differ in shape");
    }

    // Where the sizes are numbers, the least and the largest index must be in the tensor that is read.
    private static string? OfMap(EquatableArray<AffineIndex> map, EquatableArray<Size> indices, EquatableArray<Size> tensor)
    {
        if (map.Count != tensor.Count) return $"{map.Count} functions for rank {tensor.Count}";
        if (map.Any(function => function.Coefficients.Count != indices.Count)) return $"a function is not of {indices.Count} indices";
        if (indices.Any(size => size.IsZero)) return null;
        for (var axis = 0; axis < map.Count; axis++)
        {
            if (!tensor[axis].TryGetConstant(out var length) || !map[axis].Offset.TryGetConstant(out var low)) continue;
            var high = low;
            var isKnown = true;
            for (var k = 0; k < indices.Count; k++)
            {
                if (map[axis].Coefficients[k].IsZero) continue;
                if (!map[axis].Coefficients[k].TryGetConstant(out var coefficient) || !indices[k].TryGetConstant(out var count))
                {
                    isKnown = false;
                    break;
                }
                if (coefficient > 0) high += coefficient * (count - 1);
                else low += coefficient * (count - 1);
            }
            if (isKnown && (low < 0 || high >= length)) return $"axis {axis} is read from {low} to {high}, but has {length}";
        }
        return null;
    }

    private static string? OfPad(Node node, TensorType[] x)
    {
        var pad = (Pad)node.Operation;
        if (new[] { pad.Before, pad.After, pad.Between }.Any(list => list.Count != x[0].Rank)) return "a pad needs one number for each axis";
        var shape = x[0].Shape.Select((size, axis) => pad.Before[axis] + pad.After[axis] + size + (pad.Between[axis].IsZero ? Size.Zero : (size - 1) * pad.Between[axis]));
        if (pad.Before.Concat(pad.After).Concat(pad.Between).Any(size => size.TryGetConstant(out var number) && number < 0)) return "a negative pad";
        return Same(node.Type, new TensorType(x[0].Element, shape.ToEquatableArray()));
    }

    private static string? OfConcat(Node node, TensorType[] x)
    {
        var axis = ((Concat)node.Operation).Axis;
        if (x.Length == 0) return "it has no parts";
        if (AxisOf(axis, node.Type) is { } problem) return problem;
        var length = x.Aggregate(Size.Zero, (sum, part) => part.Rank == node.Type.Rank ? sum + part.Shape[axis] : sum);
        if (length != node.Type.Shape[axis]) return $"the parts are {length} long";
        foreach (var part in x)
        {
            var fitted = node.Type with { Shape = node.Type.Shape.Select((size, k) => k == axis && part.Rank == node.Type.Rank ? part.Shape[axis] : size).ToEquatableArray() };
            if (Same(part, fitted) is { } misfit) return misfit;
        }
        return null;
    }

    private static string? OfReduce(Node node, TensorType[] x)
    {
        var axes = ((Reduce)node.Operation).Axes;
        if (axes.Select(axis => AxisOf(axis, x[0])).FirstOrDefault(problem => problem is not null) is { } found) return found;
        if (!axes.SequenceEqual(axes.Distinct().OrderBy(axis => axis))) return "its axes are not in order";
        return Same(node.Type, x[0] with { Shape = x[0].Shape.Where((_, axis) => !axes.Contains(axis)).ToEquatableArray() });
    }

    private static string? OfContract(Node node, TensorType[] x)
    {
        var contract = (Contract)node.Operation;
        var rows = contract.BatchRank + contract.LeftRank;
        if (x[0].Rank != rows + contract.SumRank || x[1].Rank != contract.BatchRank + contract.RightRank + contract.SumRank) return "its ranks do not add up";
        if (!x[0].Shape.Take(contract.BatchRank).SequenceEqual(x[1].Shape.Take(contract.BatchRank))) return "the batch axes differ";
        if (!x[0].Shape.Skip(rows).SequenceEqual(x[1].Shape.Skip(contract.BatchRank + contract.RightRank))) return "the summed axes differ";
        return Same(x[1].Element, x[0].Element)
            ?? Same(node.Type, x[0] with { Shape = x[0].Shape.Take(rows).Concat(x[1].Shape.Skip(contract.BatchRank).Take(contract.RightRank)).ToEquatableArray() });
    }

    private static string? OfWriteKept(Node node, TensorType[] x)
    {
        var axis = ((WriteKept)node.Operation).Axis;
        return AxisOf(axis, node.Type) ?? Same(node.Type, x[0]) ?? Same(x[1] with { Shape = x[1].Shape.Select((size, k) => k == axis ? node.Type.Shape[k] : size).ToEquatableArray() }, node.Type);
    }

    private static string? OfSample(Node node, TensorType[] x)
    {
        if (x.Length is not (SampleInputs.WithoutHistory or SampleInputs.WithHistory)) return "it takes logits, draws, four numbers, and perhaps a history";
        var rows = x[0].Shape.Take(x[0].Rank - 1).ToEquatableArray();
        var problem = Same(x[0].Element, ElementType.F32) ?? Same(x[1], new TensorType(ElementType.F32, rows)) ?? Same(node.Type, new TensorType(ElementType.I32, rows));
        for (var k = SampleInputs.Temperature; k < SampleInputs.WithoutHistory; k++) problem ??= Same(x[k], TensorType.Scalar(ElementType.F32));
        if (x.Length == SampleInputs.WithHistory) problem ??= Same(x[SampleInputs.History] with { Shape = x[SampleInputs.History].Shape.Take(rows.Count).ToEquatableArray() }, node.Type);
        return problem;
    }

    private static string? OfGather(Node node, TensorType[] x)
    {
        var axis = ((Gather)node.Operation).Axis;
        if (!x[1].Element.IsInteger()) return "the index is not of integers";
        return AxisOf(axis, x[0]) ?? Same(node.Type, x[0] with { Shape = x[0].Shape.Take(axis).Concat(x[1].Shape).Concat(x[0].Shape.Skip(axis + 1)).ToEquatableArray() });
    }

    private static string? OfScatterAdd(Node node, TensorType[] x)
    {
        var axis = ((ScatterAdd)node.Operation).Axis;
        if (!x[1].Element.IsInteger()) return "the index is not of integers";
        return AxisOf(axis, node.Type) ?? Same(x[0], node.Type with { Shape = node.Type.Shape.Take(axis).Concat(x[1].Shape).Concat(node.Type.Shape.Skip(axis + 1)).ToEquatableArray() });
    }
}
