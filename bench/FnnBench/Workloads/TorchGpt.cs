using FnnBench.Models;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace FnnBench.Workloads;

/// <summary>
/// The network of gpt.fnn and decode.fnn as one writes it for TorchSharp: one projection for queries, keys and values, and its fused attention. It takes a text at once, or, to write one, a letter at a time
/// with keys and values of each layer in memory that is there already.
/// </summary>
internal sealed class TorchGpt : nn.Module<Tensor, Tensor>
{
    private readonly int _context;

    private readonly TorchSharp.Modules.Embedding _tokens = nn.Embedding(Letters.Size, Width.Size);
    private readonly TorchSharp.Modules.Embedding _positions;
    private readonly TorchSharp.Modules.LayerNorm _norm = nn.LayerNorm(Width.Size);
    private readonly TorchSharp.Modules.Linear _head = nn.Linear(Width.Size, Letters.Size, hasBias: false);
    private readonly Block[] _blocks;

    /// <param name="context">The longest text.</param>
    public TorchGpt(int context) : base(nameof(TorchGpt))
    {
        _context = context;
        _positions = nn.Embedding(context, Width.Size);
        _blocks = [new(context), new(context), new(context), new(context)];
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

    /// <summary>The letters behind the first up to the longest text, the likeliest each time, and the logits of the last.</summary>
    public (int[] Letters, float[] Logits) Write(int first)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        var written = new List<int> { first };
        float[] logits = [];
        for (var position = 0; written.Count < _context; position++)
        {
            using var step = NewDisposeScope();
            var x = _tokens.call(tensor(new long[] { written[^1] })) + _positions.weight!.narrow(0, position, 1);
            foreach (var block in _blocks) x = block.Step(x, position);
            var scores = _head.call(_norm.call(x));
            written.Add((int)scores.argmax().item<long>());
            if (written.Count == _context) logits = scores.data<float>().ToArray();
        }
        return ([.. written], logits);
    }

    private sealed class Block : nn.Module<Tensor, Tensor>
    {
        private static int HeadWidth => Width.Size / Heads.Size;

        private readonly int _context;
        private readonly TorchSharp.Modules.Linear _projection = nn.Linear(Width.Size, 3 * Width.Size), _out = nn.Linear(Width.Size, Width.Size);
        private readonly TorchSharp.Modules.Linear _wide = nn.Linear(Width.Size, 4 * Width.Size), _narrow = nn.Linear(4 * Width.Size, Width.Size);
        private readonly TorchSharp.Modules.LayerNorm _first = nn.LayerNorm(Width.Size), _second = nn.LayerNorm(Width.Size);
        private Tensor? _keys, _values;

        public Block(int context) : base(nameof(Block))
        {
            _context = context;
            register_module("first", _first);
            register_module("projection", _projection);
            register_module("out", _out);
            register_module("second", _second);
            register_module("wide", _wide);
            register_module("narrow", _narrow);
        }

        public override Tensor forward(Tensor x) => Narrow(x + Attend(_first.call(x)));

        public Tensor Step(Tensor x, int position)
        {
            _keys ??= Memory();
            _values ??= Memory();
            var parts = _projection.call(_first.call(x)).view(3, 1, Heads.Size, 1, HeadWidth);
            _keys.narrow(2, position, 1).copy_(parts[1]);
            _values.narrow(2, position, 1).copy_(parts[2]);
            var attended = scaled_dot_product_attention(parts[0], _keys.narrow(2, 0, position + 1), _values.narrow(2, 0, position + 1));
            return Narrow(x + _out.call(attended.view(1, Width.Size)));
        }

        private Tensor Narrow(Tensor x) => x + _narrow.call(gelu(_wide.call(_second.call(x))));

        private Tensor Attend(Tensor x)
        {
            var parts = _projection.call(x).chunk(3, -1).Select(part => part.view(x.shape[0], _context, Heads.Size, HeadWidth).transpose(1, 2)).ToArray();
            return _out.call(scaled_dot_product_attention(parts[0], parts[1], parts[2], is_casual: true).transpose(1, 2).reshape(x.shape));
        }

        private Tensor Memory() => zeros(1, Heads.Size, _context, HeadWidth).DetachFromDisposeScope();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _keys?.Dispose();
                _values?.Dispose();
            }
            base.Dispose(disposing);
        }
    }
}
