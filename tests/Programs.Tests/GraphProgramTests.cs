using FeedbackNN.Dsl.Derivatives;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Programs.Tests;

/// <summary>Generated code gives what the interpreter gives, for every operation and for fusions of them, whatever the sizes.</summary>
public sealed class GraphProgramTests
{
    private static readonly Size Batch = Size.Axis("batch");

    private static EquatableArray<Size> Shape(params Size[] sizes) => EquatableArray<Size>.Own(sizes);

    private static TensorType F32(params Size[] sizes) => new(ElementType.F32, Shape(sizes));

    private static TensorType I32(params Size[] sizes) => new(ElementType.I32, Shape(sizes));

    private static Graph Result(GraphBuilder builder, params Value[] results) =>
        builder.Build(results.Select((value, i) => new GraphOutput(new ResultTarget(i, "r" + i), value.Id)));

    private static void CheckBatches(Graph graph, double tolerance = 2e-5, Func<Random, Node, double>? draw = null, Device? device = null)
    {
        using var program = GeneratedProgram.Compile(graph, device);
        foreach (var batch in device is null ? [1, 2, 7, 16, 33, 100] : new long[] { 7 })
        {
            ProgramComparison.Check(graph, new Dictionary<string, long> { ["batch"] = batch }, (int)batch, tolerance, draw, program);
        }
    }

    public static TheoryData<string> Rows() => new(OperatorTable.All.Select(row => row.Name));

    [Theory]
    [MemberData(nameof(Rows))]
    public void EveryRowOnVectorsTailsAndInTwoElementTypes(string name) => CheckRow(name, null);

    /// <param name="name">Of a row.</param>
    /// <param name="device">Where; null is the processor, with sizes around those of its vectors.</param>
    internal static void CheckRow(string name, Device? device)
    {
        var row = OperatorTable.All.First(row => row.Name == name);
        foreach (var element in row.Typing == OperatorTyping.Float ? [ElementType.F32, ElementType.F64] : new[] { ElementType.F32, ElementType.F64, ElementType.I32 })
        {
            if (row.Typing == OperatorTyping.Logical && element != ElementType.F32) continue;
            var builder = new GraphBuilder();
            var inputs = row.Samples.Select((_, i) =>
            {
                var isBool = row.Typing == OperatorTyping.Logical || (row.Typing == OperatorTyping.Select && i == 0);
                return builder.Input(i, "x" + i, new TensorType(isBool ? ElementType.Bool : element, Shape(Batch, 5)));
            }).ToArray();
            // Masks are computed from floats in the kernel, as they are in programs.
            if (row.Typing is OperatorTyping.Logical or OperatorTyping.Select)
            {
                inputs = inputs.Select((input, i) => input.Type.Element == ElementType.Bool
                    ? builder.Apply(OperatorTable.Greater, builder.Input(i, "x" + i, F32(Batch, 5)), builder.Constant(0, ElementType.F32)) : input).ToArray();
            }
            var y = builder.Apply(row, inputs);
            if (y.Type.Element == ElementType.Bool) y = builder.Convert(y, ElementType.F32);
            var graph = Result(builder, y);
            CheckBatches(graph, Math.Max(1e-6, row.Tolerance), (random, node) =>
            {
                var (low, high) = node.Operation is Input input ? row.Samples[input.Index] : (-1, 1);
                var value = low + random.NextDouble() * (high - low);
                if (node.Type.Element != ElementType.I32) return value;
                var integer = Math.Round(value * 3);
                return integer == 0 && row.Name is "div" or "rem" ? 1 : integer;
            }, device);
        }
    }

    /// <summary>Zeros of both signs, tiny and huge numbers, infinities, NaN: as float32 has it, since what overflows there is finite in float64.</summary>
    [Theory]
    [MemberData(nameof(Rows))]
    public void EveryRowAtTheExtremes(string name) => CheckExtremes(name, null);

    /// <inheritdoc cref="CheckRow"/>
    internal static void CheckExtremes(string name, Device? device)
    {
        var row = OperatorTable.All.First(row => row.Name == name);
        if (row.Typing is OperatorTyping.Logical or OperatorTyping.Select) return;
        double[] extremes = [0, -0.0, 1, -1, 0.5, -0.5, 1e-30, -1e-30, 1e-6, 30, -30, 87, -87, 100, -104, 1e30, -1e30, double.PositiveInfinity, double.NegativeInfinity, double.NaN];
        var builder = new GraphBuilder();
        var y = builder.Apply(row, row.Samples.Select((_, i) => builder.Input(i, "x" + i, F32(Batch))).ToArray());
        if (y.Type.Element == ElementType.Bool) y = builder.Convert(y, ElementType.F32);
        var graph = Result(builder, y);
        using var program = GeneratedProgram.Compile(graph, device);
        var pairs = row.Arity == 1 ? extremes.Select(x => new[] { x }).ToArray() : extremes.SelectMany(a => extremes.Select(b => new[] { a, b })).ToArray();
        var inputs = Enumerable.Range(0, row.Arity).Select(i => pairs.Select(pair => (double)(float)pair[i]).ToArray()).ToArray();
        var actual = program.Run(new Dsl.Interpretation.InterpreterInputs { Sizes = new Dictionary<string, long> { ["batch"] = pairs.Length }, Inputs = inputs })[0];
        for (var i = 0; i < pairs.Length; i++)
        {
            // Float remainders of numbers this far apart keep no digits.
            if (name == "rem" && Math.Abs(inputs[0][i]) > 1e6 * Math.Abs(inputs[1][i])) continue;
            var expected = (double)(float)row.Evaluate(inputs.Select(input => input[i]).ToArray());
            var same = double.IsFinite(expected) ? Math.Abs(actual[i] - expected) <= 1e-37 + row.Tolerance * 4 * Math.Abs(expected) : expected.Equals(actual[i]);
            Assert.True(same, $"{name}({string.Join(", ", inputs.Select(input => input[i]))}) is {expected}, but the code says {actual[i]}.");
        }
    }

    [Fact]
    public void SoftmaxIsOneKernel()
    {
        var builder = new GraphBuilder();
        var x = builder.Input(0, "x", F32(Batch, 37));
        var y = Softmax(builder, x, Batch, 37);
        var graph = Result(builder, y);
        CheckBatches(graph);
        using var program = GeneratedProgram.Compile(graph);
        Assert.Single(program.Plan.Steps);
    }

    private static Value Softmax(GraphBuilder builder, Value x, params Size[] shape)
    {
        var last = shape.Length - 1;
        var m = builder.Expand(builder.Stop(builder.Reduce(ReduceKind.Max, x, last)), last, shape[last]);
        var e = builder.Apply(OperatorTable.Exp, builder.Apply(OperatorTable.Sub, x, m));
        return builder.Apply(OperatorTable.Div, e, builder.Expand(builder.Reduce(ReduceKind.Sum, e, last), last, shape[last]));
    }

    [Fact]
    public void LayerNormForwardAndBackward()
    {
        var builder = new GraphBuilder();
        var x = builder.Input(0, "x", F32(Batch, 3, 20));
        var gamma = builder.Parameter(0, 0, F32(20));
        var beta = builder.Parameter(0, 1, F32(20));
        Value Wide(Value row) => builder.Expand(row, 2, 20);
        Value Full(Value column) => builder.Broadcast(column, x.Type.Shape);
        var n = builder.Constant(20, ElementType.F32);
        var mean = builder.Apply(OperatorTable.Div, builder.Reduce(ReduceKind.Sum, x, 2), n);
        var centred = x - Wide(mean);
        var variance = builder.Apply(OperatorTable.Div, builder.Reduce(ReduceKind.Sum, centred * centred, 2), n);
        var y = centred * Wide(builder.Apply(OperatorTable.Rsqrt, builder.Apply(OperatorTable.Add, variance, builder.Constant(1e-5, ElementType.F32)))) * Full(gamma) + Full(beta);
        var gradients = Differentiation.Gradients(builder, [(y, builder.OutputGradient(0, y.Type))], [x, gamma, beta]);
        var graph = builder.Build([
            new GraphOutput(new ResultTarget(0, "y"), y.Id), new GraphOutput(new InputGradientTarget(0), gradients[0].Id),
            new GraphOutput(new GradientTarget(0, 0), gradients[1].Id), new GraphOutput(new GradientTarget(0, 1), gradients[2].Id)]);
        CheckBatches(graph, 5e-5);
    }

    [Fact]
    public void PerceptronWithCrossEntropyTrains()
    {
        var builder = new GraphBuilder();
        var x = builder.Input(0, "x", F32(Batch, 23));
        var label = builder.Input(1, "label", I32(Batch));
        var w1 = builder.Parameter(0, 0, F32(19, 23));
        var b1 = builder.Parameter(0, 1, F32(19));
        var w2 = builder.Parameter(0, 2, F32(5, 19));
        var b2 = builder.Parameter(0, 3, F32(5));
        var h = builder.Apply(OperatorTable.Relu, builder.Contract(x, w1, 0, 1, 1, 1) + builder.Broadcast(b1, Shape(Batch, 19)));
        var logits = builder.Contract(h, w2, 0, 1, 1, 1) + builder.Broadcast(b2, Shape(Batch, 5));
        var m = builder.Stop(builder.Reduce(ReduceKind.Max, logits, 1));
        var e = builder.Apply(OperatorTable.Exp, logits - builder.Expand(m, 1, 5));
        var lse = m + builder.Apply(OperatorTable.Log, builder.Reduce(ReduceKind.Sum, e, 1));
        var isLabel = builder.Apply(OperatorTable.Equal, builder.Iota(Shape(Batch, 5), 1), builder.Expand(label, 1, 5));
        var picked = builder.Reduce(ReduceKind.Sum, builder.Apply(OperatorTable.Select, isLabel, logits, builder.Fill(0, logits.Type)), 1);
        var sum = builder.Reduce(ReduceKind.Sum, lse - picked, 0);
        var loss = builder.Apply(OperatorTable.Div, sum, builder.SizeValue(Batch, ElementType.F32));
        var gradients = Differentiation.Gradients(builder, [(loss, builder.Constant(1, ElementType.F32))], [w1, b1, w2, b2]);
        var graph = builder.Build(gradients.Select((gradient, i) => new GraphOutput(new GradientTarget(0, i), gradient.Id))
            .Append(new GraphOutput(new ScalarTarget(0, "sum"), sum.Id)).Append(new GraphOutput(new ScalarTarget(1, "count"), builder.SizeValue(Batch, ElementType.F32).Id)));
        CheckBatches(graph, 5e-5);
        using var program = GeneratedProgram.Compile(graph);
        Assert.Equal(5, program.Plan.Steps.Count(step => step is Dsl.Planning.ProductStep));
    }

    [Fact]
    public void ReductionsOverEveryBlockOfAxes()
    {
        foreach (var kind in Enum.GetValues<ReduceKind>())
        {
            foreach (var axes in new int[][] { [0], [1], [2], [3], [0, 1], [1, 2], [2, 3], [0, 2], [1, 3], [0, 1, 2], [0, 1, 2, 3], [0, 3] })
            {
                var builder = new GraphBuilder();
                var x = builder.Input(0, "x", F32(Batch, 3, 2, 5));
                var graph = Result(builder, builder.Reduce(kind, builder.Apply(OperatorTable.Add, x, builder.Constant(0.25, ElementType.F32)), axes));
                using var program = GeneratedProgram.Compile(graph);
                foreach (var batch in new long[] { 1, 9, 20 }) ProgramComparison.Check(graph, new Dictionary<string, long> { ["batch"] = batch }, 1, 1e-5, null, program);
            }
        }
    }

    [Fact]
    public void ViewsPadsAndTheirTransposes()
    {
        var builder = new GraphBuilder();
        var x = builder.Input(0, "x", F32(Batch, 6, 5));
        var t = builder.Transpose(x, 1, 2, 0);
        var slice = builder.Slice(x, 1, 1, 2, 2);
        var padded = builder.Pad(slice, Shape(0, 1, 2), Shape(1, 0, 1), Shape(0, 1, 0), 0.5);
        var joined = builder.Concat([x, builder.Apply(OperatorTable.Exp, x)], 1);
        var reshaped = builder.Reshape(builder.Transpose(x, 0, 2, 1), Shape(Batch, 30));
        var results = new[] { t, padded, joined, reshaped };
        var seeds = results.Select((value, i) => (value, builder.OutputGradient(i, value.Type))).ToArray();
        var gradient = Differentiation.Gradients(builder, seeds, [x])[0];
        var graph = builder.Build(results.Select((value, i) => new GraphOutput(new ResultTarget(i, "r" + i), value.Id)).Append(new GraphOutput(new InputGradientTarget(0), gradient.Id)));
        CheckBatches(graph);
    }

    [Fact]
    public void WindowsAndTheirTransposes()
    {
        var builder = new GraphBuilder();
        var x = builder.Input(0, "x", F32(Batch, 12));
        // out[b, i, u] = x[b, 2 i + u]: overlapping windows.
        AffineIndex Index(params Size[] coefficients) => new(Size.Zero, Shape(coefficients));
        var windows = builder.View(x, Shape(Batch, 5, 4), EquatableArray<AffineIndex>.Own(Index(1, 0, 0), Index(0, 2, 1)));
        var weights = builder.Parameter(0, 0, F32(3, 4));
        var y = builder.Contract(windows, weights, 0, 2, 1, 1);
        var gradients = Differentiation.Gradients(builder, [(y, builder.OutputGradient(0, y.Type))], [x, weights]);
        var graph = builder.Build([
            new GraphOutput(new ResultTarget(0, "y"), y.Id), new GraphOutput(new InputGradientTarget(0), gradients[0].Id), new GraphOutput(new GradientTarget(0, 0), gradients[1].Id)]);
        CheckBatches(graph);
    }

    [Fact]
    public void GatherAndScatter()
    {
        var builder = new GraphBuilder();
        var table = builder.Parameter(0, 0, F32(3, 21));
        var index = builder.CheckRange(builder.Input(0, "index", I32(Batch, 4)), 3, "index");
        var y = builder.Apply(OperatorTable.Tanh, builder.Gather(table, index, 0));
        var gradients = Differentiation.Gradients(builder, [(y, builder.OutputGradient(0, y.Type))], [table]);
        var graph = builder.Build([new GraphOutput(new ResultTarget(0, "y"), y.Id), new GraphOutput(new GradientTarget(0, 0), gradients[0].Id)]);
        CheckBatches(graph);
    }

    [Fact]
    public void AttentionLikeBatchedProducts()
    {
        var builder = new GraphBuilder();
        var x = builder.Input(0, "x", F32(Batch, 6, 2, 8));
        var heads = builder.Transpose(x, 0, 2, 1, 3);
        var scores = builder.Apply(OperatorTable.Mul, builder.Contract(heads, heads, 2, 1, 1, 1), builder.Constant(0.3, ElementType.F32));
        var weights = Softmax(builder, scores, Batch, 2, 6, 6);
        // out[b, h, i, e] = Σ_j weights[b, h, i, j] x[b, h, j, e]
        var mixed = builder.Contract(weights, builder.Transpose(heads, 0, 1, 3, 2), 2, 1, 1, 1);
        var y = builder.Reshape(builder.Transpose(mixed, 0, 2, 1, 3), Shape(Batch, 6, 16));
        var gradients = Differentiation.Gradients(builder, [(y, builder.OutputGradient(0, y.Type))], [x]);
        var graph = builder.Build([new GraphOutput(new ResultTarget(0, "y"), y.Id), new GraphOutput(new InputGradientTarget(0), gradients[0].Id)]);
        CheckBatches(graph, 5e-5);
    }

    [Fact]
    public void ArgMaxRandomDrawsAndBufferUpdates()
    {
        var builder = new GraphBuilder();
        var x = builder.Input(0, "x", F32(Batch, 6, 19));
        var mean = builder.BufferValue(0, 0, F32(19));
        var batchMean = builder.Apply(OperatorTable.Div, builder.Reduce(ReduceKind.Sum, x, 0, 1), builder.SizeValue(Batch * 6, ElementType.F32));
        var updated = builder.Apply(OperatorTable.Mul, mean, builder.Constant(0.9, ElementType.F32)) + builder.Apply(OperatorTable.Mul, batchMean, builder.Constant(0.1, ElementType.F32));
        var keep = builder.Apply(OperatorTable.Less, builder.RandomUniform(7, 0, x.Type.Shape), builder.Constant(0.8, ElementType.F32));
        var dropped = builder.Apply(OperatorTable.Select, keep, x - builder.Broadcast(mean, x.Type.Shape), builder.Fill(0, x.Type));
        var graph = builder.Build([
            new GraphOutput(new ResultTarget(0, "first"), builder.ArgReduce(true, x, 1).Id), new GraphOutput(new ResultTarget(1, "last"), builder.ArgReduce(false, x, 2).Id),
            new GraphOutput(new ResultTarget(2, "dropped"), dropped.Id), new GraphOutput(new BufferTarget(0, 0), updated.Id)]);
        CheckBatches(graph);
    }

    [Fact]
    public void EqualLayersAreOneLoop()
    {
        const int Depth = 12;
        var builder = new GraphBuilder();
        var x = builder.Input(0, "x", F32(Batch, 24));
        var parameters = new List<Value>();
        var h = x;
        for (var layer = 0; layer < Depth; layer++)
        {
            var w1 = builder.Parameter(0, 4 * layer, F32(24, 24));
            var b1 = builder.Parameter(0, 4 * layer + 1, F32(24));
            var w2 = builder.Parameter(0, 4 * layer + 2, F32(24, 24));
            var b2 = builder.Parameter(0, 4 * layer + 3, F32(24));
            parameters.AddRange([w1, b1, w2, b2]);
            var inner = builder.Apply(OperatorTable.Tanh, builder.Contract(h, w1, 0, 1, 1, 1) + builder.Broadcast(b1, h.Type.Shape));
            h = h + builder.Contract(inner, w2, 0, 1, 1, 1) + builder.Broadcast(b2, h.Type.Shape);
        }
        var gradients = Differentiation.Gradients(builder, [(h, builder.OutputGradient(0, h.Type))], [x, .. parameters]);
        var graph = builder.Build(gradients.Skip(1).Select((gradient, i) => new GraphOutput(new GradientTarget(0, i), gradient.Id))
            .Append(new GraphOutput(new ResultTarget(0, "h"), h.Id)).Append(new GraphOutput(new InputGradientTarget(0), gradients[0].Id)));
        using var program = GeneratedProgram.Compile(graph);
        ProgramComparison.Check(graph, new Dictionary<string, long> { ["batch"] = 5 }, 1, 1e-4, (random, _) => 0.4 * (random.NextDouble() - 0.5), program);
        Assert.Contains(program.Plan.Loops, loop => loop.Count >= Depth - 2 && loop.First < program.Plan.BackwardStart);
        Assert.Contains(program.Plan.Loops, loop => loop.Count >= Depth - 3 && loop.First >= program.Plan.BackwardStart);
        // Bodies are there once, whatever the depth.
        Assert.InRange(program.Plan.Kernels.Count, 1, 12);
    }
}
