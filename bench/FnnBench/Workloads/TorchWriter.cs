using FnnBench.Models;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace FnnBench.Workloads;

/// <summary>The network of decode.fnn as one writes it for TorchSharp: keys and values of each layer are kept in memory that is there already, and a letter goes through it at a time.</summary>
internal sealed class TorchWriter : nn.Module
{
    private const int HeadWidth = 32;

    private readonly TorchSharp.Modules.Embedding _tokens = nn.Embedding(Letters.Size, Width.Size);
    private readonly TorchSharp.Modules.Embedding _positions = nn.Embedding(Page.Size, Width.Size);
    private readonly TorchSharp.Modules.LayerNorm _norm = nn.LayerNorm(Width.Size);
    private readonly TorchSharp.Modules.Linear _head = nn.Linear(Width.Size, Letters.Size, hasBias: false);
    private readonly Block[] _blocks = [new(), new(), new(), new()];

    public TorchWriter() : base(nameof(TorchWriter))
    {
        // In the order of our parameters.
        register_module("positions", _positions);
        register_module("tokens", _tokens);
        for (var i = 0; i < _blocks.Length; i++) register_module(FormattableString.Invariant($"block{i}"), _blocks[i]);
        register_module("norm", _norm);
        register_module("head", _head);
    }

    /// <summary>The letters behind the prompt, and the logits of the last.</summary>
    public (int[] Letters, float[] Logits) Write(int first)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        var written = new List<int> { first };
        float[] logits = [];
        for (var position = 0; written.Count < Page.Size; position++)
        {
            using var step = NewDisposeScope();
            var x = _tokens.call(tensor(new long[] { written[^1] })) + _positions.weight!.narrow(0, position, 1);
            foreach (var block in _blocks) x = block.Step(x, position);
            var scores = _head.call(_norm.call(x));
            written.Add((int)scores.argmax().item<long>());
            if (written.Count == Page.Size) logits = scores.data<float>().ToArray();
        }
        return ([.. written], logits);
    }

    private sealed class Block : nn.Module
    {
        private readonly TorchSharp.Modules.Linear _projection = nn.Linear(Width.Size, 3 * Width.Size), _out = nn.Linear(Width.Size, Width.Size);
        private readonly TorchSharp.Modules.Linear _wide = nn.Linear(Width.Size, 4 * Width.Size), _narrow = nn.Linear(4 * Width.Size, Width.Size);
        private readonly TorchSharp.Modules.LayerNorm _first = nn.LayerNorm(Width.Size), _second = nn.LayerNorm(Width.Size);
        private readonly Tensor _keys = zeros(1, Heads.Size, Page.Size, HeadWidth), _values = zeros(1, Heads.Size, Page.Size, HeadWidth);

        public Block() : base(nameof(Block))
        {
            register_module("first", _first);
            register_module("projection", _projection);
            register_module("out", _out);
            register_module("second", _second);
            register_module("wide", _wide);
            register_module("narrow", _narrow);
        }

        public Tensor Step(Tensor x, int position)
        {
            var parts = _projection.call(_first.call(x)).view(3, 1, Heads.Size, 1, HeadWidth);
            _keys.narrow(2, position, 1).copy_(parts[1]);
            _values.narrow(2, position, 1).copy_(parts[2]);
            var attended = scaled_dot_product_attention(parts[0], _keys.narrow(2, 0, position + 1), _values.narrow(2, 0, position + 1));
            x = x + _out.call(attended.view(1, Width.Size));
            return x + _narrow.call(gelu(_wide.call(_second.call(x))));
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _keys.Dispose();
                _values.Dispose();
            }
            base.Dispose(disposing);
        }
    }
}
