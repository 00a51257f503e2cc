using System.Runtime.CompilerServices;

namespace FeedbackNN.Gpu;

/// <content>Sine and cosine for arguments of any size.</content>
public static partial class GpuMath
{
    // Up to here the number of quarter turns has 13 bits, and its product with each 11-bit part of pi/2 is exact.
    private const float ReductionLimit = 10_000f;

    /// <summary>The sine of x in radians: at most 1.6 ulp. NaN for infinities.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sin(float x) => SinOfQuarterTurns(x, 0);

    /// <summary>The cosine of x in radians: at most 1.6 ulp. NaN for infinities.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Cos(float x) => SinOfQuarterTurns(x, 1);

    // sin(x + shift quarter turns): r = x - q pi/2, then sine or cosine of r with the sign of the quadrant.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SinOfQuarterTurns(float x, int shift)
    {
        var q = RoundToWhole(x * 0.636619747f);
        var r = x - (q * 1.5703125f) - (q * 0.000483751297f) - (q * 7.54953362e-08f) - (q * 2.56328292e-12f) - (q * 6.12323426e-17f);
        var quadrant = WholeToInt(q);
        if (MathF.Abs(x) > ReductionLimit)
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

    // x / (2 pi) without its whole part, times 2^64. x is m 2^e: the digits of 1 / (2 pi) above 2^-e give whole turns, of the others
    // the first 96 are enough for the float nearest to a multiple of pi / 2.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Turns(float x)
    {
        var bits = Bits(x) & ~SignBit;
        var m = (ulong)Significand(bits);
        var first = Math.Min((bits >> 23) - 150 + 32, 136);
        int word = first >> 5, shift = first & 31;
        var digits0 = DigitsOfTurn(word, shift);
        var digits1 = DigitsOfTurn(word + 1, shift);
        var digits2 = DigitsOfTurn(word + 2, shift);
        var turns = ((m * digits0) << 32) + (m * digits1) + ((m * digits2) >> 32);
        return x < 0 ? 0 - turns : turns;
    }

    // The nearest multiple of a quarter.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int NearestQuadrant(ulong turns) => (int)((turns + (1UL << 61)) >> 62);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float AngleWithinQuadrant(ulong turns, int quadrant) => (long)(turns - ((ulong)quadrant << 62)) * 3.40612158e-19f;

    // 32 binary digits of 1 / (2 pi), from the given word and digit on; word 0 lies before the point.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong DigitsOfTurn(int word, int shift) => (((TurnWord(word) << 32) | TurnWord(word + 1)) << shift) >> 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong TurnWord(int word) =>
        word < 4
            ? (word < 2 ? (word == 0 ? 0UL : 0x28be60dbUL) : word == 2 ? 0x9391054aUL : 0x7f09d5f4UL)
            : word < 6 ? (word == 4 ? 0x7d4d3770UL : 0x36d8a566UL) : word == 6 ? 0x4f10e410UL : 0x7f9458eaUL;
}
