using FnnBench.Models;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace FnnBench.Workloads;

/// <summary>The network of gpt.fnn as one writes it for TorchSharp: one projection for queries, keys and values, and its fused attention.</summary>
internal sealed class TorchGpt : nn.Module<Tensor, Tensor>
{
    private readonly TorchSharp.Modules.Embedding _tokens = nn.Embedding(Letters.Size, Width.Size);
    private readonly TorchSharp.Modules.Embedding _positions = nn.Embedding(Context.Size, Width.Size);
    private readonly TorchSharp.Modules.LayerNorm _norm = nn.LayerNorm(Width.Size);
    private readonly TorchSharp.Modules.Linear _head = nn.Linear(Width.Size, Letters.Size, hasBias: false);
    private readonly Block[] _blocks = [new(), new(), new(), new()];

    public TorchGpt() : base(nameof(TorchGpt))
    {
        // In the order of our parameters.
        register_module("positions", _positions);
        register_module("tokens", _tokens);
        for (var i = 0; i < _blocks.Length; i++) register_module(FormattableString.Invariant($"block{i}"), _blocks[i]);
        register_module("norm", _norm);
        register_module("head", _head);
    }

    public override Tensor forward(Tensor token)
    {
        var x = _tokens.call(token) + _positions.weight!;
        foreach (var block in _blocks) x = block.call(x);
        return _head.call(_norm.call(x));
    }

    private sealed class Block : nn.Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Linear _projection = nn.Linear(Width.Size, 3 * Width.Size), _out = nn.Linear(Width.Size, Width.Size);
        private readonly TorchSharp.Modules.Linear _wide = nn.Linear(Width.Size, 4 * Width.Size), _narrow = nn.Linear(4 * Width.Size, Width.Size);
        private readonly TorchSharp.Modules.LayerNorm _first = nn.LayerNorm(Width.Size), _second = nn.LayerNorm(Width.Size);

        public Block() : base(nameof(Block))
        {
            register_module("first", _first);
            register_module("projection", _projection);
            register_module("out", _out);
            register_module("second", _second);
            register_module("wide", _wide);
            register_module("narrow", _narrow);
        }

        public override Tensor forward(Tensor x)
        {
            x += Attend(_first.call(x));
            return x + _narrow.call(gelu(_wide.call(_second.call(x))));
        }

        private Tensor Attend(Tensor x)
        {
            var parts = _projection.call(x).chunk(3, -1).Select(part => part.view(x.shape[0], Context.Size, Heads.Size, Width.Size / Heads.Size).transpose(1, 2)).ToArray();
            return _out.call(scaled_dot_product_attention(parts[0], parts[1], parts[2], is_casual: true).transpose(1, 2).reshape(x.shape));
        }
    }
}
