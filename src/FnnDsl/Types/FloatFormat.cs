namespace FeedbackNN.Dsl.Types;

/// <summary>
/// A binary floating-point format that operands of a product are rounded to, to nearest and of two equally near to the even one, as IEEE 754 has it. Subnormal numbers are kept. Each is a subset of float32, in which
/// products are added up.
/// </summary>
/// <param name="Name">In <c>precision</c>.</param>
/// <param name="RuntimeName">The member of the GPU runtime's <c>OperandFormat</c>.</param>
/// <param name="MantissaBits">Stored bits of the mantissa.</param>
/// <param name="LeastExponent">Of the smallest normal number, 2^this.</param>
/// <param name="GreatestExponent">Of the largest numbers.</param>
public sealed record FloatFormat(string Name, string RuntimeName, int MantissaBits, int LeastExponent, int GreatestExponent)
{
    /// <summary>float32: IEEE 754 binary32.</summary>
    public static readonly FloatFormat F32 = new("f32", "Float32", 23, -126, 127);

    /// <summary>What NVIDIA calls TF32: the exponents of float32, the mantissa of float16.</summary>
    public static readonly FloatFormat TF32 = new("tf32", "TensorFloat32", 10, -126, 127);

    /// <summary>bfloat16: the upper half of a float32.</summary>
    public static readonly FloatFormat BF16 = new("bf16", "BFloat16", 7, -126, 127);

    /// <summary>float16: IEEE 754 binary16.</summary>
    public static readonly FloatFormat F16 = new("f16", "Float16", 10, -14, 15);

    /// <summary>All of them, as messages list them.</summary>
    public static IReadOnlyList<FloatFormat> All { get; } = [F32, TF32, BF16, F16];

    /// <summary>Whether gradients, which are small, fall out of its range, so that a training scales its loss (Micikevicius and others, Mixed Precision Training, 2018).</summary>
    public bool IsNarrow => LeastExponent > F32.LeastExponent;

    /// <summary>The nearest number of the format; an infinity where that would need a larger exponent.</summary>
    public double Round(double x)
    {
        if (x == 0 || double.IsNaN(x) || double.IsInfinity(x)) return x;
        // The exponent of a float64; those that are subnormal there are 0 in every format.
        var exponent = (int)((BitConverter.DoubleToInt64Bits(x) >> 52) & 0x7ff) - 1023;
        var unit = Math.Pow(2, Math.Max(exponent, LeastExponent) - MantissaBits);
        var rounded = Math.Round(x / unit, MidpointRounding.ToEven) * unit;
        return Math.Abs(rounded) >= Math.Pow(2, GreatestExponent + 1) ? x > 0 ? double.PositiveInfinity : double.NegativeInfinity : rounded;
    }
}
