using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Programs.Tests;

/// <summary>What runs on the tiles of a product that has one row or one column: a loop has gone there, but the tile still has its place.</summary>
public sealed class ThinProductTests
{
    private static readonly Size Batch = Size.Axis("batch");

    [Theory]
    [InlineData(1, 3)]
    [InlineData(1, 1)]
    [InlineData(3, 1)]
    [InlineData(1, 40)]
    public void TilesOfOneColumnOrOneTerm(int outputs, int inputs)
    {
        var builder = new GraphBuilder();
        var x = builder.Input(0, "x", F32(Batch, inputs));
        var y = builder.Input(1, "y", F32(Batch, outputs));
        var weight = builder.Parameter(0, 0, F32(outputs, inputs));
        var bias = builder.Parameter(0, 1, F32(outputs));
        var error = builder.Contract(x, weight, 0, 1, 1, 1) + builder.Broadcast(bias, Shape(Batch, outputs)) - y;
        Check(builder.Build([new GraphOutput(new ResultTarget(0, "error"), builder.Apply(OperatorTable.Tanh, error).Id)]));
    }

    [Fact]
    public void TilesOfOneRow()
    {
        var builder = new GraphBuilder();
        var x = builder.Input(0, "x", F32(Batch, 5));
        var row = builder.Parameter(0, 0, F32(1, 5));
        var product = builder.Contract(row, x, 0, 1, 1, 1);
        Check(builder.Build([new GraphOutput(new ResultTarget(0, "r"), builder.Apply(OperatorTable.Tanh, product).Id)]));
    }

    private static void Check(Graph graph)
    {
        using var program = GeneratedProgram.Compile(graph);
        foreach (var batch in new long[] { 1, 2, 17, 1000, 5000 })
            ProgramComparison.Check(graph, new Dictionary<string, long> { ["batch"] = batch }, (int)batch, 2e-5, null, program);
    }

    private static EquatableArray<Size> Shape(params Size[] sizes) => EquatableArray<Size>.Own(sizes);

    private static TensorType F32(params Size[] sizes) => new(ElementType.F32, Shape(sizes));
}
