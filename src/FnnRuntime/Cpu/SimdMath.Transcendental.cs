using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static FeedbackNN.Cpu.Transcendental512;

namespace FeedbackNN.Cpu;

/// <content>Functions that aren't one instruction: on 512 bits where the machine has such vectors, else on narrower ones (see <see cref="InParts"/>).</content>
public static partial class SimdMath
{
    // Up to here the number of quarter turns times each part of pi/2 is exact in a fused multiply-add.
    internal const float ReductionLimit = 10_000f;

    /// <summary>e^x: at most 1.1 ulp, denormal results included. 0 for -inf, inf for +inf and on overflow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x) => Vector512.IsHardwareAccelerated ? Transcendental512.Exp(x) : InParts.Exp(x);

    /// <summary>e^x - 1 without cancellation near 0: at most 1.6 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Expm1(Vector512<float> x) => Vector512.IsHardwareAccelerated ? Transcendental512.Expm1(x) : InParts.Expm1(x);

    /// <summary>The natural logarithm: at most 0.8 ulp, denormal arguments included. -inf for 0, NaN below.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Log(Vector512<float> x) => Vector512.IsHardwareAccelerated ? Transcendental512.Log(x) : InParts.Log(x);

    /// <summary>log(1 + x) without cancellation near 0: at most 1.6 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Log1p(Vector512<float> x) => Vector512.IsHardwareAccelerated ? Transcendental512.Log1p(x) : InParts.Log1p(x);

    /// <summary>The hyperbolic tangent: at most 2.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Tanh(Vector512<float> x) => Vector512.IsHardwareAccelerated ? Transcendental512.Tanh(x) : InParts.Tanh(x);

    /// <summary>1 / (1 + e^-x): at most 2.4 ulp, also where it is denormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Sigmoid(Vector512<float> x) => Vector512.IsHardwareAccelerated ? Transcendental512.Sigmoid(x) : InParts.Sigmoid(x);

    /// <summary>log(1 + e^x): at most 1.9 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Softplus(Vector512<float> x) => Vector512.IsHardwareAccelerated ? Transcendental512.Softplus(x) : InParts.Softplus(x);

    /// <summary>The error function 2/sqrt(pi) * the integral of e^(-t^2) from 0 to x: at most 1.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Erf(Vector512<float> x) => Vector512.IsHardwareAccelerated ? Transcendental512.Erf(x) : InParts.Erf(x);

    /// <summary>The error function to the same bits, where e^(-x^2) as <see cref="Exp"/> gives it is there already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Erf(Vector512<float> x, Vector512<float> gaussian) => Vector512.IsHardwareAccelerated ? Transcendental512.Erf(x, gaussian) : InParts.Erf(x, gaussian);

    /// <summary>The sine of x in radians: at most 1.6 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Sin(Vector512<float> x)
    {
        var y = Vector512.IsHardwareAccelerated ? Transcendental512.SinOfQuarterTurns(x, Vector512<int>.Zero) : InParts.SinOfQuarterTurns(x, Vector512<int>.Zero);
        return Vector512.GreaterThanAny(Vector512.Abs(x), Vector512.Create(ReductionLimit)) ? ReplaceLarge(x, y, isCosine: false) : y;
    }

    /// <summary>The cosine of x in radians: at most 1.6 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Cos(Vector512<float> x)
    {
        var y = Vector512.IsHardwareAccelerated ? Transcendental512.SinOfQuarterTurns(x, Vector512<int>.One) : InParts.SinOfQuarterTurns(x, Vector512<int>.One);
        return Vector512.GreaterThanAny(Vector512.Abs(x), Vector512.Create(ReductionLimit)) ? ReplaceLarge(x, y, isCosine: true) : y;
    }

    /// <summary>
    /// a^b, computed in float64: correctly rounded but for rare cases, at most 0.51 ulp. 1 when b is 0 or a is 1; for negative a NaN
    /// unless b is whole.
    /// </summary>
    public static Vector512<float> Pow(Vector512<float> a, Vector512<float> b)
    {
        var magnitude = Vector512.Abs(a);
        var (magnitudeLow, magnitudeHigh) = Vector512.Widen(magnitude);
        var (exponentLow, exponentHigh) = Vector512.Widen(b);
        var result = Vector512.Narrow(
            Vector512.Exp(Vector512.Log(magnitudeLow) * exponentLow),
            Vector512.Exp(Vector512.Log(magnitudeHigh) * exponentHigh));

        var isWhole = Vector512.Equals(Vector512.Floor(b), b);
        var half = b * Vector512.Create(0.5f);
        var isOdd = isWhole & ~Vector512.Equals(Vector512.Floor(half), half);
        result = Vector512.ConditionalSelect(isOdd, WithSignOf(result, a), result);
        var isUndefined = Vector512.LessThan(a, Vector512<float>.Zero) & Vector512.GreaterThan(a, Vector512.Create(float.NegativeInfinity)) & ~isWhole;
        result = Vector512.ConditionalSelect(isUndefined, Vector512.Create(float.NaN), result);
        var isOne = Vector512.Equals(a, One) | Vector512.Equals(b, Vector512<float>.Zero)
            | (Vector512.Equals(magnitude, One) & Vector512.Equals(Vector512.Abs(b), Vector512.Create(float.PositiveInfinity)));
        return Vector512.ConditionalSelect(isOne, One, result);
    }

    // Lanes that are too large alone: behind the end of a row stands anything, and what stands there changes no other lane.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static unsafe Vector512<float> ReplaceLarge(Vector512<float> x, Vector512<float> y, bool isCosine)
    {
        var lanes = stackalloc float[Simd.Lanes];
        x.Store(lanes);
        for (var i = 0; i < Simd.Lanes; i++) lanes[i] = isCosine ? MathF.Cos(lanes[i]) : MathF.Sin(lanes[i]);
        return Vector512.ConditionalSelect(Vector512.GreaterThan(Vector512.Abs(x), Vector512.Create(ReductionLimit)), Vector512.Load(lanes), y);
    }
}
