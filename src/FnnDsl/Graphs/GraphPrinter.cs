using System.Globalization;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

/// <summary>
/// A graph as text for people and golden files, one line a node: <c>%4 = relu(%3) : f32[batch, 128]</c>. A view says what its element
/// at [i0, i1, …] is: <c>%5 = %4[i1, 2*i0 + 1]</c>; its transpose, where element [i0, i1, …] of its input is added.
/// </summary>
public static class GraphPrinter
{
    private static readonly Dictionary<Type, Func<Operation, string[], string>> Lines = new[]
    {
        Row<Input>((input, _) => $"input {input.Index} '{input.Name}'"),
        Row<Parameter>((parameter, _) => $"parameter {parameter.Net}.{parameter.Index}"),
        Row<BufferValue>((buffer, _) => $"buffer {buffer.Net}.{buffer.Index}"),
        Row<OutputGradient>((gradient, _) => $"gradient of result {gradient.Index}"),
        Row<Constant>((constant, _) => Number(constant.Value)),
        Row<SizeValue>((size, _) => $"size {size.Size}"),
        Row<Iota>((iota, _) => $"position along {iota.Axis}"),
        Row<RandomUniform>((uniform, _) => $"uniform, site {uniform.Site}{(uniform.Round.IsZero ? "" : $", round {uniform.Round}")}{(uniform.Again == 0 ? "" : ", again")}"),
        Row<Elementwise>((elementwise, x) => $"{elementwise.Operator.Name}({string.Join(", ", x)})"),
        Row<Convert>((convert, x) => $"{convert.To.Text()}({x[0]})"),
        Row<Stop>((_, x) => $"stop({x[0]})"),
        Row<View>((view, x) => $"{x[0]}[{Map(view.Map)}]"),
        Row<ViewTranspose>((transpose, x) => $"add {x[0]} to [{Map(transpose.Map)}]"),
        Row<Reshape>((_, x) => $"reshape({x[0]})"),
        Row<Pad>((pad, x) => $"pad({x[0]}) before {pad.Before}, after {pad.After}, between {pad.Between}, with {Number(pad.Value)}"),
        Row<Concat>((concat, x) => $"concat({string.Join(", ", x)}) along {concat.Axis}"),
        Row<Reduce>((reduce, x) => $"{reduce.Kind.ToString().ToLowerInvariant()}({x[0]}) over {string.Join(", ", reduce.Axes)}"),
        Row<ArgReduce>((argument, x) => $"{(argument.IsMax ? "argmax" : "argmin")}({x[0]}) over {argument.Axis}"),
        Row<Contract>((product, x) => $"product({x[0]}, {x[1]}) batch {product.BatchRank}, rows {product.LeftRank}, columns {product.RightRank}, summed {product.SumRank}{Operands(product.Operands)}"),
        Row<Gather>((gather, x) => $"gather({x[0]}) at {x[1]} along {gather.Axis}"),
        Row<ScatterAdd>((scatter, x) => $"scatter({x[0]}) to {x[1]} along {scatter.Axis}"),
        Row<Attention>((attention, x) => $"attention({string.Join(", ", x)}){Attention(attention.IsCausal, attention.Scale)}{Operands(attention.Operands)}"),
        Row<AttentionLogSums>((sums, x) => $"log sums of attention({string.Join(", ", x)}){Attention(sums.IsCausal, sums.Scale)}{Operands(sums.Operands)}"),
        Row<AttentionGradient>((gradient, x) => $"gradient of the {gradient.Of.ToString().ToLowerInvariant()} of attention({string.Join(", ", x)}){Attention(gradient.IsCausal, gradient.Scale)}{Operands(gradient.Operands)}"),
        Row<Kept>((kept, _) => $"kept {kept.Index}"),
        Row<WriteKept>((write, x) => $"write {x[1]} into {x[0]} along {write.Axis} from {write.At}"),
        Row<Sample>((_, x) => $"sample({string.Join(", ", x)})"),
        Row<CheckRange>((check, x) => $"check {x[0]} below {check.Bound} '{check.What}'"),
        Row<Loop>((loop, x) => $"loop {loop.Step} over {loop.Count}{(loop.IsReverse ? ", downwards" : "")}{(loop.HasTrips ? $", at most {x[x.Length - 1]}" : "")}, states {string.Join(", ", x.Take(loop.States))}, reads {string.Join(", ", x.Skip(loop.States).Take(x.Length - loop.States - (loop.HasTrips ? 1 : 0)))}"),
        Row<LoopArgument>((argument, _) => $"argument {argument.Index}"),
        Row<Placeholder>((leaf, _) => $"placeholder {leaf.Region}.{leaf.Index}"),
        Row<LoopFinal>((final, x) => $"state {final.State} after {x[0]}"),
        Row<Equilibrium>((point, x) => $"equilibrium of {string.Join(", ", x.Take(point.States))} under {string.Join(", ", x.Skip(point.States))}"),
        Row<EquilibriumState>((state, x) => $"state {state.State} of {x[0]}"),
        Row<Segment>((segment, x) => $"segment of {string.Join(", ", x.Take(segment.Values))}, from {string.Join(", ", x.Skip(segment.Values))}"),
        Row<SegmentValue>((value, x) => $"value {value.Index} of {x[0]}"),
        Row<After>((_, x) => $"{x[0]} after {string.Join(", ", x.Skip(1))}"),
        Row<CheckConverged>((check, x) => $"check {x[0]}, {x[1]} not converged, residual {x[2]} '{check.What}'"),
        Row<LoopStack>((stack, x) => $"%{stack.BodyNode} of each round of {x[0]}"),
    }.ToDictionary(row => row.Key, row => row.Value);

    private static readonly Dictionary<Type, Func<OutputTarget, string>> Targets = new[]
    {
        Target<ResultTarget>(result => $"result {result.Index} '{result.Name}'"),
        Target<GradientTarget>(gradient => $"gradient of parameter {gradient.Net}.{gradient.Parameter}"),
        Target<InputGradientTarget>(gradient => $"gradient of input {gradient.Input}"),
        Target<BufferTarget>(buffer => $"buffer {buffer.Net}.{buffer.Buffer}"),
        Target<KeptTarget>(kept => $"kept {kept.Index}"),
        Target<WrittenTarget>(written => $"written {written.Index}"),
        Target<NextTarget>(next => $"next {next.Index}"),
        Target<ScalarTarget>(scalar => $"scalar {scalar.Index} '{scalar.Name}'"),
    }.ToDictionary(row => row.Key, row => row.Value);

    private static KeyValuePair<Type, Func<Operation, string[], string>> Row<T>(Func<T, string[], string> line) where T : Operation => new(typeof(T), (operation, x) => line((T)operation, x));

    private static KeyValuePair<Type, Func<OutputTarget, string>> Target<T>(Func<T, string> line) where T : OutputTarget => new(typeof(T), target => line((T)target));

    public static string Print(Graph graph) => string.Join("\n", graph.Nodes.Select(Print).Concat(graph.Outputs.Select(output => $"{Targets[output.Target.GetType()](output.Target)} = %{output.Node}"))) + "\n";

    public static string Print(Node node) =>
        $"%{node.Id} = {Lines[node.Operation.GetType()](node.Operation, node.Inputs.Select(input => "%" + input).ToArray())} : {node.Type}{Body(node.Operation)}";

    // A loop's body stands under it, further in.
    private static string Body(Operation operation) => operation is Loop loop ? " {\n    " + Print(loop.Body).TrimEnd().Replace("\n", "\n    ") + "\n}" : "";

    private static string Map(EquatableArray<AffineIndex> map) => string.Join(", ", map.Select(function =>
    {
        // As a polynomial in the indices, which a size prints.
        var sum = function.Offset;
        for (var axis = 0; axis < function.Coefficients.Count; axis++) sum += function.Coefficients[axis] * Size.Axis("i" + axis);
        return sum.ToString();
    }));

    private static string Attention(bool isCausal, double? scale) => (isCausal ? ", causal" : "") + (scale is { } factor ? $", scaled by {Number(factor)}" : "");

    private static string Operands(FloatFormat? operands) => operands is null ? "" : $", in {operands.Name}";

    private static string Number(double number) => number.ToString("R", CultureInfo.InvariantCulture);
}
