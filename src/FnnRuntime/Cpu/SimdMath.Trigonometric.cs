using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <content>The reduction that sine and cosine share, and what happens to arguments for which it isn't exact.</content>
public static partial class SimdMath
{
    // Up to here the number of quarter turns times each part of pi/2 is exact in a fused multiply-add.
    private const float ReductionLimit = 10_000f;

    // sin(x + shift quarter turns): r = x - q pi/2, then sine or cosine of r with the sign of the quadrant.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> SinOfQuarterTurns(Vector512<float> x, Vector512<int> shift)
    {
        var q = Vector512.Round(x * Vector512.Create(0.636619747f));
        var r = Vector512.FusedMultiplyAdd(q, Vector512.Create(-1.57079637f), x);
        r = Vector512.FusedMultiplyAdd(q, Vector512.Create(4.37113883e-08f), r);
        r = Vector512.FusedMultiplyAdd(q, Vector512.Create(1.71512451e-15f), r);
        var quadrant = Vector512.ConvertToInt32Native(q) + shift;

        var s = r * r;
        var sine = Horner(s, Horner(s, Vector512.Create(-0.000195873872f), 0.0083327461f), -0.166666642f);
        sine = Vector512.FusedMultiplyAdd(sine * s, r, r);
        var cosine = Horner(s, Horner(s, Vector512.Create(2.45474366e-05f), -0.00138883002f), 0.0416666642f);
        cosine = Vector512.FusedMultiplyAdd(cosine * s, s, Vector512.FusedMultiplyAdd(s, Vector512.Create(-0.5f), One));

        var isOdd = Vector512.Equals(quadrant & Vector512<int>.One, Vector512<int>.One).AsSingle();
        var sign = ((quadrant & Vector512.Create(2)) << 30).AsSingle();
        return Vector512.ConditionalSelect(isOdd, cosine, sine) ^ sign;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static unsafe Vector512<float> SinLanes(Vector512<float> x)
    {
        var lanes = stackalloc float[Simd.Lanes];
        x.Store(lanes);
        for (var i = 0; i < Simd.Lanes; i++) lanes[i] = MathF.Sin(lanes[i]);
        return Vector512.Load(lanes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static unsafe Vector512<float> CosLanes(Vector512<float> x)
    {
        var lanes = stackalloc float[Simd.Lanes];
        x.Store(lanes);
        for (var i = 0; i < Simd.Lanes; i++) lanes[i] = MathF.Cos(lanes[i]);
        return Vector512.Load(lanes);
    }
}
