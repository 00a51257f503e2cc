using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FeedbackNN.Cpu;

/// <summary>
/// Functions that aren't one instruction. Arguments are reduced exactly by fused multiply-adds with constants in two or three parts
/// (Cody and Waite, "Software Manual for the Elementary Functions", 1980); the polynomials are minimax fits on the reduced ranges.
/// </summary>
/// <remarks>The build makes the same for vectors of 256 and of 128 bits of this text, putting their names in: see the project file.</remarks>
internal static class Transcendental512
{
    private const float Log2E = 1.44269502f;
    private const float Ln2High = 0.693147182f;
    private const float Ln2Low = -1.90465421e-09f;

    /// <summary>e^x: at most 1.1 ulp, denormal results included. 0 for -inf, inf for +inf and on overflow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        // What is 0, most often where a mask has put -inf, is not computed: a result below all normal numbers stops the processor for a hundred cycles.
        var isZero = Vector512.LessThan(x, Vector512.Create(-104f));
        x = Vector512.MinNative(Vector512.Create(88.8f), Vector512.ConditionalSelect(isZero, Vector512<float>.Zero, x));
        var n = Vector512.Round(x * Vector512.Create(Log2E));
        return Vector512.ConditionalSelect(isZero, Vector512<float>.Zero, TimesPowerOfTwo(One + ExpMinusOneReduced(ReduceByLn2(x, n)), n));
    }

    /// <summary>e^x - 1 without cancellation near 0: at most 1.6 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Expm1(Vector512<float> x)
    {
        var clamped = ClampKeepingNaN(x, -18f, 89f);
        var n = Vector512.Round(clamped * Vector512.Create(Log2E));
        var p = ExpMinusOneReduced(ReduceByLn2(clamped, n));

        // Half of 2^n (1 + p) - 1, because 2^128 is no float.
        var half = PowerOfTwo(n - One);
        var result = Vector512.FusedMultiplyAdd(half, p, half - Vector512.Create(0.5f));
        result += result;
        return Vector512.ConditionalSelect(Vector512.Equals(n, Vector512<float>.Zero), WithSignOf(p, x), result);
    }

    /// <summary>The natural logarithm: at most 0.8 ulp, denormal arguments included. -inf for 0, NaN below.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Log(Vector512<float> x)
    {
        var isDenormal = Vector512.LessThan(x, Vector512.Create(1.17549435e-38f));
        var scaled = Vector512.ConditionalSelect(isDenormal, x * Vector512.Create(8388608f), x);
        var exponentShift = isDenormal & Vector512.Create(-23f);
        return WithLogLimits(x, LogOfNormal(scaled, exponentShift));
    }

    /// <summary>log(1 + x) without cancellation near 0: at most 1.6 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Log1p(Vector512<float> x)
    {
        var result = WithLogLimits(One + x, Log1pAboveMinusOne(x));
        return Vector512.ConditionalSelect(Vector512.Equals(x, Vector512<float>.Zero), x, result);
    }

    /// <summary>The hyperbolic tangent: at most 2.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Tanh(Vector512<float> x)
    {
        // tanh |x| = (1 - e^(-2|x|)) / (1 + e^(-2|x|)); from 10 on that is 1.
        var y = -Vector512.MinNative(Vector512.Create(20f), Vector512.Abs(x + x));
        var n = Vector512.Round(y * Vector512.Create(Log2E));
        var p = ExpMinusOneReduced(ReduceByLn2(y, n));
        var scale = PowerOfTwo(n);
        var minusOne = Vector512.FusedMultiplyAdd(scale, p, scale - One);
        return WithSignOf(minusOne / (minusOne + Vector512.Create(2f)), x);
    }

    /// <summary>1 / (1 + e^-x): at most 2.4 ulp, also where it is denormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Sigmoid(Vector512<float> x)
    {
        var e = Exp(-Vector512.Abs(x));
        return Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), e, One) / (One + e);
    }

    /// <summary>log(1 + e^x): at most 1.9 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Softplus(Vector512<float> x) => Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), Vector512<float>.Zero, x) + Log1pAboveMinusOne(Exp(-Vector512.Abs(x)));

    /// <summary>The error function 2/sqrt(pi) * the integral of e^(-t^2) from 0 to x: at most 1.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Erf(Vector512<float> x) => Erf(x, Exp(-(x * x)));

    /// <summary>The same to the bit, where e^(-x^2) is there already: it is most of the derivative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Erf(Vector512<float> x, Vector512<float> gaussian)
    {
        var t = Vector512.MinNative(Vector512.Create(4f), Vector512.Abs(x));

        // Up to 0.93: x + x P(x^2).
        var s = t * t;
        var p = Vector512.FusedMultiplyAdd(Vector512.Create(8.33471859e-05f), s, Vector512.Create(-0.000813470921f));
        p = Vector512.FusedMultiplyAdd(p, s, Vector512.Create(0.00520036882f));
        p = Vector512.FusedMultiplyAdd(p, s, Vector512.Create(-0.0268591512f));
        p = Vector512.FusedMultiplyAdd(p, s, Vector512.Create(0.112836912f));
        p = Vector512.FusedMultiplyAdd(p, s, Vector512.Create(-0.376126349f));
        p = Vector512.FusedMultiplyAdd(p, s, Vector512.Create(0.128379166f));
        var small = Vector512.FusedMultiplyAdd(p, t, t);

        // Above: 1 - e^(-x^2) R(x), where R fits e^(x^2) erfc(x) up to 4, as far as its error is seen beside 1; erf(4) is 1 in float32.
        var r = Vector512.FusedMultiplyAdd(Vector512.Create(0.000125644525f), t, Vector512.Create(-0.00218822039f));
        r = Vector512.FusedMultiplyAdd(r, t, Vector512.Create(0.0170425493f));
        r = Vector512.FusedMultiplyAdd(r, t, Vector512.Create(-0.0788882673f));
        r = Vector512.FusedMultiplyAdd(r, t, Vector512.Create(0.2437817f));
        r = Vector512.FusedMultiplyAdd(r, t, Vector512.Create(-0.53671205f));
        r = Vector512.FusedMultiplyAdd(r, t, Vector512.Create(0.877495706f));
        r = Vector512.FusedMultiplyAdd(r, t, Vector512.Create(-1.08669603f));
        r = Vector512.FusedMultiplyAdd(r, t, Vector512.Create(0.993622482f));
        var large = Vector512.FusedMultiplyAdd(-gaussian, r, One);

        return WithSignOf(Vector512.ConditionalSelect(Vector512.GreaterThan(t, Vector512.Create(0.93f)), large, small), x);
    }

    /// <summary>sin(x + shift quarter turns) for |x| up to 10,000: r = x - q pi/2, then sine or cosine of r with the sign of the quadrant.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> SinOfQuarterTurns(Vector512<float> x, Vector512<int> shift)
    {
        var q = Vector512.Round(x * Vector512.Create(0.636619747f));
        var r = Vector512.FusedMultiplyAdd(q, Vector512.Create(-1.57079637f), x);
        r = Vector512.FusedMultiplyAdd(q, Vector512.Create(4.37113883e-08f), r);
        r = Vector512.FusedMultiplyAdd(q, Vector512.Create(1.71512451e-15f), r);
        var quadrant = Vector512.ConvertToInt32Native(q) + shift;

        var s = r * r;
        var sine = Horner(s, Horner(s, Vector512.Create(-0.000195873872f), 0.0083327461f), -0.166666642f);
        sine = Vector512.FusedMultiplyAdd(sine * s, r, r);
        var cosine = Horner(s, Horner(s, Vector512.Create(2.45474366e-05f), -0.00138883002f), 0.0416666642f);
        cosine = Vector512.FusedMultiplyAdd(cosine * s, s, Vector512.FusedMultiplyAdd(s, Vector512.Create(-0.5f), One));

        var isOdd = Vector512.Equals(quadrant & Vector512<int>.One, Vector512<int>.One).AsSingle();
        var sign = ((quadrant & Vector512.Create(2)) << 30).AsSingle();
        return Vector512.ConditionalSelect(isOdd, cosine, sine) ^ sign;
    }

    // ---- Pieces ------------------------------------------------------------------------------------------------------

    /// <summary>1 in each lane.</summary>
    public static Vector512<float> One
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(1f);
    }

    /// <summary>The magnitude's bits with the sign's sign.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> WithSignOf(Vector512<float> magnitude, Vector512<float> sign) =>
        Vector512.ConditionalSelect(Vector512.Create(int.MinValue).AsSingle(), sign, magnitude);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Horner(Vector512<float> x, Vector512<float> higher, float coefficient) =>
        Vector512.FusedMultiplyAdd(higher, x, Vector512.Create(coefficient));

    // The native minimum and maximum give their second operand when one of them is NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> ClampKeepingNaN(Vector512<float> x, float low, float high) =>
        Vector512.MinNative(Vector512.Create(high), Vector512.MaxNative(Vector512.Create(low), x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> ReduceByLn2(Vector512<float> x, Vector512<float> n)
    {
        x = Vector512.FusedMultiplyAdd(n, Vector512.Create(-Ln2High), x);
        return Vector512.FusedMultiplyAdd(n, Vector512.Create(-Ln2Low), x);
    }

    // e^r - 1 for |r| up to ln(2)/2: r + r^2 P(r), P to 7e-8.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> ExpMinusOneReduced(Vector512<float> r)
    {
        // Without calls of Horner: each would count against the number of calls that the JIT takes into one loop.
        var p = Vector512.FusedMultiplyAdd(Vector512.Create(0.00139262504f), r, Vector512.Create(0.00836323295f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(0.0416665524f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(0.166665763f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(0.5f));
        return Vector512.FusedMultiplyAdd(p, r * r, r);
    }

    // 2^n for whole n from -126 to 127.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> PowerOfTwo(Vector512<float> n) =>
        ((Vector512.ConvertToInt32Native(n) + Vector512.Create(127)) << 23).AsSingle();

    // x * 2^n, rounded once, for whole n from -252 to 254.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> TimesPowerOfTwo(Vector512<float> x, Vector512<float> n)
    {
        if (Avx512F.VL.IsSupported) return Scaled.By(x, n);
        var half = Vector512.Floor(n * Vector512.Create(0.5f));
        return x * PowerOfTwo(half) * PowerOfTwo(n - half);
    }

    // log(x) + (shift) log(2): x = 2^e m with m from sqrt(1/2) to sqrt(2), f = m - 1, log(1 + f) = f - f^2/2 + f^3 P(f).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> LogOfNormal(Vector512<float> x, Vector512<float> shift)
    {
        var offset = x.AsInt32() - Vector512.Create(0x3f3504f3);
        var e = Vector512.ConvertToSingle(offset >> 23) + shift;
        var f = (x.AsInt32() - (offset & Vector512.Create(unchecked((int)0xff800000)))).AsSingle() - One;
        var p = Horner(f, Horner(f, Horner(f, Horner(f, Vector512.Create(0.0697161183f), -0.114797339f), 0.116854198f), -0.124256872f), 0.142490581f);
        p = Horner(f, Horner(f, Horner(f, Horner(f, p, -0.166678026f), 0.200007156f), -0.24999997f), 0.333333313f);
        var square = f * f;
        var tail = Vector512.FusedMultiplyAdd(square * f, p, e * Vector512.Create(Ln2Low));
        tail = Vector512.FusedMultiplyAdd(square, Vector512.Create(-0.5f), tail);
        return Vector512.FusedMultiplyAdd(e, Vector512.Create(Ln2High), f + tail);
    }

    // With u = 1 + x rounded, log(1 + x) = log(u) + (what rounding lost) / u.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Log1pAboveMinusOne(Vector512<float> x)
    {
        var u = One + x;
        return LogOfNormal(u, Vector512<float>.Zero) + ((x - (u - One)) / u);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> WithLogLimits(Vector512<float> x, Vector512<float> log)
    {
        var infinity = Vector512.Create(float.PositiveInfinity);
        var limit = Vector512.ConditionalSelect(Vector512.Equals(x, infinity), infinity, Vector512.Create(float.NaN));
        limit = Vector512.ConditionalSelect(Vector512.Equals(x, Vector512<float>.Zero), -infinity, limit);
        var isInside = Vector512.GreaterThan(x, Vector512<float>.Zero) & Vector512.LessThan(x, infinity);
        return Vector512.ConditionalSelect(isInside, log, limit);
    }
}
