using FeedbackNN.Dsl.Graphs;

namespace FeedbackNN.Dsl.Operators;

/// <summary>How the element types of an operator's inputs make its result's.</summary>
public enum OperatorTyping
{
    /// <summary>All inputs and the result have one float type.</summary>
    Float,

    /// <summary>All inputs and the result have one numeric type.</summary>
    Numeric,

    /// <summary>Two inputs of one type; the result is bool.</summary>
    Comparison,

    /// <summary>Inputs and result are bool.</summary>
    Logical,

    /// <summary>bool, then two of one type, which is the result's.</summary>
    Select,
}

/// <summary>
/// The gradient that flows to one input: given the inputs, the output and the gradient of the output (all of one shape), as graph
/// values, so that a row reads as mathematics: <c>(x, y, dy) => dy * (1 - y * y)</c>.
/// </summary>
public delegate Value InputGradient(Value[] x, Value y, Value dy);

/// <summary>
/// One row of the operator table: everything there is to know about one elementwise operator. The interpreter, the derivative, the
/// tests and the documentation are made from it; each backend has one line of text for it, found by name.
/// </summary>
/// <param name="Name">The name in the language or, for operators with a sign, the sign's name: <c>add</c>, <c>exp</c>.</param>
/// <param name="Evaluate">The meaning in float64. Booleans are 0 and 1.</param>
/// <param name="Gradients">One for each input; null where no gradient flows.</param>
/// <param name="Cost">About how many additions it costs: decides whether a value is recomputed or stored.</param>
/// <param name="Samples">For each input the interval from which tests draw.</param>
/// <param name="Tolerance">Relative tolerance of float32 code against this meaning.</param>
/// <param name="Documentation">One sentence.</param>
public sealed record ScalarOperator(
    string Name,
    OperatorTyping Typing,
    Func<double[], double> Evaluate,
    InputGradient?[] Gradients,
    int Cost,
    (double Low, double High)[] Samples,
    double Tolerance,
    string Documentation)
{
    public int Arity => Gradients.Length;

    /// <summary>Whether float32 code gives the number next to the exact result, and so the same number everywhere.</summary>
    public bool IsCorrectlyRounded => Tolerance <= OperatorTable.Exact;

    public bool Equals(ScalarOperator? other) => other is not null && Name == other.Name;

    public override int GetHashCode() => Name.GetHashCode();

    public override string ToString() => Name;
}
