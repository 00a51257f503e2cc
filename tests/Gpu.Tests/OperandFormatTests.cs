using ILGPU;
using ILGPU.Runtime;

namespace FeedbackNN.Gpu.Tests;

/// <summary>
/// What operands of products are rounded to: against float64, over float32's whole range, and where it is hard: halves between two numbers, the ends of the range, subnormal numbers, infinities, NaN. On PoCL the
/// same bits.
/// </summary>
public sealed class OperandFormatTests
{
    private static readonly Dictionary<string, (Func<float, float> Round, int Bits, int Least, int Greatest)> Formats = new()
    {
        [nameof(InFloat32)] = (InFloat32.Round, 23, -126, 127),
        [nameof(InTensorFloat32)] = (InTensorFloat32.Round, 10, -126, 127),
        [nameof(InBFloat16)] = (InBFloat16.Round, 7, -126, 127),
        [nameof(InFloat16)] = (InFloat16.Round, 10, -14, 15),
    };

    public static TheoryData<string> Names => [.. Formats.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void It_is_the_nearest_number_and_of_two_the_even_one(string name)
    {
        var (round, bits, least, greatest) = Formats[name];
        foreach (var x in Samples(stride: 1009)) AssertSame(Nearest(x, bits, least, greatest), round(x), x);
    }

    [Fact]
    public void Float16_is_what_dotnet_converts_to()
    {
        foreach (var x in Samples(stride: 1013)) AssertSame((float)(System.Half)x, InFloat16.Round(x), x);
    }

    [Fact]
    public void Numbers_of_a_format_stay()
    {
        for (var bits = 0; bits <= ushort.MaxValue; bits++)
        {
            var half = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
            AssertSame(half, InFloat16.Round(half), half);
            AssertSame(half, InTensorFloat32.Round(half), half);
            var upper = BitConverter.UInt32BitsToSingle((uint)bits << 16);
            AssertSame(upper, InBFloat16.Round(upper), upper);
        }
    }

    [Theory]
    [InlineData(65519.996f, 65504f)]
    [InlineData(65520f, float.PositiveInfinity)]
    [InlineData(-65520f, float.NegativeInfinity)]
    [InlineData(2.9802322e-8f, 0f)]
    [InlineData(2.9802326e-8f, 5.9604645e-8f)]
    [InlineData(-8.940697e-8f, -1.1920929e-7f)]
    [InlineData(6.1020e-5f, 6.1035156e-5f)]
    [InlineData(-0f, -0f)]
    public void Float16_at_the_ends_of_its_range(float x, float expected) => AssertSame(expected, InFloat16.Round(x), x);

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void A_device_gives_the_same_bits(string name)
    {
        var device = (GpuDevice)Pocl.Require();
        var x = Samples(stride: 65_521).ToArray();
        using var values = device.Accelerator.Allocate1D(x);
        var method = typeof(OperandFormatTests).GetMethod(nameof(RoundAll), System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic)!
            .MakeGenericMethod(typeof(InFloat32).Assembly.GetType("FeedbackNN.Gpu." + name)!);
        device.Start(method.CreateDelegate<Action<ArrayView<float>, int>>(), new KernelConfig(64, 64), values.View.AsContiguous(), x.Length);
        device.Stream.Synchronize();
        var y = values.GetAsArray1D();
        for (var i = 0; i < x.Length; i++) AssertSame(Formats[name].Round(x[i]), y[i], x[i]);
    }

    internal static void RoundAll<TOperands>(ArrayView<float> values, int count) where TOperands : struct, IOperandFormat
    {
        for (var i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < count; i += Grid.DimX * Group.DimX) values[i] = TOperands.Round(values[i]);
    }

    /// <summary>Floats of both signs, every so many bits, and around all halves between numbers of few bits.</summary>
    private static IEnumerable<float> Samples(int stride)
    {
        for (long bits = 0; bits <= uint.MaxValue; bits += stride) yield return BitConverter.UInt32BitsToSingle((uint)bits);
        for (uint exponent = 0; exponent <= 255; exponent++)
        {
            // Halves where 23, 14 and 13 bits less one of the mantissa are cut, and their neighbours.
            foreach (var mantissa in new uint[] { 0, 1, 0xfff, 0x1000, 0x1001, 0x2fff, 0x3000, 0x3001, 0x7fff, 0x8000, 0x8001, 0x17fff, 0x18000, 0x18001, 0x3fffff, 0x400000, 0x400001, 0x7fefff, 0x7ff000, 0x7fffff })
            {
                yield return BitConverter.UInt32BitsToSingle((exponent << 23) | mantissa);
                yield return BitConverter.UInt32BitsToSingle(0x80000000 | (exponent << 23) | mantissa);
            }
        }
    }

    // Exact: float64 has room for all of it.
    private static float Nearest(double x, int bits, int least, int greatest)
    {
        if (x == 0 || !double.IsFinite(x)) return (float)x;
        var unit = Math.ScaleB(1, Math.Max(Math.ILogB(x), least) - bits);
        var rounded = Math.Round(x / unit, MidpointRounding.ToEven) * unit;
        return Math.Abs(rounded) >= Math.ScaleB(1, greatest + 1) ? (float)double.CopySign(double.PositiveInfinity, x) : (float)rounded;
    }

    private static void AssertSame(float expected, float actual, float x)
    {
        var isSame = float.IsNaN(expected) ? float.IsNaN(actual) : BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(actual);
        if (!isSame) Assert.Fail(FormattableString.Invariant($"{x:R} became {actual:R}, not {expected:R}"));
    }
}
