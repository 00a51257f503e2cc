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
    private const string Clip = "write minimum(maximum(x, low), high)";
    private const string Count = "an index is its integer: write it in index notation, as in m[t: time] = t";
    private const string Optimizer = "an optimizer stands behind 'with' in a train: minimize loss with adam(lr: 1e-3)";
    private const string Convolution = "write it in index notation: y[b, o, i, j, k] = sum[c, u, v, w] x[b, c, i + u, j + v, k + w] * kernel[o, c, u, v, w]";
    private const string Transposed = "write conv_transpose2d(channels, kernel, stride: 2)";
    private const string Huber = "write huber(prediction, target)", Divergence = "write it out, of log_p = log_softmax(a, -1) and log_q: sum(exp(log_p) * (log_p - log_q), -1)";
    private const string Gather = "write index notation: y[b, k] = x[b, index[b, k]]", Triangle = "write index notation: m[i: 8, j: 8] = select(j <= i, 1, 0)";
    private const string Variance = "write mean((x - mean(x, -1, keep: true))^2, -1)", Attention = "write attention(heads)(x), masked_attention(heads)(x, mask) or cross_attention(heads)(x, memory)";
    private const string MaxPool = "write max_pool(x, 2)", AvgPool = "write avg_pool(x, 2)", GlobalPool = "write mean(x, (-2, -1))", Upsample = "write upsample(x, 2), or upsample(x, 2, bilinear: true)";

    private static readonly Dictionary<string, string> Values = new(StringComparer.OrdinalIgnoreCase)
    {
        ["torch"] = Plain, ["nn"] = Plain, ["F"] = Plain, ["functional"] = Plain, ["keras"] = Plain, ["tf"] = Plain, ["np"] = Plain, ["jnp"] = Plain, ["math"] = Plain,
        ["self"] = "write the name alone: what a body has bound is seen by the lines after it",
        ["sequential"] = "join layers with '|>': x |> first |> relu |> second",
        ["view"] = Reshape, ["reshape"] = Reshape, ["squeeze"] = Reshape, ["unsqueeze"] = Reshape,
        ["permute"] = Permute, ["transpose"] = Permute, ["swapaxes"] = Permute,
        ["matmul"] = Product, ["bmm"] = Product, ["mm"] = Product,
        ["einsum"] = Sum,
        ["cat"] = "write concat((a, b), axis)",
        ["detach"] = "write stop(x)", ["stop_gradient"] = "write stop(x)",
        ["len"] = Length, ["size"] = Length,
        ["conv3d"] = Convolution, ["conv"] = "write conv2d(channels, kernel)", ["conv_transpose"] = Transposed, ["convtranspose2d"] = Transposed, ["conv2dtranspose"] = Transposed,
        ["max_pool2d"] = MaxPool, ["maxpool2d"] = MaxPool, ["maxpooling2d"] = MaxPool, ["avg_pool2d"] = AvgPool, ["avgpool2d"] = AvgPool, ["averagepooling2d"] = AvgPool,
        ["adaptive_avg_pool2d"] = GlobalPool, ["adaptiveavgpool2d"] = GlobalPool, ["globalaveragepooling2d"] = GlobalPool,
        ["interpolate"] = Upsample, ["upsampling2d"] = Upsample, ["convlstm2d"] = "write conv_lstm(hidden, kernel)",
        ["dense"] = "write linear(10); an activation follows by '|>'",
        ["batchnorm1d"] = "write batch_norm()", ["batchnorm2d"] = "write batch_norm()", ["layernorm"] = "write layer_norm()", ["groupnorm"] = "write group_norm(groups)",
        ["zeros_like"] = "write zeros(like: x)", ["ones_like"] = "write ones(like: x)", ["full"] = "write fill([n, 3], value)",
        ["randn"] = "write normal([n, 3]), or normal(like: x)", ["randn_like"] = "write normal(like: x)",
        ["rand"] = "write uniform([n, 3]), or uniform(like: x)", ["rand_like"] = "write uniform(like: x)",
        ["arange"] = Count, ["range"] = Count, ["linspace"] = Count,
        ["where"] = "write select(condition, a, b)", ["ifelse"] = "write select(condition, a, b)",
        ["clamp"] = Clip, ["clip"] = Clip, ["relu_"] = "write relu(x)",
        ["float"] = "write f32(x)", ["double"] = "write f64(x)", ["long"] = "write i64(x)", ["int"] = "write i32(x)", ["astype"] = "write f32(x), or the type that it shall be", ["to"] = "write f32(x), or the type that it shall be",
        ["item"] = "leave it out: a number is a tensor without axes, and a metric is made of such",
        ["none"] = "an axis of length 1 is made by 'as': x as [batch, 1]", ["newaxis"] = "an axis of length 1 is made by 'as': x as [batch, 1]",
        ["adam"] = Optimizer, ["adamw"] = Optimizer, ["sgd"] = Optimizer,
        ["accuracy"] = "write mean(argmax(logits) == label)",
        ["mse_loss"] = "write mse(prediction, target)", ["mseloss"] = "write mse(prediction, target)",
        ["l1_loss"] = "write l1(prediction, target)", ["l1loss"] = "write l1(prediction, target)",
        ["nll_loss"] = "write cross_entropy(logits, label)", ["crossentropyloss"] = "write cross_entropy(logits, label)",
        ["binary_cross_entropy"] = "write bce_with_logits(logits, target), which takes what comes before the sigmoid", ["bceloss"] = "write bce_with_logits(logits, target), which takes what comes before the sigmoid",
        ["bcewithlogitsloss"] = "write bce_with_logits(logits, target)", ["bce"] = "write bce_with_logits(logits, target), which takes what comes before the sigmoid",
        ["mae"] = "write l1(prediction, target)", ["smooth_l1"] = Huber, ["smooth_l1_loss"] = Huber, ["smoothl1loss"] = Huber, ["huber_loss"] = Huber, ["huberloss"] = Huber,
        ["kl_div"] = Divergence, ["kldivloss"] = Divergence,
        ["gather"] = Gather, ["take_along_dim"] = Gather, ["index_select"] = "write x[index], where index is integers", ["flip"] = "write index notation: y[b, i] = x[b, 7 - i]",
        ["masked_fill"] = "write select(mask, value, x)", ["isnan"] = "write x != x", ["stack"] = "give each an axis of length 1 and join them: concat((x as [batch, 1, 8], y as [batch, 1, 8]), 1)",
        ["chunk"] = "write split(x, 2, axis)", ["eye"] = "write index notation: m[i: 8, j: 8] = select(i == j, 1, 0)", ["tril"] = Triangle, ["triu"] = Triangle,
        ["outer"] = "write index notation: y[i, j] = a[i] * b[j]", ["addmm"] = "write x @ w + b", ["lerp"] = "write a + (b - a) * t", ["reciprocal"] = "write 1 / x",
        ["swish"] = "write silu(x)", ["var"] = Variance, ["variance"] = Variance, ["std"] = Variance,
        ["multihead_attention"] = Attention, ["multiheadattention"] = Attention, ["transformerencoderlayer"] = "write transformer_block(heads, hidden), or encoder_block(heads, hidden) with a mask",
        ["transformerdecoderlayer"] = "write decoder_block(heads, hidden)",
    };

    private static readonly Dictionary<string, string> Types = new(StringComparer.OrdinalIgnoreCase)
    {
        ["float"] = "write f32", ["float32"] = "write f32", ["single"] = "write f32", ["double"] = "write f64", ["float64"] = "write f64",
        ["int"] = "write i32", ["int32"] = "write i32", ["long"] = "write i64", ["int64"] = "write i64",
        ["tensor"] = "a type is an element type and axes: f32[batch, 10]",
    };

    private static readonly Dictionary<string, string> Arguments = new(StringComparer.Ordinal)
    {
        ["dim"] = "axis", ["axes"] = "axis", ["keepdim"] = "keep", ["keepdims"] = "keep", ["p"] = "rate", ["learning_rate"] = "lr", ["units"] = "out", ["out_features"] = "out",
        ["hidden_size"] = "hidden", ["num_layers"] = "layers", ["num_embeddings"] = "count", ["embedding_dim"] = "width", ["use_bias"] = "bias",
        ["out_channels"] = "channels", ["filters"] = "channels", ["kernel_size"] = "kernel", ["pool_size"] = "window", ["num_groups"] = "groups", ["scale_factor"] = "factor",
    };

    // Of the same kind: with a rate for each weight, or one for all.
    private static readonly Dictionary<string, string> Optimizers = new(StringComparer.OrdinalIgnoreCase)
    {
        ["rmsprop"] = "adam(1e-3), which has a rate for each weight too", ["adagrad"] = "adam(1e-3), which has a rate for each weight too", ["adadelta"] = "adam(1e-3), which has a rate for each weight too",
        ["adamax"] = "adam(1e-3)", ["nadam"] = "adam(1e-3)", ["radam"] = "adam(1e-3)", ["sparseadam"] = "adam(1e-3)",
        ["lion"] = "adamw(1e-3)", ["lamb"] = "adamw(1e-3)", ["muon"] = "adamw(1e-3)", ["adafactor"] = "adamw(1e-3)", ["sophia"] = "adamw(1e-3)",
        ["momentum"] = "sgd(0.1, momentum: 0.9)", ["nesterov"] = "sgd(0.1, momentum: 0.9, nesterov: true)", ["nag"] = "sgd(0.1, momentum: 0.9, nesterov: true)",
        ["asgd"] = "sgd(0.1)", ["rprop"] = "sgd(0.1)", ["lbfgs"] = "sgd(0.1)", ["gradientdescent"] = "sgd(0.1)", ["gd"] = "sgd(0.1)",
    };

    private const string Binding = "a binding is written y = value";
    private const string Loop = "copies are made by 'repeat 3 as i { … }', rounds by 'feedback (h: f32[batch, 8] = 0) times 3 { … }'";
    private const string Nothing = "leave it out: the library's names are known everywhere, and files see each other by 'namespace'";

    private static readonly Dictionary<string, string> Words = new(StringComparer.Ordinal)
    {
        ["for"] = Loop, ["while"] = Loop, ["loop"] = Loop,
        ["let"] = Binding, ["var"] = Binding, ["val"] = Binding, ["auto"] = Binding, ["mut"] = Binding,
        ["lambda"] = "declare an fn, and give its name", ["elif"] = "write else if",
        ["class"] = "write model Net(x: f32[batch, 784]) -> f32[batch, 10] { … }", ["struct"] = "write model Net(x: f32[batch, 784]) -> f32[batch, 10] { … }",
        ["def"] = "write fn scale(x: real[...]) -> real[...] { … }", ["func"] = "write fn scale(x: real[...]) -> real[...] { … }",
        ["function"] = "write fn scale(x: real[...]) -> real[...] { … }",
        ["import"] = Nothing, ["from"] = Nothing, ["using"] = Nothing, ["include"] = Nothing,
    };

    private static readonly Dictionary<string, string> Deeds = new(StringComparer.Ordinal)
    {
        ["print"] = "leave it out: what a model shall show it returns, and what a train shall show is a metric", ["backward"] = "leave it out: 'minimize loss with …' takes the gradients",
        ["step"] = "leave it out: 'minimize loss with …' takes the steps", ["zero_grad"] = "leave it out: every step begins with no gradients", ["eval"] = "leave it out: a model is generated for training and for use",
    };

    /// <summary>Whether names of other frameworks stand behind a name and a dot: <c>nn.Linear</c>.</summary>
    public static bool IsPrefix(string name) => Value(name) == Plain;

    /// <summary>The name that an argument has here; null when it is not known from elsewhere.</summary>
    public static string? Argument(string name) => Arguments.TryGetValue(name, out var own) ? own : null;

    /// <summary>The optimizer here that comes nearest to one that is known from elsewhere; null when it is not.</summary>
    public static string? NearestOptimizer(string name) => Optimizers.TryGetValue(name, out var own) ? own : null;

    /// <summary>What to write instead of a statement or declaration that begins with a word; null when it is not known from elsewhere.</summary>
    public static string? Word(string word) => Words.TryGetValue(word, out var fix) ? fix : null;

    /// <summary>What to write instead of a line that is only called; null when it is not known from elsewhere.</summary>
    public static string? Deed(string name) => Deeds.TryGetValue(name, out var fix) ? fix : null;

    /// <summary>What to write for the name of a value; null when it is not known from elsewhere.</summary>
    public static string? Value(string name) => Values.TryGetValue(name, out var fix) ? fix : null;

    /// <summary>What to write for the name of a type; null when it is not known from elsewhere.</summary>
    public static string? Type(string name) => Types.TryGetValue(name, out var fix) ? fix : null;
}
