using System.Globalization;
using System.Text;

namespace FeedbackNN.Dsl.Operators;

/// <summary>Writes the page about all elementwise operators, docs/operators.md, from the table.</summary>
public static class OperatorDocs
{
    private static readonly (OperatorTyping Typing, string Title, string Sentence)[] Sections =
    [
        (OperatorTyping.Numeric, "Numbers", "Floats and integers; all inputs and the result have one type."),
        (OperatorTyping.Float, "Floats", "`f32` and `f64`; all inputs and the result have one type."),
        (OperatorTyping.Comparison, "Comparison", "Two inputs of one type; the result is `bool`."),
        (OperatorTyping.Logical, "Logic", "`bool` to `bool`."),
        (OperatorTyping.Select, "Choice", "A `bool` and two values of one type, which is the result's."),
    ];

    // Operators that are written with a sign.
    private static readonly Dictionary<string, string> Signs = new()
    {
        ["add"] = "`a + b`", ["sub"] = "`a - b`", ["mul"] = "`a * b`", ["div"] = "`a / b`", ["rem"] = "`a % b`", ["pow"] = "`a ^ b`", ["neg"] = "`-a`",
        ["less"] = "`a < b`", ["less_or_equal"] = "`a <= b`", ["greater"] = "`a > b`", ["greater_or_equal"] = "`a >= b`", ["equal"] = "`a == b`", ["not_equal"] = "`a != b`",
        ["and"] = "`a and b`", ["or"] = "`a or b`", ["not"] = "`not a`",
    };

    public static string ToMarkdown()
    {
        var page = new StringBuilder();
        page.Append("# Elementwise operators\n\n");
        page.Append("Made from `src/FnnDsl/Operators/OperatorTable.cs`; `FNN_UPDATE=1 dotnet test tests/FnnDsl.Tests` writes it anew. Each operator works\n");
        page.Append("element by element on tensors of one shape. \"Gradient\" says for which inputs one flows; the tolerance is the relative error that\n");
        page.Append("float32 code may have against the meaning in float64.\n");
        foreach (var (typing, title, sentence) in Sections)
        {
            page.Append($"\n## {title}\n\n{sentence}\n\n| operator | written | meaning | gradient | tolerance |\n| --- | --- | --- | --- | --- |\n");
            foreach (var row in OperatorTable.All.Where(row => row.Typing == typing))
            {
                page.Append($"| {row.Name} | {Written(row)} | {row.Documentation} | {Flow(row)} | {Tolerance(row)} |\n");
            }
        }
        return page.ToString();
    }

    private static string Written(ScalarOperator row) => Signs.TryGetValue(row.Name, out var sign)
        ? sign
        : $"`{row.Name}({string.Join(", ", new[] { "a", "b", "c" }.Take(row.Arity))})`";

    private static string Flow(ScalarOperator row)
    {
        var inputs = new[] { "a", "b", "c" }.Where((_, k) => k < row.Arity && row.Gradients[k] is not null).ToArray();
        return inputs.Length == 0 ? "none" : string.Join(", ", inputs);
    }

    private static string Tolerance(ScalarOperator row) => row.Tolerance == 0 ? "exact" : row.Tolerance.ToString("0e-0", CultureInfo.InvariantCulture);
}
