using System.Runtime.CompilerServices;

namespace FeedbackNN.Gpu;

/// <content>Sine and cosine for arguments of any size.</content>
public static partial class GpuMath
{
    // The float 10,000. Up to there the number of quarter turns has 13 bits, and its product with each 11-bit part of pi/2 is exact.
    private const int ReductionLimitBits = 0x461c4000;

    /// <summary>The sine of x in radians: at most 1.6 ulp up to 10,000, 2.7 ulp beyond. NaN for infinities.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sin(float x) => x == 0 ? x : SinOfQuarterTurns(x, 0);

    /// <summary>The cosine of x in radians: at most 1.6 ulp up to 10,000, 2.7 ulp beyond. NaN for infinities.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Cos(float x) => SinOfQuarterTurns(x, 1);

    // sin(x + shift quarter turns): r = x - q pi/2, then sine or cosine of r with the sign of the quadrant.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SinOfQuarterTurns(float x, int shift)
    {
        var q = RoundToWhole(x * 0.636619747f);
        // Up to 10,000 the first three products are exact, and so is what subtracting the third of them loses.
        var upper = x - (q * 1.5703125f) - (q * 0.000483751297f);
        var third = q * 7.54953362e-08f;
        var r = upper - third;
        r += upper - r - third - (q * 2.56328292e-12f) - (q * 6.12323426e-17f);
        var quadrant = WholeToInt(q);
        if ((Bits(x) & ~SignBit) > ReductionLimitBits)
        {
            var turns = Turns(x);
            quadrant = NearestQuadrant(turns);
            r = AngleWithinQuadrant(turns, quadrant);
        }

        quadrant += shift;
        var s = r * r;
        var sine = Horner(s, Horner(s, -0.000195873872f, 0.0083327461f), -0.166666642f);
        sine = (sine * s * r) + r;
        var cosine = Horner(s, Horner(s, 2.45474366e-05f, -0.00138883002f), 0.0416666642f);
        cosine = (cosine * s * s) + ((s * -0.5f) + 1);
        var result = (quadrant & 1) != 0 ? cosine : sine;
        return MathF.Abs(x) < float.PositiveInfinity ? FromBits(Bits(result) ^ ((quadrant & 2) << 30)) : float.NaN;
    }

    // ---- Large arguments (Payne and Hanek, "Radian reduction for trigonometric functions", 1983) -----------------------

    // x / (2 pi) without its whole part, times 2^64. x is m 2^e: the digits of 1 / (2 pi) above 2^-e give whole turns; of the others,
    // 96 are enough for the float nearest to a multiple of pi / 2.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Turns(float x)
    {
        // The digits of 2^-32 / (2 pi) in words of 64, of which the needed ones become the first.
        var bits = Bits(x) & ~SignBit;
        var skipped = (bits >> 23) - 118;
        var isFar = skipped >= 128;
        var word0 = isFar ? 0x7d4d377036d8a566UL : 0x0000000028be60dbUL;
        var word1 = isFar ? 0x4f10e4107f9458eaUL : 0x9391054a7f09d5f4UL;
        var word2 = isFar ? 0UL : 0x7d4d377036d8a566UL;
        var isSecond = (skipped & 64) != 0;
        word0 = isSecond ? word1 : word0;
        word1 = isSecond ? word2 : word1;
        word2 = isSecond ? 0x4f10e4107f9458eaUL : word2;
        var left = skipped & 63;
        var high = (word0 << left) | ((word1 >> 1) >> (63 - left));
        var low = (word1 << left) | ((word2 >> 1) >> (63 - left));

        ulong m = Significand(bits);
        var turns = (m * high) + ((m * (low >> 32)) >> 32);
        return x < 0 ? 0 - turns : turns;
    }

    // The nearest multiple of a quarter.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int NearestQuadrant(ulong turns) => (int)((turns + (1UL << 61)) >> 62);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float AngleWithinQuadrant(ulong turns, int quadrant) => (long)(turns - ((ulong)quadrant << 62)) * 3.40612158e-19f;
}
