using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

/// <summary>Which element types go together, and what conversion between them means.</summary>
public static class ElementTyping
{
    /// <summary>The element type of an operator's result, or null when it does not take these inputs.</summary>
    public static ElementType? Result(ScalarOperator op, IReadOnlyList<ElementType> inputs)
    {
        if (inputs.Count != op.Arity) return null;
        var first = inputs[0];
        var allSame = inputs.All(input => input == first);
        return op.Typing switch
        {
            OperatorTyping.Float => allSame && first.IsFloat() ? first : null,
            OperatorTyping.Numeric => allSame && first != ElementType.Bool ? first : null,
            OperatorTyping.Comparison => allSame ? ElementType.Bool : null,
            OperatorTyping.Logical => allSame && first == ElementType.Bool ? first : null,
            OperatorTyping.Select => first == ElementType.Bool && inputs[1] == inputs[2] ? inputs[1] : null,
            _ => null,
        };
    }

    /// <summary>A number in another element type: integers truncate, bool is <c>!= 0</c>.</summary>
    public static double Convert(double number, ElementType to) => to switch
    {
        ElementType.Bool => number != 0 ? 1 : 0,
        ElementType.I32 or ElementType.I64 => Math.Truncate(number),
        _ => number,
    };

    /// <summary>Whether every value of <paramref name="narrow"/> is a value of <paramref name="wide"/>, and stays itself.</summary>
    public static bool Holds(ElementType wide, ElementType narrow) => narrow == wide || narrow switch
    {
        ElementType.Bool => true,
        ElementType.I32 => wide is ElementType.I64 or ElementType.F64,
        ElementType.F32 => wide == ElementType.F64,
        _ => false,
    };
}
