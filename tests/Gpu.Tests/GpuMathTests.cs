using System.Reflection;
using System.Text.RegularExpressions;
using FeedbackNN.Cpu;

namespace FeedbackNN.Gpu.Tests;

/// <summary>
/// The operators of kernels are ordinary C#: every one against float64 over all of float32's range, where the largest error in units in
/// the last place must be what the method's documentation says. Then the same through OpenCL, and the text that a GPU's compiler gets.
/// </summary>
public sealed class GpuMathTests
{
    internal static readonly Dictionary<string, (Func<float, float> Function, Func<double, double> Exact, double Ulp)> Functions = new()
    {
        ["Exp"] = (GpuMath.Exp, Math.Exp, 1.1),
        ["Expm1"] = (GpuMath.Expm1, ScalarMath.Expm1, 1.7),
        ["Log"] = (GpuMath.Log, Math.Log, 0.9),
        ["Log1p"] = (GpuMath.Log1p, ScalarMath.Log1p, 1.5),
        ["Tanh"] = (GpuMath.Tanh, Math.Tanh, 2.5),
        ["Sigmoid"] = (GpuMath.Sigmoid, ScalarMath.Sigmoid, 2.2),
        ["Softplus"] = (GpuMath.Softplus, ScalarMath.Softplus, 2),
        ["Erf"] = (GpuMath.Erf, ScalarMath.Erf, 1.2),
        ["Sin"] = (GpuMath.Sin, Math.Sin, 2.7),
        ["Cos"] = (GpuMath.Cos, Math.Cos, 2.7),
        ["Sqrt"] = (GpuMath.Sqrt, Math.Sqrt, 0.501),
        ["Rsqrt"] = (GpuMath.Rsqrt, x => 1 / Math.Sqrt(x), 1.5),
        ["Reciprocal"] = (GpuMath.Reciprocal, x => 1 / x, 0.501),
        ["Floor"] = (GpuMath.Floor, Math.Floor, 0),
        ["Ceil"] = (GpuMath.Ceil, Math.Ceiling, 0),
        ["Round"] = (GpuMath.Round, Math.Round, 0),
        ["Sign"] = (GpuMath.Sign, x => x > 0 ? 1 : x < 0 ? -1 : x, 0),
        ["Square"] = (GpuMath.Square, x => x * x, 0.501),
        ["Relu"] = (GpuMath.Relu, x => x < 0 ? 0 : x, 0),
        ["Abs"] = (GpuMath.Abs, Math.Abs, 0),
    };

    // Right in float64, which sine and cosine are in absolute error: their zeros are where float64 has lost their digits.
    private static readonly Dictionary<string, (Func<double, double> Function, Func<double, double> Exact, double Range)> DoubleFunctions = new()
    {
        ["Exp"] = (GpuMath.Exp, Math.Exp, 750),
        ["Expm1"] = (GpuMath.Expm1, ScalarMath.Expm1, 750),
        ["Log"] = (GpuMath.Log, Math.Log, 1e5),
        ["Log1p"] = (GpuMath.Log1p, ScalarMath.Log1p, 1e5),
        ["Tanh"] = (GpuMath.Tanh, Math.Tanh, 25),
        ["Sigmoid"] = (GpuMath.Sigmoid, ScalarMath.Sigmoid, 750),
        ["Softplus"] = (GpuMath.Softplus, ScalarMath.Softplus, 750),
        ["Erf"] = (GpuMath.Erf, ScalarMath.Erf, 7),
        ["Sin"] = (GpuMath.Sin, Math.Sin, 1e6),
        ["Cos"] = (GpuMath.Cos, Math.Cos, 1e6),
        ["Sqrt"] = (GpuMath.Sqrt, Math.Sqrt, 1e5),
        ["Rsqrt"] = (GpuMath.Rsqrt, x => 1 / Math.Sqrt(x), 1e5),
        ["Reciprocal"] = (GpuMath.Reciprocal, x => 1 / x, 1e5),
        ["Floor"] = (GpuMath.Floor, Math.Floor, 1e5),
        ["Ceil"] = (GpuMath.Ceil, Math.Ceiling, 1e5),
        ["Round"] = (GpuMath.Round, Math.Round, 1e5),
        ["Sign"] = (GpuMath.Sign, x => x > 0 ? 1 : x < 0 ? -1 : x, 10),
        ["Square"] = (GpuMath.Square, x => x * x, 1e5),
        ["Relu"] = (GpuMath.Relu, x => x < 0 ? 0 : x, 10),
        ["Abs"] = (GpuMath.Abs, Math.Abs, 10),
    };

    private static readonly float[] Extremes =
    [
        0f, -0f, 1, -1, 2, -2, 0.5f, -0.5f, 1.5f, 2.5f, -2.5f, 3, -3, 7, -7, 1e10f, -1e10f, 1e30f, float.PositiveInfinity, float.NegativeInfinity, float.NaN,
        float.MaxValue, float.MinValue, float.Epsilon, -float.Epsilon, 1e-40f, -1e-40f, 16777215f, 8388607.5f, 4194303.5f, 0.99999994f, 1.0000001f,
    ];

    private static readonly int[] WholeNumbers = [0, 1, -1, 2, -2, 3, -3, 7, -7, 1000003, -1000003, int.MaxValue, -int.MaxValue, int.MinValue];

    public static TheoryData<string> Names => [.. Functions.Keys];

    public static TheoryData<string> DoubleNames => [.. DoubleFunctions.Keys];

    public static TheoryData<string> Kernels => [.. typeof(GpuMathKernels).GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly).Select(kernel => kernel.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void ErrorsStayWithinWhatIsDocumented(string name) => AssertErrors(name, EveryFloat(4099), Functions[name].Function);

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void ErrorsStayWithinWhatIsDocumentedOnADevice(string name)
    {
        var x = EveryFloat(65_537).Concat(Extremes).ToArray();
        var y = PoclKernels.Run<float, float>(name + "Float", x, x);
        var i = 0;
        AssertErrors(name, x, _ => y[i++]);
    }

    [Theory]
    [InlineData("Sin")]
    [InlineData("Cos")]
    public void AnglesUpToTenThousandAreBetter(string name)
    {
        var (function, exact, _) = Functions[name];
        foreach (var x in EveryFloat(4099).Where(x => Math.Abs(x) <= 10_000))
        {
            if (!(Error(function(x), exact(x)) <= 1.6)) Assert.Fail($"{name}({x:R}) is {function(x):R}, not {exact(x):R}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void ExtremesAreRight(string name)
    {
        var (function, exact, _) = Functions[name];
        foreach (var x in Extremes)
        {
            Assert.True(Error(function(x), exact(x)) <= 2.7 && HaveSameSign(function(x), exact(x)), $"{name}({x:R}) is {function(x):R}, not {exact(x):R}");
        }
    }

    [Fact]
    public void PowersAreRight() => AssertPowers(PairsForPowers(20_000), GpuMath.Pow);

    [SkippableFact]
    public void PowersAreRightOnADevice()
    {
        var pairs = PairsForPowers(5_000);
        var y = PoclKernels.Run<float, float>("PowFloat", [.. pairs.Select(pair => pair.A)], [.. pairs.Select(pair => pair.B)]);
        var i = 0;
        AssertPowers(pairs, (_, _) => y[i++]);
    }

    [Fact]
    public void RemaindersAreExact()
    {
        foreach (var (a, b) in PairsOfAnySize(50_000))
        {
            Assert.Equal(ScalarMath.Rem(a, b), GpuMath.Rem(a, b));
            Assert.Equal(ScalarMath.Rem((double)a, b), GpuMath.Rem((double)a, b));
        }
    }

    [Fact]
    public void MaximumAndMinimumPassNaNOn()
    {
        foreach (var (a, b) in PairsOfAnySize(0))
        {
            Assert.Equal(ScalarMath.Maximum(a, b), GpuMath.Maximum(a, b));
            Assert.Equal(ScalarMath.Minimum(a, b), GpuMath.Minimum(a, b));
            Assert.Equal(ScalarMath.Maximum((double)a, b), GpuMath.Maximum((double)a, b));
            Assert.Equal(ScalarMath.Minimum((double)a, b), GpuMath.Minimum((double)a, b));
        }
    }

    [SkippableTheory]
    [InlineData("Rem")]
    [InlineData("Maximum")]
    [InlineData("Minimum")]
    public void PairsAreTheSameOnADevice(string name)
    {
        var pairs = PairsOfAnySize(5_000);
        float[] a = [.. pairs.Select(pair => pair.A)], b = [.. pairs.Select(pair => pair.B)];
        var function = typeof(ScalarMath).GetMethod(name, [typeof(float), typeof(float)])!.CreateDelegate<Func<float, float, float>>();
        Assert.Equal(a.Zip(b, function), PoclKernels.Run<float, float>(name + "Float", a, b));
    }

    [Theory]
    [MemberData(nameof(DoubleNames))]
    public void DoublesAreRight(string name)
    {
        var (function, exact, range) = DoubleFunctions[name];
        var random = new Random(6);
        var numbers = Enumerable.Range(0, 20_000).Select(i => (random.NextDouble() - 0.5) * (i % 2 == 0 ? 2 * range : 4)).Concat(Extremes.Select(x => (double)x));
        foreach (var x in numbers)
        {
            if (name is "Sin" or "Cos" && Math.Abs(x) > 1e6) continue;
            var (actual, expected) = (function(x), exact(x));
            var scale = name is "Sin" or "Cos" ? 1 : Math.Max(Math.Abs(expected), 1e-300);
            if (!actual.Equals(expected) && !(Math.Abs(actual - expected) <= 1e-15 * scale)) Assert.Fail($"{name}({x:R}) is {actual:R}, not {expected:R}");
        }
    }

    [Fact]
    public void PowersOfDoublesAreRight()
    {
        foreach (var (a, b) in PairsForPowers(20_000))
        {
            var (actual, expected) = (GpuMath.Pow((double)a, b), Math.Pow(a, b));
            if (actual.Equals(expected) || Math.Abs(actual - expected) <= 1e-15 * Math.Max(Math.Abs(expected), 1e-300)) continue;
            Assert.Fail($"pow({a:R}, {b:R}) is {actual:R}, not {expected:R}");
        }
    }

    [Fact]
    public void LargeAnglesOfDoublesStayWithinTheirOwnError()
    {
        foreach (var x in (double[])[1.5e6, -3e7, 1e9, 123456789012.5])
        {
            Assert.Equal(Math.Sin(x), GpuMath.Sin(x), Math.Abs(x) * 1e-16);
            Assert.Equal(Math.Cos(x), GpuMath.Cos(x), Math.Abs(x) * 1e-16);
        }

        Assert.InRange(GpuMath.Sin(1e300), -1, 1);
        Assert.True(double.IsNaN(GpuMath.Cos(double.NegativeInfinity)));
    }

    [Fact]
    public void WholeNumbersAreThoseOfTheCpu()
    {
        foreach (var a in WholeNumbers)
        {
            foreach (var b in WholeNumbers)
            {
                Assert.Equal(ScalarMath.Div(a, b), GpuMath.Div(a, b));
                Assert.Equal(ScalarMath.Rem(a, b), GpuMath.Rem(a, b));
                Assert.Equal(Math.Max(a, b), GpuMath.Maximum(a, b));
                Assert.Equal(Math.Min(a, b), GpuMath.Minimum(a, b));
                var (x, y) = ((long)a << 32, (long)b << 32);
                Assert.Equal(ScalarMath.Div(x, b), GpuMath.Div(x, b));
                Assert.Equal(ScalarMath.Rem(x, b), GpuMath.Rem(x, b));
                Assert.Equal(Math.Max(x, y), GpuMath.Maximum(x, y));
                Assert.Equal(Math.Min(x, y), GpuMath.Minimum(x, y));
            }

            Assert.Equal((ScalarMath.Abs(a), ScalarMath.Sign(a), ScalarMath.Relu(a), ScalarMath.Square(a)), (GpuMath.Abs(a), GpuMath.Sign(a), GpuMath.Relu(a), GpuMath.Square(a)));
            var wide = (long)a << 32;
            Assert.Equal((ScalarMath.Abs(wide), ScalarMath.Sign(wide), ScalarMath.Relu(wide), ScalarMath.Square(wide)), (GpuMath.Abs(wide), GpuMath.Sign(wide), GpuMath.Relu(wide), GpuMath.Square(wide)));
        }
    }

    [SkippableTheory]
    [InlineData("Div")]
    [InlineData("Rem")]
    public void WholeNumbersDivideAlikeOnADevice(string name)
    {
        int[] a = [.. WholeNumbers.SelectMany(x => WholeNumbers.Select(_ => x))], b = [.. WholeNumbers.SelectMany(_ => WholeNumbers)];
        var function = typeof(ScalarMath).GetMethod(name, [typeof(int), typeof(int)])!.CreateDelegate<Func<int, int, int>>();
        Assert.Equal(a.Zip(b, function), PoclKernels.Run<int, int>(name + "Int", a, b));
        long[] x = [.. a.Select(n => (long)n << 32)], y = [.. b.Select(n => (long)n)];
        var wide = typeof(ScalarMath).GetMethod(name, [typeof(long), typeof(long)])!.CreateDelegate<Func<long, long, long>>();
        Assert.Equal(x.Zip(y, wide), PoclKernels.Run<long, long>(name + "Long", x, y));
    }

    // Each of these is code that runs and is wrong: calls and stack memory are what ILGPU could not compile, approximations and flushed
    // denormals are fast mathematics, and a comparison that holds for NaN is one that OpenCL C loses.
    [Theory]
    [MemberData(nameof(Kernels))]
    public void DevicesGetArithmeticOnly(string kernel)
    {
        using var compiler = new KernelText();
        var method = typeof(GpuMathKernels).GetMethod(kernel)!;
        Assert.Empty(KernelText.Problems(compiler.Compile(method)));
        var texts = compiler.Compile(method).ToDictionary(item => item.Target, item => item.Text);
        if (kernel.StartsWith("Sqrt", StringComparison.Ordinal) || kernel.StartsWith("Rsqrt", StringComparison.Ordinal)) Assert.Contains("sqrt.rn.f", texts["sm_80"]);
        if (kernel.StartsWith("Reciprocal", StringComparison.Ordinal)) Assert.Contains("rcp.rn.f", texts["sm_80"]);

        string[] known = ["Kernel_" + kernel, "get_local_id", "get_group_id", "get_local_size", "as_int", "as_float", "as_long", "as_double", "fabs", "sqrt", "floor", "ceil", "isnan", "min", "max", "fmin", "fmax", "if", "return"];
        var source = texts["OpenCL C"];
        Assert.Empty(Regex.Matches(source[source.IndexOf("kernel void", StringComparison.Ordinal)..], @"(\w+)\s*\(").Select(match => match.Groups[1].Value).Distinct().Except(known));
    }

    private static void AssertErrors(string name, IEnumerable<float> numbers, Func<float, float> function)
    {
        var (_, exact, ulp) = Functions[name];
        foreach (var x in numbers)
        {
            var y = function(x);
            var error = Error(y, exact(x));
            if (error > ulp) Assert.Fail($"{name}({x:R}) is {y:R}, {error:F3} ulp from {exact(x):R}");
        }
    }

    private static void AssertPowers(IEnumerable<(float A, float B)> pairs, Func<float, float, float> function)
    {
        foreach (var (a, b) in pairs)
        {
            var (actual, expected) = (function(a, b), Math.Pow(a, b));
            if (!(Error(actual, expected) <= 1.3 && HaveSameSign(actual, expected))) Assert.Fail($"pow({a:R}, {b:R}) is {actual:R}, not {expected:R}");
        }
    }

    // Both signs, from 0 to the largest.
    private static IEnumerable<float> EveryFloat(int step)
    {
        for (long bits = 0; bits < 0x7f800000; bits += step)
        {
            yield return BitConverter.Int32BitsToSingle((int)bits);
            yield return BitConverter.Int32BitsToSingle((int)bits | int.MinValue);
        }
    }

    private static List<(float A, float B)> PairsForPowers(int count)
    {
        var random = new Random(5);
        var pairs = Extremes.SelectMany(a => Extremes.Select(b => (a, b))).ToList();
        for (var i = 0; i < count; i++)
        {
            pairs.Add((random.NextSingle() * 20, (random.NextSingle() - 0.5f) * 60));
            pairs.Add((1 + ((random.NextSingle() - 0.5f) * 0.01f), (random.NextSingle() - 0.5f) * 30_000));
            pairs.Add((BitConverter.Int32BitsToSingle(random.Next(0x7f800000)), (random.NextSingle() - 0.5f) * 4));
        }

        return pairs;
    }

    private static List<(float A, float B)> PairsOfAnySize(int count)
    {
        var random = new Random(7);
        var pairs = Extremes.SelectMany(a => Extremes.Select(b => (a, b))).ToList();
        for (var i = 0; i < count; i++)
        {
            pairs.Add((BitConverter.Int32BitsToSingle(random.Next() ^ (random.Next() << 1)), BitConverter.Int32BitsToSingle(random.Next() ^ (random.Next() << 1))));
            pairs.Add((random.NextSingle() * 100, (random.NextSingle() * 10) - 5));
        }

        return pairs;
    }

    private static bool HaveSameSign(float actual, double exact) => double.IsNaN(exact) || float.IsNegative(actual) == double.IsNegative(exact);

    private static double Error(float actual, double exact)
    {
        if (double.IsNaN(exact)) return float.IsNaN(actual) ? 0 : double.PositiveInfinity;
        if (!float.IsFinite((float)exact)) return actual == (float)exact ? 0 : double.PositiveInfinity;
        var error = Math.Abs(actual - exact) / Spacing((float)exact);
        return double.IsNaN(error) ? double.PositiveInfinity : error;
    }

    private static double Spacing(float x) => Math.Max(float.Epsilon, Math.ScaleB(1, Math.ILogB(Math.Max(Math.Abs(x), 1.17549435e-38f)) - 23));
}
