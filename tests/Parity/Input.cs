using TorchSharp;

namespace FeedbackNN.Parity;

/// <summary>Numbers with a shape that both sides get.</summary>
/// <param name="Values"><c>float[]</c>, <c>int[]</c> or <c>bool[]</c>, in row-major order.</param>
internal sealed record Input(Array Values, int[] Shape)
{
    public bool IsFloat => Values is float[];

    /// <summary>A copy as TorchSharp's tensor.</summary>
    public torch.Tensor ToTorch()
    {
        var shape = Shape.Select(size => (long)size).ToArray();
        return Values switch
        {
            float[] floats => torch.tensor(floats, shape),
            int[] integers => torch.tensor(integers, shape),
            bool[] truths => torch.tensor(truths, shape),
            _ => throw new ArgumentException(Values.GetType().ToString()),
        };
    }
}

/// <summary>How the numbers of an input are drawn.</summary>
internal sealed record Draw(int[] Shape, Func<Random, int, Array> Make)
{
    public Input From(Random random) => new(Make(random, Shape.Aggregate(1, (product, size) => product * size)), Shape);

    public static Draw Between(double low, double high, params int[] shape) =>
        new(shape, (random, count) => Many(count, () => (float)(low + ((high - low) * random.NextDouble()))));

    public static Draw Floats(params int[] shape) => Between(-2, 2, shape);

    /// <summary>From low to below high.</summary>
    public static Draw Integers(int low, int high, params int[] shape) => new(shape, (random, count) => Many(count, () => random.Next(low, high)));

    public static Draw Divisors(params int[] shape) => new(shape, (random, count) => Many(count, () => random.Next(1, 6) * (random.Next(2) == 0 ? 1 : -1)));

    public static Draw Booleans(params int[] shape) => new(shape, (random, count) => Many(count, () => random.Next(2) == 0));

    public static Draw Given(params float[] values) => new([values.Length], (_, _) => values);

    private static T[] Many<T>(int count, Func<T> one) => Enumerable.Range(0, count).Select(_ => one()).ToArray();
}
