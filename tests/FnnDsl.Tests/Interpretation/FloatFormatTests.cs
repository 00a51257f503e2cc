using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Tests.Interpretation;

/// <summary>The interpreter's rounding against .NET's own conversions, halves and ends of the range included.</summary>
public sealed class FloatFormatTests
{
    private static readonly double[] Hard =
    [
        0, 1, 1.00048828125, 1.0009765625, 1.00146484375, 1.00390625, 1.01171875, 65504, 65519.99, 65520, 1e5, 3.4028235e38, 6.1035156e-5, 6.0975552e-5, 5.9604645e-8, 2.98023224e-8, 2.9802323e-8, 8.94069672e-8, 1e-9,
        1e-40, 1.4e-45, 7.006492321624085e-46, double.Epsilon, double.MaxValue, double.PositiveInfinity, double.NaN,
    ];

    [Fact]
    public void Float16_and_float32_are_what_dotnet_converts_to()
    {
        foreach (var x in Samples())
        {
            Assert.Equal((double)(float)x, FloatFormat.F32.Round(x));
            Assert.Equal((double)(Half)x, FloatFormat.F16.Round(x));
        }
    }

    [Fact]
    public void The_others_are_float32_with_bits_rounded_away()
    {
        foreach (var x in Samples().Select(x => (double)(float)x))
        {
            Assert.Equal(Cut(x, 13), FloatFormat.TF32.Round(x));
            Assert.Equal(Cut(x, 16), FloatFormat.BF16.Round(x));
        }
    }

    [Fact]
    public void Only_the_range_of_float16_is_narrow() => Assert.Equal([FloatFormat.F16], FloatFormat.All.Where(format => format.IsNarrow));

    private static IEnumerable<double> Samples()
    {
        var random = new Random(5);
        var drawn = Enumerable.Range(0, 20_000).Select(_ => Math.ScaleB(random.NextDouble() + 1, random.Next(-150, 130)));
        return Hard.Concat(drawn).SelectMany(x => new[] { x, -x });
    }

    // To the even one of two neighbours that lie equally near.
    private static double Cut(double x, int bits)
    {
        if (!double.IsFinite(x)) return x;
        var whole = (long)BitConverter.SingleToUInt32Bits((float)Math.Abs(x));
        var (below, step) = (whole >> bits << bits, 1L << bits);
        var rest = whole - below;
        var rounded = rest > step / 2 || (rest == step / 2 && (below >> bits) % 2 != 0) ? below + step : below;
        return Math.CopySign(BitConverter.UInt32BitsToSingle((uint)rounded), x);
    }
}
