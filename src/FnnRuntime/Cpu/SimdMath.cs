using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static FeedbackNN.Cpu.Transcendental512;

namespace FeedbackNN.Cpu;

/// <summary>
/// The vector body of every elementwise operator, under the operator's name: values in, value out, no memory. Every method says
/// how far it is from the exact value in units in the last place (ulp), measured over all of its range against float64.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static partial class SimdMath
{
    /// <summary>a + b, correctly rounded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;

    /// <summary>a - b, correctly rounded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Sub(Vector512<float> a, Vector512<float> b) => a - b;

    /// <summary>a * b, correctly rounded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Mul(Vector512<float> a, Vector512<float> b) => a * b;

    /// <summary>a / b, correctly rounded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Div(Vector512<float> a, Vector512<float> b) => a / b;

    /// <summary>-x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Neg(Vector512<float> x) => -x;

    /// <summary>|x|.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Abs(Vector512<float> x) => Vector512.Abs(x);

    /// <summary>The larger of the two; NaN if one of them is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Maximum(Vector512<float> a, Vector512<float> b) => Vector512.Max(a, b);

    /// <summary>The smaller of the two; NaN if one of them is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Minimum(Vector512<float> a, Vector512<float> b) => Vector512.Min(a, b);

    /// <summary>The square root, correctly rounded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Sqrt(Vector512<float> x) => Vector512.Sqrt(x);

    /// <summary>1 / sqrt(x): at most 1.5 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Rsqrt(Vector512<float> x) => One / Vector512.Sqrt(x);

    /// <summary>1 / x, correctly rounded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Reciprocal(Vector512<float> x) => One / x;

    /// <summary>x * x, correctly rounded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Square(Vector512<float> x) => x * x;

    /// <summary>max(x, 0); NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Relu(Vector512<float> x) =>
        Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), Vector512<float>.Zero, x);

    /// <summary>The largest whole number that isn't larger.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Floor(Vector512<float> x) => Vector512.Floor(x);

    /// <summary>The smallest whole number that isn't smaller.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Ceil(Vector512<float> x) => Vector512.Ceiling(x);

    /// <summary>The nearest whole number, halves to the even one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Round(Vector512<float> x) => Vector512.Round(x);

    /// <summary>-1, 0 or 1; zeros and NaN stay what they are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Sign(Vector512<float> x)
    {
        var isZeroOrNaN = ~(Vector512.LessThan(x, Vector512<float>.Zero) | Vector512.GreaterThan(x, Vector512<float>.Zero));
        return Vector512.ConditionalSelect(isZeroOrNaN, x, WithSignOf(One, x));
    }

    /// <summary>a - b * floor(a / b), with the sign of b: exact. NaN when b is 0 or a isn't finite.</summary>
    public static Vector512<float> Rem(Vector512<float> a, Vector512<float> b) => Vector512.Create(
        RemQuarter(a.GetLower().GetLower(), b.GetLower().GetLower(), a.GetLower().GetUpper(), b.GetLower().GetUpper()),
        RemQuarter(a.GetUpper().GetLower(), b.GetUpper().GetLower(), a.GetUpper().GetUpper(), b.GetUpper().GetUpper()));

    /// <summary>a + b modulo 2^32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Add(Vector512<int> a, Vector512<int> b) => a + b;

    /// <summary>a - b modulo 2^32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Sub(Vector512<int> a, Vector512<int> b) => a - b;

    /// <summary>a * b modulo 2^32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Mul(Vector512<int> a, Vector512<int> b) => a * b;

    /// <summary>-x modulo 2^32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Neg(Vector512<int> x) => -x;

    /// <summary>|x|.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Abs(Vector512<int> x) => Vector512.Abs(x);

    /// <summary>x * x modulo 2^32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Square(Vector512<int> x) => x * x;

    /// <summary>max(x, 0).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Relu(Vector512<int> x) => Vector512.Max(x, Vector512<int>.Zero);

    /// <summary>-1, 0 or 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Sign(Vector512<int> x) =>
        Vector512.Min(Vector512.Max(x, Vector512.Create(-1)), Vector512.Create(1));

    /// <summary>The larger of the two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Maximum(Vector512<int> a, Vector512<int> b) => Vector512.Max(a, b);

    /// <summary>The smaller of the two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Minimum(Vector512<int> a, Vector512<int> b) => Vector512.Min(a, b);

    /// <summary>floor(a / b): exact, through float64. Where b is 0 the result is 0; int.MinValue / -1 wraps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Div(Vector512<int> a, Vector512<int> b)
    {
        var quotient = Vector512.Create(FloorDivide(a.GetLower(), b.GetLower()), FloorDivide(a.GetUpper(), b.GetUpper()));
        return Vector512.ConditionalSelect(Vector512.Equals(b, Vector512<int>.Zero), Vector512<int>.Zero, quotient);
    }

    /// <summary>a - b * floor(a / b), with the sign of b. Where b is 0 the result is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Rem(Vector512<int> a, Vector512<int> b) =>
        Vector512.ConditionalSelect(Vector512.Equals(b, Vector512<int>.Zero), Vector512<int>.Zero, a - (b * Div(a, b)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> FloorDivide(Vector256<int> a, Vector256<int> b)
    {
        var (aLow, aHigh) = Vector256.Widen(a);
        var (bLow, bHigh) = Vector256.Widen(b);
        return Vector256.Narrow(FloorDivide(aLow, bLow), FloorDivide(aHigh, bHigh));
    }

    // Quotients of 32-bit integers that aren't whole differ from a whole number by more than float64 rounds away.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<long> FloorDivide(Vector256<long> a, Vector256<long> b) =>
        Vector256.ConvertToInt64(Vector256.Floor(Vector256.ConvertToDouble(a) / Vector256.ConvertToDouble(b)));

    private static Vector256<float> RemQuarter(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d) =>
        Vector256.Create(
            Vector128.Create(ScalarMath.Rem(a[0], b[0]), ScalarMath.Rem(a[1], b[1]), ScalarMath.Rem(a[2], b[2]), ScalarMath.Rem(a[3], b[3])),
            Vector128.Create(ScalarMath.Rem(c[0], d[0]), ScalarMath.Rem(c[1], d[1]), ScalarMath.Rem(c[2], d[2]), ScalarMath.Rem(c[3], d[3])));
}
