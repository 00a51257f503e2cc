using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Onnx;

/// <summary>What each operator of the table is in ONNX: one row each, by its name. A test goes over the table.</summary>
internal static class ElementwiseRows
{
    /// <summary>The value of an operator, given the names of its inputs and their element type (of a choice: that of the two values).</summary>
    private delegate string Row(OnnxWriter w, string[] x, ElementType element);

    private static readonly Dictionary<string, Row> Rows = new(StringComparer.Ordinal)
    {
        ["add"] = Plain("Add"),
        ["sub"] = Plain("Sub"),
        ["mul"] = Plain("Mul"),
        // Integers: rounded down. The remainder has the sign of the divisor, and what is left is a multiple of it.
        ["div"] = (w, x, element) => w.Emit("Div", element.IsFloat() ? x[0] : w.Emit("Sub", x[0], w.Emit("Mod", x[0], x[1])), x[1]),
        ["rem"] = (w, x, element) => element.IsFloat() ? FloorRemainder(w, x, element) : w.Emit("Mod", x[0], x[1]),
        ["pow"] = Plain("Pow"),
        ["neg"] = Plain("Neg"),
        ["abs"] = Plain("Abs"),
        ["maximum"] = Plain("Max"),
        ["minimum"] = Plain("Min"),
        ["exp"] = Plain("Exp"),
        ["log"] = Plain("Log"),
        ["log1p"] = (w, x, element) => Log1p(w, x[0], element),
        ["expm1"] = (w, x, element) => Expm1(w, x[0], element),
        ["sqrt"] = Plain("Sqrt"),
        ["rsqrt"] = (w, x, _) => w.Emit("Reciprocal", w.Emit("Sqrt", x[0])),
        ["sin"] = Plain("Sin"),
        ["cos"] = Plain("Cos"),
        ["tanh"] = Plain("Tanh"),
        ["sigmoid"] = Plain("Sigmoid"),
        ["softplus"] = (w, x, element) => w.Emit("Add", w.Emit("Max", x[0], w.Number(0, element)), Log1p(w, w.Emit("Exp", w.Emit("Neg", w.Emit("Abs", x[0]))), element)),
        ["erf"] = Through("Erf", element => element != ElementType.F32, ElementType.F32),
        ["floor"] = Plain("Floor"),
        ["ceil"] = Plain("Ceil"),
        ["round"] = Plain("Round"),
        ["sign"] = Plain("Sign"),
        ["relu"] = (w, x, element) => element == ElementType.I64 ? w.Emit("Max", x[0], w.Number(0, element)) : w.Emit("Relu", x[0]),
        ["less"] = Comparison("Less"),
        ["less_or_equal"] = Comparison("LessOrEqual"),
        ["greater"] = Comparison("Greater"),
        ["greater_or_equal"] = Comparison("GreaterOrEqual"),
        ["equal"] = Plain("Equal"),
        ["not_equal"] = (w, x, _) => w.Emit("Not", w.Emit("Equal", x)),
        ["and"] = Plain("And"),
        ["or"] = Plain("Or"),
        ["not"] = Plain("Not"),
        ["select"] = (w, x, element) => element == ElementType.Bool
            ? w.Emit("Or", w.Emit("And", x[0], x[1]), w.Emit("And", w.Emit("Not", x[0]), x[2]))
            : w.Emit("Where", x),
    };

    /// <summary>The operators that have a row.</summary>
    public static IReadOnlyCollection<string> Names => Rows.Keys;

    /// <summary>Inputs stay as narrow as they are: where all of them are, so is the result.</summary>
    public static LoweredValue Lower(GraphLowering graph, Node node)
    {
        var op = ((Elementwise)node.Operation).Operator;
        if (!Rows.TryGetValue(op.Name, out var row)) throw new OnnxExportException($"the operator '{op.Name}' has no row in {nameof(ElementwiseRows)} yet.", node.Origin);
        var inputs = node.Inputs.Select((_, position) => graph.Input(node, position)).ToArray();
        var name = row(graph.Writer, inputs.Select(input => input.Name).ToArray(), inputs[^1].Type.Element);
        return new LoweredValue(name, node.Type, node.Type.Shape.Select((_, axis) => inputs.All(input => input.Narrow[axis])).ToArray());
    }

    private static Row Plain(string op) => (w, x, _) => w.Emit(op, x);

    // ONNX compares truths for equality only.
    private static Row Comparison(string op) => (w, x, element) => w.Emit(op, element == ElementType.Bool ? x.Select(input => w.Cast(input, ElementType.I32)).ToArray() : x);

    // ONNX Runtime lacks the operator for some element types: it is computed in another one.
    private static Row Through(string op, Func<ElementType, bool> lacks, ElementType other) => (w, x, element) =>
        lacks(element) ? w.Cast(w.Emit(op, x.Select(input => w.Cast(input, other)).ToArray()), element) : w.Emit(op, x);

    // C's remainder has the sign of the dividend; ours has that of the divisor.
    private static string FloorRemainder(OnnxWriter w, string[] x, ElementType element)
    {
        var rest = w.Emit("Mod", x, OnnxWriter.Setting("fmod", 1));
        return w.Emit("Where", w.Emit("Less", w.Emit("Mul", w.Emit("Sign", rest), w.Emit("Sign", x[1])), w.Number(0, element)), w.Emit("Add", rest, x[1]), rest);
    }

    // Kahan: the error in u = 1 + x cancels against that in u - 1. Small x and infinity stay themselves.
    private static string Log1p(OnnxWriter w, string x, ElementType element)
    {
        var one = w.Number(1, element);
        var u = w.Emit("Add", x, one);
        var itself = w.Emit("Or", w.Emit("Equal", u, one), w.Emit("Equal", u, w.Number(double.PositiveInfinity, element)));
        return w.Emit("Where", itself, x, w.Emit("Mul", w.Emit("Log", u), w.Emit("Div", x, w.Emit("Sub", u, one))));
    }

    // Kahan: the rounding of u = exp(x) cancels against that of its logarithm. Where u is 1, 0 or infinite there is nothing to lose.
    private static string Expm1(OnnxWriter w, string x, ElementType element)
    {
        var one = w.Number(1, element);
        var u = w.Emit("Exp", x);
        var less = w.Emit("Sub", u, one);
        var isFar = w.Emit("Or", w.Emit("Equal", less, w.Number(-1, element)), w.Emit("Equal", u, w.Number(double.PositiveInfinity, element)));
        return w.Emit("Where", w.Emit("Equal", u, one), x, w.Emit("Where", isFar, less, w.Emit("Mul", less, w.Emit("Div", x, w.Emit("Log", u)))));
    }
}
