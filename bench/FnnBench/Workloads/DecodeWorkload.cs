using FeedbackNN;
using FnnBench.Frame;
using FnnBench.Models;

namespace FnnBench.Workloads;

/// <summary>A page of text from one letter on, the likeliest letter each time, with keys and values kept on both sides: 4 layers, 4 heads, width 128, 255 letters.</summary>
internal sealed class DecodeWorkload : IWorkload
{
    public string Name => "decode";

    public string Summary => "255 letters from a GPT of 4 layers, 4 heads and width 128 with its cache, batch 1, beside TorchSharp with one written by hand.";

    public IReadOnlyList<ICase> Cases { get; } = [new PageCase()];

    private sealed class PageCase : ICase
    {
        public string Name => "255 letters, batch 1";

        public IContest Open(Device device) => new Contest(device);
    }

    private sealed class Contest : IContest
    {
        private const int First = 7;

        // Sums of 128 and 512 products in another order, through 4 layers.
        private const double Limit = 1e-4;

        private readonly Writer _writer;
        private readonly Decode _decode;
        private readonly TorchGpt _torch = new(Page.Size);
        private readonly Tensor<int, Batch, Given> _prompt = new([First], 1, 1);

        public Contest(Device device)
        {
            _writer = new Writer(device, seed: 3);
            // Letters that are told apart by more than rounding.
            foreach (var parameter in _writer.AllParameters)
            {
                foreach (ref var value in parameter.Value) value *= 1.5f;
            }
            _decode = new Decode(_writer);
            TorchWeights.Copy(_writer, _torch);
        }

        public Agreement Compare()
        {
            var (text, logits) = _decode.Run(_prompt);
            var (letters, theirs) = _torch.Write(First);
            // The letters, and how sure the last one was.
            return Agreement.OfResults([.. text.ToArray().Select(letter => (float)letter), .. logits.ToArray()], [.. letters.Select(letter => (float)letter), .. theirs], Limit);
        }

        public void StepOurs()
        {
            var (text, logits) = _decode.Run(_prompt);
            text.Dispose();
            logits.Dispose();
        }

        public void StepTorch() => _torch.Write(First);

        public void Dispose()
        {
            _decode.Dispose();
            _writer.Dispose();
            _torch.Dispose();
            _prompt.Dispose();
        }
    }
}
