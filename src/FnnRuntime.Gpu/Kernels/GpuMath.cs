using System.ComponentModel;
using System.Runtime.CompilerServices;
using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>
/// The elementwise operators inside of kernels, under the names they have in <see cref="Cpu.ScalarMath"/>, for every device that ILGPU
/// compiles to: arithmetic, comparisons and bit casts only, because a device's own exponential is an approximation and differs from
/// device to device. Ulp errors are measured against float64 over every 101st float of both signs, with and without fused multiply-adds.
/// </summary>
/// <remarks>
/// How these methods must be written, all of it because of ILGPU 1.5.3:
/// <list type="bullet">
/// <item>A product that is added to something may or may not be fused by the device's compiler. Where a rounding error matters,
/// the product is exact in either case, because one factor has enough zero bits at its end.</item>
/// <item>Floats are compared by &lt;, &gt; and == in front of a <c>?:</c>, never by an <c>if</c> or below a <c>!</c>: those turn the
/// comparison round, and OpenCL C loses that the turned one holds for NaN.</item>
/// <item>A constant stands at a comparison's right: moving it there, ILGPU lets the comparison hold for NaN.</item>
/// <item>(x * c) * d and (x + c) + d with constants c and d are folded to one operation, as though floats were exact.</item>
/// <item>Integers divided by a constant power of two are shifted, which rounds downwards.</item>
/// <item>Floats become whole numbers by their bits: a conversion of NaN is undefined in C.</item>
/// <item>No <c>condition ? 1 : 0</c> becomes a float: the result has the bits of the integer 1. It is <c>1f : 0f</c>.</item>
/// <item>The device's minimum and maximum don't pass NaN on.</item>
/// </list>
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public static partial class GpuMath
{
    /// <summary>a - b * floor(a / b), with the sign of b: exact. NaN when b is 0 or a isn't finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Rem(float a, float b)
    {
        var rest = TruncatedRemainder(a, b);
        var isOtherSide = (rest < 0 & b > 0) | (rest > 0 & b < 0);
        return isOtherSide ? rest + b : rest;
    }

    /// <summary>Whether it does not hold. Through a number: ILGPU turns the negation of a comparison into the opposite comparison, which OpenCL gets wrong for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Not(bool x) => 1 - (x ? 1 : 0) > 0;

    /// <summary>The larger of the two; NaN if one of them is. Of two zeros either.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Maximum(float a, float b) => float.IsNaN(a) ? a : float.IsNaN(b) ? b : MathF.Max(a, b);

    /// <summary>The smaller of the two; NaN if one of them is. Of two zeros either.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Minimum(float a, float b) => float.IsNaN(a) ? a : float.IsNaN(b) ? b : MathF.Min(a, b);

    /// <summary>|x|.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Abs(float x) => MathF.Abs(x);

    /// <summary>The square root, correctly rounded on CUDA; OpenCL allows 3 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sqrt(float x) => MathF.Sqrt(x);

    /// <summary>1 / sqrt(x): at most 1.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Rsqrt(float x) => 1 / MathF.Sqrt(x);

    /// <summary>1 / x, correctly rounded on CUDA; OpenCL allows 2.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Reciprocal(float x) => 1 / x;

    /// <summary>x * x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Square(float x) => x * x;

    /// <summary>max(x, 0); NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Relu(float x) => x < 0 ? 0 : x;

    /// <summary>The largest whole number that isn't larger.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Floor(float x) => MathF.Floor(x);

    /// <summary>The smallest whole number that isn't smaller.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Ceil(float x) => MathF.Ceiling(x);

    /// <summary>The nearest whole number, halves to the even one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Round(float x)
    {
        // Floats from 2^23 on are whole; adding 2^23 makes the addition round.
        var magnitude = MathF.Abs(x);
        var rounded = magnitude + 8388608f - 8388608f;
        return magnitude < 8388608f ? WithSignOf(rounded, x) : x;
    }

    /// <summary>-1, 0 or 1; zeros and NaN stay what they are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sign(float x) => x > 0 ? 1 : x < 0 ? -1 : x;

    // ---- Bits --------------------------------------------------------------------------------------------------------

    private const int SignBit = int.MinValue;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Bits(float x) => (int)Interop.FloatAsInt(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float FromBits(int bits) => Interop.IntAsFloat((uint)bits);

    // The sign of the magnitude is ignored.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float WithSignOf(float magnitude, float sign) => FromBits((Bits(magnitude) & ~SignBit) | (Bits(sign) & SignBit));

    // The upper 12 of the 24 bits: the product of two such numbers is exact.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float UpperHalf(float x) => FromBits(Bits(x) & ~0xfff);

    // 2^n for n from -126 to 127.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float PowerOfTwo(int n) => FromBits((n + 127) << 23);

    // x * 2^n, rounded once, for n from -252 to 254.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float TimesPowerOfTwo(float x, int n)
    {
        var half = n >> 1;
        return x * PowerOfTwo(half) * PowerOfTwo(n - half);
    }

    // ---- The remainder -----------------------------------------------------------------------------------------------

    // What C's fmod gives, by long division of the significands, eight binary digits a step.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float TruncatedRemainder(float a, float b)
    {
        int x = Bits(a) & ~SignBit, y = Bits(b) & ~SignBit;
        var exponent = Math.Max(y >> 23, 1);
        var divisor = Significand(y);
        divisor = divisor == 0 ? 1 : divisor;
        var rest = Significand(x) % divisor;
        for (var left = Math.Max(x >> 23, 1) - exponent; left > 0; left -= 8) rest = (rest << Math.Min(left, 8)) % divisor;
        var remainder = WithSignOf(TimesPowerOfTwo((int)rest, exponent - 150), a);
        var isDefined = x < 0x7f800000 & y <= 0x7f800000 & y != 0;
        return isDefined ? x < y ? a : remainder : float.NaN;
    }

    // The float without sign is Significand * 2^(max(bits >> 23, 1) - 150).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Significand(int bits) => (uint)((bits & 0x7fffff) | (bits >= 0x800000 ? 0x800000 : 0));
}
