namespace FeedbackNN.Dsl.Operators;

/// <summary>The scalar functions of the operator table that the base library lacks, in float64, accurate for all arguments.</summary>
internal static class ScalarFunctions
{
    /// <summary>log(1 + x) without losing small x (Kahan): the error in 1 + x cancels against that in (1 + x) - 1.</summary>
    public static double Log1p(double x)
    {
        var u = 1 + x;
        if (u == 1 || double.IsPositiveInfinity(x)) return x;
        return u == 0 ? double.NegativeInfinity : Math.Log(u) * (x / (u - 1));
    }

    /// <summary>exp(x) - 1 without losing small x (Kahan): the rounding of exp(x) cancels against that of its logarithm.</summary>
    public static double Expm1(double x)
    {
        var u = Math.Exp(x);
        if (u == 1) return x;
        if (u - 1 == -1 || double.IsInfinity(u)) return u - 1;
        return (u - 1) * (x / Math.Log(u));
    }

    /// <summary>1 / (1 + exp(-x)) without overflow on either side.</summary>
    public static double Sigmoid(double x)
    {
        if (x >= 0) return 1 / (1 + Math.Exp(-x));
        var e = Math.Exp(x);
        return e / (1 + e);
    }

    /// <summary>log(1 + exp(x)) without overflow.</summary>
    public static double Softplus(double x) => double.IsNaN(x) ? x : Math.Max(x, 0) + Log1p(Math.Exp(-Math.Abs(x)));

    /// <summary>
    /// The error function by its series of positive terms, erf(x) = 2/√π · exp(-x²) · Σ 2ⁿ x²ⁿ⁺¹ / (1·3·…·(2n+1)) (Abramowitz and Stegun 7.1.6);
    /// beyond 6 it is ±1 to the last bit.
    /// </summary>
    public static double Erf(double x)
    {
        if (double.IsNaN(x)) return x;
        if (Math.Abs(x) >= 6) return Math.Sign(x);
        var term = x;
        var sum = x;
        for (var n = 1; Math.Abs(term) > 1e-18 * Math.Abs(sum); n++)
        {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }

    /// <summary>The remainder of floor division: it has the sign of the divisor.</summary>
    public static double FloorRemainder(double a, double b)
    {
        if (double.IsInfinity(b) && !double.IsInfinity(a) && !double.IsNaN(a)) return a == 0 || a < 0 == b < 0 ? a : b;
        var remainder = a % b;
        return remainder != 0 && remainder < 0 != b < 0 ? remainder + b : remainder;
    }

    /// <summary>-1, 0 or 1; 0 for what is not a number.</summary>
    public static double Sign(double x) => x > 0 ? 1 : x < 0 ? -1 : double.IsNaN(x) ? x : 0;

    /// <summary>Neither NaN nor infinite.</summary>
    public static bool IsFinite(double x) => !double.IsNaN(x) && !double.IsInfinity(x);

    public static double Truth(bool value) => value ? 1 : 0;
}
