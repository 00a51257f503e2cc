using FeedbackNN.Dsl.Derivatives;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Passes;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Programs.Tests;

/// <summary>Generated loops give what the interpreter gives, forward and backward.</summary>
public sealed class LoopProgramTests
{
    private static readonly Size Batch = Size.Axis("batch");
    private static readonly Size Time = Size.Axis("time");

    private static readonly Dictionary<string, (Func<GraphBuilder, Value[], Value> Function, TensorType[] Types)> Functions = new()
    {
        ["recurrent"] = ((b, x) => Recurrent(b, x, isReverse: false, all: false), [F32(Batch, Time, 5), F32(8, 5), F32(8, 8), F32(Batch, 8)]),
        ["recurrent, all steps"] = ((b, x) => Recurrent(b, x, isReverse: false, all: true), [F32(Batch, Time, 5), F32(8, 5), F32(8, 8), F32(Batch, 8)]),
        ["recurrent backwards"] = ((b, x) => Recurrent(b, x, isReverse: true, all: true), [F32(Batch, Time, 5), F32(8, 5), F32(8, 8), F32(Batch, 8)]),
        ["two states that take turns"] = (Swap, [F32(Batch, 3), F32(Batch, 3)]),
        ["until"] = (Until, [F32(Batch, 3), F32(Batch, 3)]),
        ["until, states that take turns"] = (UntilSwap, [F32(Batch, 3), F32(Batch, 3)]),
        ["loop in loop"] = (Nested, [F32(Batch, 4), F32(4, 4)]),
        ["numbers and draws"] = (Numbers, [F32(Batch, 4)]),
    };

    public static TheoryData<string> Names => new(Functions.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void LoopsRunAsTheyAreMeant(string name) => Check(name, null);

    /// <param name="name">Of a function.</param>
    /// <param name="device">Where; null is the processor.</param>
    internal static void Check(string name, Device? device)
    {
        var (function, types) = Functions[name];
        var builder = new GraphBuilder();
        var x = types.Select((type, k) => builder.Input(k, "x" + k, type)).ToArray();
        var y = function(builder, x);
        var gradients = Differentiation.Gradients(builder, [(y, builder.OutputGradient(0, y.Type))], x);
        var graph = Simplification.Run(builder.Build(gradients.Select((gradient, k) => new GraphOutput(new InputGradientTarget(k), gradient.Id)).Prepend(new GraphOutput(new ResultTarget(0, "y"), y.Id))));
        Assert.Empty(GraphVerifier.Verify(graph));
        using var program = GeneratedProgram.Compile(graph, device);
        foreach (var (batch, time) in device is null ? [(1, 1), (7, 4), (3, 9), (2, 1)] : new[] { (3, 4) })
        {
            ProgramComparison.Check(graph, new Dictionary<string, long> { ["batch"] = batch, ["time"] = time }, batch + time, 5e-5, null, program);
        }
    }

    private static TensorType F32(params Size[] sizes) => new(ElementType.F32, EquatableArray<Size>.Own(sizes));

    private static Value Recurrent(GraphBuilder b, Value[] x, bool isReverse, bool all)
    {
        var steps = b.Transpose(x[0], 1, 0, 2);
        var region = b.BeginLoop(Time, isReverse);
        var h = region.AddState(x[3].Type);
        var next = b.Apply(OperatorTable.Tanh, b.Contract(b.AtStep(steps, region.Step), x[1], 0, 1, 1, 1) + b.Contract(h, x[2], 0, 1, 1, 1));
        var loop = region.Finish([x[3]], [next], null, null, [next]);
        return all ? b.Transpose(loop.Stack(next), 1, 0, 2) : loop.Final(0);
    }

    private static Value Swap(GraphBuilder b, Value[] x)
    {
        var region = b.BeginLoop(Time);
        var (c, h) = (region.AddState(x[0].Type), region.AddState(x[1].Type));
        var loop = region.Finish([x[0], x[1]], [h, b.Apply(OperatorTable.Sin, c) + h * x[0]], null, null, []);
        return loop.Final(0) + loop.Final(1) * 2;
    }

    private static Value Until(GraphBuilder b, Value[] x)
    {
        var region = b.BeginLoop(12);
        var h = region.AddState(x[0].Type);
        var next = h * 0.5 + b.Apply(OperatorTable.Sin, h) * x[1];
        var loop = region.Finish([x[0]], [next], b.Reduce(ReduceKind.Max, b.Apply(OperatorTable.Abs, next), 0, 1).Less(0.05), null, [next]);
        return loop.Final(0) + b.Reduce(ReduceKind.Sum, loop.Stack(next), 0) * b.Convert(loop.Rounds, ElementType.F32);
    }

    private static Value UntilSwap(GraphBuilder b, Value[] x)
    {
        var region = b.BeginLoop(12);
        var (c, h) = (region.AddState(x[0].Type), region.AddState(x[1].Type));
        var loop = region.Finish([x[0], x[1]], [h * 1, c], b.SizeValue(region.Step, ElementType.I32).GreaterOrEqual(4), null, [c]);
        return loop.Final(0) + loop.Final(1) * 2 + b.Reduce(ReduceKind.Sum, loop.Stack(c), 0);
    }

    private static Value Nested(GraphBuilder b, Value[] x)
    {
        var outer = b.BeginLoop(Time);
        var h = outer.AddState(x[0].Type);
        var inner = b.BeginLoop(3);
        var g = inner.AddState(x[0].Type);
        var next = b.Apply(OperatorTable.Tanh, b.Contract(g, x[1], 0, 1, 1, 1) + h * (b.SizeValue(inner.Step + 2 * outer.Step, ElementType.F32) * 0.1));
        var finished = inner.Finish([h], [next], null, null, [next]);
        return outer.Finish([x[0]], [finished.Final(0) + b.Reduce(ReduceKind.Sum, finished.Stack(next), 0) * h * 0.1], null, null, []).Final(0);
    }

    private static Value Numbers(GraphBuilder b, Value[] x)
    {
        var region = b.BeginLoop(Time);
        var h = region.AddState(x[0].Type);
        var next = b.Apply(OperatorTable.Tanh, h * b.RandomUniform(3, region.Step, x[0].Type.Shape)) + x[0] * b.SizeValue(region.Step + 1, ElementType.F32);
        return region.Finish([x[0]], [next], null, null, []).Final(0);
    }
}
