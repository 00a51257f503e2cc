using FeedbackNN;

namespace FirstSteps;

/// <summary>
/// Trains a perceptron of 784, 128 and 10 units on 1,000 samples of noise, all at once, a thousand times. There is nothing to learn from noise but the noise
/// itself: the training loss falls and the test loss does not. See README.md for three mistakes that are easy to make here elsewhere.
/// </summary>
internal static class FirstNetwork
{
    public static bool Run()
    {
        Console.WriteLine("A first network: 784-128-10, 1,000 random samples, 1,000 steps of SGD at 0.01");
        var random = new Random(2);
        var train = new FitPerceptron.MiniBatch(Noise<Pixels>(random, 1000, Pixels.Size), Noise<Classes>(random, 1000, Classes.Size));
        var test = new FitPerceptron.MiniBatch(Noise<Pixels>(random, 100, Pixels.Size), Noise<Classes>(random, 100, Classes.Size));

        using var net = new Perceptron(seed: 1);
        using var trainer = new FitPerceptron(net, seed: 1);
        var first = trainer.Evaluate(train).Loss;
        for (var step = 1; step <= 1000; step++)
        {
            trainer.Step(train);
            if (step % 200 == 0)
                Console.WriteLine($"  step {step,5}  training loss {trainer.Evaluate(train).Loss:F4}  test loss {trainer.Evaluate(test).Loss:F4}");
        }
        return trainer.Evaluate(train).Loss < first;
    }

    // Standard normal numbers: Box and Muller, "A note on the generation of random normal deviates", 1958.
    private static Tensor<float, Batch, TAxis> Noise<TAxis>(Random random, int rows, int columns)
        where TAxis : IAxis
    {
        var tensor = new Tensor<float, Batch, TAxis>(rows, columns);
        foreach (ref var value in tensor.Span)
            value = MathF.Sqrt(-2 * MathF.Log(1 - random.NextSingle())) * MathF.Cos(2 * MathF.PI * random.NextSingle());
        return tensor;
    }
}
