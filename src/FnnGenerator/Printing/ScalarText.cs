using System.Globalization;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Generator.Printing;

/// <summary>Operators on one element as C# expressions.</summary>
internal static class ScalarText
{
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

    /// <param name="inputs">Expressions, in parentheses where they need them.</param>
    public static string Apply(ScalarOperator scalarOperator, IReadOnlyList<string> inputs, ElementType inputElement) => scalarOperator.Name switch
    {
        "add" => $"{inputs[0]} + {inputs[1]}",
        "sub" => $"{inputs[0]} - {inputs[1]}",
        "mul" => $"{inputs[0]} * {inputs[1]}",
        "div" when inputElement.IsFloat() => $"{inputs[0]} / {inputs[1]}",
        "neg" => $"-{inputs[0]}",
        "less" => $"{inputs[0]} < {inputs[1]}",
        "less_or_equal" => $"{inputs[0]} <= {inputs[1]}",
        "greater" => $"{inputs[0]} > {inputs[1]}",
        "greater_or_equal" => $"{inputs[0]} >= {inputs[1]}",
        "equal" => $"{inputs[0]} == {inputs[1]}",
        "not_equal" => $"{inputs[0]} != {inputs[1]}",
        "and" => $"{inputs[0]} & {inputs[1]}",
        "or" => $"{inputs[0]} | {inputs[1]}",
        "not" => $"!{inputs[0]}",
        "select" => $"{inputs[0]} ? {inputs[1]} : {inputs[2]}",
        _ => $"ScalarMath.{CSharpNames.Pascal(scalarOperator.Name)}({string.Join(", ", inputs)})",
    };

    public static string Convert(string input, ElementType from, ElementType to) => (from, to) switch
    {
        _ when from == to => input,
        (ElementType.Bool, _) => $"{input} ? {Number(1, to)} : {Number(0, to)}",
        (_, ElementType.Bool) => $"{input} != {Number(0, from)}",
        _ => $"({Type(to)}){input}",
    };
}
