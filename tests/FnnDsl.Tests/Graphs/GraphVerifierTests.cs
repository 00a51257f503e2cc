using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;
using static FeedbackNN.Dsl.Tests.Passes.GradientCheck;

namespace FeedbackNN.Dsl.Tests.Graphs;

/// <summary>The verifier finds each kind of broken graph.</summary>
public sealed class GraphVerifierTests
{
    private static readonly TensorType Matrix = F64(3, 4);

    public static TheoryData<string> Names => new(Broken.Keys);

    // A node on top of %0 = f64[3, 4] and %1 = i32[2], and what is said about it.
    private static readonly Dictionary<string, (Operation Operation, int[] Inputs, TensorType Type, string Message)> Broken = new()
    {
        ["input after its reader"] = (new Stop(), [2], Matrix, "does not come before"),
        ["number of inputs"] = (new Stop(), [0, 1], Matrix, "takes 1 inputs"),
        ["arity"] = (new Elementwise(OperatorTable.Add), [0], Matrix, "takes 2 inputs"),
        ["element types"] = (new Elementwise(OperatorTable.Exp), [1], I32(2), "element types"),
        ["shapes of an operator"] = (new Elementwise(OperatorTable.Exp), [0], F64(4, 3), "differ in shape"),
        ["result of a comparison"] = (new Elementwise(OperatorTable.Less), [0, 0], Matrix, "should be Bool"),
        ["constant of a rank"] = (new Constant(1), [], Matrix, "rank 0"),
        ["conversion"] = (new Dsl.Graphs.Convert(ElementType.F32), [0], Matrix, "should be f32[3, 4]"),
        ["view out of bounds"] = (new View(Map(AffineMap.Index(2, 0), AffineMap.Index(2, 1, offset: 1))), [0], Matrix, "read from 1 to 4"),
        ["view below zero"] = (new View(Map(AffineMap.Index(2, 0, -1), AffineMap.Index(2, 1))), [0], Matrix, "read from -2 to 0"),
        ["functions of a view"] = (new View(Map(AffineMap.Index(2, 0))), [0], Matrix, "1 functions for rank 2"),
        ["indices of a view"] = (new View(AffineMap.Identity(3)), [0], Matrix, "functions for rank 2"),
        ["reshape"] = (new Reshape(), [0], F64(5), "should be"),
        ["pad"] = (new Pad(Sizes(1, 0), Sizes(0, 0), Sizes(0, 0), 0), [0], Matrix, "should be f64[4, 4]"),
        ["negative pad"] = (new Pad(Sizes(-1, 0), Sizes(1, 0), Sizes(0, 0), 0), [0], Matrix, "negative"),
        ["concat"] = (new Concat(0), [0, 0], Matrix, "6 long"),
        ["reduce"] = (new Reduce(ReduceKind.Sum, EquatableArray<int>.Own(0)), [0], F64(3), "should be f64[4]"),
        ["axis of a reduce"] = (new Reduce(ReduceKind.Sum, EquatableArray<int>.Own(2)), [0], Matrix, "no axis 2"),
        ["order of axes"] = (new Reduce(ReduceKind.Sum, EquatableArray<int>.Own(1, 0)), [0], F64(), "not in order"),
        ["arg reduce"] = (new ArgReduce(true, 0), [0], F64(4), "should be i32[4]"),
        ["ranks of a product"] = (new Contract(0, 1, 1, 2), [0, 0], Matrix, "add up"),
        ["sum of a product"] = (new Contract(0, 1, 1, 1), [0, 0], Matrix, "should be f64[3, 3]"),
        ["index of a gather"] = (new Gather(0), [0, 0], Matrix, "integers"),
        ["gather"] = (new Gather(0), [0, 1], Matrix, "should be f64[2, 4]"),
        ["scatter"] = (new ScatterAdd(0), [0, 1], F64(9, 4), "should be f64[2, 4]"),
        ["check of a float"] = (new CheckRange(3, "class"), [0], Matrix, "integer"),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void A_broken_node_is_named(string name)
    {
        var (operation, inputs, type, message) = Broken[name];
        var problem = Assert.Single(GraphVerifier.Verify(Graph(new Node(2, operation, inputs.ToEquatableArray(), type, default))));
        Assert.StartsWith("%2 = ", problem);
        Assert.Contains(message, problem);
    }

    [Fact]
    public void Equal_nodes_outputs_of_nothing_and_targets_written_twice_are_found()
    {
        var graph = Graph(new Node(2, new Stop(), EquatableArray<int>.Own(0), Matrix, default), new Node(3, new Stop(), EquatableArray<int>.Own(0), Matrix, default));
        Assert.Contains("the same node", Assert.Single(GraphVerifier.Verify(graph)));
        var output = new GraphOutput(new ResultTarget(0, "y"), 7);
        Assert.Contains("no node %7", GraphVerifier.Verify(Graph() with { Outputs = EquatableArray<GraphOutput>.Own(output) })[0]);
        Assert.Contains("written 2 times", GraphVerifier.Verify(Graph() with { Outputs = EquatableArray<GraphOutput>.Own(output with { Node = 0 }, output with { Node = 1 }) })[0]);
        Assert.Throws<InvalidOperationException>(() => GraphVerifier.Verified(graph));
        Assert.Empty(GraphVerifier.Verify(Graph()));
    }

    private static Graph Graph(params Node[] more) => new(
        more.Prepend(new Node(1, new Input(1, "i"), default, I32(2), default)).Prepend(new Node(0, new Input(0, "x"), default, Matrix, default)).ToEquatableArray(), default);

    private static EquatableArray<Size> Sizes(params Size[] sizes) => EquatableArray<Size>.Own(sizes);

    private static EquatableArray<AffineIndex> Map(params AffineIndex[] functions) => EquatableArray<AffineIndex>.Own(functions);
}
