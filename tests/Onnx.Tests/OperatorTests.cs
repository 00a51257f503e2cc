using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Onnx.Tests;

/// <summary>Every row of the operator table, in every element type it takes, and every operation of graphs has its counterpart in ONNX.</summary>
public sealed class OperatorTests
{
    private static readonly Size Batch = Size.Axis("batch");

    public static TheoryData<string> Operators() => new(OperatorTable.All.Select(row => row.Name));

    [Fact]
    public void Every_operation_of_graphs_has_a_row()
    {
        var operations = typeof(Operation).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Operation)) && !type.IsAbstract).ToArray();
        Assert.NotEmpty(operations);
        var missing = operations.Except(GraphLowering.Rows.Keys).Except(GraphLowering.NeverThere.Keys).Select(type => type.Name).ToArray();
        Assert.True(missing.Length == 0, $"Add a row for {string.Join(", ", missing)} to GraphLowering.Rows (src/FnnOnnx), or to NeverThere with the reason why no inference graph has it.");
    }

    [Fact]
    public void Every_operator_of_the_table_has_a_row()
    {
        var missing = OperatorTable.All.Select(row => row.Name).Except(ElementwiseRows.Names).ToArray();
        Assert.True(missing.Length == 0, $"Add a row for {string.Join(", ", missing)} to ElementwiseRows (src/FnnOnnx).");
        Assert.Empty(ElementwiseRows.Names.Except(OperatorTable.All.Select(row => row.Name)));
    }

    [Theory]
    [MemberData(nameof(Operators))]
    public void An_operator_means_the_same_in_every_element_type(string name)
    {
        var row = OperatorTable.All.First(row => row.Name == name);
        foreach (var element in ElementsOf(row))
        {
            using var exported = new ExportedModel(ExportedModel.Model(GraphOf(row, element, [Batch, 5])), (random, node) =>
            {
                var (low, high) = row.Samples[((Input)node.Operation).Index];
                var value = low + random.NextDouble() * (high - low);
                if (node.Type.Element == ElementType.Bool) return value - 0.5;
                if (node.Type.Element.IsFloat()) return value;
                var integer = Math.Round(value * 3);
                return integer == 0 && name is "div" or "rem" ? 1 : integer;
            });
            exported.Check(new Dictionary<string, long> { ["batch"] = 7 }, element == ElementType.F64 && name != "erf" ? 1e-9 : 2e-6);
        }
    }

    /// <summary>Zeros, tiny and huge numbers, infinities: as float32 has it, what overflows there is finite in float64.</summary>
    [Theory]
    [MemberData(nameof(Operators))]
    public void An_operator_means_the_same_at_the_extremes(string name)
    {
        var row = OperatorTable.All.First(row => row.Name == name);
        if (row.Typing is OperatorTyping.Logical or OperatorTyping.Select) return;
        double[] extremes = [0, 1, -1, 0.5, 1e-6, 30, -30, 80, double.PositiveInfinity, double.NegativeInfinity, double.NaN];
        var pairs = row.Arity == 1 ? extremes.Select(x => new[] { x }).ToArray() : extremes.SelectMany(a => extremes.Select(b => new[] { a, b })).ToArray();
        using var exported = new ExportedModel(ExportedModel.Model(GraphOf(row, ElementType.F32, [Batch])));
        var inputs = Enumerable.Range(0, row.Arity).Select(k => pairs.Select(pair => (double)(float)pair[k]).ToArray()).ToArray();
        var actual = exported.Run(new Dictionary<string, long> { ["batch"] = pairs.Length }, inputs)[0].Values;
        for (var k = 0; k < pairs.Length; k++)
        {
            var expected = row.Evaluate(inputs.Select(input => input[k]).ToArray());
            var isHuge = Math.Abs(expected) > float.MaxValue;
            var same = double.IsNaN(expected) ? double.IsNaN(actual[k]) : isHuge ? double.IsInfinity(actual[k]) || Math.Abs(actual[k]) > 1e38 : Math.Abs(actual[k] - expected) <= 1e-5 * Math.Max(1e-6, Math.Abs(expected));
            Assert.True(same, $"{name}({string.Join(", ", pairs[k])}): expected {expected}, got {actual[k]}");
        }
    }

    private static IEnumerable<ElementType> ElementsOf(ScalarOperator row) => Enum.GetValues<ElementType>()
        .Where(element => ElementTyping.Result(row, Enumerable.Range(0, row.Arity).Select(k => row.Typing == OperatorTyping.Select && k == 0 ? ElementType.Bool : element).ToArray()) is not null);

    private static Graph GraphOf(ScalarOperator row, ElementType element, Size[] shape)
    {
        var builder = new GraphBuilder { Simplifies = false };
        var inputs = row.Samples.Select((_, k) => builder.Input(k, "x" + k, new TensorType(row.Typing == OperatorTyping.Select && k == 0 ? ElementType.Bool : element, shape.ToEquatableArray()))).ToArray();
        return builder.Build([new GraphOutput(new ResultTarget(0, "y"), builder.Apply(row, inputs).Id)]);
    }
}
