using System.Runtime.CompilerServices;

namespace FeedbackNN.Gpu;

/// <content>Whole numbers.</content>
public static partial class GpuMath
{
    /// <summary>floor(a / b); 0 when b is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Div(int a, int b)
    {
        // The quotient of a - rest is exact: a constant b's shift does the same to it as a division.
        var divisor = DivisorOrOne(b);
        var rest = a % divisor;
        var quotient = ((a - rest) / divisor) - (rest != 0 & (rest ^ b) < 0 ? 1 : 0);
        return b == 0 ? 0 : b == -1 ? unchecked(-a) : quotient;
    }

    /// <summary>a - b * floor(a / b), with the sign of b; 0 when b is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Rem(int a, int b)
    {
        var rest = a % DivisorOrOne(b);
        return rest != 0 & (rest ^ b) < 0 ? rest + b : rest;
    }

    // Devices divide before they select: by 0 and of int.MinValue by -1 they must not. Both leave 0, as 1 does.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int DivisorOrOne(int b) => b is 0 or -1 ? 1 : b;

    /// <summary>The larger of the two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Maximum(int a, int b) => Math.Max(a, b);

    /// <summary>The smaller of the two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Minimum(int a, int b) => Math.Min(a, b);

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
    public static int Sign(int x) => x > 0 ? 1 : x < 0 ? -1 : 0;

    /// <summary>floor(a / b); 0 when b is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Div(long a, long b)
    {
        // The quotient of a - rest is exact: a constant b's shift does the same to it as a division.
        var divisor = DivisorOrOne(b);
        var rest = a % divisor;
        var quotient = ((a - rest) / divisor) - (rest != 0 & (rest ^ b) < 0 ? 1 : 0);
        return b == 0 ? 0 : b == -1 ? unchecked(-a) : quotient;
    }

    /// <summary>a - b * floor(a / b), with the sign of b; 0 when b is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Rem(long a, long b)
    {
        var rest = a % DivisorOrOne(b);
        return rest != 0 & (rest ^ b) < 0 ? rest + b : rest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long DivisorOrOne(long b) => b is 0 or -1 ? 1 : b;

    /// <summary>The larger of the two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Maximum(long a, long b) => Math.Max(a, b);

    /// <summary>The smaller of the two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Minimum(long a, long b) => Math.Min(a, b);

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
    public static long Sign(long x) => x > 0 ? 1 : x < 0 ? -1 : 0;
}
