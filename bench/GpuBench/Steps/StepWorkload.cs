using FeedbackNN;
using FnnBench.Models;
using GpuBench.Models;

namespace GpuBench.Steps;

/// <summary>A training step that is timed.</summary>
/// <param name="Name">The same name as in torch_steps.py.</param>
/// <param name="Open">Makes the network, its training and a batch.</param>
internal sealed record StepWorkload(string Name, Func<Device, OpenStep> Open)
{
    // Training one batch for long would end in denormal numbers.
    private const double StandingStill = 1e-7;

    public static IReadOnlyList<StepWorkload> All { get; } =
    [
        new("mlp batch 100", device => Perceptron(device, 100)),
        new("mlp batch 1000", device => Perceptron(device, 1000)),
        new("gpt 4 layers d 128, context 128, batch 16", SmallGpt),
        new("gpt 12 layers d 768, context 1024, batch 8", Large),
    ];

    private static OpenStep Perceptron(Device device, int batchSize)
    {
        var random = new Random(11);
        var net = new Perceptron(device, seed: 3);
        var trainer = new PerceptronAdamW(net);
        trainer.Optimizer.LearningRate = StandingStill;
        var x = new Tensor<float, FnnBench.Models.Batch, Pixels>(batchSize, Pixels.Size);
        var label = new Tensor<int, FnnBench.Models.Batch>(batchSize);
        foreach (ref var value in x.Span) value = random.NextSingle();
        foreach (ref var value in label.Span) value = random.Next(Classes.Size);
        return OpenStep.Of(net, trainer, new PerceptronAdamW.MiniBatch(x, label), report => report.Loss);
    }

    private static OpenStep SmallGpt(Device device)
    {
        const int batchSize = 16;
        var net = new Gpt(device, seed: 3);
        var trainer = new GptAdamW(net);
        trainer.Optimizer.LearningRate = StandingStill;
        var (token, next) = Text(batchSize * FnnBench.Models.Context.Size, FnnBench.Models.Letters.Size);
        return OpenStep.Of(net, trainer, new GptAdamW.MiniBatch(new(token, batchSize, FnnBench.Models.Context.Size), new(next, batchSize, FnnBench.Models.Context.Size)), report => report.Loss);
    }

    private static OpenStep Large(Device device)
    {
        const int batchSize = 8;
        var net = new LargeGpt(device, seed: 3);
        var trainer = new LargeGptAdamW(net);
        trainer.Optimizer.LearningRate = StandingStill;
        var (token, next) = Text(batchSize * GpuBench.Models.Context.Size, GpuBench.Models.Letters.Size);
        return OpenStep.Of(net, trainer, new LargeGptAdamW.MiniBatch(new(token, batchSize, GpuBench.Models.Context.Size), new(next, batchSize, GpuBench.Models.Context.Size)), report => report.Loss);
    }

    private static (int[] Token, int[] Next) Text(int count, int letters)
    {
        var random = new Random(19);
        return (Draw(), Draw());

        int[] Draw() => Enumerable.Range(0, count).Select(_ => random.Next(letters)).ToArray();
    }
}
