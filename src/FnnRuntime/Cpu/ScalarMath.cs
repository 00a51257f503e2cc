using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <summary>
/// The elementwise operators for one number at a time, under the same names as in <see cref="SimdMath"/>: for values that are
/// computed once a row, for kernels without a vector form, for float64 and for whole numbers. In float32 the bits are those of a lane there: what one kernel computes in vectors and another one by one may be
/// compared, as elements are with their maximum.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static partial class ScalarMath
{
    /// <summary>a + b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Add(float a, float b) => a + b;

    /// <summary>a - b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sub(float a, float b) => a - b;

    /// <summary>a * b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Mul(float a, float b) => a * b;

    /// <summary>a / b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Div(float a, float b) => a / b;

    /// <summary>a - b * floor(a / b), with the sign of b: exact. NaN when b is 0 or a isn't finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Rem(float a, float b)
    {
        var rest = a % b;
        return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
    }

    /// <summary>a^b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Pow(float a, float b) => (float)Math.Pow(a, b);

    /// <summary>The larger of the two; NaN if one of them is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Maximum(float a, float b) => MathF.Max(a, b);

    /// <summary>The smaller of the two; NaN if one of them is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Minimum(float a, float b) => MathF.Min(a, b);

    /// <summary>-x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Neg(float x) => -x;

    /// <summary>|x|.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Abs(float x) => MathF.Abs(x);

    /// <summary>e^x.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static float Exp(float x) => Transcendental128.Exp(Vector128.CreateScalarUnsafe(x)).ToScalar();

    /// <summary>The natural logarithm.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static float Log(float x) => Transcendental128.Log(Vector128.CreateScalarUnsafe(x)).ToScalar();

    /// <summary>The square root.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sqrt(float x) => MathF.Sqrt(x);

    /// <summary>1 / sqrt(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Rsqrt(float x) => 1 / MathF.Sqrt(x);

    /// <summary>1 / x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Reciprocal(float x) => 1 / x;

    /// <summary>x * x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Square(float x) => x * x;

    /// <summary>The sine of x in radians.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static float Sin(float x) => MathF.Abs(x) > SimdMath.ReductionLimit ? MathF.Sin(x) : Transcendental128.SinOfQuarterTurns(Vector128.CreateScalarUnsafe(x), Vector128<int>.Zero).ToScalar();

    /// <summary>The cosine of x in radians.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static float Cos(float x) => MathF.Abs(x) > SimdMath.ReductionLimit ? MathF.Cos(x) : Transcendental128.SinOfQuarterTurns(Vector128.CreateScalarUnsafe(x), Vector128<int>.One).ToScalar();

    /// <summary>The hyperbolic tangent.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static float Tanh(float x) => Transcendental128.Tanh(Vector128.CreateScalarUnsafe(x)).ToScalar();

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
    public static float Round(float x) => MathF.Round(x);

    /// <summary>-1, 0 or 1; zeros and NaN stay what they are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sign(float x) => x > 0 ? 1 : x < 0 ? -1 : x;

    /// <summary>1 / (1 + e^-x).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static float Sigmoid(float x) => Transcendental128.Sigmoid(Vector128.CreateScalarUnsafe(x)).ToScalar();

    /// <summary>log(1 + e^x).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static float Softplus(float x) => Transcendental128.Softplus(Vector128.CreateScalarUnsafe(x)).ToScalar();

    /// <summary>log(1 + x), without cancellation near 0.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static float Log1p(float x) => Transcendental128.Log1p(Vector128.CreateScalarUnsafe(x)).ToScalar();

    /// <summary>e^x - 1, without cancellation near 0.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static float Expm1(float x) => Transcendental128.Expm1(Vector128.CreateScalarUnsafe(x)).ToScalar();

    /// <summary>The error function.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static float Erf(float x) => Transcendental128.Erf(Vector128.CreateScalarUnsafe(x)).ToScalar();

    /// <summary>a + b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Add(double a, double b) => a + b;

    /// <summary>a - b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sub(double a, double b) => a - b;

    /// <summary>a * b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Mul(double a, double b) => a * b;

    /// <summary>a / b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Div(double a, double b) => a / b;

    /// <summary>a - b * floor(a / b), with the sign of b: exact. NaN when b is 0 or a isn't finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Rem(double a, double b)
    {
        var rest = a % b;
        return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
    }

    /// <summary>a^b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Pow(double a, double b) => Math.Pow(a, b);

    /// <summary>The larger of the two; NaN if one of them is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Maximum(double a, double b) => Math.Max(a, b);

    /// <summary>The smaller of the two; NaN if one of them is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Minimum(double a, double b) => Math.Min(a, b);

    /// <summary>-x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Neg(double x) => -x;

    /// <summary>|x|.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Abs(double x) => Math.Abs(x);

    /// <summary>e^x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Exp(double x) => Math.Exp(x);

    /// <summary>The natural logarithm.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Log(double x) => Math.Log(x);

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

    /// <summary>The sine of x in radians.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sin(double x) => Math.Sin(x);

    /// <summary>The cosine of x in radians.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Cos(double x) => Math.Cos(x);

    /// <summary>The hyperbolic tangent.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Tanh(double x) => Math.Tanh(x);

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
    public static double Round(double x) => Math.Round(x);

    /// <summary>-1, 0 or 1; zeros and NaN stay what they are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sign(double x) => x > 0 ? 1 : x < 0 ? -1 : x;

    /// <summary>1 / (1 + e^-x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sigmoid(double x) => x < 0 ? Math.Exp(x) / (1 + Math.Exp(x)) : 1 / (1 + Math.Exp(-x));

    /// <summary>log(1 + e^x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Softplus(double x) => Math.Max(x, 0) + Log1p(Math.Exp(-Math.Abs(x)));

    /// <summary>a + b modulo 2^32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Add(int a, int b) => unchecked(a + b);

    /// <summary>a - b modulo 2^32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sub(int a, int b) => unchecked(a - b);

    /// <summary>a * b modulo 2^32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Mul(int a, int b) => unchecked(a * b);

    /// <summary>floor(a / b); 0 when b is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Div(int a, int b) => b == 0 ? 0 : b == -1 ? unchecked(-a) : (a / b) - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);

    /// <summary>a - b * floor(a / b), with the sign of b; 0 when b is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Rem(int a, int b)
    {
        if (b is 0 or -1) return 0;
        var rest = a % b;
        return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
    }

    /// <summary>The larger of the two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Maximum(int a, int b) => Math.Max(a, b);

    /// <summary>The smaller of the two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Minimum(int a, int b) => Math.Min(a, b);

    /// <summary>-x modulo 2^32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Neg(int x) => unchecked(-x);

    /// <summary>|x| modulo 2^32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Abs(int x) => x < 0 ? unchecked(-x) : x;

    /// <summary>x * x modulo 2^32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Square(int x) => unchecked(x * x);

    /// <summary>max(x, 0).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Relu(int x) => Math.Max(x, 0);

    /// <summary>-1, 0 or 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sign(int x) => Math.Sign(x);

    /// <summary>a + b modulo 2^64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Add(long a, long b) => unchecked(a + b);

    /// <summary>a - b modulo 2^64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Sub(long a, long b) => unchecked(a - b);

    /// <summary>a * b modulo 2^64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Mul(long a, long b) => unchecked(a * b);

    /// <summary>floor(a / b); 0 when b is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Div(long a, long b) => b == 0 ? 0 : b == -1 ? unchecked(-a) : (a / b) - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);

    /// <summary>a - b * floor(a / b), with the sign of b; 0 when b is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Rem(long a, long b)
    {
        if (b is 0 or -1) return 0;
        var rest = a % b;
        return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
    }

    /// <summary>The larger of the two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Maximum(long a, long b) => Math.Max(a, b);

    /// <summary>The smaller of the two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Minimum(long a, long b) => Math.Min(a, b);

    /// <summary>-x modulo 2^64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Neg(long x) => unchecked(-x);

    /// <summary>|x| modulo 2^64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Abs(long x) => x < 0 ? unchecked(-x) : x;

    /// <summary>x * x modulo 2^64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Square(long x) => unchecked(x * x);

    /// <summary>max(x, 0).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Relu(long x) => Math.Max(x, 0);

    /// <summary>-1, 0 or 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Sign(long x) => Math.Sign(x);

    /// <summary>a &lt; b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Less(float a, float b) => a < b;

    /// <summary>a &lt;= b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool LessOrEqual(float a, float b) => a <= b;

    /// <summary>a == b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Equal(float a, float b) => a == b;

    /// <summary>a != b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool NotEqual(float a, float b) => a != b;

    /// <summary>a &gt; b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Greater(float a, float b) => a > b;

    /// <summary>a &gt;= b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool GreaterOrEqual(float a, float b) => a >= b;

    /// <summary>a &lt; b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Less(double a, double b) => a < b;

    /// <summary>a &lt;= b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool LessOrEqual(double a, double b) => a <= b;

    /// <summary>a == b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Equal(double a, double b) => a == b;

    /// <summary>a != b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool NotEqual(double a, double b) => a != b;

    /// <summary>a &gt; b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Greater(double a, double b) => a > b;

    /// <summary>a &gt;= b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool GreaterOrEqual(double a, double b) => a >= b;

    /// <summary>a &lt; b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Less(int a, int b) => a < b;

    /// <summary>a &lt;= b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool LessOrEqual(int a, int b) => a <= b;

    /// <summary>a == b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Equal(int a, int b) => a == b;

    /// <summary>a != b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool NotEqual(int a, int b) => a != b;

    /// <summary>a &gt; b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Greater(int a, int b) => a > b;

    /// <summary>a &gt;= b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool GreaterOrEqual(int a, int b) => a >= b;

    /// <summary>a &lt; b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Less(long a, long b) => a < b;

    /// <summary>a &lt;= b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool LessOrEqual(long a, long b) => a <= b;

    /// <summary>a == b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Equal(long a, long b) => a == b;

    /// <summary>a != b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool NotEqual(long a, long b) => a != b;

    /// <summary>a &gt; b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Greater(long a, long b) => a > b;

    /// <summary>a &gt;= b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool GreaterOrEqual(long a, long b) => a >= b;

    /// <summary>a and b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool And(bool a, bool b) => a & b;

    /// <summary>a or b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Or(bool a, bool b) => a | b;

    /// <summary>not x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Not(bool x) => !x;

    /// <summary>a when the condition holds, b otherwise.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Select(bool condition, float a, float b) => condition ? a : b;

    /// <summary>a when the condition holds, b otherwise.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Select(bool condition, double a, double b) => condition ? a : b;

    /// <summary>a when the condition holds, b otherwise.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Select(bool condition, int a, int b) => condition ? a : b;

    /// <summary>a when the condition holds, b otherwise.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Select(bool condition, long a, long b) => condition ? a : b;

    /// <summary>a when the condition holds, b otherwise.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Select(bool condition, bool a, bool b) => condition ? a : b;
}
