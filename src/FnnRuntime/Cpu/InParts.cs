using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <summary>
/// Functions on a machine without vectors of 512 bits: halves or quarters one after the other, in methods of their own. Taken into a caller whose other operations are each made of several
/// already, they would go beyond what the JIT takes into one method, and it would then call the rest of the operations, each some hundred times slower.
/// </summary>
internal static class InParts
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x) => Vector256.IsHardwareAccelerated
        ? Vector512.Create(Transcendental256.Exp(x.GetLower()), Transcendental256.Exp(x.GetUpper()))
        : Vector512.Create(
            Vector256.Create(Transcendental128.Exp(x.GetLower().GetLower()), Transcendental128.Exp(x.GetLower().GetUpper())),
            Vector256.Create(Transcendental128.Exp(x.GetUpper().GetLower()), Transcendental128.Exp(x.GetUpper().GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Expm1(Vector512<float> x) => Vector256.IsHardwareAccelerated
        ? Vector512.Create(Transcendental256.Expm1(x.GetLower()), Transcendental256.Expm1(x.GetUpper()))
        : Vector512.Create(
            Vector256.Create(Transcendental128.Expm1(x.GetLower().GetLower()), Transcendental128.Expm1(x.GetLower().GetUpper())),
            Vector256.Create(Transcendental128.Expm1(x.GetUpper().GetLower()), Transcendental128.Expm1(x.GetUpper().GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Log(Vector512<float> x) => Vector256.IsHardwareAccelerated
        ? Vector512.Create(Transcendental256.Log(x.GetLower()), Transcendental256.Log(x.GetUpper()))
        : Vector512.Create(
            Vector256.Create(Transcendental128.Log(x.GetLower().GetLower()), Transcendental128.Log(x.GetLower().GetUpper())),
            Vector256.Create(Transcendental128.Log(x.GetUpper().GetLower()), Transcendental128.Log(x.GetUpper().GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Log1p(Vector512<float> x) => Vector256.IsHardwareAccelerated
        ? Vector512.Create(Transcendental256.Log1p(x.GetLower()), Transcendental256.Log1p(x.GetUpper()))
        : Vector512.Create(
            Vector256.Create(Transcendental128.Log1p(x.GetLower().GetLower()), Transcendental128.Log1p(x.GetLower().GetUpper())),
            Vector256.Create(Transcendental128.Log1p(x.GetUpper().GetLower()), Transcendental128.Log1p(x.GetUpper().GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Tanh(Vector512<float> x) => Vector256.IsHardwareAccelerated
        ? Vector512.Create(Transcendental256.Tanh(x.GetLower()), Transcendental256.Tanh(x.GetUpper()))
        : Vector512.Create(
            Vector256.Create(Transcendental128.Tanh(x.GetLower().GetLower()), Transcendental128.Tanh(x.GetLower().GetUpper())),
            Vector256.Create(Transcendental128.Tanh(x.GetUpper().GetLower()), Transcendental128.Tanh(x.GetUpper().GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Sigmoid(Vector512<float> x) => Vector256.IsHardwareAccelerated
        ? Vector512.Create(Transcendental256.Sigmoid(x.GetLower()), Transcendental256.Sigmoid(x.GetUpper()))
        : Vector512.Create(
            Vector256.Create(Transcendental128.Sigmoid(x.GetLower().GetLower()), Transcendental128.Sigmoid(x.GetLower().GetUpper())),
            Vector256.Create(Transcendental128.Sigmoid(x.GetUpper().GetLower()), Transcendental128.Sigmoid(x.GetUpper().GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Softplus(Vector512<float> x) => Vector256.IsHardwareAccelerated
        ? Vector512.Create(Transcendental256.Softplus(x.GetLower()), Transcendental256.Softplus(x.GetUpper()))
        : Vector512.Create(
            Vector256.Create(Transcendental128.Softplus(x.GetLower().GetLower()), Transcendental128.Softplus(x.GetLower().GetUpper())),
            Vector256.Create(Transcendental128.Softplus(x.GetUpper().GetLower()), Transcendental128.Softplus(x.GetUpper().GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Erf(Vector512<float> x) => Vector256.IsHardwareAccelerated
        ? Vector512.Create(Transcendental256.Erf(x.GetLower()), Transcendental256.Erf(x.GetUpper()))
        : Vector512.Create(
            Vector256.Create(Transcendental128.Erf(x.GetLower().GetLower()), Transcendental128.Erf(x.GetLower().GetUpper())),
            Vector256.Create(Transcendental128.Erf(x.GetUpper().GetLower()), Transcendental128.Erf(x.GetUpper().GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> SinOfQuarterTurns(Vector512<float> x, Vector512<int> shift) => Vector256.IsHardwareAccelerated
        ? Vector512.Create(Transcendental256.SinOfQuarterTurns(x.GetLower(), shift.GetLower()), Transcendental256.SinOfQuarterTurns(x.GetUpper(), shift.GetUpper()))
        : Vector512.Create(
            Vector256.Create(
                Transcendental128.SinOfQuarterTurns(x.GetLower().GetLower(), shift.GetLower().GetLower()), Transcendental128.SinOfQuarterTurns(x.GetLower().GetUpper(), shift.GetLower().GetUpper())),
            Vector256.Create(
                Transcendental128.SinOfQuarterTurns(x.GetUpper().GetLower(), shift.GetUpper().GetLower()), Transcendental128.SinOfQuarterTurns(x.GetUpper().GetUpper(), shift.GetUpper().GetUpper())));
}
