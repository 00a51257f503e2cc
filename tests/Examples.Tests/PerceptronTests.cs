using FeedbackNN.Tests;
using Perceptron;

namespace FeedbackNN.Examples.Tests;

/// <summary>The perceptron on all of MNIST, read from its own files: 70,000 digits of 28x28.</summary>
public sealed class PerceptronTests
{
    [SkippableTheory]
    [InlineData(2, 0.965)]
    [InlineData(8, 0.98)]
    public void It_learns(int epochs, double accuracy)
    {
        if (epochs > 2) SlowRun.Require();
        var folder = SharedData.Find("mnist");
        IDataSource<Fit.Sample> Read(string name) => IdxFile
            .ReadLabelled(Path.Combine(folder, $"{name}-images-idx3-ubyte.gz"), Path.Combine(folder, $"{name}-labels-idx1-ubyte.gz"), classes: 10)
            .Select(digit => new Fit.Sample(digit.Features, digit.Label));
        using var net = new Net(seed: 1);
        using var trainer = new Fit(net, seed: 1);
        trainer.Run(Read("train"), epochs, batchSize: 100);
        var result = trainer.Evaluate(Read("t10k"));
        Assert.True(result.Accuracy >= accuracy, $"test accuracy {result.Accuracy}, loss {result.Loss}");
    }
}
