using System.Globalization;
using System.Text.RegularExpressions;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Generator.Printing;

/// <summary>Operators on one element as C# expressions.</summary>
internal static class ScalarText
{
    /// <summary>The class that has the operators on one element for the processor.</summary>
    public const string Cpu = "ScalarMath";

    /// <summary>The class that has them for kernels of GPUs.</summary>
    public const string Gpu = "GpuMath";

    public static string Type(ElementType element) => element switch
    {
        ElementType.F32 => "float",
        ElementType.F64 => "double",
        ElementType.I32 => "int",
        ElementType.I64 => "long",
        _ => "bool",
    };

    public static string Number(double value, ElementType element) => element switch
    {
        ElementType.Bool => value != 0 ? "true" : "false",
        ElementType.I32 => ((int)value).ToString(CultureInfo.InvariantCulture),
        ElementType.I64 => ((long)value).ToString(CultureInfo.InvariantCulture) + "L",
        ElementType.F64 => Special(value, "double") ?? WithPoint(value.ToString("R", CultureInfo.InvariantCulture)),
        _ => Special((float)value, "float") ?? ((float)value).ToString("R", CultureInfo.InvariantCulture) + "f",
    };

    private static string? Special(double value, string type) =>
        double.IsNaN(value) ? type + ".NaN" : double.IsPositiveInfinity(value) ? type + ".PositiveInfinity" : double.IsNegativeInfinity(value) ? type + ".NegativeInfinity" : null;

    private static string WithPoint(string digits) => digits.IndexOfAny(['.', 'E', 'e']) < 0 ? digits + ".0" : digits;

    /// <param name="math">The class that has the operators without a sign.</param>
    public static string Apply(ScalarOperator scalarOperator, IReadOnlyList<string> inputs, ElementType inputElement, string math)
    {
        string Operand(int input) => ScalarText.Operand(inputs[input]);
        return OperatorSigns.Apply(scalarOperator, inputs, inputElement) ?? scalarOperator.Name switch
        {
            "less" => Compare("<", ">"),
            "less_or_equal" => Compare("<=", ">="),
            "greater" => Compare(">", "<"),
            "greater_or_equal" => Compare(">=", "<="),
            "equal" => Compare("==", "=="),
            "not_equal" => Compare("!=", "!="),
            "not" when math == Cpu => $"!{Operand(0)}",
            "select" => $"{Operand(0)} ? {Operand(1)} : {Operand(2)}",
            _ => $"{math}.{CSharpNames.Pascal(scalarOperator.Name)}({string.Join(", ", inputs)})",
        };

        // With a number on the left ILGPU turns the comparison round, and into one that holds for NaN.
        string Compare(string sign, string turned) => IsNumber(inputs[0]) && !IsNumber(inputs[1]) ? $"{Operand(1)} {turned} {Operand(0)}" : $"{Operand(0)} {sign} {Operand(1)}";
    }

    private static bool IsNumber(string expression) => Regex.IsMatch(expression, @"^-?\d[\d.]*(E[+-]?\d+)?[fL]?$");

    /// <summary>An expression as an operand: in parentheses unless it is a name, a number, a call or an access.</summary>
    public static string Operand(string expression) => IsSimple(expression) ? expression : $"({expression})";

    private static bool IsSimple(string expression)
    {
        if (Regex.IsMatch(expression, @"^[\w.]+$")) return true;
        // A call or access whose opening bracket closes at the end only.
        var open = expression.IndexOfAny(['(', '[']);
        if (open <= 0 || !Regex.IsMatch(expression.Substring(0, open), @"^[\w.]+$")) return false;
        var depth = 0;
        for (var i = open; i < expression.Length; i++)
        {
            if (expression[i] is '(' or '[') depth++;
            if (expression[i] is ')' or ']' && --depth == 0 && i < expression.Length - 1) return false;
        }
        return true;
    }

    public static string Convert(string input, ElementType from, ElementType to) => (from, to) switch
    {
        _ when from == to => input,
        (ElementType.Bool, _) => $"{Operand(input)} ? {Number(1, to)} : {Number(0, to)}",
        (_, ElementType.Bool) => $"{Operand(input)} != {Number(0, from)}",
        _ => $"({Type(to)}){Operand(input)}",
    };
}
