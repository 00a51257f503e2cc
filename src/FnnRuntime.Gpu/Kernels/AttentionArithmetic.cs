using System.Runtime.CompilerServices;

namespace FeedbackNN.Gpu;

/// <summary>The arithmetic of attention in one type of float.</summary>
internal interface IAttentionArithmetic<T>
{
    static abstract T Zero { get; }

    static abstract T MinusInfinity { get; }

    static abstract T Add(T a, T b);

    static abstract T Subtract(T a, T b);

    static abstract T Multiply(T a, T b);

    static abstract T Divide(T a, T b);

    static abstract T Exp(T x);

    static abstract T Log(T x);

    /// <summary>An element of a product's operand, rounded to the operands' format.</summary>
    static abstract T Operand(T x);
}

/// <summary>In float32, with products of operands in some format.</summary>
internal readonly struct AttentionInFloat<TOperands> : IAttentionArithmetic<float> where TOperands : struct, IOperandFormat
{
    public static float Zero => 0;

    public static float MinusInfinity => float.NegativeInfinity;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Add(float a, float b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Subtract(float a, float b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Multiply(float a, float b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Divide(float a, float b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Exp(float x) => GpuMath.Exp(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Log(float x) => GpuMath.Log(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Operand(float x) => TOperands.Round(x);
}

/// <summary>In float64.</summary>
internal readonly struct AttentionInDouble : IAttentionArithmetic<double>
{
    public static double Zero => 0;

    public static double MinusInfinity => double.NegativeInfinity;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Add(double a, double b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Subtract(double a, double b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Multiply(double a, double b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Divide(double a, double b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Exp(double x) => GpuMath.Exp(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Log(double x) => GpuMath.Log(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Operand(double x) => x;
}
