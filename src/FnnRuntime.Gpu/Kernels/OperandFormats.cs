using System.ComponentModel;
using System.Runtime.CompilerServices;
using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>What elements of a product's operands are rounded to before they are multiplied; the sums are float32.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public enum OperandFormat
{
    /// <summary>They are taken as they are.</summary>
    Float32,

    /// <summary>10 bits of mantissa, the exponents of float32.</summary>
    TensorFloat32,

    /// <summary>7 bits of mantissa, the exponents of float32.</summary>
    BFloat16,

    /// <summary>IEEE 754 binary16: 10 bits of mantissa, up to 65504.</summary>
    Float16,
}

/// <summary>
/// Rounds a float to the nearest number of a format, of two equally near to the even one; subnormal numbers are kept, and NaN and infinities stay what they are. A kernel has its format as a type, so that float32
/// costs nothing. In integers, because a device may be allowed to take float arithmetic apart.
/// </summary>
internal interface IOperandFormat
{
    static abstract float Round(float x);
}

/// <summary>As they are.</summary>
internal readonly struct InFloat32 : IOperandFormat
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Round(float x) => x;
}

/// <summary><see cref="OperandFormat.TensorFloat32"/>.</summary>
internal readonly struct InTensorFloat32 : IOperandFormat
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Round(float x)
    {
        var bits = (int)Interop.FloatAsInt(x);
        return Interop.IntAsFloat((uint)OperandBits.Nearest(bits, 13));
    }
}

/// <summary><see cref="OperandFormat.BFloat16"/>.</summary>
internal readonly struct InBFloat16 : IOperandFormat
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Round(float x)
    {
        var bits = (int)Interop.FloatAsInt(x);
        return Interop.IntAsFloat((uint)OperandBits.Nearest(bits, 16));
    }
}

/// <summary><see cref="OperandFormat.Float16"/>.</summary>
internal readonly struct InFloat16 : IOperandFormat
{
    private const int Largest = 0x477fe000;
    private const int Infinity = 0x7f800000;

    // Of 2^-14, the smallest normal number.
    private const int LeastExponent = 113;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Round(float x)
    {
        var bits = (int)Interop.FloatAsInt(x);
        var magnitude = bits & 0x7fffffff;
        var exponent = magnitude >> 23;
        var normal = OperandBits.Nearest(magnitude, 13);
        normal = normal > Largest && magnitude < Infinity ? Infinity : normal;

        // Below the normal numbers they are a whole number of times 2^-24.
        var dropped = Math.Min(126 - exponent, 31);
        dropped = dropped < 1 ? 1 : dropped;
        var mantissa = (magnitude & 0x7fffff) | 0x800000;
        var units = (mantissa + (1 << (dropped - 1)) - 1 + ((mantissa >> dropped) & 1)) >> dropped;
        var subnormal = (int)Interop.FloatAsInt(units * 5.9604644775390625e-8f);
        return Interop.IntAsFloat((uint)((bits & int.MinValue) | (exponent < LeastExponent ? subnormal : normal)));
    }
}

/// <summary>What the formats have in common.</summary>
internal static class OperandBits
{
    /// <summary>The bits of a float with the lowest so many rounded away: a carry goes on into the exponent, and from the largest into infinity. Of NaN and infinities nothing is taken.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Nearest(int bits, int dropped)
    {
        var half = 1 << (dropped - 1);
        var rounded = (bits + half - 1 + ((bits >> dropped) & 1)) & -(1 << dropped);
        return (bits & 0x7f800000) == 0x7f800000 ? bits : rounded;
    }
}
