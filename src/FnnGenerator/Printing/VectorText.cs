using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Generator.Printing;

/// <summary>Operators on sixteen 32-bit lanes as C# expressions. Booleans are masks: lanes all ones or zero.</summary>
internal static class VectorText
{
    public static string Type(ElementType element) => element == ElementType.F32 ? "Vector512<float>" : "Vector512<int>";

    public static string Broadcast(string scalar, ElementType element) =>
        element == ElementType.Bool ? $"Vector512.Create({scalar} ? -1 : 0)" : $"Vector512.Create({scalar})";

    public static string Apply(ScalarOperator scalarOperator, IReadOnlyList<string> inputs, ElementType inputElement)
    {
        string Operand(int input) => ScalarText.Operand(inputs[input]);
        return OperatorSigns.Apply(scalarOperator, inputs, inputElement) ?? scalarOperator.Name switch
        {
            "not" => $"~{Operand(0)}",
            "equal" when inputElement == ElementType.Bool => $"~({Operand(0)} ^ {Operand(1)})",
            "not_equal" when inputElement == ElementType.Bool => $"{Operand(0)} ^ {Operand(1)}",
            "less" or "less_or_equal" or "greater" or "greater_or_equal" or "equal" or "not_equal" or "select" =>
                $"Simd.{CSharpNames.Pascal(scalarOperator.Name)}({string.Join(", ", inputs)})",
            _ => $"SimdMath.{CSharpNames.Pascal(scalarOperator.Name)}({string.Join(", ", inputs)})",
        };
    }

    public static string Convert(string input, ElementType from, ElementType to) => (from, to) switch
    {
        _ when from == to => input,
        (ElementType.Bool, ElementType.F32) => $"Simd.MaskToFloat({input})",
        (ElementType.Bool, _) => $"Simd.MaskToInt({input})",
        (_, ElementType.Bool) => $"Simd.NotEqual({input}, {Type(from)}.Zero)",
        (ElementType.I32, _) => $"Simd.ToFloat({input})",
        _ => $"Simd.ToInt({input})",
    };
}
