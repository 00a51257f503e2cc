using FeedbackNN;

namespace FirstSteps;

/// <summary>
/// Fits a plane to points by least squares, L = ½ Σ (y - ŷ)² with ŷ = w·x + b, and compares the gradient that was compiled from the .fnn file with
/// the closed form: ∂L/∂w = Σ (ŷ - y) x and ∂L/∂b = Σ (ŷ - y).
/// </summary>
internal static class LinearRegression
{
    private const int Points = 100;

    public static bool Run()
    {
        Console.WriteLine("Linear regression: y = 2 a - 3 b + 0.5 c + 1, with a little noise");
        var (x, y) = MakePoints();
        using var net = new Plane(seed: 1);
        using var trainer = new FitPlane(net, seed: 1);
        var weight = net.Parameters.Fit.Weight;
        var bias = net.Parameters.Fit.Bias;

        var (expectedWeight, expectedBias) = ClosedForm(x, y, weight.Value, bias.Value[0]);
        var points = new FitPlane.MiniBatch(x, y);
        trainer.Step(points);
        Console.WriteLine($"  gradient, compiled:    {Text(weight.Gradient)}, {bias.Gradient[0]:F4}");
        Console.WriteLine($"  gradient, closed form: {Text(expectedWeight)}, {expectedBias:F4}");
        var equal = IsClose(bias.Gradient[0], expectedBias);
        for (var f = 0; f < Features.Size; f++)
            equal &= IsClose(weight.Gradient[f], expectedWeight[f]);
        Console.WriteLine(equal ? "  they are equal" : "  THEY DIFFER");

        for (var step = 0; step < 200; step++)
            trainer.Step(points);
        Console.WriteLine($"  after 200 steps: weights {Text(weight.Value)}, constant {bias.Value[0]:F4}");
        Console.WriteLine();
        return equal;
    }

    private static (Tensor<float, Batch, Features> X, Tensor<float, Batch, N1> Y) MakePoints()
    {
        var random = new Random(1);
        var x = new Tensor<float, Batch, Features>(Points, Features.Size);
        var y = new Tensor<float, Batch, N1>(Points, 1);
        for (var i = 0; i < Points; i++)
        {
            for (var f = 0; f < Features.Size; f++)
                x[i, f] = 2 * random.NextSingle() - 1;
            y[i, 0] = 2 * x[i, 0] - 3 * x[i, 1] + 0.5f * x[i, 2] + 1 + 0.05f * (random.NextSingle() - 0.5f);
        }
        return (x, y);
    }

    private static (double[] Weight, double Bias) ClosedForm(Tensor<float> x, Tensor<float> y, ReadOnlySpan<float> weight, float bias)
    {
        var weightGradient = new double[Features.Size];
        double biasGradient = 0;
        for (var i = 0; i < Points; i++)
        {
            double error = bias - y[i, 0];
            for (var f = 0; f < Features.Size; f++)
                error += weight[f] * x[i, f];
            for (var f = 0; f < Features.Size; f++)
                weightGradient[f] += error * x[i, f];
            biasGradient += error;
        }
        return (weightGradient, biasGradient);
    }

    // Sums of a hundred floats of 32 bits differ from those in 64 bits in the sixth digit.
    private static bool IsClose(double actual, double expected) => Math.Abs(actual - expected) <= 1e-4 * Math.Max(1, Math.Abs(expected));

    private static string Text(ReadOnlySpan<float> values) => Text(Array.ConvertAll(values.ToArray(), value => (double)value));

    private static string Text(double[] values) => $"[{string.Join(", ", values.Select(value => value.ToString("F4")))}]";
}
