using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

/// <summary>The sizes that an operation itself names: where a loop's step can stand in it. Types never name a step.</summary>
public static class OperationSizes
{
    /// <summary>Whether a name stands in an operation, bodies of loops included.</summary>
    public static bool Mentions(Operation operation, string name) => operation switch
    {
        SizeValue size => Mentions(size.Size, name),
        RandomUniform random => Mentions(random.Round, name),
        View view => Mentions(view.Map, name),
        ViewTranspose transpose => Mentions(transpose.Map, name),
        Pad pad => pad.Before.Concat(pad.After).Concat(pad.Between).Any(size => Mentions(size, name)),
        CheckRange check => Mentions(check.Bound, name),
        WriteKept write => Mentions(write.At, name),
        CheckConverged check => Mentions(check.Rounds, name),
        Equilibrium point => Mentions(point.Gradient.AtMost, name),
        Loop loop => Mentions(loop.Count, name) || loop.Body.Nodes.Any(node => Mentions(node.Operation, name)),
        _ => false,
    };

    /// <summary>The operation with other sizes in the place of names.</summary>
    public static Operation Substitute(Operation operation, Func<string, Size?> replacement) => operation switch
    {
        SizeValue size => new SizeValue(size.Size.Substitute(replacement)),
        RandomUniform random => random with { Round = random.Round.Substitute(replacement) },
        View view => new View(Substitute(view.Map, replacement)),
        ViewTranspose transpose => new ViewTranspose(Substitute(transpose.Map, replacement)),
        Pad pad => pad with { Before = Substitute(pad.Before, replacement), After = Substitute(pad.After, replacement), Between = Substitute(pad.Between, replacement) },
        CheckRange check => check with { Bound = check.Bound.Substitute(replacement) },
        WriteKept write => write with { At = write.At.Substitute(replacement) },
        CheckConverged check => check with { Rounds = check.Rounds.Substitute(replacement) },
        Equilibrium point => point with { Gradient = point.Gradient with { AtMost = point.Gradient.AtMost.Substitute(replacement) } },
        Loop loop => loop with
        {
            Count = loop.Count.Substitute(replacement),
            Body = Substitute(loop.Body, replacement),
        },
        _ => operation,
    };

    /// <summary>A node with other sizes in the place of names, its type included.</summary>
    public static Node Substitute(Node node, Func<string, Size?> replacement) => node with
    {
        Operation = Substitute(node.Operation, replacement),
        Type = node.Type with { Shape = Substitute(node.Type.Shape, replacement) },
    };

    /// <summary>All nodes of a graph so.</summary>
    public static Graph Substitute(Graph graph, Func<string, Size?> replacement) => graph with { Nodes = graph.Nodes.Select(node => Substitute(node, replacement)).ToEquatableArray() };

    /// <summary>
    /// What a size grows by with each step: null where that is not the same for all steps.
    /// </summary>
    public static Size? Slope(Size size, string step)
    {
        var start = At(size, step, Size.Zero);
        var slope = At(size, step, Size.One) - start;
        return size == start + slope * Size.Axis(step) ? slope : null;
    }

    /// <summary>The size at one step.</summary>
    public static Size At(Size size, string step, Size value) => size.Substitute(name => name == step ? value : null);

    private static bool Mentions(Size size, string name) => size.Mentions(name);

    private static bool Mentions(EquatableArray<AffineIndex> map, string name) =>
        map.Any(function => Mentions(function.Offset, name) || function.Coefficients.Any(coefficient => Mentions(coefficient, name)));

    private static EquatableArray<Size> Substitute(EquatableArray<Size> sizes, Func<string, Size?> replacement) =>
        sizes.Select(size => size.IsConstant ? size : size.Substitute(replacement)).ToEquatableArray();

    private static EquatableArray<AffineIndex> Substitute(EquatableArray<AffineIndex> map, Func<string, Size?> replacement) =>
        map.Select(function => new AffineIndex(function.Offset.Substitute(replacement), Substitute(function.Coefficients, replacement))).ToEquatableArray();
}
