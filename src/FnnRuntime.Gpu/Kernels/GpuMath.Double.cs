using System.Runtime.CompilerServices;
using ILGPU;

namespace FeedbackNN.Gpu;

/// <content>
/// The operators in float64: right to about 1e-15, and slow, because a device has few units for it. CUDA has no exponential, sine or
/// remainder of doubles, so these are the float32 methods again, with Taylor polynomials.
/// </content>
public static partial class GpuMath
{
    // 33 bits: the product with a whole number up to 2^20 is exact.
    private const double Ln2HighDouble = 0.69314718036912382;
    private const double Ln2LowDouble = 1.9082149292705877e-10;
    private const double Log2EDouble = 1.4426950408889634;

    // 1.5 * 2^52.
    private const double RounderDouble = 6755399441055744.0;

    // Below it the number of quarter turns is below 2^20.
    private const double ReductionLimitDouble = 1e6;
    private const long SignBitDouble = long.MinValue;

    /// <summary>a - b * floor(a / b), with the sign of b: exact. NaN when b is 0 or a isn't finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Rem(double a, double b)
    {
        var rest = TruncatedRemainder(a, b);
        var isOtherSide = (rest < 0 & b > 0) | (rest > 0 & b < 0);
        return isOtherSide ? rest + b : rest;
    }

    /// <summary>a^b. 1 when b is 0 or a is 1; for negative a NaN unless b is whole.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Pow(double a, double b)
    {
        var magnitude = Math.Abs(a);
        var result = ExpOfProduct(ClampKeepingNaN(b, -1e20, 1e20), magnitude);
        result = b > 0 ? (magnitude == 0 ? 0 : magnitude == double.PositiveInfinity ? double.PositiveInfinity : result)
            : magnitude == 0 ? double.PositiveInfinity : magnitude == double.PositiveInfinity ? 0 : result;

        var half = b * 0.5;
        var isOdd = Math.Floor(b) == b & Math.Floor(half) != half;
        result = isOdd ? WithSignOf(result, a) : result;
        var isUndefined = (a < 0 & a > double.NegativeInfinity & Math.Floor(b) != b) | double.IsNaN(a) | double.IsNaN(b);
        var isOne = a == 1 | b == 0;
        return isOne ? 1 : isUndefined ? double.NaN : result;
    }

    /// <summary>The larger of the two; NaN if one of them is. Of two zeros either.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Maximum(double a, double b) => double.IsNaN(a) ? a : double.IsNaN(b) ? b : Math.Max(a, b);

    /// <summary>The smaller of the two; NaN if one of them is. Of two zeros either.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Minimum(double a, double b) => double.IsNaN(a) ? a : double.IsNaN(b) ? b : Math.Min(a, b);

    /// <summary>|x|.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Abs(double x) => Math.Abs(x);

    /// <summary>e^x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Exp(double x)
    {
        var clamped = ClampKeepingNaN(x, -746.0, 710.0);
        var n = RoundToWhole(clamped * Log2EDouble);
        return TimesPowerOfTwo(1 + ExpMinusOneReduced(ReduceByLn2(clamped, n)), WholeToInt(n));
    }

    /// <summary>e^x - 1, without cancellation near 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Expm1(double x)
    {
        var clamped = ClampKeepingNaN(x, -40.0, 710.0);
        var n = RoundToWhole(clamped * Log2EDouble);
        var p = ExpMinusOneReduced(ReduceByLn2(clamped, n));
        var half = PowerOfTwoDouble(WholeToInt(n) - 1);
        var result = (half * p) + (half - 0.5);
        return n == 0 ? WithSignOf(p, x) : result + result;
    }

    /// <summary>The natural logarithm.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Log(double x)
    {
        var isDenormal = x < 2.2250738585072014e-308;
        return WithLogLimits(x, LogOfNormal(isDenormal ? x * 4503599627370496.0 : x, isDenormal ? -52 : 0));
    }

    /// <summary>log(1 + x), without cancellation near 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Log1p(double x) => x == 0 ? x : WithLogLimits(x + 1, Log1pAboveMinusOne(x));

    /// <summary>The square root.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sqrt(double x) => Math.Sqrt(x);

    /// <summary>1 / sqrt(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Rsqrt(double x) => 1 / Math.Sqrt(x);

    /// <summary>1 / x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Reciprocal(double x) => 1 / x;

    /// <summary>x * x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Square(double x) => x * x;

    /// <summary>The sine of x in radians. Beyond a million the error is up to |x| * 1e-16, as that of x itself.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sin(double x) => x == 0 ? x : SinOfQuarterTurns(x, 0);

    /// <summary>The cosine of x in radians. Beyond a million the error is up to |x| * 1e-16, as that of x itself.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Cos(double x) => SinOfQuarterTurns(x, 1);

    /// <summary>The hyperbolic tangent.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Tanh(double x)
    {
        var magnitude = Math.Abs(x);
        var y = magnitude > 20.0 ? -40.0 : -(magnitude + magnitude);
        var n = RoundToWhole(y * Log2EDouble);
        var p = ExpMinusOneReduced(ReduceByLn2(y, n));
        var scale = PowerOfTwoDouble(WholeToInt(n));
        var minusOne = (scale * p) + (scale - 1);
        return WithSignOf(minusOne / (minusOne + 2), x);
    }

    /// <summary>max(x, 0); NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Relu(double x) => x < 0 ? 0 : x;

    /// <summary>The largest whole number that isn't larger.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Floor(double x) => Math.Floor(x);

    /// <summary>The smallest whole number that isn't smaller.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Ceil(double x) => Math.Ceiling(x);

    /// <summary>The nearest whole number, halves to the even one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Round(double x)
    {
        var magnitude = Math.Abs(x);
        var rounded = magnitude + 4503599627370496.0 - 4503599627370496.0;
        return magnitude < 4503599627370496.0 ? WithSignOf(rounded, x) : x;
    }

    /// <summary>-1, 0 or 1; zeros and NaN stay what they are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sign(double x) => x > 0 ? 1 : x < 0 ? -1 : x;

    /// <summary>1 / (1 + e^-x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sigmoid(double x)
    {
        var e = Exp(-Math.Abs(x));
        return (x < 0 ? e : 1) / (e + 1);
    }

    /// <summary>log(1 + e^x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Softplus(double x) => Relu(x) + Log1pAboveMinusOne(Exp(-Math.Abs(x)));

    /// <summary>The error function 2/sqrt(pi) * the integral of e^(-t^2) from 0 to x.</summary>
    /// <remarks>Abramowitz and Stegun 7.1.6 up to 3 (all terms positive: no cancellation), the continued fraction 7.1.14 beyond.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Erf(double x)
    {
        var magnitude = Math.Abs(x);
        var t = magnitude > 6.0 ? 6.0 : magnitude;
        var bell = Exp(-(t * t));
        double term = t, sum = t, fraction = t;
        for (var n = 1; n <= 60; n++)
        {
            term *= (t + t) * t / ((2 * n) + 1);
            sum += term;
        }

        for (var n = 60; n >= 1; n--) fraction = t + (n * 0.5 / fraction);
        return WithSignOf(t < 3.0 ? bell * sum * 1.1283791670955126 : 1 - (bell / (fraction * 1.7724538509055161)), x);
    }

    // ---- Pieces ------------------------------------------------------------------------------------------------------

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Bits(double x) => (long)Interop.FloatAsInt(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double FromBits(long bits) => Interop.IntAsFloat((ulong)bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double WithSignOf(double magnitude, double sign) => FromBits((Bits(magnitude) & ~SignBitDouble) | (Bits(sign) & SignBitDouble));

    // The upper 26 of the 53 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double UpperHalf(double x) => FromBits(Bits(x) & ~0x7ffffffL);

    // 2^n for n from -1022 to 1023.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double PowerOfTwoDouble(int n) => FromBits((long)(n + 1023) << 52);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double TimesPowerOfTwo(double x, int n)
    {
        var half = n >> 1;
        return x * PowerOfTwoDouble(half) * PowerOfTwoDouble(n - half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Horner(double x, double higher, double coefficient) => (higher * x) + coefficient;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double ClampKeepingNaN(double x, double low, double high)
    {
        // Two conditional values one after the other, which become selections; one inside the other become branches.
        var below = x > high ? high : x;
        return below < low ? low : below;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double RoundToWhole(double x) => x + RounderDouble - RounderDouble;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WholeToInt(double n) => (int)(Bits(n + RounderDouble) - 0x4338000000000000L);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double ReduceByLn2(double x, double n) => x - (n * Ln2HighDouble) - (n * Ln2LowDouble);

    // r + r^2 / 2! + ... + r^14 / 14! for |r| up to ln(2)/2.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double ExpMinusOneReduced(double r)
    {
        var p = Horner(r, 1.1470745597729725e-11, 1.6059043836821613e-10);
        p = Horner(r, Horner(r, Horner(r, p, 2.08767569878681e-09), 2.505210838544172e-08), 2.755731922398589e-07);
        p = Horner(r, Horner(r, Horner(r, p, 2.7557319223985893e-06), 2.48015873015873e-05), 0.0001984126984126984);
        p = Horner(r, Horner(r, Horner(r, p, 0.001388888888888889), 0.008333333333333333), 0.041666666666666664);
        p = Horner(r, Horner(r, p, 0.16666666666666666), 0.5);
        return (p * (r * r)) + r;
    }

    // x = 2^e m with m from sqrt(1/2) to sqrt(2), log(m) = 2 artanh(s), s = (m - 1) / (m + 1); 2s = f - s f with f = m - 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double LogOfNormal(double x, int shift)
    {
        var offset = Bits(x) - 0x3fe6a09e667f3bcdL;
        double e = (int)(offset >> 52) + shift;
        var f = FromBits(Bits(x) - (offset & ~0xfffffffffffffL)) - 1;
        var s = f / (f + 2);
        var square = s * s;
        var p = Horner(square, 0.043478260869565216, 0.047619047619047616);
        p = Horner(square, Horner(square, Horner(square, p, 0.05263157894736842), 0.058823529411764705), 0.06666666666666667);
        p = Horner(square, Horner(square, Horner(square, p, 0.07692307692307693), 0.09090909090909091), 0.1111111111111111);
        p = Horner(square, Horner(square, Horner(square, p, 0.14285714285714285), 0.2), 0.3333333333333333);
        var tail = (s * (square * p * 2 - f)) + (e * Ln2LowDouble);
        return (e * Ln2HighDouble) + (f + tail);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Log1pAboveMinusOne(double x)
    {
        var u = x + 1;
        return LogOfNormal(u, 0) + ((x - (u - 1)) / u);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double WithLogLimits(double x, double log) =>
        x > 0 ? (x < double.PositiveInfinity ? log : double.PositiveInfinity) : x == 0 ? double.NegativeInfinity : double.NaN;

    // As for float32.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double ExpOfProduct(double b, double a)
    {
        var isDenormal = a < 2.2250738585072014e-308;
        var scaled = isDenormal ? a * 4503599627370496.0 : a;
        var offset = Bits(scaled) - 0x3fe6a09e667f3bcdL;
        double e = (int)(offset >> 52) + (isDenormal ? -52 : 0);
        var m = FromBits(Bits(scaled) - (offset & ~0xfffffffffffffL));

        var f = m - 1;
        var sum = m + 1;
        var sumLost = m - (sum - 1);
        var sHigh = UpperHalf(f / sum);
        var sumHigh = UpperHalf(sum);
        var sLow = (f - (sHigh * sumHigh) - (sHigh * (sum - sumHigh)) - (sHigh * sumLost)) / sum;

        var s = sHigh + sLow;
        var square = s * s;
        var p = Horner(square, 0.12545174268599682, 0.13739952770371081);
        p = Horner(square, Horner(square, Horner(square, p, 0.15186263588304877), 0.16972882833987804), 0.19235933878519512);
        p = Horner(square, Horner(square, Horner(square, p, 0.22195308321368667), 0.26230818925253879), 0.3205988979753252);
        p = Horner(square, Horner(square, Horner(square, p, 0.41219858311113239), 0.57707801635558531), 0.96179669392597555);
        var logHigh = sHigh * 2.8853901028633118;
        var logLow = (sHigh * -2.1085384952858276e-08) + (sLow * 2.8853900817779269) + (s * square * p);

        var high = e + logHigh;
        var low = logHigh - (high - e) + logLow;
        var log = high + low;
        var logUpper = UpperHalf(log);
        var logLower = high - logUpper + low;

        var bUpper = UpperHalf(b);
        var y = bUpper * logUpper;
        var yLow = ((b - bUpper) * logUpper) + (b * logLower);
        var isInside = Math.Abs(y) < 1200.0;
        y = isInside ? y : y < 0 ? -1200.0 : 1200.0;
        yLow = isInside ? yLow : 0;
        var n = RoundToWhole(y + yLow);
        var r = y - n + yLow;
        return TimesPowerOfTwo(1 + ExpMinusOneReduced(r * 0.69314718055994531), WholeToInt(n));
    }

    // What C's fmod gives, by long division of the significands, eleven binary digits a step.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double TruncatedRemainder(double a, double b)
    {
        long x = Bits(a) & ~SignBitDouble, y = Bits(b) & ~SignBitDouble;
        var exponent = Math.Max((int)(y >> 52), 1);
        var divisor = Significand(y);
        divisor = divisor == 0 ? 1 : divisor;
        var rest = Significand(x) % divisor;
        for (var left = Math.Max((int)(x >> 52), 1) - exponent; left > 0; left -= 11) rest = (rest << Math.Min(left, 11)) % divisor;
        var remainder = WithSignOf(TimesPowerOfTwo((double)(long)rest, exponent - 1075), a);
        var isDefined = x < 0x7ff0000000000000L & y <= 0x7ff0000000000000L & y != 0;
        return isDefined ? x < y ? a : remainder : double.NaN;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Significand(long bits) => (ulong)((bits & 0xfffffffffffffL) | (bits >= 0x10000000000000L ? 0x10000000000000L : 0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double SinOfQuarterTurns(double x, int shift)
    {
        var within = Math.Abs(x) > ReductionLimitDouble ? TruncatedRemainder(x, 6.2831853071795862) : x;
        var q = RoundToWhole(within * 0.63661977236758138);
        var r = within - (q * 1.5707963267341256) - (q * 6.077100506303966e-11) - (q * 2.0222662487111665e-21) - (q * 8.4784276603688996e-32);
        var quadrant = WholeToInt(q) + shift;
        var s = r * r;
        var sine = Horner(s, 2.8114572543455206e-15, -7.647163731819816e-13);
        sine = Horner(s, Horner(s, Horner(s, sine, 1.6059043836821613e-10), -2.505210838544172e-08), 2.7557319223985893e-06);
        sine = Horner(s, Horner(s, Horner(s, sine, -0.0001984126984126984), 0.008333333333333333), -0.16666666666666666);
        sine = (sine * s * r) + r;
        var cosine = Horner(s, 4.779477332387385e-14, -1.1470745597729725e-11);
        cosine = Horner(s, Horner(s, Horner(s, cosine, 2.08767569878681e-09), -2.755731922398589e-07), 2.48015873015873e-05);
        cosine = Horner(s, Horner(s, cosine, -0.001388888888888889), 0.041666666666666664);
        cosine = (cosine * s * s) + ((s * -0.5) + 1);
        var result = (quadrant & 1) != 0 ? cosine : sine;
        return Math.Abs(x) < double.PositiveInfinity ? FromBits(Bits(result) ^ ((long)(quadrant & 2) << 62)) : double.NaN;
    }
}
