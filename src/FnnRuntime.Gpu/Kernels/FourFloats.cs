using System.Runtime.CompilerServices;

namespace FeedbackNN.Gpu;

/// <summary>Four floats that are moved as one: 128 bits.</summary>
internal struct FourFloats
{
    public float A, B, C, D;

    /// <summary>Adds a multiple of others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float factor, FourFloats others)
    {
        A += factor * others.A;
        B += factor * others.B;
        C += factor * others.C;
        D += factor * others.D;
    }
}
