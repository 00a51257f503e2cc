using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

/// <summary>
/// Rewrites of elementwise operators as they are made, one row each. All give the same numbers in floating point, infinities and
/// not-a-numbers included, but for the sign of a zero (x + 0 is x) and cubes (x·x·x instead of a power). So x·0 and x - x stay.
/// </summary>
internal static class ScalarSimplification
{
    private delegate Value? Rule(Value[] x);

    private static readonly Dictionary<ScalarOperator, Rule[]> Rules = new()
    {
        [OperatorTable.Add] =
        [
            x => Is(x[1], 0) ? x[0] : null,
            x => Is(x[0], 0) ? x[1] : null,
            x => Inside(OperatorTable.Neg, x[1]) is { } b ? x[0] - b[0] : null,
            x => Inside(OperatorTable.Neg, x[0]) is { } a ? x[1] - a[0] : null,
        ],
        [OperatorTable.Sub] =
        [
            x => Is(x[1], 0) ? x[0] : null,
            x => Is(x[0], 0) ? -x[1] : null,
            x => Inside(OperatorTable.Neg, x[1]) is { } b ? x[0] + b[0] : null,
        ],
        [OperatorTable.Mul] =
        [
            x => Is(x[1], 1) ? x[0] : null,
            x => Is(x[0], 1) ? x[1] : null,
            x => Is(x[1], -1) ? -x[0] : null,
            x => Is(x[0], -1) ? -x[1] : null,
            x => Inside(OperatorTable.Neg, x[0]) is { } a && Inside(OperatorTable.Neg, x[1]) is { } b ? a[0] * b[0] : null,
            // (-a)·2 is a·(-2).
            x => Inside(OperatorTable.Neg, x[0]) is { } a && Number(x[1]) is { } n ? a[0] * -n : null,
            x => Inside(OperatorTable.Neg, x[1]) is { } b && Number(x[0]) is { } n ? b[0] * -n : null,
        ],
        [OperatorTable.Div] =
        [
            x => Is(x[1], 1) ? x[0] : null,
            x => Is(x[1], -1) ? -x[0] : null,
            x => Inside(OperatorTable.Neg, x[0]) is { } a && Inside(OperatorTable.Neg, x[1]) is { } b && IsFloat(x[0]) ? a[0] / b[0] : null,
            // Division by a power of two is an exact multiplication.
            x => IsFloat(x[0]) && Number(x[1]) is { } n && IsPowerOfTwo(n) ? x[0] * (1 / n) : null,
        ],
        [OperatorTable.Pow] =
        [
            x => Is(x[1], 0) ? x[0].Builder.Fill(1, x[0].Type) : null,
            x => Is(x[1], 1) ? x[0] : null,
            x => Is(x[1], 2) ? x[0] * x[0] : null,
            x => Is(x[1], 3) ? x[0] * x[0] * x[0] : null,
            x => Is(x[1], -1) ? 1 / x[0] : null,
        ],
        [OperatorTable.Neg] =
        [
            x => Inside(OperatorTable.Neg, x[0]) is { } a ? a[0] : null,
        ],
        [OperatorTable.Abs] =
        [
            x => Inside(OperatorTable.Neg, x[0]) is { } a ? x[0].Builder.Apply(OperatorTable.Abs, a[0]) : null,
            x => Inside(OperatorTable.Abs, x[0]) is not null || Inside(OperatorTable.Relu, x[0]) is not null ? x[0] : null,
        ],
        [OperatorTable.Relu] =
        [
            x => Inside(OperatorTable.Abs, x[0]) is not null || Inside(OperatorTable.Relu, x[0]) is not null ? x[0] : null,
        ],
        [OperatorTable.Maximum] = [x => x[0].Id == x[1].Id ? x[0] : null],
        [OperatorTable.Minimum] = [x => x[0].Id == x[1].Id ? x[0] : null],
        [OperatorTable.Not] =
        [
            x => Inside(OperatorTable.Not, x[0]) is { } a ? a[0] : null,
            x => Inside(OperatorTable.Equal, x[0]) is { } a ? a[0].NotEqualTo(a[1]) : null,
            x => Inside(OperatorTable.NotEqual, x[0]) is { } a ? a[0].EqualTo(a[1]) : null,
        ],
        [OperatorTable.And] =
        [
            x => x[0].Id == x[1].Id ? x[0] : null,
            x => Number(x[0]) is { } n ? n != 0 ? x[1] : x[0] : null,
            x => Number(x[1]) is { } n ? n != 0 ? x[0] : x[1] : null,
        ],
        [OperatorTable.Or] =
        [
            x => x[0].Id == x[1].Id ? x[0] : null,
            x => Number(x[0]) is { } n ? n != 0 ? x[0] : x[1] : null,
            x => Number(x[1]) is { } n ? n != 0 ? x[1] : x[0] : null,
        ],
        [OperatorTable.Select] =
        [
            x => Number(x[0]) is { } n ? n != 0 ? x[1] : x[2] : null,
            x => x[1].Id == x[2].Id ? x[1] : null,
            x => Inside(OperatorTable.Not, x[0]) is { } c ? c[0].Select(x[2], x[1]) : null,
            // The same condition again, inside a branch.
            x => Inside(OperatorTable.Select, x[1]) is { } a && a[0].Id == x[0].Id ? x[0].Select(a[1], x[2]) : null,
            x => Inside(OperatorTable.Select, x[2]) is { } b && b[0].Id == x[0].Id ? x[0].Select(x[1], b[2]) : null,
        ],
    };

    /// <summary>A simpler value that is the same, or null.</summary>
    public static Value? TrySimplify(ScalarOperator op, Value[] x)
    {
        if (!Rules.TryGetValue(op, out var rules)) return null;
        foreach (var rule in rules)
        {
            if (rule(x) is { } simpler) return simpler;
        }
        return null;
    }

    private static bool Is(Value x, double number) => Number(x) is { } n && n == number;

    private static double? Number(Value x) => x.Builder.TryGetConstant(x, out var number) ? number : null;

    // The inputs of a value that is made by an operator.
    private static Value[]? Inside(ScalarOperator op, Value x) => x.Node.Operation is Elementwise elementwise && elementwise.Operator == op
        ? x.Node.Inputs.Select(x.Builder.ValueOf).ToArray()
        : null;

    private static bool IsFloat(Value x) => x.Type.Element.IsFloat();

    private static bool IsPowerOfTwo(double number)
    {
        var magnitude = Math.Abs(number);
        return magnitude is > 1e-30 and < 1e30 && (BitConverter.DoubleToInt64Bits(magnitude) & ((1L << 52) - 1)) == 0;
    }
}
