namespace FeedbackNN.Cpu;

/// <content>Functions that the framework's <see cref="Math"/> lacks, in float64.</content>
public static partial class ScalarMath
{
    /// <summary>log(1 + x), without cancellation near 0.</summary>
    public static double Log1p(double x)
    {
        var u = 1 + x;
        if (u == 1 || !(u > 0) || double.IsInfinity(u)) return u == 1 ? x : Math.Log(u);
        return Math.Log(u) + ((x - (u - 1)) / u);
    }

    /// <summary>e^x - 1, without cancellation near 0.</summary>
    public static double Expm1(double x)
    {
        if (Math.Abs(x) > 0.5) return Math.Exp(x) - 1;
        if (x == 0) return x;

        // 2 sinh(x/2) e^(x/2); sinh of the library doesn't cancel.
        return 2 * Math.Sinh(x / 2) * Math.Exp(x / 2);
    }

    /// <summary>The error function 2/sqrt(pi) * the integral of e^(-t^2) from 0 to x.</summary>
    /// <remarks>Abramowitz and Stegun 7.1.6 up to 3 (all terms positive: no cancellation), the continued fraction 7.1.14 beyond.</remarks>
    public static double Erf(double x)
    {
        var t = Math.Abs(x);
        if (double.IsNaN(x) || t == 0) return x;
        if (t >= 6) return Math.CopySign(1, x);
        if (t < 3)
        {
            double term = t, sum = t;
            for (var n = 1; term > sum * 1e-17; n++)
            {
                term *= 2 * t * t / ((2 * n) + 1);
                sum += term;
            }

            return Math.CopySign(2 / Math.Sqrt(Math.PI) * Math.Exp(-t * t) * sum, x);
        }

        var fraction = t;
        for (var n = 60; n >= 1; n--) fraction = t + (n / 2.0 / fraction);
        return Math.CopySign(1 - (Math.Exp(-t * t) / (Math.Sqrt(Math.PI) * fraction)), x);
    }
}
