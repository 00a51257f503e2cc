using FeedbackNN.Dsl.Derivatives;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Programs.Tests;

/// <summary>
/// Random graphs with their gradients, compiled and compared with the interpreter: whatever fusion makes of them, they mean the same.
/// </summary>
public sealed class RandomGraphTests
{
    private static readonly Size Batch = Size.Axis("batch");

    public static TheoryData<int> Seeds() => new(Enumerable.Range(1, 200));

    [Theory]
    [MemberData(nameof(Seeds))]
    public void MeansTheSame(int seed)
    {
        var random = new Random(seed);
        var builder = new GraphBuilder();
        var shape = EquatableArray<Size>.Own(Batch, random.Next(1, 4), random.Next(1, 21));
        var type = new TensorType(ElementType.F32, shape);
        var x = builder.Input(0, "x", type);
        var w = builder.Parameter(0, 0, new TensorType(ElementType.F32, EquatableArray<Size>.Own(shape[2], shape[2])));
        var b = builder.Parameter(0, 1, new TensorType(ElementType.F32, EquatableArray<Size>.Own(shape[2])));
        var pool = new List<Value> { x, builder.Broadcast(b, shape) };
        var steps = random.Next(4, 16);
        for (var step = 0; step < steps; step++) pool.Add(Grow(builder, random, pool, shape, w));
        var results = new[] { pool[^1], pool[random.Next(2, pool.Count)], builder.Reduce(ReduceKind.Sum, pool[^1], random.Next(0, 3)) };
        var gradients = Differentiation.Gradients(builder, results.Select((value, i) => (value, builder.OutputGradient(i, value.Type))).ToArray(), [x, w, b]);
        var graph = builder.Build(results.Select((value, i) => new GraphOutput(new ResultTarget(i, "r" + i), value.Id))
            .Append(new GraphOutput(new InputGradientTarget(0), gradients[0].Id))
            .Append(new GraphOutput(new GradientTarget(0, 0), gradients[1].Id))
            .Append(new GraphOutput(new GradientTarget(0, 1), gradients[2].Id)));
        Assert.Empty(GraphVerifier.Verify(graph));
        using var program = GeneratedProgram.Compile(graph);
        foreach (var batch in new long[] { 1, 5, 18 })
        {
            ProgramComparison.Check(graph, new Dictionary<string, long> { ["batch"] = batch }, seed, 2e-4, (draw, _) => draw.NextDouble() - 0.5, program);
        }
    }

    private static Value Grow(GraphBuilder builder, Random random, List<Value> pool, EquatableArray<Size> shape, Value w)
    {
        var a = pool[random.Next(pool.Count)];
        var b = pool[random.Next(pool.Count)];
        switch (random.Next(15))
        {
            case 0: return a + b;
            case 1: return a - b;
            case 2: return a * b;
            case 3: return builder.Apply(OperatorTable.Tanh, a);
            case 4: return builder.Apply(OperatorTable.Sigmoid, a);
            case 5: return builder.Apply(OperatorTable.Select, builder.Apply(OperatorTable.Less, a, b), builder.Apply(OperatorTable.Sin, a), b);
            case 6:
                // A mean or maximum along one axis, spread out again.
                var axis = random.Next(3);
                var isMax = random.Next(3) == 0;
                var reduced = builder.Reduce(isMax ? ReduceKind.Max : ReduceKind.Sum, a, axis);
                if (!isMax) reduced = builder.Apply(OperatorTable.Div, reduced, builder.SizeValue(shape[axis], ElementType.F32));
                return builder.Apply(OperatorTable.Sub, b, builder.Expand(reduced, axis, shape[axis]));
            case 7: return builder.Apply(OperatorTable.Tanh, builder.Contract(a, w, 0, 2, 1, 1));
            case 8: return builder.Contract(builder.Apply(OperatorTable.Exp, builder.Apply(OperatorTable.Tanh, a)), builder.Transpose(w, 1, 0), 0, 2, 1, 1) * b;
            case 9:
                // A round trip through another shape.
                var flat = builder.Reshape(builder.Transpose(a, 0, 2, 1), EquatableArray<Size>.Own(Batch * shape[2], shape[1]));
                return builder.Reshape(builder.Apply(OperatorTable.Sigmoid, flat), shape) + b;
            case 10:
                // Two beside each other, of which others read one part or a piece of both.
                var along = random.Next(3);
                var joined = builder.Concat([builder.Apply(OperatorTable.Tanh, a), builder.Apply(OperatorTable.Sin, b)], along);
                return builder.Slice(joined, along, along == 0 ? shape[0] * random.Next(2) : random.Next(0, (int)shape[along].Value + 1), shape[along]) + builder.Apply(OperatorTable.Tanh, a);
            case 11:
                // Columns by columns, read across rows.
                var product = builder.Contract(builder.Transpose(a, 0, 2, 1), builder.Transpose(builder.Apply(OperatorTable.Sin, b), 0, 2, 1), 1, 1, 1, 1);
                return builder.Apply(OperatorTable.Tanh, builder.Contract(a, builder.Transpose(product, 0, 2, 1), 1, 1, 1, 1));
            case 12:
                // With room around, of which a part is read.
                var before = Enumerable.Range(0, 3).Select(_ => random.Next(3)).ToArray();
                var padded = builder.Pad(builder.Apply(OperatorTable.Tanh, a * b), Room(before), Room(Enumerable.Range(0, 3).Select(_ => random.Next(3)).ToArray()), Room([0, 0, 0]), random.Next(-1, 1));
                return Enumerable.Range(0, 3).Aggregate(padded, (part, axis) => builder.Slice(part, axis, random.Next(before[axis] + 1), shape[axis])) + a;
            case 13:
                // Windows of three along the last axis, or of two along the one before it.
                var (windows, size) = random.Next(2) == 0 ? (2, 3) : (1, 2);
                var image = builder.Pad(builder.Apply(OperatorTable.Sin, a), Room([0, 0, 0]), Room([0, windows == 1 ? size - 1 : 0, windows == 2 ? size - 1 : 0]), Room([0, 0, 0]), 0);
                var view = builder.View(image, shape.Append(Size.Constant(size)).ToEquatableArray(), Enumerable.Range(0, 3)
                    .Select(axis => new AffineIndex(Size.Zero, Enumerable.Range(0, 4).Select(k => k == axis || (k == 3 && axis == windows) ? Size.One : Size.Zero).ToEquatableArray())).ToEquatableArray());
                return builder.Reduce(random.Next(2) == 0 ? ReduceKind.Max : ReduceKind.Sum, view, 3) * b;
            default:
                // Reversed along the last axis.
                var map = new[] { Unit(0), Unit(1), new AffineIndex(shape[2] - 1, EquatableArray<Size>.Own(0, 0, -1)) };
                return builder.View(a, shape, EquatableArray<AffineIndex>.Own(map)) * b;
        }

        static EquatableArray<Size> Room(int[] sizes) => sizes.Select(size => Size.Constant(size)).ToEquatableArray();

        static AffineIndex Unit(int axis) => new(Size.Zero, Enumerable.Range(0, 3).Select(k => k == axis ? Size.One : Size.Zero).ToEquatableArray());
    }
}
