using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FeedbackNN.Cpu;

/// <summary>x * 2^n, rounded once, by the instruction that AVX-512 has for it.</summary>
internal static class Scaled
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> By(Vector512<float> x, Vector512<float> n) => Avx512F.Scale(x, n);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> By(Vector256<float> x, Vector256<float> n) => Avx512F.VL.Scale(x, n);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> By(Vector128<float> x, Vector128<float> n) => Avx512F.VL.Scale(x, n);
}
