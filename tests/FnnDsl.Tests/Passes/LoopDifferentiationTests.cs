using FeedbackNN.Dsl.Derivatives;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Interpretation;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Passes;
using FeedbackNN.Dsl.Types;
using static FeedbackNN.Dsl.Tests.Passes.GradientCheck;

namespace FeedbackNN.Dsl.Tests.Passes;

/// <summary>Gradients through loops: first and second, on small shapes, against central differences; and what the derivative does with a loop.</summary>
public sealed class LoopDifferentiationTests
{
    private static readonly Size T = Size.Axis("t");
    private static readonly InterpreterInputs Given = new() { Sizes = new Dictionary<string, long> { ["t"] = 3 }, Random = (site, k) => (site * 0.37 + k * 0.61) % 1 };

    private static readonly Dictionary<string, (GraphFunction Function, TensorType[] Types)> Functions = new()
    {
        // x[t, batch, in], w[h, in], u[h, h], initial[batch, h]
        ["recurrent"] = ((b, x) => Recurrent(b, x, isReverse: false).Final(0), [F64(T, 2, 3), F64(2, 3), F64(2, 2), F64(2, 2)]),
        ["recurrent, all steps"] = ((b, x) => Recurrent(b, x, isReverse: false) is var loop ? loop.Stack(loop.Next(0)) : default, [F64(T, 2, 3), F64(2, 3), F64(2, 2), F64(2, 2)]),
        ["recurrent, states before"] = ((b, x) => Recurrent(b, x, isReverse: false) is var loop ? loop.Stack(loop.State(0)) : default, [F64(T, 2, 3), F64(2, 3), F64(2, 2), F64(2, 2)]),
        ["recurrent backwards"] = ((b, x) => Recurrent(b, x, isReverse: true) is var loop ? loop.Stack(loop.Next(0)) : default, [F64(T, 2, 3), F64(2, 3), F64(2, 2), F64(2, 2)]),
        ["rounds"] = (Rounds, [F64(2, 3), F64(3, 3)]),
        ["two states"] = (TwoStates, [F64(T, 2), F64(2), F64(2)]),
        ["until"] = (Until, [F64(2), F64(2)]),
        ["loop in loop"] = (Nested, [F64(2, 2), F64(2, 2)]),
        ["step in numbers"] = (Numbers, [F64(2)]),
        ["random"] = (Random, [F64(2)]),
        ["no rounds"] = (NoRounds, [F64(2)]),
        ["looked up"] = (LookedUp, [F64(4, 2), F64(2)]),
        ["product over all rounds"] = (Product, [F64(2), F64(2)]),
    };

    public static TheoryData<string> Names => new(Functions.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void The_gradient_is_that_of_central_differences(string name)
    {
        var (function, types) = Functions[name];
        GradientCheck.Run(function, types, At(types), Given);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_second_derivative_is_that_of_central_differences(string name)
    {
        var (function, types) = Functions[name];
        GradientCheck.Run(FirstGradient((b, x) => function(b, x) is var y ? y * y : default), types, At(types), Given, 1e-5);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Simplifying_changes_no_value(string name)
    {
        var (function, types) = Functions[name];
        var builder = new GraphBuilder { Simplifies = false };
        var y = function(builder, types.Select((type, k) => builder.Input(k, "x" + k, type)).ToArray());
        var plain = builder.Build([new GraphOutput(new ResultTarget(0, "y"), y.Id)]);
        var simple = GraphVerifier.Verified(Simplification.Run(plain));
        var given = Given with { Inputs = At(types) };
        Assert.Equal(Interpreter.Run(plain, given)[0], Interpreter.Run(simple, given)[0], (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal(GraphPrinter.Print(simple), GraphPrinter.Print(Simplification.Run(simple)));
    }

    [Fact]
    public void The_input_projection_is_one_product_and_so_is_the_gradient_of_each_weight()
    {
        var builder = new GraphBuilder();
        var (_, types) = Functions["recurrent"];
        var x = types.Select((type, k) => builder.Input(k, "x" + k, type)).ToArray();
        var last = Recurrent(builder, x, isReverse: false).Final(0);
        var gradients = Differentiation.Gradients(builder, [(last, builder.OutputGradient(0, last.Type))], x);
        var graph = Simplification.Run(builder.Build(gradients.Select((gradient, k) => new GraphOutput(new InputGradientTarget(k), gradient.Id))));
        // w·x, and the gradients of x, w and u, outside; u·h and its transpose inside.
        Assert.Equal(4, graph.Nodes.Count(node => node.Operation is Contract));
        var loops = graph.Nodes.Select(node => node.Operation).OfType<Loop>().ToArray();
        Assert.Equal(2, loops.Length);
        Assert.All(loops, loop => Assert.Single(loop.Body.Nodes, node => node.Operation is Contract));
        // Of a round the state alone is kept: tanh' is made of tanh.
        Assert.Single(graph.Nodes.Where(node => node.Operation is LoopStack && loops[0] == graph[node.Inputs[0]].Operation).Select(node => ((LoopStack)node.Operation).BodyNode), node => loops[0].Body[node].Operation is not LoopArgument);
    }

    private static LoopValues Recurrent(GraphBuilder b, Value[] x, bool isReverse)
    {
        var region = b.BeginLoop(x[0].Type.Shape[0], isReverse);
        var h = region.AddState(x[3].Type);
        var next = b.Apply(OperatorTable.Tanh, b.Contract(b.AtStep(x[0], region.Step), x[1], 0, 1, 1, 1) + b.Contract(h, x[2], 0, 1, 1, 1));
        return new LoopValues(region.Finish([x[3]], [next], null, null, [next]), h, next);
    }

    private sealed record LoopValues(FinishedLoop Loop, Value Before, Value After)
    {
        public Value Final(int state) => Loop.Final(state);

        public Value Stack(Value value) => Loop.Stack(value);

        public Value State(int _) => Before;

        public Value Next(int _) => After;
    }

    // The same weights three times.
    private static Value Rounds(GraphBuilder b, Value[] x)
    {
        var region = b.BeginLoop(3);
        var h = region.AddState(x[0].Type);
        return region.Finish([x[0]], [b.Apply(OperatorTable.Tanh, b.Contract(h, x[1], 0, 1, 1, 1)) + x[0]], null, null, []).Final(0);
    }

    // c <- c * s + x_t; h <- h + tanh(c), which reads the new c.
    private static Value TwoStates(GraphBuilder b, Value[] x)
    {
        var region = b.BeginLoop(T);
        var (c, h) = (region.AddState(x[1].Type), region.AddState(x[2].Type));
        var cNext = c * x[1] + b.AtStep(x[0], region.Step);
        var hNext = h + b.Apply(OperatorTable.Tanh, cNext);
        var loop = region.Finish([x[1], x[2]], [cNext, hNext], null, null, [hNext]);
        return loop.Final(0) * loop.Final(1) + b.Reduce(ReduceKind.Sum, loop.Stack(hNext), 0);
    }

    // Ends after some of ten rounds; the gradient goes through those.
    private static Value Until(GraphBuilder b, Value[] x)
    {
        var region = b.BeginLoop(10);
        var h = region.AddState(x[0].Type);
        var next = h * 0.5 + b.Apply(OperatorTable.Sin, h) * x[1];
        var isLast = b.SizeValue(region.Step, ElementType.F64).GreaterOrEqual(3);
        var loop = region.Finish([x[0]], [next], isLast, null, [next]);
        return loop.Final(0) + b.Reduce(ReduceKind.Sum, loop.Stack(next), 0);
    }

    private static Value Nested(GraphBuilder b, Value[] x)
    {
        var outer = b.BeginLoop(2);
        var h = outer.AddState(x[0].Type);
        var inner = b.BeginLoop(3);
        var g = inner.AddState(x[0].Type);
        var scale = b.Convert(b.SizeValue(inner.Step + 2 * outer.Step, ElementType.F64), ElementType.F64) * 0.1;
        var next = b.Apply(OperatorTable.Tanh, b.Contract(g, x[1], 0, 1, 1, 1) + h * scale);
        var finished = inner.Finish([h], [next], null, null, [next]);
        var after = finished.Final(0) + b.Reduce(ReduceKind.Sum, finished.Stack(next), 0) * h;
        return outer.Finish([x[0]], [after], null, null, []).Final(0);
    }

    private static Value Numbers(GraphBuilder b, Value[] x)
    {
        var region = b.BeginLoop(4);
        var h = region.AddState(x[0].Type);
        var next = h * b.SizeValue(2 * region.Step + 1, ElementType.F64) * 0.3 + b.Apply(OperatorTable.Sin, h * x[0]);
        return region.Finish([x[0]], [next], null, null, []).Final(0);
    }

    private static Value Random(GraphBuilder b, Value[] x)
    {
        var region = b.BeginLoop(3);
        var h = region.AddState(x[0].Type);
        var draw = b.Convert(b.RandomUniform(3, region.Step, x[0].Type.Shape), ElementType.F64);
        return region.Finish([x[0]], [b.Apply(OperatorTable.Tanh, h * draw) + x[0]], null, null, []).Final(0);
    }

    private static Value NoRounds(GraphBuilder b, Value[] x)
    {
        var region = b.BeginLoop(0);
        var h = region.AddState(x[0].Type);
        return region.Finish([x[0]], [h * x[0]], null, null, []).Final(0) * 3;
    }

    // The row that the step says, and one that the state chooses.
    private static Value LookedUp(GraphBuilder b, Value[] x)
    {
        var region = b.BeginLoop(3);
        var h = region.AddState(x[1].Type);
        var row = b.Convert(b.SizeValue(region.Step + 1, ElementType.I32), ElementType.I32);
        var chosen = b.ArgReduce(true, h, 0);
        var next = b.Apply(OperatorTable.Tanh, h + b.Gather(x[0], row, 0) * b.Gather(x[0], chosen, 0));
        return region.Finish([x[1]], [next], null, null, []).Final(0);
    }

    private static Value Product(GraphBuilder b, Value[] x)
    {
        var region = b.BeginLoop(T);
        var h = region.AddState(x[0].Type);
        var next = h * x[1] * x[1];
        var loop = region.Finish([x[0]], [next], null, null, [h * x[1]]);
        return loop.Final(0) + b.Reduce(ReduceKind.Prod, loop.Stack(h * x[1]), 0);
    }

    private static double[][] At(TensorType[] types)
    {
        var random = new Random(types.Length + 11);
        return types.Select(type => Draw(random, type, Given)).ToArray();
    }
}
