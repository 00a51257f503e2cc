using FeedbackNN.Dsl.Derivatives;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Passes;
using FeedbackNN.Dsl.Tests.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;
using Microsoft.ML.OnnxRuntime;

namespace FeedbackNN.Onnx.Tests;

/// <summary>Graphs of every operation, made by hand and at random, mean in ONNX Runtime what they mean in the interpreter.</summary>
public sealed class GraphTests
{
    private static readonly Size Batch = Size.Axis("batch");
    private static readonly Size Time = Size.Axis("time");

    private static readonly TensorType[] RandomGraphTypes = new Size[][] { [Size.Axis("n"), 4], [2, Size.Axis("n")], [4], [2, 1, 4] }.Select(shape => new TensorType(ElementType.F64, shape.ToEquatableArray())).ToArray();

    public static TheoryData<int> Seeds() => new(Enumerable.Range(1, 40));

    /// <summary>Simplified graphs and those whose every view, product and pad is as it was asked for.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Random_graphs_mean_the_same(int seed)
    {
        using var exported = new ExportedModel(ExportedModel.Model(RandomGraph.Make(seed, 30, simplifies: seed % 2 == 0), RandomGraphTypes));
        exported.Check(new Dictionary<string, long> { ["n"] = RandomGraph.LengthOfN }, RandomGraph.Inputs(seed), 1e-9);
    }

    /// <summary>Loops in loops, backwards, ended early, of no rounds, with stacks; and their gradients, which are loops as well.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Random_loops_mean_the_same(int seed)
    {
        var builder = new GraphBuilder();
        var element = seed % 5 == 0 ? ElementType.F64 : ElementType.F32;
        var inputs = RandomLoop.Types(element).Select((type, k) => builder.Input(k, "x" + k, type)).ToArray();
        var values = RandomLoop.Values(builder, inputs, seed, isSmooth: true);
        var floats = values.Where(value => value.Type.Element == element).ToArray();
        // Gradients of sums: seeds of ones.
        var gradients = Differentiation.Gradients(builder, floats.Select(value => (value, builder.Fill(1, value.Type))).ToArray(), inputs.Take(5).ToArray());
        var graph = Simplification.Run(builder.Build(values.Concat(gradients).Select((value, k) => new GraphOutput(new ResultTarget(k, "y" + k), value.Id))));
        // Draws are not exported. Where a stack of no rounds is reshaped, ONNX Runtime's own rewriting (ReshapeFusion) fails.
        if (Operations(graph).OfType<RandomUniform>().Any() || graph.Nodes.Any(node => node.Operation is LoopStack && node.Type.Shape[0].IsZero)) return;
        using var exported = new ExportedModel(ExportedModel.Model(graph, RandomLoop.Types(element)), (random, node) => node.Type.Element.IsFloat() ? random.NextDouble() * 2 - 1 : random.Next(0, 4));
        foreach (var (batch, time) in new[] { (1, 1), (3, 4) }) exported.Check(new Dictionary<string, long> { ["batch"] = batch, ["time"] = time }, 2e-4, seed);
    }

    [Fact]
    public void Enough_random_loops_are_exported() => Assert.True(Enumerable.Range(1, 40).Count(seed =>
    {
        var builder = new GraphBuilder();
        var values = RandomLoop.Values(builder, RandomLoop.Types(ElementType.F32).Select((type, k) => builder.Input(k, "x" + k, type)).ToArray(), seed, isSmooth: true);
        return !Operations(builder.Build(values.Select((value, k) => new GraphOutput(new ResultTarget(k, "y" + k), value.Id)))).OfType<RandomUniform>().Any();
    }) > 15);

    [Theory]
    [InlineData(false, 2, 2)]
    [InlineData(true, 4, 4)]
    [InlineData(true, 4, 2)]
    [InlineData(false, 4, 1)]
    public void Attention_and_its_gradient(bool isCausal, int heads, int groups)
    {
        var builder = new GraphBuilder();
        var q = builder.Input(0, "q", F32(Batch, Time, heads, 3));
        var k = builder.Input(1, "k", F32(Batch, Time, groups, 3));
        var v = builder.Input(2, "v", F32(Batch, Time, groups, 5));
        CheckWithGradients(builder, builder.Attention(q, k, v, isCausal, null), [q, k, v]);
    }

    /// <summary>Fewer queries than keys look at those before them; the first of more queries than keys see none, and give zeros.</summary>
    [Theory]
    [InlineData(2, 5)]
    [InlineData(5, 2)]
    public void Causal_attention_of_other_lengths(int queries, int keys)
    {
        var builder = new GraphBuilder();
        var q = builder.Input(0, "q", F32(Batch, queries, 2, 3));
        var k = builder.Input(1, "k", F32(Batch, keys, 2, 3));
        var v = builder.Input(2, "v", F32(Batch, keys, 2, 4));
        CheckWithGradients(builder, builder.Attention(q, k, v, true, 0.4), [q, k, v]);
    }

    [Fact]
    public void Windows_and_diagonals_and_their_transposes()
    {
        var builder = new GraphBuilder();
        var x = builder.Input(0, "x", F32(Batch, 12));
        var windows = builder.View(x, Shape(Batch, 5, 4), EquatableArray<AffineIndex>.Own(new AffineIndex(0, Shape(1, 0, 0)), new AffineIndex(0, Shape(0, 2, 1))));
        CheckWithGradients(builder, builder.Apply(OperatorTable.Tanh, windows), [x]);

        builder = new GraphBuilder();
        x = builder.Input(0, "x", F32(Batch, Time, Time));
        var diagonal = builder.View(x, Shape(2, Time, Batch), EquatableArray<AffineIndex>.Own(new AffineIndex(0, Shape(0, 0, 1)), new AffineIndex(Time - 1, Shape(0, -1, 0)), new AffineIndex(0, Shape(0, 1, 0))));
        CheckWithGradients(builder, builder.Apply(OperatorTable.Sin, diagonal), [x]);
    }

    [Fact]
    public void Gathers_and_sums_under_an_index_along_every_axis()
    {
        foreach (var axis in new[] { 0, 1, 2 })
        {
            var builder = new GraphBuilder();
            var table = builder.Input(0, "table", F32(3, 3, 3));
            var index = builder.CheckRange(builder.Input(1, "index", new TensorType(ElementType.I32, Shape(Batch, 4))), 3, "index");
            CheckWithGradients(builder, builder.Apply(OperatorTable.Tanh, builder.Gather(table, index, axis)), [table]);
        }
    }

    [Fact]
    public void Reductions_of_every_kind_and_type()
    {
        foreach (var element in new[] { ElementType.F32, ElementType.F64, ElementType.I32, ElementType.I64 })
        {
            var builder = new GraphBuilder();
            var x = builder.Input(0, "x", new TensorType(element, Shape(Batch, 3, 4)));
            var results = Enum.GetValues<ReduceKind>().Select(kind => builder.Reduce(kind, x, 0, 2)).Concat([builder.ArgReduce(true, x, 2), builder.ArgReduce(false, x, 1)]).ToArray();
            Check(builder, results);
        }
    }

    [Fact]
    public void Movements_of_every_type()
    {
        foreach (var element in Enum.GetValues<ElementType>())
        {
            var builder = new GraphBuilder();
            var x = builder.Input(0, "x", new TensorType(element, Shape(Batch, 3, 4)));
            builder.Input(1, "long", F32(Time));
            Check(builder, [
                builder.Slice(x, 2, 3, 4, -1), builder.Pad(x, Shape(0, 1, Batch), Shape(1, 0, 0), Shape(0, 1, 2), 1), builder.Concat([x, x], 1), builder.Reshape(x, Shape(Batch * 4, 3)), builder.Expand(x, 1, Time),
                builder.Slice(x, 1, 0, 2, 2), builder.Convert(x, ElementType.F32), builder.Convert(x, ElementType.I64), builder.Convert(x, ElementType.Bool), builder.Gather(x, builder.Iota(Shape(2, 2), 1), 2)]);
        }
    }

    [Fact]
    public void Products_of_every_form()
    {
        foreach (var element in new[] { ElementType.F32, ElementType.F64, ElementType.I32 })
        {
            var builder = new GraphBuilder();
            var x = builder.Input(0, "x", new TensorType(element, Shape(Batch, 3, 4)));
            var y = builder.Input(1, "y", new TensorType(element, Shape(Batch, 5, 4)));
            var w = builder.Input(2, "w", new TensorType(element, Shape(6, 4)));
            Check(builder, [
                builder.Contract(x, y, 1, 1, 1, 1), builder.Contract(x, w, 0, 2, 1, 1), builder.Contract(w, w, 0, 1, 1, 1), builder.Contract(w, w, 0, 0, 0, 2), builder.Contract(w, w, 2, 0, 0, 0), builder.Contract(x, y, 0, 3, 3, 0)]);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Sizes_that_divide_and_batches_of_nothing(int batch)
    {
        var builder = new GraphBuilder();
        var x = builder.Input(0, "x", F32(Batch, 6));
        var y = builder.Reshape(x, Shape(Batch, 2, 3)) * 2;
        var n = builder.SizeValue(Size.Divide(Batch * 3 + 1, 2) + Size.Remainder(Batch, 5), ElementType.F32);
        using var exported = new ExportedModel(ExportedModel.Model(builder.Build([new GraphOutput(new ResultTarget(0, "y"), y.Id), new GraphOutput(new ResultTarget(1, "n"), n.Id)])));
        exported.Check(new Dictionary<string, long> { ["batch"] = batch });
    }

    [Theory]
    [InlineData(3)]
    [InlineData(-1)]
    public void An_index_out_of_range_stops_the_run(int index)
    {
        var builder = new GraphBuilder();
        var table = builder.Input(0, "table", F32(3, 2));
        var y = builder.Gather(table, builder.CheckRange(builder.Input(1, "index", new TensorType(ElementType.I32, Shape(Batch))), 3, "index"), 0);
        using var exported = new ExportedModel(ExportedModel.Model(builder.Build([new GraphOutput(new ResultTarget(0, "y"), y.Id)])));
        var sizes = new Dictionary<string, long> { ["batch"] = 1 };
        exported.Check(sizes, [new double[6], [2]]);
        Assert.Throws<OnnxRuntimeException>(() => exported.Run(sizes, [new double[6], [index]]));
    }

    private static EquatableArray<Size> Shape(params Size[] sizes) => EquatableArray<Size>.Own(sizes);

    private static TensorType F32(params Size[] sizes) => new(ElementType.F32, Shape(sizes));

    private static IEnumerable<Operation> Operations(Graph graph) => graph.Nodes.SelectMany(node => node.Operation is Loop loop ? Operations(loop.Body).Append(loop) : [node.Operation]);

    private static void CheckWithGradients(GraphBuilder builder, Value value, Value[] inputs)
    {
        var seed = builder.Apply(OperatorTable.Cos, value);
        Check(builder, [value, .. Differentiation.Gradients(builder, [(value, seed)], inputs)]);
    }

    private static void Check(GraphBuilder builder, IReadOnlyList<Value> values)
    {
        var types = builder.Nodes.Where(node => node.Operation is Input).Select(node => node.Type).ToArray();
        var graph = Simplification.Run(builder.Build(values.Select((value, k) => new GraphOutput(new ResultTarget(k, "y" + k), value.Id))));
        Assert.Empty(GraphVerifier.Verify(graph));
        using var exported = new ExportedModel(ExportedModel.Model(graph, types));
        foreach (var (batch, time) in new[] { (1, 1), (3, 4) }) exported.Check(new Dictionary<string, long> { ["batch"] = batch, ["time"] = time }, 2e-5);
    }
}
