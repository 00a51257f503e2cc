using System.Text.RegularExpressions;
using FeedbackNN.Dsl.Operators;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace FeedbackNN.Parity;

/// <summary>
/// Every function and layer of the library beside TorchSharp's: results, gradients of inputs and parameters, running statistics. A declaration that is new
/// to the library fails here until a row compares it.
/// </summary>
public sealed partial class LibraryTests
{
    private const int Rows = 33;

    // Both sides of every kink and the ends where exponentials saturate.
    private static readonly Draw Numbers = Draw.Between(-8, 8, 1003), Logits = Draw.Between(-6, 6, Rows, 10), Labels = Draw.Integers(0, 10, Rows);
    private static readonly Draw Values = Draw.Floats(Rows, 7), Vectors = Draw.Floats(Rows, 9), Features = Draw.Floats(Rows, 20), Tokens = Draw.Floats(Rows, 5, 20);

    // Sums over a sequence, of weights that are quotients of sums, in another order.
    private const double OfAttention = 2e-5;

    private static readonly Case[] Table =
    [
        new("Functions.Identity", [Numbers], x => x.A * 1),
        new("Functions.Gelu", [Numbers], x => gelu(x.A)),
        new("Functions.GeluTanh", [Numbers], x => gelu(x.A, TorchSharp.Modules.GELU.Approximate.tanh)) { Tolerance = 4e-6 },
        new("Functions.Silu", [Numbers], x => silu(x.A)),
        new("Functions.Mish", [Numbers], x => mish(x.A)),
        new("Functions.Elu", [Numbers], x => elu(x.A, 1)),
        new("Functions.EluAlpha", [Numbers], x => elu(x.A, 0.7)),
        new("Functions.Selu", [Numbers], x => selu(x.A)),
        new("Functions.LeakyRelu", [Numbers], x => leaky_relu(x.A)),
        new("Functions.LeakyReluSlope", [Numbers], x => leaky_relu(x.A, 0.2)),
        new("Functions.Softsign", [Numbers], x => softsign(x.A)),
        new("Functions.Relu6", [Numbers], x => relu6(x.A)),
        // TorchSharp's hardtanh gives its input back: the last test holds it to that.
        new("Functions.HardTanh", [Numbers], x => x.A.clamp(-1, 1)),
        new("Functions.HardSigmoid", [Numbers], x => hardsigmoid(x.A)),
        new("Functions.HardSwish", [Numbers], x => hardswish(x.A)),

        new("Functions.Softmax", [Logits], x => softmax(x.A, -1)),
        new("Functions.SoftmaxFirst", [Logits], x => softmax(x.A, 0)),
        new("Functions.SoftmaxMiddle", [Draw.Floats(Rows, 5, 7)], x => softmax(x.A, 1)),
        new("Functions.LogSoftmax", [Logits], x => log_softmax(x.A, -1)),
        new("Functions.LogSoftmaxFirst", [Logits], x => log_softmax(x.A, 0)),
        new("Functions.LogSumExp", [Logits], x => x.A.logsumexp(-1)),

        new("Functions.Mse", [Values, Values], x => mse_loss(x.A, x.B, nn.Reduction.None)),
        new("Functions.MseMean", [Values, Values], x => mse_loss(x.A, x.B)),
        new("Functions.HalfSquaredError", [Values, Values], x => 0.5f * mse_loss(x.A, x.B, nn.Reduction.Sum)),
        new("Functions.L1", [Values, Values], x => l1_loss(x.A, x.B, nn.Reduction.None)),
        new("Functions.Huber", [Values, Values], x => huber_loss(x.A, x.B, 1, nn.Reduction.None)),
        new("Functions.HuberDelta", [Values, Values], x => huber_loss(x.A, x.B, 0.4, nn.Reduction.None)),
        new("Functions.CrossEntropy", [Logits, Labels], x => cross_entropy(x.A, x.B.to(int64), reduction: nn.Reduction.None)),
        new("Functions.CrossEntropyMean", [Logits, Labels], x => cross_entropy(x.A, x.B.to(int64))),
        new("Functions.CrossEntropyWeighted", [Logits, Labels], x => cross_entropy(x.A, x.B.to(int64), weight: arange(10).to(float32) * 0.5 + 0.25)),
        // PyTorch has the classes second.
        new("Functions.CrossEntropyOfTokens", [Draw.Between(-6, 6, Rows, 6, 10), Draw.Integers(0, 10, Rows, 6)], x => cross_entropy(x.A.transpose(1, 2), x.B.to(int64), reduction: nn.Reduction.None)),
        new("Functions.SoftCrossEntropy", [Logits, Logits], x => cross_entropy(x.A, softmax(x.B, -1), reduction: nn.Reduction.None)) { Tolerance = 5e-6 }, // softmax's gradient cancels
        new("Functions.BceWithLogits", [Draw.Between(-9, 9, Rows, 7), Draw.Between(0, 1, Rows, 7)], x => binary_cross_entropy_with_logits(x.A, x.B, reduction: nn.Reduction.None)),

        new("Functions.Dot", [Vectors, Vectors], x => (x.A * x.B).sum(-1)),
        new("Functions.CosineSimilarity", [Vectors, Vectors], x => cosine_similarity(x.A, x.B, -1)),
        new("Functions.OneHot", [Labels], x => one_hot(x.A.to(int64), 10).to(float32)),

        new("Functions.Attend", [Draw.Floats(3, 37, 4, 8), Draw.Floats(3, 50, 4, 8), Draw.Floats(3, 50, 4, 12)], x => Attend(x.A, x.B, x.C, isCausal: false)) { Tolerance = OfAttention },
        // TorchSharp's has no scale of its own.
        new("Functions.AttendCausal", [Draw.Floats(3, 150, 4, 8), Draw.Floats(3, 150, 4, 8), Draw.Floats(3, 150, 4, 8)], x => Attend(x.A * (0.5 * Math.Sqrt(8)), x.B, x.C, isCausal: true)) { Tolerance = OfAttention },
        new("Functions.AttendWithDropout", [Draw.Floats(3, 37, 4, 8), Draw.Floats(3, 37, 2, 8), Draw.Floats(3, 37, 2, 8)], x => Attend(x.A, x.B, x.C, isCausal: true)) { Tolerance = OfAttention },

        new("Layers.Linear", [Features], x => linear(x.A, x.Parameters["layer.weight"], x.Parameters["layer.bias"])),
        new("Layers.LinearWithoutBias", [Features], x => linear(x.A, x.Parameters["layer.weight"])),
        new("Layers.LinearOfTokens", [Tokens], x => linear(x.A, x.Parameters["layer.weight"], x.Parameters["layer.bias"])),
        new("Layers.Embedding", [Draw.Integers(0, 30, Rows, 4)], x => x.Parameters["layer.weight"][x.A.to(int64)]),
        new("Layers.LayerNorm", [Features], x => layer_norm(x.A, [20], x.Parameters["layer.weight"], x.Parameters["layer.bias"])),
        new("Layers.LayerNormOfTokens", [Tokens], x => layer_norm(x.A, [20], x.Parameters["layer.weight"], x.Parameters["layer.bias"], 1e-3)),
        new("Layers.LayerNormPlain", [Features], x => layer_norm(x.A, [20])),
        // TorchSharp has no rms_norm: the formula in its operators.
        new("Layers.RmsNorm", [Features], x => x.A * ((x.A * x.A).mean([-1], keepdim: true) + 1e-6f).rsqrt() * x.Parameters["layer.weight"]),
        new("Layers.RmsNormPlain", [Features], x => x.A * ((x.A * x.A).mean([-1], keepdim: true) + 1e-3f).rsqrt()),
        new("Layers.BatchNorm", [Features], x => BatchNorm(x)),
        new("Layers.BatchNormMomentum", [Features], x => BatchNorm(x, momentum: 0.3, eps: 1e-3)),
        new("Layers.BatchNormPlain", [Features], x => BatchNorm(x)),
        new("Layers.Attention", [Draw.Floats(5, 37, 24)], x => Attention(x, x.A, x.A, "layer.", 3)) { Tolerance = OfAttention },
        new("Layers.AttentionCausal", [Draw.Floats(5, 37, 24)], x => Attention(x, x.A, x.A, "layer.", 4, isCausal: true)) { Tolerance = OfAttention },
        new("Layers.AttentionGroups", [Draw.Floats(5, 37, 24)], x => Attention(x, x.A, x.A, "layer.", 6, groups: 2, isCausal: true)) { Tolerance = OfAttention },
        new("Layers.CrossAttention", [Draw.Floats(5, 37, 24), Draw.Floats(5, 50, 24)], x => Attention(x, x.A, x.B, "layer.", 3)) { Tolerance = OfAttention },
        new("Layers.TransformerBlock", [Draw.Floats(5, 37, 24)], TransformerBlock) { Tolerance = OfAttention },
        new("Layers.DropoutOff", [Features], x => dropout(x.A, 0, x.Training)),
    ];

    public static TheoryData<string> Names() => [.. Table.Select(row => row.Model)];

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Results_and_gradients_agree(string name)
    {
        Libtorch.Require();
        Table.Single(row => row.Model == name).Check();
    }

    [Fact]
    public void Every_declaration_of_the_library_is_compared()
    {
        // Those whose output comes back in are compared in RecurrentTests, those over images in VisionTests, blocks and families in TransformerTests.
        var compared = new[] { "Functions", "Layers", "Recurrent", "Vision", "Transformers" }.SelectMany(OurModel.Names).Select(name => name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..]).ToHashSet();
        // The direction of jacobian_penalty is drawn: central differences check it, in FnnDsl.Tests. PyTorch has no precision, recall and f1, and its class weights are an argument: CrossEntropyWeighted.
        string[] withoutCounterpart = ["jacobian_penalty", "precision", "recall", "f1", "class_weights"];
        Assert.All(Declarations().Except(withoutCounterpart), name => Assert.Contains(string.Concat(name.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..])), compared));
        // Dropout draws: DropoutTests compares its statistics.
        var rows = Table.Select(row => row.Model).Concat(["Layers.Dropout", "Layers.DropoutSmall"]);
        Assert.Equal(OurModel.Names("Functions").Concat(OurModel.Names("Layers")).Order(StringComparer.Ordinal), rows.Order(StringComparer.Ordinal));
    }

    /// <summary>When a later TorchSharp clamps, the row of hard_tanh should compare with it.</summary>
    [SkippableFact]
    public void The_hardtanh_of_TorchSharp_still_does_not_clamp()
    {
        Libtorch.Require();
        Assert.Equal(-2.5f, hardtanh(tensor(-2.5f)).item<float>());
    }

    /// <summary>[batch, time, heads, width]; neighbouring heads share a group of keys and values.</summary>
    private static Tensor Attend(Tensor q, Tensor k, Tensor v, bool isCausal)
    {
        var heads = q.shape[2] / k.shape[2];
        Tensor[] heard = [q, k.repeat_interleave(heads, dim: 2), v.repeat_interleave(heads, dim: 2)];
        return scaled_dot_product_attention(heard[0].transpose(1, 2), heard[1].transpose(1, 2), heard[2].transpose(1, 2), is_casual: isCausal).transpose(1, 2);
    }

    private static Tensor Attention(Theirs x, Tensor input, Tensor memory, string name, long heads, long? groups = null, bool isCausal = false)
    {
        var width = input.shape[^1];
        var shared = (groups ?? heads) * width / heads;
        long[] rows = [width, shared, shared];
        var weights = x.Parameters[name + "in_proj_weight"].split(rows, 0);
        var biases = x.Parameters.TryGetValue(name + "in_proj_bias", out var bias) ? bias.split(rows, 0) : [null!, null!, null!];
        var parts = Enumerable.Range(0, 3).Select(k => linear(k == 0 ? input : memory, weights[k], biases[k]).view(input.shape[0], -1, rows[k] * heads / width, width / heads)).ToArray();
        return linear(Attend(parts[0], parts[1], parts[2], isCausal).reshape(input.shape), x.Parameters[name + "out_proj.weight"], x.Parameters.GetValueOrDefault(name + "out_proj.bias"));
    }

    private static Tensor TransformerBlock(Theirs x)
    {
        var first = Norm(x.A, "norm1");
        var y = x.A + Attention(x, first, first, "layer.self_attn.", 4, isCausal: true);
        return y + Linear(gelu(Linear(Norm(y, "norm2"), "linear1")), "linear2");
        Tensor Norm(Tensor value, string name) => layer_norm(value, [24], x.Parameters[$"layer.{name}.weight"], x.Parameters[$"layer.{name}.bias"]);
        Tensor Linear(Tensor value, string name) => linear(value, x.Parameters[$"layer.{name}.weight"], x.Parameters[$"layer.{name}.bias"]);
    }

    private static Tensor BatchNorm(Theirs x, double momentum = 0.1, double eps = 1e-5) => batch_norm(
        x.A, x.Buffers["layer.running_mean"], x.Buffers["layer.running_var"], x.Parameters.GetValueOrDefault("layer.weight"), x.Parameters.GetValueOrDefault("layer.bias"),
        x.Training, momentum, eps);

    private static IEnumerable<string> Declarations()
    {
        var compiler = typeof(OperatorTable).Assembly;
        foreach (var file in compiler.GetManifestResourceNames().Where(name => name.EndsWith(".fnn", StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(compiler.GetManifestResourceStream(file)!);
            foreach (Match match in Declaration().Matches(reader.ReadToEnd())) yield return match.Groups[1].Value;
        }
    }

    [GeneratedRegex(@"^(?:fn|layer|model) (\w+)", RegexOptions.Multiline)]
    private static partial Regex Declaration();
}
