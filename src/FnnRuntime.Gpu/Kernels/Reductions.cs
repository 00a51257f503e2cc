using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace FeedbackNN.Gpu;

/// <summary>a + b.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct SumReduction : IReduction<float>, IReduction<double>, IReduction<int>, IReduction<long>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Combine(float earlier, float later) => earlier + later;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Combine(double earlier, double later) => earlier + later;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Combine(int earlier, int later) => earlier + later;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Combine(long earlier, long later) => earlier + later;
}

/// <summary>a * b.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct ProdReduction : IReduction<float>, IReduction<double>, IReduction<int>, IReduction<long>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Combine(float earlier, float later) => earlier * later;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Combine(double earlier, double later) => earlier * later;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Combine(int earlier, int later) => earlier * later;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Combine(long earlier, long later) => earlier * later;
}

/// <summary>The larger of two; NaN if one of them is. Also which of two is larger.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct MaxReduction : IReduction<float>, IReduction<double>, IReduction<int>, IReduction<long>, IOrder<float>, IOrder<double>, IOrder<int>, IOrder<long>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Combine(float earlier, float later) => GpuMath.Maximum(earlier, later);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Combine(double earlier, double later) => GpuMath.Maximum(earlier, later);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Combine(int earlier, int later) => earlier > later ? earlier : later;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Combine(long earlier, long later) => earlier > later ? earlier : later;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsBetter(float a, float b) => a > b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsBetter(double a, double b) => a > b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsBetter(int a, int b) => a > b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsBetter(long a, long b) => a > b;
}

/// <summary>The smaller of two; NaN if one of them is. Also which of two is smaller.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct MinReduction : IReduction<float>, IReduction<double>, IReduction<int>, IReduction<long>, IOrder<float>, IOrder<double>, IOrder<int>, IOrder<long>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Combine(float earlier, float later) => GpuMath.Minimum(earlier, later);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Combine(double earlier, double later) => GpuMath.Minimum(earlier, later);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Combine(int earlier, int later) => earlier < later ? earlier : later;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Combine(long earlier, long later) => earlier < later ? earlier : later;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsBetter(float a, float b) => a < b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsBetter(double a, double b) => a < b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsBetter(int a, int b) => a < b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsBetter(long a, long b) => a < b;
}
