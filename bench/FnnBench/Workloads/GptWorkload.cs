using FeedbackNN;
using FnnBench.Frame;
using FnnBench.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace FnnBench.Workloads;

/// <summary>Whole training steps of a small GPT over characters, forward, loss, backward, AdamW: 4 layers, 4 heads, width 128, 16 texts of 128 of 65 characters.</summary>
internal sealed class GptWorkload : IWorkload
{
    public string Name => "gpt";

    public string Summary => "Training steps of a GPT of 4 layers, 4 heads and width 128 over 128 characters, batch 16, AdamW.";

    public IReadOnlyList<ICase> Cases { get; } = [new StepCase()];

    private sealed class StepCase : ICase
    {
        public string Name => "batch 16, adamw";

        public IContest Open(Device device) => new Contest(device);
    }

    private sealed class Contest : IContest
    {
        private const int ComparedSteps = 10;

        // Ten steps of float32 on both sides, whose sums are added up in different orders; AdamW's first steps go by the sign of each gradient, be it ever so small.
        private const double Limit = 1e-3;

        private const double NormalRate = 1e-3;

        // Small enough to leave the weights where they are.
        private const double StandingStill = 1e-7;

        private readonly Device _device;
        private readonly Pair _timed;

        public Contest(Device device)
        {
            _device = device;
            _timed = new Pair(device, StandingStill);
        }

        public Agreement Compare()
        {
            using var pair = new Pair(_device, NormalRate);
            double[] ours = new double[ComparedSteps], theirs = new double[ComparedSteps];
            for (var step = 0; step < ComparedSteps; step++)
            {
                ours[step] = pair.StepOurs();
                theirs[step] = pair.TorchLoss();
            }
            return Agreement.OfLosses(ours, theirs, Limit);
        }

        public void StepOurs() => _timed.StepOurs();

        public void StepTorch() => _timed.StepTorch();

        public void Dispose() => _timed.Dispose();
    }

    /// <summary>Both networks with the same weights, and the same batch for both.</summary>
    private sealed class Pair : IDisposable
    {
        private const int BatchSize = 16;

        private readonly Gpt _model;
        private readonly GptAdamW _trainer;
        private readonly GptAdamW.MiniBatch _batch;
        private readonly TorchGpt _net = new();
        private readonly optim.Optimizer _optimizer;
        private readonly Tensor _token;
        private readonly Tensor _next;

        public Pair(Device device, double learningRate)
        {
            var random = new Random(19);
            var text = Enumerable.Range(0, BatchSize * (Context.Size + 1)).Select(_ => random.Next(Letters.Size)).ToArray();
            int[] token = Columns(text, 0), next = Columns(text, 1);
            _model = new Gpt(device, seed: 3);
            _trainer = new GptAdamW(_model);
            _trainer.Optimizer.LearningRate = learningRate;
            _batch = new GptAdamW.MiniBatch(new Tensor<int, Batch, Context>(token, BatchSize, Context.Size), new Tensor<int, Batch, Context>(next, BatchSize, Context.Size));
            TorchWeights.Copy(_model, _net);
            _token = tensor(token, [BatchSize, Context.Size], int64);
            _next = tensor(next, [BatchSize * Context.Size], int64);
            // Everything that has a default is given: TorchSharp's defaults of AdamW are not PyTorch's.
            _optimizer = optim.AdamW(_net.parameters(), learningRate, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01, amsgrad: false);
        }

        /// <summary>Our step, with its loss.</summary>
        public double StepOurs() => _trainer.Step(_batch).Loss;

        /// <summary>The other side's step. Its loss is not read: ours is a by-product, theirs would be one more call.</summary>
        public void StepTorch() => TorchLossTensor().Dispose();

        public double TorchLoss()
        {
            using var loss = TorchLossTensor();
            return loss.item<float>();
        }

        public void Dispose()
        {
            _trainer.Dispose();
            _model.Dispose();
            _optimizer.Dispose();
            _net.Dispose();
            _token.Dispose();
            _next.Dispose();
        }

        private Tensor TorchLossTensor()
        {
            _optimizer.zero_grad();
            using var scope = NewDisposeScope();
            var loss = nn.functional.cross_entropy(_net.call(_token).view(-1, Letters.Size), _next);
            loss.backward();
            _optimizer.step();
            return loss.MoveToOuterDisposeScope();
        }

        private static int[] Columns(int[] text, int shift) =>
            Enumerable.Range(0, BatchSize).SelectMany(row => text.Skip((row * (Context.Size + 1)) + shift).Take(Context.Size)).ToArray();
    }
}
