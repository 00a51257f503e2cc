using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Graphs;

namespace FeedbackNN.Generator.Printing;

/// <summary>Formulas over the numbers that programs return, as C# expressions in double: <c>Math.Exp(scalars[0] / scalars[1])</c>.</summary>
internal static class MetricText
{
    private static readonly Dictionary<string, string> Signs = new(StringComparer.Ordinal)
    {
        ["add"] = "+",
        ["sub"] = "-",
        ["mul"] = "*",
        ["div"] = "/",
    };

    private static readonly Dictionary<string, string> Functions = new(StringComparer.Ordinal)
    {
        ["exp"] = "Math.Exp",
        ["log"] = "Math.Log",
        ["sqrt"] = "Math.Sqrt",
        ["abs"] = "Math.Abs",
        ["pow"] = "Math.Pow",
        ["maximum"] = "Math.Max",
        ["minimum"] = "Math.Min",
    };

    /// <param name="scalars">The variable that holds the numbers.</param>
    public static string Print(MetricFormula formula, string scalars) => formula switch
    {
        AccumulatorFormula accumulator => $"{scalars}[{NumberText.Integer(accumulator.Scalar)}]",
        NumberFormula number => NumberText.Double(number.Value),
        OperatorFormula apply => Apply(apply, scalars),
        _ => throw new InvalidOperationException($"No C# is known for {formula}."),
    };

    /// <summary>How each number is put together over batches; the loss's sum and count, and what no formula says more about, are added up.</summary>
    public static IReadOnlyList<string> Accumulations(int count, IEnumerable<BoundMetric> metrics)
    {
        var kinds = Enumerable.Repeat("Sum", count).ToArray();
        foreach (var accumulator in metrics.SelectMany(metric => Accumulators(metric.Formula)))
        {
            kinds[accumulator.Scalar] = accumulator.Kind == ReduceKind.Prod ? "Product" : accumulator.Kind.ToString();
        }
        return kinds;
    }

    private static IEnumerable<AccumulatorFormula> Accumulators(MetricFormula formula) => formula switch
    {
        AccumulatorFormula accumulator => [accumulator],
        OperatorFormula apply => apply.Inputs.SelectMany(Accumulators),
        _ => [],
    };

    private static string Apply(OperatorFormula apply, string scalars)
    {
        var name = apply.Operator.Name;
        var inputs = apply.Inputs.Select(input => Print(input, scalars)).ToList();
        if (Signs.TryGetValue(name, out var sign))
        {
            return $"{Operand(apply.Inputs[0], inputs[0])} {sign} {Operand(apply.Inputs[1], inputs[1])}";
        }
        if (name == "neg") return "-" + Operand(apply.Inputs[0], inputs[0]);
        var function = Functions.TryGetValue(name, out var known) ? known : "ScalarMath." + CSharpNames.Pascal(name);
        return $"{function}({string.Join(", ", inputs)})";
    }

    private static string Operand(MetricFormula formula, string text) =>
        formula is OperatorFormula apply && (Signs.ContainsKey(apply.Operator.Name) || apply.Operator.Name == "neg") || formula is NumberFormula { Value: < 0 } ? $"({text})" : text;
}
