using System.Runtime.CompilerServices;

namespace FeedbackNN.Gpu;

/// <summary>Four numbers that lie side by side: in float32 one access of 128 bits.</summary>
internal struct Four<T> where T : unmanaged
{
    public T X, Y, Z, W;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Four(T x, T y, T z, T w)
    {
        X = x;
        Y = y;
        Z = z;
        W = w;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<T> Of(T x) => new(x, x, x, x);
}

/// <summary>Arithmetic on four floats.</summary>
internal static class Fours
{
    /// <summary>Adds a multiple of others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(this ref Four<float> sums, float factor, Four<float> others)
    {
        sums.X += factor * others.X;
        sums.Y += factor * others.Y;
        sums.Z += factor * others.Z;
        sums.W += factor * others.W;
    }
}
