using FeedbackNN.Dsl.Graphs;
using static FeedbackNN.Dsl.Operators.ScalarFunctions;

namespace FeedbackNN.Dsl.Operators;

/// <summary>
/// Every elementwise operator, one row each: name, meaning in float64, derivative, cost, samples, tolerance, sentence. The interpreter,
/// the derivative, the gradient tests and docs/operators.md are made from these rows. On integers the meaning is rounded down, so
/// that <c>div</c> is floor division.
/// </summary>
public static class OperatorTable
{
    // Intervals from which tests draw. They keep away from kinks and poles; extremes are tested apart.
    private static readonly (double, double) Any = (-2, 2);
    private static readonly (double, double) Positive = (0.3, 3);
    private static readonly (double, double) Negative = (-3, -0.3);
    private static readonly (double, double) Boolean = (0, 1);

    // Relative error of float32 code: correctly rounded, and polynomial approximations.
    internal const double Exact = 2e-7;
    private const double Approximate = 4e-6;

    private static readonly InputGradient?[] None1 = [null];
    private static readonly InputGradient?[] None2 = [null, null];

    // ---- Arithmetic ----

    public static ScalarOperator Add { get; } = Numeric("add", x => x[0] + x[1],
        [(x, y, dy) => dy, (x, y, dy) => dy], 1, [Any, Any], Exact, "The sum of two numbers.");

    public static ScalarOperator Sub { get; } = Numeric("sub", x => x[0] - x[1],
        [(x, y, dy) => dy, (x, y, dy) => -dy], 1, [Any, Any], Exact, "The first number less the second.");

    public static ScalarOperator Mul { get; } = Numeric("mul", x => x[0] * x[1],
        [(x, y, dy) => dy * x[1], (x, y, dy) => dy * x[0]], 1, [Any, Any], Exact, "The product of two numbers.");

    public static ScalarOperator Div { get; } = Numeric("div", x => x[0] / x[1],
        [(x, y, dy) => dy / x[1], (x, y, dy) => -(dy * y / x[1])], 5, [Any, Positive], Exact,
        "The first number divided by the second; on integers rounded down.");

    public static ScalarOperator Rem { get; } = Numeric("rem", x => FloorRemainder(x[0], x[1]),
        [(x, y, dy) => dy, (x, y, dy) => -(dy * Call(Floor!, x[0] / x[1]))], 10, [(0.1, 0.9), (1.1, 1.9)], Approximate,
        "What floor division leaves; it has the sign of the divisor.");

    // At base 0 the first gradient is 0 for exponent 0 (0·∞ otherwise); the second takes the logarithm of positive bases only.
    public static ScalarOperator Pow { get; } = Float("pow", x => Math.Pow(x[0], x[1]),
        [
            (x, y, dy) => x[1].EqualTo(0).Select(0, dy * x[1] * Call(Pow!, x[0], x[1] - 1)),
            (x, y, dy) => dy * y * Call(Log!, x[0].Greater(0).Select(x[0], 1)),
        ], 30, [Positive, Any], 1e-5, "The first number raised to the power of the second.");

    public static ScalarOperator Neg { get; } = Numeric("neg", x => -x[0], [(x, y, dy) => -dy], 1, [Any], Exact, "The number with its sign turned.");

    public static ScalarOperator Abs { get; } = Numeric("abs", x => Math.Abs(x[0]),
        [(x, y, dy) => dy * Call(Sign!, x[0])], 1, [Positive], Exact, "The number without its sign; the derivative at 0 is 0.");

    public static ScalarOperator Maximum { get; } = Numeric("maximum", x => Math.Max(x[0], x[1]),
        [(x, y, dy) => Winner(x[0].Greater(x[1]), x, dy), (x, y, dy) => Winner(x[1].Greater(x[0]), x, dy)], 1, [Negative, Positive], Exact,
        "The larger of two numbers, not a number if either is; where they are equal the gradient is shared half and half.");

    public static ScalarOperator Minimum { get; } = Numeric("minimum", x => Math.Min(x[0], x[1]),
        [(x, y, dy) => Winner(x[0].Less(x[1]), x, dy), (x, y, dy) => Winner(x[1].Less(x[0]), x, dy)], 1, [Negative, Positive], Exact,
        "The smaller of two numbers, not a number if either is; where they are equal the gradient is shared half and half.");

    // ---- Functions ----

    public static ScalarOperator Exp { get; } = Float("exp", x => Math.Exp(x[0]), [(x, y, dy) => dy * y], 12, [Any], Approximate, "e to the power of x.");

    public static ScalarOperator Log { get; } = Float("log", x => Math.Log(x[0]), [(x, y, dy) => dy / x[0]], 14, [Positive], Approximate, "The natural logarithm.");

    public static ScalarOperator Log1p { get; } = Float("log1p", x => ScalarFunctions.Log1p(x[0]), [(x, y, dy) => dy / (x[0] + 1)], 16, [(-0.6, 2)], Approximate,
        "log(1 + x), exact for small x.");

    public static ScalarOperator Expm1 { get; } = Float("expm1", x => ScalarFunctions.Expm1(x[0]), [(x, y, dy) => dy * (y + 1)], 14, [Any], Approximate,
        "exp(x) - 1, exact for small x.");

    public static ScalarOperator Sqrt { get; } = Float("sqrt", x => Math.Sqrt(x[0]), [(x, y, dy) => dy * 0.5 / y], 6, [Positive], Exact, "The square root.");

    public static ScalarOperator Rsqrt { get; } = Float("rsqrt", x => 1 / Math.Sqrt(x[0]), [(x, y, dy) => dy * (y * y * y) * -0.5], 8, [Positive], Approximate,
        "1 / sqrt(x).");

    public static ScalarOperator Sin { get; } = Float("sin", x => Math.Sin(x[0]), [(x, y, dy) => dy * Call(Cos!, x[0])], 18, [Any], Approximate, "The sine of an angle in radians.");

    public static ScalarOperator Cos { get; } = Float("cos", x => Math.Cos(x[0]), [(x, y, dy) => -(dy * Call(Sin, x[0]))], 18, [Any], Approximate, "The cosine of an angle in radians.");

    public static ScalarOperator Tanh { get; } = Float("tanh", x => Math.Tanh(x[0]), [(x, y, dy) => dy * (1 - y * y)], 18, [Any], Approximate, "The hyperbolic tangent.");

    public static ScalarOperator Sigmoid { get; } = Float("sigmoid", x => ScalarFunctions.Sigmoid(x[0]), [(x, y, dy) => dy * (y * (1 - y))], 16, [Any], Approximate,
        "1 / (1 + exp(-x)), without overflow.");

    public static ScalarOperator Softplus { get; } = Float("softplus", x => ScalarFunctions.Softplus(x[0]), [(x, y, dy) => dy * Call(Sigmoid, x[0])], 28, [Any], Approximate,
        "log(1 + exp(x)), without overflow.");

    public static ScalarOperator Erf { get; } = Float("erf", x => ScalarFunctions.Erf(x[0]),
        [(x, y, dy) => dy * (2 / Math.Sqrt(Math.PI) * Call(Exp, -(x[0] * x[0])))], 22, [Any], Approximate, "The error function.");

    public static ScalarOperator Floor { get; } = Float("floor", x => Math.Floor(x[0]), None1, 1, [(0.2, 0.8)], Exact, "Rounded down; no gradient.");

    public static ScalarOperator Ceil { get; } = Float("ceil", x => Math.Ceiling(x[0]), None1, 1, [(0.2, 0.8)], Exact, "Rounded up; no gradient.");

    public static ScalarOperator Round { get; } = Float("round", x => Math.Round(x[0], MidpointRounding.ToEven), None1, 1, [(0.6, 1.4)], Exact,
        "Rounded to the nearest whole number, halves to the even one; no gradient.");

    public static ScalarOperator Sign { get; } = Numeric("sign", x => ScalarFunctions.Sign(x[0]), None1, 2, [Positive], Exact, "-1, 0 or 1; no gradient.");

    public static ScalarOperator Relu { get; } = Numeric("relu", x => Math.Max(x[0], 0), [(x, y, dy) => y.Greater(0).Select(dy, 0)], 1, [Positive], Exact,
        "max(x, 0); the derivative at 0 is 0.");

    // ---- Comparison and logic ----

    public static ScalarOperator Less { get; } = Comparison("less", (a, b) => a < b, "Whether the first is less than the second.");

    public static ScalarOperator LessOrEqual { get; } = Comparison("less_or_equal", (a, b) => a <= b, "Whether the first is at most the second.");

    public static ScalarOperator Greater { get; } = Comparison("greater", (a, b) => a > b, "Whether the first is greater than the second.");

    public static ScalarOperator GreaterOrEqual { get; } = Comparison("greater_or_equal", (a, b) => a >= b, "Whether the first is at least the second.");

    public static ScalarOperator Equal { get; } = Comparison("equal", (a, b) => a == b, "Whether both are the same.");

    public static ScalarOperator NotEqual { get; } = Comparison("not_equal", (a, b) => a != b, "Whether the two differ.");

    public static ScalarOperator And { get; } = new("and", OperatorTyping.Logical, x => Truth(x[0] != 0 && x[1] != 0), None2, 1, [Boolean, Boolean], 0, "Whether both hold.");

    public static ScalarOperator Or { get; } = new("or", OperatorTyping.Logical, x => Truth(x[0] != 0 || x[1] != 0), None2, 1, [Boolean, Boolean], 0, "Whether at least one holds.");

    public static ScalarOperator Not { get; } = new("not", OperatorTyping.Logical, x => Truth(x[0] == 0), None1, 1, [Boolean], 0, "Whether it does not hold.");

    public static ScalarOperator Select { get; } = new("select", OperatorTyping.Select, x => x[0] != 0 ? x[1] : x[2],
        [null, (x, y, dy) => x[0].Select(dy, 0), (x, y, dy) => x[0].Select(0, dy)], 1, [Boolean, Any, Any], Exact,
        "Where the condition holds the first number, elsewhere the second; the other one's gradient is 0, even where it is not a number.");

    public static IReadOnlyList<ScalarOperator> All { get; } =
    [
        Add, Sub, Mul, Div, Rem, Pow, Neg, Abs, Maximum, Minimum,
        Exp, Log, Log1p, Expm1, Sqrt, Rsqrt, Sin, Cos, Tanh, Sigmoid, Softplus, Erf, Floor, Ceil, Round, Sign, Relu,
        Less, LessOrEqual, Greater, GreaterOrEqual, Equal, NotEqual, And, Or, Not, Select,
    ];

    private static readonly Dictionary<string, ScalarOperator> ByName = All.ToDictionary(row => row.Name, StringComparer.Ordinal);

    /// <summary>The row with a name, or null.</summary>
    public static ScalarOperator? TryFind(string name) => ByName.TryGetValue(name, out var row) ? row : null;

    private static ScalarOperator Float(string name, Func<double[], double> evaluate, InputGradient?[] gradients, int cost, (double, double)[] samples, double tolerance, string documentation) =>
        new(name, OperatorTyping.Float, evaluate, gradients, cost, samples, tolerance, documentation);

    private static ScalarOperator Numeric(string name, Func<double[], double> evaluate, InputGradient?[] gradients, int cost, (double, double)[] samples, double tolerance, string documentation) =>
        new(name, OperatorTyping.Numeric, evaluate, gradients, cost, samples, tolerance, documentation);

    private static ScalarOperator Comparison(string name, Func<double, double, bool> evaluate, string documentation) =>
        new(name, OperatorTyping.Comparison, x => Truth(evaluate(x[0], x[1])), None2, 1, [Any, Any], 0, documentation);

    private static Value Call(ScalarOperator row, params Value[] x) => x[0].Builder.Apply(row, x);

    // All of dy where this side wins, half of it where both are equal, none elsewhere.
    private static Value Winner(Value wins, Value[] x, Value dy) => wins.Select(dy, x[0].EqualTo(x[1]).Select(dy * 0.5, 0));
}
