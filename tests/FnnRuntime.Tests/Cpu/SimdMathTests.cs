using System.Runtime.Intrinsics;
using FeedbackNN.Cpu;

namespace FeedbackNN.Runtime.Tests.Cpu;

/// <summary>
/// Every function against float64 over all of float32's range: the largest error in units in the last place must be what the
/// function's documentation says.
/// </summary>
public sealed class SimdMathTests
{
    internal delegate Vector512<float> Function(Vector512<float> x);

    internal static readonly Dictionary<string, (Function Vector, Func<double, double> Exact, double Ulp)> Functions = new()
    {
        ["exp"] = (SimdMath.Exp, Math.Exp, 1.1),
        ["expm1"] = (SimdMath.Expm1, ScalarMath.Expm1, 1.6),
        ["log"] = (SimdMath.Log, Math.Log, 0.8),
        ["log1p"] = (SimdMath.Log1p, ScalarMath.Log1p, 1.6),
        ["tanh"] = (SimdMath.Tanh, Math.Tanh, 2.5),
        ["sigmoid"] = (SimdMath.Sigmoid, ScalarMath.Sigmoid, 2.4),
        ["softplus"] = (SimdMath.Softplus, ScalarMath.Softplus, 1.9),
        ["erf"] = (SimdMath.Erf, ScalarMath.Erf, 1.5),
        ["sin"] = (SimdMath.Sin, Math.Sin, 1.6),
        ["cos"] = (SimdMath.Cos, Math.Cos, 1.6),
        ["sqrt"] = (SimdMath.Sqrt, Math.Sqrt, 0.501),
        ["rsqrt"] = (SimdMath.Rsqrt, x => 1 / Math.Sqrt(x), 1.5),
        ["reciprocal"] = (SimdMath.Reciprocal, x => 1 / x, 0.501),
        ["floor"] = (SimdMath.Floor, Math.Floor, 0),
        ["ceil"] = (SimdMath.Ceil, Math.Ceiling, 0),
        ["round"] = (SimdMath.Round, Math.Round, 0),
        ["sign"] = (SimdMath.Sign, x => x > 0 ? 1 : x < 0 ? -1 : x, 0),
        ["square"] = (SimdMath.Square, x => x * x, 0.501),
        ["relu"] = (SimdMath.Relu, x => x < 0 ? 0 : x, 0),
        ["abs"] = (SimdMath.Abs, Math.Abs, 0),
        ["neg"] = (SimdMath.Neg, x => -x, 0),
    };

    public static TheoryData<string> Names => [.. Functions.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void ErrorsStayWithinWhatIsDocumented(string name) => CheckErrors(name, 4099);

    /// <param name="name">The function.</param>
    /// <param name="step">Of how many floats one is taken.</param>
    internal static void CheckErrors(string name, int step)
    {
        var (vector, exact, ulp) = Functions[name];
        var (error, at) = LargestError(vector, exact, step);
        Assert.True(error <= ulp, $"{name}({at:R}) is {vector(Vector512.Create(at))[0]:R}, {error:F3} ulp from {exact(at):R}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void ExtremesAreRight(string name)
    {
        var (vector, exact, _) = Functions[name];
        foreach (var x in (float[])[0f, -0f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, float.MaxValue, float.MinValue, float.Epsilon, -float.Epsilon, 1, -1])
        {
            var (actual, expected) = (vector(Vector512.Create(x))[7], (float)exact(x));
            Assert.True(
                float.IsNaN(expected) ? float.IsNaN(actual) : float.IsFinite(expected) ? Math.Abs(actual - expected) <= 2 * Spacing(expected) : actual == expected,
                $"{name}({x}) is {actual}, not {expected}");
        }
    }

    /// <summary>Behind the end of a row stands anything, and several samples share a vector.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void ALaneDependsOnNoOther(string name)
    {
        var (vector, _, _) = Functions[name];
        var random = new Random(9);
        foreach (var other in (float[])[1e9f, -3e38f, float.PositiveInfinity, float.NaN, 1e-42f, 0])
        {
            for (var k = 0; k < 200; k++)
            {
                var x = (random.NextSingle() - 0.5f) * 20;
                var (alone, beside) = (vector(Vector512.Create(x))[3], vector(Vector512.Create(other).WithElement(3, x))[3]);
                Assert.True(BitConverter.SingleToInt32Bits(alone) == BitConverter.SingleToInt32Bits(beside), $"{name}({x:R}) is {alone:R}, but {beside:R} beside {other:R}");
            }
        }
    }

    /// <summary>Elements are compared with their maximum, which another kernel may have found in vectors.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void OneByOneTheBitsAreTheSame(string name)
    {
        var one = typeof(ScalarMath).GetMethod(char.ToUpperInvariant(name[0]) + name[1..], [typeof(float)])!.CreateDelegate<Func<float, float>>();
        var random = new Random(4);
        foreach (var scale in (float[])[1e-6f, 0.01f, 1, 4, 100, 30_000])
        {
            for (var k = 0; k < 2_000; k++)
            {
                var x = (random.NextSingle() * 2 - 1) * scale;
                var (scalar, lane) = (one(x), Functions[name].Vector(Vector512.Create(x))[0]);
                Assert.True(scalar == lane || (float.IsNaN(scalar) && float.IsNaN(lane)), $"{name}({x:R}) is {scalar:R} alone and {lane:R} in a vector");
            }
        }
    }

    [Fact]
    public void PowersAreRight()
    {
        var random = new Random(5);
        float[] special = [0, -0f, 1, -1, 2, -2, 0.5f, -0.5f, 3, -3, 1e10f, -1e10f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, 1e-40f];
        var pairs = special.SelectMany(a => special.Select(b => (a, b))).Concat(Enumerable.Range(0, 20000).Select(_ => (random.NextSingle() * 20, (random.NextSingle() - 0.5f) * 40)));
        foreach (var (a, b) in pairs)
        {
            var (actual, expected) = (SimdMath.Pow(Vector512.Create(a), Vector512.Create(b))[2], Math.Pow(a, b));
            var isRight = double.IsNaN(expected) ? float.IsNaN(actual) : !float.IsFinite((float)expected) ? actual == (float)expected : Math.Abs(actual - expected) <= 0.51 * Spacing((float)expected);
            Assert.True(isRight, $"pow({a:R}, {b:R}) is {actual:R}, not {expected:R}");
        }
    }

    [Fact]
    public void RemaindersHaveTheSignOfTheDivisor()
    {
        (float A, float B)[] pairs = [(7, 3), (-7, 3), (7, -3), (-7, -3), (6, 3), (-6, 3), (1e30f, 7), (0.3f, 0.1f), (5, float.PositiveInfinity), (-5, float.PositiveInfinity), (5, 0), (float.NaN, 2)];
        foreach (var (a, b) in pairs)
        {
            var actual = SimdMath.Rem(Vector512.Create(a), Vector512.Create(b))[9];
            var rest = (double)a % b;
            var expected = rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
            Assert.Equal((float)expected, actual);
        }
    }

    [Fact]
    public void WholeNumbersDivideDownwards()
    {
        int[] numbers = [0, 1, -1, 2, -2, 3, -3, 7, -7, 1000003, -1000003, int.MaxValue, -int.MaxValue];
        foreach (var a in numbers)
        {
            foreach (var b in numbers)
            {
                Vector512<int> x = Vector512.Create(a), y = Vector512.Create(b);
                var quotient = b == 0 ? 0 : (int)Math.Floor((double)a / b);
                var rest = b == 0 ? 0 : a - ((long)quotient * b);
                Assert.Equal(quotient, SimdMath.Div(x, y)[5]);
                Assert.Equal((int)rest, SimdMath.Rem(x, y)[5]);
                Assert.Equal(quotient, ScalarMath.Div(a, b));
                Assert.Equal((int)rest, ScalarMath.Rem(a, b));
                Assert.Equal((long)quotient, ScalarMath.Div((long)a, b));
                Assert.Equal(rest, ScalarMath.Rem((long)a, b));
                Assert.Equal(unchecked(a * b), SimdMath.Mul(x, y)[1]);
            }
        }

        Assert.Equal(int.MinValue, ScalarMath.Div(int.MinValue, -1));
        Assert.Equal(int.MinValue, SimdMath.Div(Vector512.Create(int.MinValue), Vector512.Create(-1))[0]);
        Assert.Equal(long.MinValue, ScalarMath.Div(long.MinValue, -1));
    }

    [Fact]
    public void MaximumAndMinimumPassNaNOn()
    {
        Vector512<float> number = Vector512.Create(1f), nan = Vector512.Create(float.NaN);
        Assert.True(float.IsNaN(SimdMath.Maximum(number, nan)[0]) && float.IsNaN(SimdMath.Maximum(nan, number)[0]));
        Assert.True(float.IsNaN(SimdMath.Minimum(number, nan)[0]) && float.IsNaN(SimdMath.Minimum(nan, number)[0]));
        Assert.Equal(2f, SimdMath.Maximum(number, Vector512.Create(2f))[0]);
        Assert.Equal(1f, SimdMath.Minimum(number, Vector512.Create(2f))[0]);
    }

    [Fact]
    public void TheErrorFunctionAgreesWithTables()
    {
        // Abramowitz and Stegun, table 7.1, and erf(3.5), erf(5) to 15 digits.
        (double X, double Erf)[] table = [(0.1, 0.112462916018285), (0.5, 0.520499877813047), (1, 0.842700792949715), (2, 0.995322265018953), (3.5, 0.999999256901628), (5, 0.999999999998463)];
        foreach (var (x, erf) in table)
        {
            Assert.Equal(erf, ScalarMath.Erf(x), 2e-15);
            Assert.Equal(-erf, ScalarMath.Erf(-x), 2e-15);
        }
    }

    /// <summary>The largest errors over every 257th float of both signs, as the documentation states them.</summary>
    internal static void PrintLargestErrors()
    {
        foreach (var (name, (vector, exact, ulp)) in Functions)
        {
            var (error, at) = LargestError(vector, exact, 257);
            Console.WriteLine($"{name,-12} {error:F3} ulp at {at:R}, documented {ulp}");
        }
    }

    private static (double Error, float At) LargestError(Function vector, Func<double, double> exact, int step)
    {
        var (largest, at) = (0.0, 0f);
        for (long bits = 0; bits < 0x7f800000; bits += 16L * step)
        {
            var x = Vector512.AsSingle(Vector512.CreateSequence((int)bits, step));
            for (var sign = 0; sign < 2; sign++, x = -x)
            {
                var y = vector(x);
                for (var i = 0; i < 16; i++)
                {
                    if (!float.IsFinite(x[i])) continue;
                    var error = Error(y[i], exact(x[i]));
                    if (error > largest) (largest, at) = (error, x[i]);
                }
            }
        }

        return (largest, at);
    }

    private static double Error(float actual, double exact)
    {
        if (double.IsNaN(exact)) return float.IsNaN(actual) ? 0 : double.PositiveInfinity;
        if (!float.IsFinite((float)exact)) return actual == (float)exact ? 0 : double.PositiveInfinity;
        var error = Math.Abs(actual - exact) / Spacing((float)exact);
        return double.IsNaN(error) ? double.PositiveInfinity : error;
    }

    private static double Spacing(float x) => Math.Max(float.Epsilon, Math.ScaleB(1, Math.ILogB(Math.Max(Math.Abs(x), 1.17549435e-38f)) - 23));
}
