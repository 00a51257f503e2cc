namespace FeedbackNN.Dsl.Diagnostics;

/// <summary>
/// What to write for a name that is no name here, but that whoever comes from another framework or language knows: <c>torch</c>, <c>view</c>, <c>float</c>.
/// It is asked before <see cref="Spelling"/>, which would only find words of similar letters.
/// </summary>
public static class ForeignNames
{
    private const string Plain = "names of the library stand by themselves: linear(10), relu(x)";
    private const string Reshape = "give the same elements another shape with 'as': x as [batch, 12]";
    private const string Permute = "write x.T to change the last two axes, or index notation: y[j, i] = x[i, j]";
    private const string Product = "write a @ b";
    private const string Sum = "write index notation: y[b, o] = sum[i] x[b, i] * w[o, i]";
    private const string Length = "the name of an axis, as an expression, is its size: sqrt(width)";
    private const string Convolution = "write it in index notation: y[b, o, i, j] = sum[k, u, v] x[b, k, i + u, j + v] * w[o, k, u, v]";

    private static readonly Dictionary<string, string> Values = new(StringComparer.OrdinalIgnoreCase)
    {
        ["torch"] = Plain, ["nn"] = Plain, ["F"] = Plain, ["functional"] = Plain, ["keras"] = Plain, ["tf"] = Plain, ["np"] = Plain, ["jnp"] = Plain, ["math"] = Plain,
        ["self"] = "write the name alone: what a body has bound is seen by the lines after it",
        ["sequential"] = "join layers with '|>': x |> first |> relu |> second",
        ["view"] = Reshape, ["reshape"] = Reshape, ["flatten"] = Reshape, ["squeeze"] = Reshape, ["unsqueeze"] = Reshape,
        ["permute"] = Permute, ["transpose"] = Permute, ["swapaxes"] = Permute,
        ["matmul"] = Product, ["bmm"] = Product, ["mm"] = Product,
        ["einsum"] = Sum,
        ["cat"] = "write concat((a, b), axis)",
        ["detach"] = "write stop(x)", ["stop_gradient"] = "write stop(x)",
        ["len"] = Length, ["size"] = Length,
        ["conv1d"] = Convolution, ["conv2d"] = Convolution,
        ["batchnorm1d"] = "write batch_norm()",
        ["accuracy"] = "write mean(argmax(logits) == label)",
        ["mse_loss"] = "write mse(prediction, target)", ["mseloss"] = "write mse(prediction, target)",
        ["l1_loss"] = "write l1(prediction, target)", ["l1loss"] = "write l1(prediction, target)",
        ["nll_loss"] = "write cross_entropy(logits, label)", ["crossentropyloss"] = "write cross_entropy(logits, label)",
        ["bcewithlogitsloss"] = "write bce_with_logits(logits, target)",
    };

    private static readonly Dictionary<string, string> Types = new(StringComparer.OrdinalIgnoreCase)
    {
        ["float"] = "write f32", ["float32"] = "write f32", ["single"] = "write f32", ["double"] = "write f64", ["float64"] = "write f64",
        ["int"] = "write i32", ["int32"] = "write i32", ["long"] = "write i64", ["int64"] = "write i64",
        ["tensor"] = "a type is an element type and axes: f32[batch, 10]",
    };

    /// <summary>What to write for the name of a value; null when it is not known from elsewhere.</summary>
    public static string? Value(string name) => Values.TryGetValue(name, out var fix) ? fix : null;

    /// <summary>What to write for the name of a type; null when it is not known from elsewhere.</summary>
    public static string? Type(string name) => Types.TryGetValue(name, out var fix) ? fix : null;
}
