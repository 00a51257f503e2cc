using FeedbackNN.Dsl.Operators;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// The fns that the compiler knows by itself, besides the operators of the table: those that reduce, move or draw, which can't be declared in the language.
/// </summary>
internal static class BuiltIns
{
    /// <param name="Parameters">How it is written, for messages.</param>
    /// <param name="Documentation">One sentence.</param>
    /// <param name="Bind">Its meaning.</param>
    internal sealed record Row(string Name, string Parameters, string Documentation, Func<BodyBinder, BuiltInCall, Operand> Bind);

    private static readonly Dictionary<string, Row> Rows = new Row[]
    {
        new("sum", "x, axes..., keep: false", "The sum along axes, or of everything.", (binder, call) => binder.BindReduction(call, Graphs.ReduceKind.Sum, isMean: false)),
        new("mean", "x, axes..., keep: false, where: mask, weights: w", "The mean along axes, or of everything; with a mask, of where it holds; with weights, Σ w x / Σ w.", (binder, call) => binder.BindReduction(call, Graphs.ReduceKind.Sum, isMean: true)),
        new("max", "x, axes..., keep: false", "The largest along axes, or of everything.", (binder, call) => binder.BindReduction(call, Graphs.ReduceKind.Max, isMean: false)),
        new("min", "x, axes..., keep: false", "The smallest along axes, or of everything.", (binder, call) => binder.BindReduction(call, Graphs.ReduceKind.Min, isMean: false)),
        new("prod", "x, axes..., keep: false", "The product along axes, or of everything; prod(x.shape) is the number of elements.", (binder, call) => binder.BindProduct(call)),
        new("argmax", "x, axis: -1", "Where the largest along an axis stands.", (binder, call) => binder.BindArgReduction(call, isMax: true)),
        new("argmin", "x, axis: -1", "Where the smallest along an axis stands.", (binder, call) => binder.BindArgReduction(call, isMax: false)),
        new("concat", "(a, b, ...), axis", "Tensors one after another along an axis.", (binder, call) => binder.BindConcat(call)),
        new("split", "x, n, axis", "A tensor cut along an axis: n equal parts, or parts of the given lengths.", (binder, call) => binder.BindSplit(call)),
        new("pad", "x, axes: (h, w), before: 0, after: 0, between: 0, value: 0", "Room around and between elements along axes, filled with a value.", (binder, call) => binder.BindPad(call)),
        new("attend", "q, k, v, causal: false, scale: 1 / sqrt(e)", "softmax(scale q kᵀ) v for each head, over sequences [..., time, heads, e].", (binder, call) => binder.BindAttention(call)),
        new("stop", "x", "The value itself, and no gradient through it.", (binder, call) => binder.BindStop(call)),
        new("grad", "scalar, x", "The gradient of a float number with respect to an input, a weight or a state.", (binder, call) => binder.BindGradient(call)),
        new("check_index", "x, bound", "Integers which must lie in 0 to bound - 1; the program checks it.", (binder, call) => binder.BindCheckIndex(call)),
        new("uniform", "[shape], or like: x", "Draws from [0, 1), one for each element.", (binder, call) => binder.BindUniform(call)),
        new("random_uniform", "[shape], or like: x", "Draws from [0, 1), one for each element.", (binder, call) => binder.BindUniform(call)),
        new("normal", "[shape], or like: x", "Draws from the standard normal distribution, one for each element.", (binder, call) => binder.BindNormal(call)),
        new("zeros", "[shape], or like: x", "A tensor of zeros.", (binder, call) => binder.BindFilled(call, 0)),
        new("ones", "[shape], or like: x", "A tensor of ones.", (binder, call) => binder.BindFilled(call, 1)),
        new("fill", "[shape], value", "A tensor with one value everywhere.", (binder, call) => binder.BindFill(call)),
        new("broadcast", "x, [shape]", "A tensor repeated to a shape.", (binder, call) => binder.BindBroadcast(call)),
        new("append", "state, next", "A state that grows with one more element, in a generate.", (binder, call) => binder.BindAppend(call)),
        new("sample", "logits, top_k: 40, top_p: 0.9, temperature: 1, repetition_penalty: 1", "An index along the last axis, drawn by its probability, in a generate.", (binder, call) => binder.BindSample(call)),
        new("f32", "x", "Converted to f32.", (binder, call) => binder.BindConversion(call, Types.ElementType.F32)),
        new("f64", "x", "Converted to f64.", (binder, call) => binder.BindConversion(call, Types.ElementType.F64)),
        new("i32", "x", "Converted to i32, without the fraction.", (binder, call) => binder.BindConversion(call, Types.ElementType.I32)),
        new("i64", "x", "Converted to i64, without the fraction.", (binder, call) => binder.BindConversion(call, Types.ElementType.I64)),
        new("bool", "x", "Whether it is other than 0.", (binder, call) => binder.BindConversion(call, Types.ElementType.Bool)),
        new("real", "x", "Converted to the float that this call computes with.", (binder, call) => binder.BindConversion(call, binder.Frame.Real ?? Types.ElementType.F32)),
    }.ToDictionary(row => row.Name, StringComparer.Ordinal);

    public static IEnumerable<string> Names => Rows.Keys;

    public static bool IsKnown(string name) => Rows.ContainsKey(name);

    /// <summary>Whether a name is that of a function which the language has: a row here, or an operator.</summary>
    public static bool IsFunction(string name) => IsKnown(name) || OperatorTable.TryFind(name) is not null;

    public static Row? TryFind(string name) => Rows.TryGetValue(name, out var row) ? row : null;
}

/// <summary>A call of a built-in fn with its arguments, which are bound as they are asked for.</summary>
internal sealed record BuiltInCall(string Name, List<CallArgument> Arguments, Text.TextSpan Span)
{
    public IEnumerable<CallArgument> Positional => Arguments.Where(argument => argument.Name is null);

    public CallArgument? Named(string name) => Arguments.FirstOrDefault(argument => argument.Name?.Text == name);
}
