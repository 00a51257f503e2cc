using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;
using Gelu = TorchSharp.Modules.GELU.Approximate;

namespace FeedbackNN.Parity;

/// <summary>Rotary positions, masks, the blocks of encoders and decoders, and whole members of the families, beside the same put together of TorchSharp's functions: results, gradients of inputs and weights.</summary>
public sealed class TransformerTests
{
    private const int Rows = 4, Length = 21, Width = 24;

    private static readonly Draw States = Draw.Floats(Rows, Length, Width), Heads = Draw.Floats(Rows, Length, 3, 8), Tokens = Draw.Integers(0, 31, Rows, Length), Kinds = Draw.Integers(0, 2, Rows, Length);

    // The first positions are there, as in texts that are filled up.
    private static readonly Draw Mask = new([Rows, Length], (random, _) =>
    {
        var lengths = Enumerable.Range(0, Rows).Select(_ => random.Next(1, Length)).ToArray();
        return Enumerable.Range(0, Rows * Length).Select(i => i % Length < lengths[i / Length]).ToArray();
    });

    private static readonly Case[] Table =
    [
        new("Transformers.Rotary", [Heads], x => Rotary(x.A)),
        new("Transformers.RotaryFirst", [Heads], x => Rotary(x.A, 500, 11)),
        new("Transformers.RotaryInterleaved", [Heads], x => RotaryOfNeighbours(x.A)),
        new("Transformers.AttendMasked", [Draw.Floats(Rows, Length, 4, 8), Draw.Floats(Rows, Length, 2, 8), Draw.Floats(Rows, Length, 2, 8), Mask], x => Attend(x.A, x.B, x.C, mask: x.Inputs[3])),
        new("Transformers.AttentionRotary", [States], x => Attention(x, x.A, "layer.", 6, 2, isCausal: true, rotaryBase: 100)),
        new("Transformers.MaskedAttention", [States, Mask], x => Attention(x, x.A, "layer.", 3, mask: x.B)),
        new("Transformers.EncoderBlock", [States, Mask], x => EncoderBlock(x, x.A, x.B, "layer.", 1e-5)),
        new("Transformers.DecoderBlock", [States, Draw.Floats(Rows, 17, Width)], DecoderBlock),
        new("Transformers.Swiglu", [States], x => Swiglu(x, x.A, "layer.")),
        new("Transformers.LlamaBlock", [States], x => LlamaBlock(x, x.A, "layer.", 6, 2, 10_000)),
        new("Transformers.Gpt", [Tokens], Gpt),
        new("Transformers.Llama", [Tokens], x => Llama(x, 2, 6, 2, 10_000).matmul(x.Parameters["embed_tokens.weight"].t())),
        new("Transformers.LlamaWithHead", [Tokens], x => Linear(x, Llama(x, 1, 2, 2, 500), "lm_head")),
        new("Transformers.Bert", [Tokens, Kinds, Mask], x => Bert(x, "")),
        new("Transformers.BertMasked", [Tokens, Kinds, Mask], x => Norm(x, gelu(Linear(x, Bert(x, "bert."), "dense")), "norm", 1e-12).matmul(x.Parameters["bert.word_embeddings.weight"].t()) + x.Parameters["bias"]),
        new("Transformers.BertClassifier", [Tokens, Kinds, Mask], x => Linear(x, Linear(x, Bert(x, "bert.")[TensorIndex.Colon, 0], "pooler").tanh(), "classifier")),
    ];

    public static TheoryData<string> Names() => [.. Table.Select(row => row.Model)];

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Results_and_gradients_agree(string name)
    {
        Libtorch.Require();
        // Norms with random weights: what is 1 and 0 at first would hide which is which.
        (Table.Single(row => row.Model == name) with { Tolerance = 1e-4, Arrange = Tame }).Check();
    }

    [Fact]
    public void Every_model_is_compared() => Assert.Equal(OurModel.Names("Transformers").Order(StringComparer.Ordinal), Table.Select(row => row.Model).Order(StringComparer.Ordinal));

    // Weights in [-1, 1] make softmaxes that pick one key, where nothing can be compared.
    private static void Tame(Model model)
    {
        foreach (var parameter in model.AllParameters.Where(parameter => parameter.Shape.Length == 2))
        {
            foreach (ref var value in parameter.Value) value *= 0.3f;
        }
    }

    private static Tensor Gpt(Theirs x)
    {
        var h = x.Parameters["wte.weight"][x.A.to(int64)] + x.Parameters["wpe.weight"][..Length];
        for (var i = 0; i < 2; i++)
        {
            h = h + Attention(x, Norm(x, h, $"h.{i}.norm1"), $"h.{i}.self_attn.", 4, isCausal: true);
            h = h + Linear(x, gelu(Linear(x, Norm(x, h, $"h.{i}.norm2"), $"h.{i}.linear1"), Gelu.tanh), $"h.{i}.linear2");
        }
        return Norm(x, h, "ln_f").matmul(x.Parameters["wte.weight"].t());
    }

    private static Tensor Llama(Theirs x, int layers, long heads, long groups, double rotaryBase)
    {
        var h = x.Parameters["embed_tokens.weight"][x.A.to(int64)];
        for (var i = 0; i < layers; i++) h = LlamaBlock(x, h, $"layers.{i}.", heads, groups, rotaryBase);
        return RmsNorm(x, h, "norm");
    }

    private static Tensor LlamaBlock(Theirs x, Tensor h, string name, long heads, long groups, double rotaryBase)
    {
        h = h + Attention(x, RmsNorm(x, h, name + "input_layernorm"), name + "self_attn.", heads, groups, isCausal: true, rotaryBase: rotaryBase);
        return h + Swiglu(x, RmsNorm(x, h, name + "post_attention_layernorm"), name + "mlp.");
    }

    private static Tensor Swiglu(Theirs x, Tensor h, string name) => Linear(x, silu(Linear(x, h, name + "gate_proj")) * Linear(x, h, name + "up_proj"), name + "down_proj");

    private static Tensor Bert(Theirs x, string name)
    {
        var h = x.Parameters[name + "word_embeddings.weight"][x.A.to(int64)] + x.Parameters[name + "position_embeddings.weight"][..Length] + x.Parameters[name + "token_type_embeddings.weight"][x.B.to(int64)];
        h = Norm(x, h, name + "norm", 1e-12);
        for (var i = 0; i < 2; i++) h = EncoderBlock(x, h, x.C, $"{name}layer.{i}.", 1e-12);
        return h;
    }

    private static Tensor EncoderBlock(Theirs x, Tensor h, Tensor mask, string name, double eps)
    {
        h = Norm(x, h + Attention(x, h, name + "self_attn.", 4, mask: mask), name + "norm1", eps);
        return Norm(x, h + Linear(x, gelu(Linear(x, h, name + "linear1")), name + "linear2"), name + "norm2", eps);
    }

    private static Tensor DecoderBlock(Theirs x)
    {
        var h = Norm(x, x.A + Attention(x, x.A, "layer.self_attn.", 4, isCausal: true), "layer.norm1");
        h = Norm(x, h + Attention(x, h, "layer.multihead_attn.", 4, memory: x.B), "layer.norm2");
        return Norm(x, h + Linear(x, gelu(Linear(x, h, "layer.linear1")), "layer.linear2"), "layer.norm3");
    }

    private static Tensor Attention(Theirs x, Tensor input, string name, long heads, long? groups = null, bool isCausal = false, double rotaryBase = 0, Tensor? mask = null, Tensor? memory = null)
    {
        var element = Width / heads;
        long[] rows = [Width, (groups ?? heads) * element, (groups ?? heads) * element];
        var weights = x.Parameters[name + "in_proj_weight"].split(rows, 0);
        var biases = x.Parameters.TryGetValue(name + "in_proj_bias", out var bias) ? bias.split(rows, 0) : [null!, null!, null!];
        var parts = Enumerable.Range(0, 3).Select(k => linear(k == 0 ? input : memory ?? input, weights[k], biases[k]).view(Rows, -1, rows[k] / element, element)).ToArray();
        if (rotaryBase > 0) (parts[0], parts[1]) = (Rotary(parts[0], rotaryBase), Rotary(parts[1], rotaryBase));
        return linear(Attend(parts[0], parts[1], parts[2], isCausal, mask).reshape(input.shape), x.Parameters[name + "out_proj.weight"], x.Parameters.GetValueOrDefault(name + "out_proj.bias"));
    }

    private static Tensor Attend(Tensor q, Tensor k, Tensor v, bool isCausal = false, Tensor? mask = null)
    {
        var heads = q.shape[2] / k.shape[2];
        Tensor[] heard = [q.transpose(1, 2), k.repeat_interleave(heads, dim: 2).transpose(1, 2), v.repeat_interleave(heads, dim: 2).transpose(1, 2)];
        var scores = heard[0].matmul(heard[1].transpose(2, 3)) / Math.Sqrt(q.shape[3]);
        if (isCausal) scores = scores.masked_fill(ones(scores.shape[2], scores.shape[3], dtype: @bool).triu(1), float.NegativeInfinity);
        if (mask is not null) scores = scores.masked_fill(mask.logical_not().unsqueeze(1).unsqueeze(1), float.NegativeInfinity);
        return softmax(scores, -1).matmul(heard[2]).transpose(1, 2);
    }

    /// <summary>The formula of Hugging Face's Llama: x cos + rotate_half(x) sin.</summary>
    private static Tensor Rotary(Tensor x, double rotaryBase = 10_000, int first = 0)
    {
        var half = x.shape[3] / 2;
        var angle = Angles(x, rotaryBase, first);
        angle = cat([angle, angle], -1).unsqueeze(1);
        var turned = cat([-x[TensorIndex.Ellipsis, TensorIndex.Slice(half)], x[TensorIndex.Ellipsis, TensorIndex.Slice(0, half)]], -1);
        return x * angle.cos() + turned * angle.sin();
    }

    /// <summary>The formula of the paper and of Meta's Llama: pairs as complex numbers, times e^(i angle).</summary>
    private static Tensor RotaryOfNeighbours(Tensor x)
    {
        var angle = Angles(x, 10_000, 0).unsqueeze(1);
        var pairs = view_as_complex(x.reshape(x.shape[0], x.shape[1], x.shape[2], -1, 2).contiguous());
        return view_as_real(pairs * view_as_complex(stack([angle.cos(), angle.sin()], -1))).flatten(3);
    }

    private static Tensor Angles(Tensor x, double rotaryBase, int first)
    {
        var half = x.shape[3] / 2;
        var frequency = tensor(Enumerable.Range(0, (int)half).Select(c => Math.Pow(rotaryBase, -2.0 * c / x.shape[3])).ToArray());
        return outer(arange(first, first + x.shape[1], dtype: float64), frequency).to(float32);
    }

    private static Tensor Norm(Theirs x, Tensor value, string name, double eps = 1e-5) => layer_norm(value, [Width], x.Parameters[name + ".weight"], x.Parameters[name + ".bias"], eps);

    private static Tensor RmsNorm(Theirs x, Tensor value, string name) => value * ((value * value).mean([-1], keepdim: true) + 1e-5f).rsqrt() * x.Parameters[name + ".weight"];

    private static Tensor Linear(Theirs x, Tensor value, string name) => linear(value, x.Parameters[name + ".weight"], x.Parameters.GetValueOrDefault(name + ".bias"));
}
