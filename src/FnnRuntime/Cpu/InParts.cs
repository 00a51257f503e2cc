using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <summary>
/// Functions on a machine without vectors of 512 bits: halves one after the other, and where there are none of 256 bits either, quarters. An operation of theirs is an instruction. Of the operations on 512 bits each
/// is made of several there, in methods, and a caller would go beyond what the JIT takes into one: it would then call the rest, each some hundred times slower.
/// </summary>
internal static class InParts
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x) => Vector512.Create(Exp(x.GetLower()), Exp(x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Expm1(Vector512<float> x) => Vector512.Create(Expm1(x.GetLower()), Expm1(x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Log(Vector512<float> x) => Vector512.Create(Log(x.GetLower()), Log(x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Log1p(Vector512<float> x) => Vector512.Create(Log1p(x.GetLower()), Log1p(x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Tanh(Vector512<float> x) => Vector512.Create(Tanh(x.GetLower()), Tanh(x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Sigmoid(Vector512<float> x) => Vector512.Create(Sigmoid(x.GetLower()), Sigmoid(x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Softplus(Vector512<float> x) => Vector512.Create(Softplus(x.GetLower()), Softplus(x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Erf(Vector512<float> x) => Vector512.Create(Erf(x.GetLower()), Erf(x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Erf(Vector512<float> x, Vector512<float> gaussian) => Vector512.Create(Erf(x.GetLower(), gaussian.GetLower()), Erf(x.GetUpper(), gaussian.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> SinOfQuarterTurns(Vector512<float> x, Vector512<int> shift) =>
        Vector512.Create(SinOfQuarterTurns(x.GetLower(), shift.GetLower()), SinOfQuarterTurns(x.GetUpper(), shift.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Exp(Vector256<float> x) =>
        Vector256.IsHardwareAccelerated ? Transcendental256.Exp(x) : Vector256.Create(Transcendental128.Exp(x.GetLower()), Transcendental128.Exp(x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Expm1(Vector256<float> x) =>
        Vector256.IsHardwareAccelerated ? Transcendental256.Expm1(x) : Vector256.Create(Transcendental128.Expm1(x.GetLower()), Transcendental128.Expm1(x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Log(Vector256<float> x) =>
        Vector256.IsHardwareAccelerated ? Transcendental256.Log(x) : Vector256.Create(Transcendental128.Log(x.GetLower()), Transcendental128.Log(x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Log1p(Vector256<float> x) =>
        Vector256.IsHardwareAccelerated ? Transcendental256.Log1p(x) : Vector256.Create(Transcendental128.Log1p(x.GetLower()), Transcendental128.Log1p(x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Tanh(Vector256<float> x) =>
        Vector256.IsHardwareAccelerated ? Transcendental256.Tanh(x) : Vector256.Create(Transcendental128.Tanh(x.GetLower()), Transcendental128.Tanh(x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Sigmoid(Vector256<float> x) =>
        Vector256.IsHardwareAccelerated ? Transcendental256.Sigmoid(x) : Vector256.Create(Transcendental128.Sigmoid(x.GetLower()), Transcendental128.Sigmoid(x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Softplus(Vector256<float> x) =>
        Vector256.IsHardwareAccelerated ? Transcendental256.Softplus(x) : Vector256.Create(Transcendental128.Softplus(x.GetLower()), Transcendental128.Softplus(x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Erf(Vector256<float> x, Vector256<float> gaussian) =>
        Vector256.IsHardwareAccelerated ? Transcendental256.Erf(x, gaussian) : Vector256.Create(Transcendental128.Erf(x.GetLower(), gaussian.GetLower()), Transcendental128.Erf(x.GetUpper(), gaussian.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Erf(Vector256<float> x) =>
        Vector256.IsHardwareAccelerated ? Transcendental256.Erf(x) : Vector256.Create(Transcendental128.Erf(x.GetLower()), Transcendental128.Erf(x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> SinOfQuarterTurns(Vector256<float> x, Vector256<int> shift) => Vector256.IsHardwareAccelerated
        ? Transcendental256.SinOfQuarterTurns(x, shift)
        : Vector256.Create(Transcendental128.SinOfQuarterTurns(x.GetLower(), shift.GetLower()), Transcendental128.SinOfQuarterTurns(x.GetUpper(), shift.GetUpper()));
}
