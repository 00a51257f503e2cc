using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Generator.Printing;

/// <summary>The operators that C# writes with the same sign for one element and for a vector of them.</summary>
internal static class OperatorSigns
{
    private static readonly Dictionary<string, string> Binary = new(StringComparer.Ordinal)
    {
        ["add"] = "+", ["sub"] = "-", ["mul"] = "*", ["div"] = "/", ["and"] = "&", ["or"] = "|",
    };

    /// <summary>The expression with the sign, or null where the operator is a call.</summary>
    public static string? Apply(ScalarOperator scalarOperator, IReadOnlyList<string> inputs, ElementType inputElement)
    {
        // Integers are divided downwards, which C#'s sign does not do.
        if (scalarOperator.Name == "div" && !inputElement.IsFloat()) return null;
        if (scalarOperator.Name == "neg") return $"-{ScalarText.Operand(inputs[0])}";
        return Binary.TryGetValue(scalarOperator.Name, out var sign) ? $"{ScalarText.Operand(inputs[0])} {sign} {ScalarText.Operand(inputs[1])}" : null;
    }
}
