using FeedbackNN;

namespace Mnist;

/// <summary>How the network is trained: the rate rises for a tenth of all steps and then falls to 0 along half a cosine.</summary>
internal static class Training
{
    public const int Epochs = 6;
    private const int BatchSize = 100;
    private const double Peak = 3e-3;

    /// <returns>Loss and accuracy on pictures that training never saw.</returns>
    public static Fit.Report Run(Reader net, MnistData data, int epochs, ulong seed, IProgress<TrainingProgress<Fit.Report>>? progress = null)
    {
        using var trainer = new Fit(net, seed: seed);
        var steps = epochs * (double)((data.Train.Count + BatchSize - 1) / BatchSize);
        trainer.Optimizer.LearningRate = Schedule.WarmupCosine(Peak, warmup: Math.Ceiling(steps / 10), total: steps);
        trainer.Run(data.Train, epochs, BatchSize, progress);
        return trainer.Evaluate(data.Test);
    }
}
