using System.Runtime.CompilerServices;

namespace FeedbackNN.Gpu;

/// <content>
/// Exponentials, logarithms and what is made of them: the polynomials of <see cref="Cpu.SimdMath"/>, with arguments reduced by
/// constants in two parts whose first has few bits (Cody and Waite), so that no fused multiply-add is needed.
/// </content>
public static partial class GpuMath
{
    private const float Log2E = 1.44269502f;

    // 15 bits: the product with a whole number up to 512 is exact.
    private const float Ln2High = 0.693145752f;
    private const float Ln2Low = 1.42860677e-06f;

    // 1.5 * 2^23: its sum with a float below 2^22 is that float rounded to a whole number, which the lowest bits hold.
    private const float Rounder = 12582912f;

    /// <summary>e^x: at most 1.1 ulp, denormal results included. 0 for -inf, inf for +inf and on overflow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Exp(float x)
    {
        var clamped = ClampKeepingNaN(x, -104f, 88.8f);
        var n = RoundToWhole(clamped * Log2E);
        return TimesPowerOfTwo(1 + ExpMinusOneReduced(ReduceByLn2(clamped, n)), WholeToInt(n));
    }

    /// <summary>e^x - 1 without cancellation near 0: at most 1.7 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Expm1(float x)
    {
        var clamped = ClampKeepingNaN(x, -18f, 89f);
        var n = RoundToWhole(clamped * Log2E);
        var p = ExpMinusOneReduced(ReduceByLn2(clamped, n));

        // Half of 2^n (1 + p) - 1, because 2^128 is no float.
        var half = PowerOfTwo(WholeToInt(n) - 1);
        var result = (half * p) + (half - 0.5f);
        return n == 0 ? WithSignOf(p, x) : result + result;
    }

    /// <summary>The natural logarithm: at most 0.9 ulp, denormal arguments included. -inf for 0, NaN below.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Log(float x)
    {
        var isDenormal = x < 1.17549435e-38f;
        return WithLogLimits(x, LogOfNormal(isDenormal ? x * 8388608f : x, isDenormal ? -23 : 0));
    }

    /// <summary>log(1 + x) without cancellation near 0: at most 1.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Log1p(float x) => x == 0 ? x : WithLogLimits(x + 1, Log1pAboveMinusOne(x));

    /// <summary>The hyperbolic tangent: at most 2.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Tanh(float x)
    {
        // tanh |x| = (1 - e^(-2|x|)) / (1 + e^(-2|x|)); from 10 on that is 1.
        var magnitude = MathF.Abs(x);
        var y = magnitude > 10f ? -20f : -(magnitude + magnitude);
        var n = RoundToWhole(y * Log2E);
        var p = ExpMinusOneReduced(ReduceByLn2(y, n));
        var scale = PowerOfTwo(WholeToInt(n));
        var minusOne = (scale * p) + (scale - 1);
        return WithSignOf(minusOne / (minusOne + 2), x);
    }

    /// <summary>1 / (1 + e^-x): at most 2.2 ulp, also where it is denormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sigmoid(float x)
    {
        var e = Exp(-MathF.Abs(x));
        return (x < 0 ? e : 1) / (e + 1);
    }

    /// <summary>log(1 + e^x): at most 2 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Softplus(float x) => Relu(x) + Log1pAboveMinusOne(Exp(-MathF.Abs(x)));

    /// <summary>The error function 2/sqrt(pi) * the integral of e^(-t^2) from 0 to x: at most 1.2 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Erf(float x)
    {
        var magnitude = MathF.Abs(x);
        var t = magnitude > 4f ? 4f : magnitude;

        // Up to 0.93: x + x P(x^2). Above: 1 - e^Q(x), where Q fits log(erfc); erf(4) is 1 in float32.
        var s = t * t;
        var small = Horner(s, Horner(s, Horner(s, Horner(s, Horner(s, Horner(s, 8.33471859e-05f, -0.000813470921f), 0.00520036882f), -0.0268591512f), 0.112836912f), -0.376126349f), 0.128379166f);
        small = (small * t) + t;

        var q = Horner(t, Horner(t, Horner(t, Horner(t, 1.6435697e-06f, -4.61779127e-05f), 0.000597743492f), -0.00476357527f), 0.0264310185f);
        q = Horner(t, Horner(t, Horner(t, Horner(t, q, -0.11009448f), -0.631814539f), -1.13023758f), 0.000320441526f);
        var n = RoundToWhole(q * Log2E);
        var scale = PowerOfTwo(WholeToInt(n));
        var large = 1 - ((scale * ExpMinusOneReduced(ReduceByLn2(q, n))) + scale);

        return WithSignOf(t > 0.93f ? large : small, x);
    }

    /// <summary>a^b: at most 1.3 ulp. 1 when b is 0 or a is 1; for negative a NaN unless b is whole.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Pow(float a, float b)
    {
        var magnitude = MathF.Abs(a);
        var result = ExpOfProduct(ClampKeepingNaN(b, -1e11f, 1e11f), magnitude);
        result = b > 0 ? (magnitude == 0 ? 0 : magnitude == float.PositiveInfinity ? float.PositiveInfinity : result)
            : magnitude == 0 ? float.PositiveInfinity : magnitude == float.PositiveInfinity ? 0 : result;

        var half = b * 0.5f;
        var isOdd = MathF.Floor(b) == b & MathF.Floor(half) != half;
        result = isOdd ? WithSignOf(result, a) : result;
        var isUndefined = (a < 0 & a > float.NegativeInfinity & MathF.Floor(b) != b) | float.IsNaN(a) | float.IsNaN(b);
        var isOne = a == 1 | b == 0;
        return isOne ? 1 : isUndefined ? float.NaN : result;
    }

    // ---- Pieces ------------------------------------------------------------------------------------------------------

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Horner(float x, float higher, float coefficient) => (higher * x) + coefficient;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float ClampKeepingNaN(float x, float low, float high)
    {
        // Two conditional values one after the other, which become selections; one inside the other become branches.
        var below = x > high ? high : x;
        return below < low ? low : below;
    }

    // For |x| below 2^22.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float RoundToWhole(float x) => x + Rounder - Rounder;

    // Without a conversion, which is undefined for NaN in C.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WholeToInt(float n) => Bits(n + Rounder) - 0x4b400000;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float ReduceByLn2(float x, float n) => x - (n * Ln2High) - (n * Ln2Low);

    // e^r - 1 for |r| up to ln(2)/2: r + r^2 P(r), P to 7e-8.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float ExpMinusOneReduced(float r)
    {
        var p = Horner(r, Horner(r, Horner(r, Horner(r, 0.00139262504f, 0.00836323295f), 0.0416665524f), 0.166665763f), 0.5f);
        return (p * (r * r)) + r;
    }

    // log(x) + shift log(2): x = 2^e m with m from sqrt(1/2) to sqrt(2), f = m - 1, log(1 + f) = f - f^2/2 + f^3 P(f).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float LogOfNormal(float x, int shift)
    {
        var offset = Bits(x) - 0x3f3504f3;
        float e = (offset >> 23) + shift;
        var f = FromBits(Bits(x) - (offset & ~0x7fffff)) - 1;
        var p = Horner(f, Horner(f, Horner(f, Horner(f, 0.0697161183f, -0.114797339f), 0.116854198f), -0.124256872f), 0.142490581f);
        p = Horner(f, Horner(f, Horner(f, Horner(f, p, -0.166678026f), 0.200007156f), -0.24999997f), 0.333333313f);
        var square = f * f;
        var tail = (square * f * p) + (e * Ln2Low);
        tail = (square * -0.5f) + tail;
        return (e * Ln2High) + (f + tail);
    }

    // With u = 1 + x rounded, log(1 + x) = log(u) + (what rounding lost) / u.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Log1pAboveMinusOne(float x)
    {
        var u = x + 1;
        return LogOfNormal(u, 0) + ((x - (u - 1)) / u);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float WithLogLimits(float x, float log) =>
        x > 0 ? (x < float.PositiveInfinity ? log : float.PositiveInfinity) : x == 0 ? float.NegativeInfinity : float.NaN;

    // a^b = 2^(b log2(a)) for positive finite a and finite b. The logarithm and its product with b are sums of two floats each: an error
    // in the exponent is one of the result times up to 128.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float ExpOfProduct(float b, float a)
    {
        // a = 2^e m with m from sqrt(1/2) to sqrt(2).
        var isDenormal = a < 1.17549435e-38f;
        var scaled = isDenormal ? a * 8388608f : a;
        var offset = Bits(scaled) - 0x3f3504f3;
        float e = (offset >> 23) + (isDenormal ? -23 : 0);
        var m = FromBits(Bits(scaled) - (offset & ~0x7fffff));

        // log2(m) = 2 / ln(2) * artanh(s), s = (m - 1) / (m + 1): a quotient of 12 bits and what it leaves.
        var f = m - 1;
        var sum = m + 1;
        var sumLost = m - (sum - 1);
        var sHigh = UpperHalf(f / sum);
        var sumHigh = UpperHalf(sum);
        var sLow = (f - (sHigh * sumHigh) - (sHigh * (sum - sumHigh)) - (sHigh * sumLost)) / sum;

        // artanh(s) = s + s^3 (1/3 + s^2/5 + ...), times 2 / ln(2) in two parts.
        var s = sHigh + sLow;
        var square = s * s;
        var series = Horner(square, Horner(square, Horner(square, Horner(square, 0.26230818f, 0.3205989f), 0.412198573f), 0.577078044f), 0.961796701f);
        var logHigh = sHigh * 2.88574219f;
        var logLow = (sHigh * -0.000352105708f) + (sLow * 2.88539004f) + (s * square * series);

        // The sum with e, into 12 bits and the rest.
        var high = e + logHigh;
        var low = logHigh - (high - e) + logLow;
        var log = high + low;
        var logUpper = UpperHalf(log);
        var logLower = high - logUpper + low;

        var bUpper = UpperHalf(b);
        var y = bUpper * logUpper;
        var yLow = ((b - bUpper) * logUpper) + (b * logLower);

        // Beyond this the result is infinite or 0 anyway.
        var isInside = MathF.Abs(y) < 200f;
        y = isInside ? y : y < 0 ? -200f : 200f;
        yLow = isInside ? yLow : 0;
        var n = RoundToWhole(y + yLow);
        var r = y - n + yLow;
        return TimesPowerOfTwo(1 + ExpMinusOneReduced(r * 0.693147182f), WholeToInt(n));
    }
}
