using FeedbackNN;
using FnnBench.Frame;
using FnnBench.Models;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Torch = TorchSharp.torch.Tensor;

namespace FnnBench.Workloads;

/// <summary>Whole training steps of networks over pictures, of the kinds that are in use: with strides, pools that overlap, channels that see themselves alone, group normalization, and pictures that are made.</summary>
internal sealed class VisionWorkload : IWorkload
{
    private const double LearningRate = 0.01;

    public string Name => "vision";

    public string Summary => "Training steps of small networks over pictures as they are in use: ResNet, its stem, MobileNet, a U-Net, and the generator of a DCGAN.";

    public IReadOnlyList<ICase> Cases { get; } =
    [
        new StepCase("residual blocks, batch 32", [32, Colours.Size, Picture.Size, Picture.Size], null, (device, x, y) =>
        {
            var model = new Residual(device, seed: 3);
            var trainer = new ResidualSgd(model);
            var batch = new ResidualSgd.MiniBatch(new(x, 32, Colours.Size, Picture.Size, Picture.Size), new(Labels(y), 32));
            return new(model, trainer, rate => trainer.Optimizer.LearningRate = rate, () => trainer.Step(batch).Loss);
        }, TorchVision.Residual),
        new StepCase("7x7 convolution and pool, batch 8", [8, Colours.Size, 112, 112], null, (device, x, y) =>
        {
            var model = new Stem(device, seed: 3);
            var trainer = new StemSgd(model);
            var batch = new StemSgd.MiniBatch(new(x, 8, Colours.Size, 112, 112), new(Labels(y), 8));
            return new(model, trainer, rate => trainer.Optimizer.LearningRate = rate, () => trainer.Step(batch).Loss);
        }, TorchVision.Stem),
        new StepCase("separable convolutions, batch 32", [32, Colours.Size, Picture.Size, Picture.Size], null, (device, x, y) =>
        {
            var model = new Separable(device, seed: 3);
            var trainer = new SeparableSgd(model);
            var batch = new SeparableSgd.MiniBatch(new(x, 32, Colours.Size, Picture.Size, Picture.Size), new(Labels(y), 32));
            return new(model, trainer, rate => trainer.Optimizer.LearningRate = rate, () => trainer.Step(batch).Loss);
        }, TorchVision.Separable),
        new StepCase("U-Net, batch 16", [16, 1, Picture.Size, Picture.Size], [16, 1, Picture.Size, Picture.Size], (device, x, y) =>
        {
            var model = new Denoiser(device, seed: 3);
            var trainer = new DenoiserSgd(model);
            var batch = new DenoiserSgd.MiniBatch(new(x, 16, 1, Picture.Size, Picture.Size), new(y, 16, 1, Picture.Size, Picture.Size));
            return new(model, trainer, rate => trainer.Optimizer.LearningRate = rate, () => trainer.Step(batch).Loss);
        }, TorchVision.Denoiser),
        new StepCase("generator, batch 32", [32, 64], [32, 1, Side.Size, Side.Size], (device, x, y) =>
        {
            var model = new Painter(device, seed: 3);
            var trainer = new PainterSgd(model);
            var batch = new PainterSgd.MiniBatch(new(x, 32, 64), new(y, 32, 1, Side.Size, Side.Size));
            return new(model, trainer, rate => trainer.Optimizer.LearningRate = rate, () => trainer.Step(batch).Loss);
        }, TorchVision.Painter),
    ];

    // Classes are drawn as numbers from 0 to 1, as pictures are.
    private static int[] Labels(float[] numbers) => [.. numbers.Select(number => (int)(number * Classes.Size))];

    /// <summary>Our side of a case.</summary>
    private sealed record Ours(Model Model, IDisposable Trainer, Action<double> SetRate, Func<double> Step);

    /// <param name="Name">Unique in the workload.</param>
    /// <param name="Input">The shape of a batch.</param>
    /// <param name="Target">The shape of what is wanted of it; null where that is a class.</param>
    /// <param name="Make">Our side, given the input and what is wanted.</param>
    /// <param name="Net">The other side's network, whose parameters stand in the order of ours.</param>
    private sealed record StepCase(string Name, long[] Input, long[]? Target, Func<Device, float[], float[], Ours> Make, Func<Module<Torch, Torch>> Net) : ICase
    {
        public IContest Open(Device device)
        {
            var random = new Random(13);
            var x = Drawn(Input);
            var y = Drawn(Target ?? [Input[0]]);
            return new TrainingContest(rate => MakePair(device, x, y, rate), LearningRate, limit: 1e-4);

            float[] Drawn(long[] shape) => [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (product, size) => product * size)).Select(_ => random.NextSingle())];
        }

        private TrainingPair MakePair(Device device, float[] x, float[] y, double rate)
        {
            var ours = Make(device, x, y);
            ours.SetRate(rate);
            var net = Net();
            TorchWeights.Copy(ours.Model, net);
            var input = tensor(x, Input);
            using var narrow = Target is null ? tensor(Labels(y), [Input[0]]) : null;
            var target = narrow?.to(int64) ?? tensor(y, Target!);
            return new TrainingPair(ours.Step, TorchOptimizers.Sgd(net, rate), Loss, ours.Trainer, ours.Model, net, input, target);

            Torch Loss()
            {
                using var output = net.call(input);
                return Target is null ? functional.cross_entropy(output, target) : functional.mse_loss(output, target);
            }
        }
    }
}
