using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Interpretation;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;
using FeedbackNN.Gpu.Tests;

namespace FeedbackNN.Programs.Tests.Gpu;

/// <summary>Every row of the operator table as a GPU kernel: each element within the row's tolerance, at the extremes too.</summary>
public sealed class PoclOperatorTests
{
    public static TheoryData<string> Rows() => new(OperatorTable.All.Select(row => row.Name));

    [SkippableTheory]
    [MemberData(nameof(Rows))]
    public void EveryRow(string name) => GraphProgramTests.CheckRow(name, Pocl.Require());

    [SkippableTheory]
    [MemberData(nameof(Rows))]
    public void EveryRowAtTheExtremes(string name) => GraphProgramTests.CheckExtremes(name, Pocl.Require());

    /// <summary>ILGPU's OpenCL turns the negation of a comparison into the opposite one, and numbers on the left to the right.</summary>
    [SkippableFact]
    public void ComparisonsAndTheirNegationsKeepNaNApart()
    {
        var builder = new GraphBuilder();
        var type = new TensorType(ElementType.F32, EquatableArray<Size>.Own(Size.Axis("batch")));
        var (a, b) = (builder.Input(0, "a", type), builder.Input(1, "b", type));
        var one = builder.Constant(1, ElementType.F32);
        var results = new[] { OperatorTable.Less, OperatorTable.LessOrEqual, OperatorTable.Greater, OperatorTable.GreaterOrEqual, OperatorTable.Equal, OperatorTable.NotEqual }
            .SelectMany(row => new[] { builder.Apply(row, a, b), builder.Apply(OperatorTable.Not, builder.Apply(row, a, b)), builder.Apply(row, one, b), builder.Apply(OperatorTable.Not, builder.Apply(row, a, one)) })
            .Select(value => builder.Convert(value, ElementType.F32)).ToArray();
        var graph = builder.Build(results.Select((value, i) => new GraphOutput(new ResultTarget(i, "r" + i), value.Id)));
        double[] numbers = [0, 1, -1, double.NaN, double.PositiveInfinity, double.NegativeInfinity];
        var pairs = numbers.SelectMany(x => numbers.Select(y => (x, y))).ToArray();
        var inputs = new InterpreterInputs
        {
            Sizes = new Dictionary<string, long> { ["batch"] = pairs.Length },
            Inputs = [pairs.Select(pair => pair.x).ToArray(), pairs.Select(pair => pair.y).ToArray()],
        };
        var expected = Interpreter.Run(graph, inputs);
        using var program = GeneratedProgram.Compile(graph, Pocl.Require());
        var actual = program.Run(inputs);
        for (var result = 0; result < expected.Length; result++) Assert.Equal(expected[result], actual[result]);
    }
}
