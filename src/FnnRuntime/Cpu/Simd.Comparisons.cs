using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <content>Comparisons: masks with all ones where the comparison holds. IEEE: with a NaN only NotEqual holds.</content>
public static unsafe partial class Simd
{
    /// <summary>a &lt; b, lane by lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Less(Vector512<float> a, Vector512<float> b) => Vector512.LessThan(a, b).AsInt32();

    /// <inheritdoc cref="Less(Vector512{float}, Vector512{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Less(Vector512<int> a, Vector512<int> b) => Vector512.LessThan(a, b);

    /// <summary>a &lt;= b, lane by lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LessOrEqual(Vector512<float> a, Vector512<float> b) => Vector512.LessThanOrEqual(a, b).AsInt32();

    /// <inheritdoc cref="LessOrEqual(Vector512{float}, Vector512{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LessOrEqual(Vector512<int> a, Vector512<int> b) => Vector512.LessThanOrEqual(a, b);

    /// <summary>a == b, lane by lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Equal(Vector512<float> a, Vector512<float> b) => Vector512.Equals(a, b).AsInt32();

    /// <inheritdoc cref="Equal(Vector512{float}, Vector512{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Equal(Vector512<int> a, Vector512<int> b) => Vector512.Equals(a, b);

    /// <summary>a &gt; b, lane by lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Greater(Vector512<float> a, Vector512<float> b) => Vector512.GreaterThan(a, b).AsInt32();

    /// <inheritdoc cref="Greater(Vector512{float}, Vector512{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Greater(Vector512<int> a, Vector512<int> b) => Vector512.GreaterThan(a, b);

    /// <summary>a &gt;= b, lane by lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> GreaterOrEqual(Vector512<float> a, Vector512<float> b) => Vector512.GreaterThanOrEqual(a, b).AsInt32();

    /// <inheritdoc cref="GreaterOrEqual(Vector512{float}, Vector512{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> GreaterOrEqual(Vector512<int> a, Vector512<int> b) => Vector512.GreaterThanOrEqual(a, b);

    /// <summary>a != b, lane by lane; a NaN differs from everything.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> NotEqual(Vector512<float> a, Vector512<float> b) => ~Vector512.Equals(a, b).AsInt32();

    /// <inheritdoc cref="NotEqual(Vector512{float}, Vector512{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> NotEqual(Vector512<int> a, Vector512<int> b) => ~Vector512.Equals(a, b);
}
