using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <content>Reductions of one vector to one number, in a fixed order: halves, quarters, … so the bits are the same on every machine.</content>
public static unsafe partial class Simd
{
    /// <summary>The sum of the lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector512<float> v)
    {
        var half = v.GetLower() + v.GetUpper();
        var quarter = half.GetLower() + half.GetUpper();
        quarter = quarter + Vector128.Shuffle(quarter, Vector128.Create(2, 3, 0, 1));
        return quarter[0] + quarter[1];
    }

    /// <summary>The product of the lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Prod(Vector512<float> v)
    {
        var half = v.GetLower() * v.GetUpper();
        var quarter = half.GetLower() * half.GetUpper();
        quarter = quarter * Vector128.Shuffle(quarter, Vector128.Create(2, 3, 0, 1));
        return quarter[0] * quarter[1];
    }

    /// <summary>The largest lane; a NaN lane makes it NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(Vector512<float> v)
    {
        var half = Vector256.Max(v.GetLower(), v.GetUpper());
        var quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        quarter = Vector128.Max(quarter, Vector128.Shuffle(quarter, Vector128.Create(2, 3, 0, 1)));
        return MathF.Max(quarter[0], quarter[1]);
    }

    /// <summary>The largest lane of numbers, none of which is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxNative(Vector512<float> v)
    {
        var half = Vector256.MaxNative(v.GetLower(), v.GetUpper());
        var quarter = Vector128.MaxNative(half.GetLower(), half.GetUpper());
        quarter = Vector128.MaxNative(quarter, Vector128.Shuffle(quarter, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(quarter, Vector128.Shuffle(quarter, Vector128.Create(1, 0, 3, 2)))[0];
    }

    /// <summary>The smallest lane; a NaN lane makes it NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Min(Vector512<float> v)
    {
        var half = Vector256.Min(v.GetLower(), v.GetUpper());
        var quarter = Vector128.Min(half.GetLower(), half.GetUpper());
        quarter = Vector128.Min(quarter, Vector128.Shuffle(quarter, Vector128.Create(2, 3, 0, 1)));
        return MathF.Min(quarter[0], quarter[1]);
    }

    /// <summary>The sum of the lanes, modulo 2^32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum(Vector512<int> v)
    {
        var half = v.GetLower() + v.GetUpper();
        var quarter = half.GetLower() + half.GetUpper();
        quarter = quarter + Vector128.Shuffle(quarter, Vector128.Create(2, 3, 0, 1));
        return quarter[0] + quarter[1];
    }

    /// <summary>The product of the lanes, modulo 2^32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Prod(Vector512<int> v)
    {
        var half = v.GetLower() * v.GetUpper();
        var quarter = half.GetLower() * half.GetUpper();
        quarter = quarter * Vector128.Shuffle(quarter, Vector128.Create(2, 3, 0, 1));
        return quarter[0] * quarter[1];
    }

    /// <summary>The largest lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Max(Vector512<int> v)
    {
        var half = Vector256.Max(v.GetLower(), v.GetUpper());
        var quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        quarter = Vector128.Max(quarter, Vector128.Shuffle(quarter, Vector128.Create(2, 3, 0, 1)));
        return Math.Max(quarter[0], quarter[1]);
    }

    /// <summary>The smallest lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Min(Vector512<int> v)
    {
        var half = Vector256.Min(v.GetLower(), v.GetUpper());
        var quarter = Vector128.Min(half.GetLower(), half.GetUpper());
        quarter = Vector128.Min(quarter, Vector128.Shuffle(quarter, Vector128.Create(2, 3, 0, 1)));
        return Math.Min(quarter[0], quarter[1]);
    }

    /// <summary>
    /// Takes sixteen more candidates into the running largest value of each lane and its index. The first of equals stays; a NaN,
    /// once seen, stays as well.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ArgMax(ref Vector512<float> best, ref Vector512<int> bestIndex, Vector512<float> value, Vector512<int> index)
    {
        var valueIsNaN = ~Vector512.Equals(value, value);
        var bestIsNumber = Vector512.Equals(best, best);
        var better = Vector512.GreaterThan(value, best) | (valueIsNaN & bestIsNumber);
        best = Vector512.ConditionalSelect(better, value, best);
        bestIndex = Vector512.ConditionalSelect(better.AsInt32(), index, bestIndex);
    }

    /// <inheritdoc cref="ArgMax(ref Vector512{float}, ref Vector512{int}, Vector512{float}, Vector512{int})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ArgMax(ref Vector512<int> best, ref Vector512<int> bestIndex, Vector512<int> value, Vector512<int> index)
    {
        var better = Vector512.GreaterThan(value, best);
        best = Vector512.ConditionalSelect(better, value, best);
        bestIndex = Vector512.ConditionalSelect(better, index, bestIndex);
    }

    /// <summary>The index that belongs to the largest lane: the smallest index among equals, the first NaN if there is one.</summary>
    public static int ArgMaxLane(Vector512<float> best, Vector512<int> bestIndex)
    {
        var value = best[0];
        var result = bestIndex[0];
        for (var lane = 1; lane < Lanes; lane++)
        {
            var candidate = best[lane];
            var same = candidate == value || (float.IsNaN(candidate) && float.IsNaN(value));
            if (candidate > value || (float.IsNaN(candidate) && !float.IsNaN(value)) || (same && bestIndex[lane] < result))
            {
                value = candidate;
                result = bestIndex[lane];
            }
        }

        return result;
    }

    /// <inheritdoc cref="ArgMaxLane(Vector512{float}, Vector512{int})"/>
    public static int ArgMaxLane(Vector512<int> best, Vector512<int> bestIndex)
    {
        var value = best[0];
        var result = bestIndex[0];
        for (var lane = 1; lane < Lanes; lane++)
        {
            var candidate = best[lane];
            if (candidate > value || (candidate == value && bestIndex[lane] < result))
            {
                value = candidate;
                result = bestIndex[lane];
            }
        }

        return result;
    }

    /// <summary>
    /// Takes sixteen more candidates into the running smallest value of each lane and its index. The first of equals stays; a NaN,
    /// once seen, stays as well.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ArgMin(ref Vector512<float> best, ref Vector512<int> bestIndex, Vector512<float> value, Vector512<int> index)
    {
        var valueIsNaN = ~Vector512.Equals(value, value);
        var bestIsNumber = Vector512.Equals(best, best);
        var better = Vector512.LessThan(value, best) | (valueIsNaN & bestIsNumber);
        best = Vector512.ConditionalSelect(better, value, best);
        bestIndex = Vector512.ConditionalSelect(better.AsInt32(), index, bestIndex);
    }

    /// <inheritdoc cref="ArgMin(ref Vector512{float}, ref Vector512{int}, Vector512{float}, Vector512{int})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ArgMin(ref Vector512<int> best, ref Vector512<int> bestIndex, Vector512<int> value, Vector512<int> index)
    {
        var better = Vector512.LessThan(value, best);
        best = Vector512.ConditionalSelect(better, value, best);
        bestIndex = Vector512.ConditionalSelect(better, index, bestIndex);
    }

    /// <summary>The index that belongs to the smallest lane: the smallest index among equals, the first NaN if there is one.</summary>
    public static int ArgMinLane(Vector512<float> best, Vector512<int> bestIndex)
    {
        var value = best[0];
        var result = bestIndex[0];
        for (var lane = 1; lane < Lanes; lane++)
        {
            var candidate = best[lane];
            var same = candidate == value || (float.IsNaN(candidate) && float.IsNaN(value));
            if (candidate < value || (float.IsNaN(candidate) && !float.IsNaN(value)) || (same && bestIndex[lane] < result))
            {
                value = candidate;
                result = bestIndex[lane];
            }
        }

        return result;
    }

    /// <inheritdoc cref="ArgMinLane(Vector512{float}, Vector512{int})"/>
    public static int ArgMinLane(Vector512<int> best, Vector512<int> bestIndex)
    {
        var value = best[0];
        var result = bestIndex[0];
        for (var lane = 1; lane < Lanes; lane++)
        {
            var candidate = best[lane];
            if (candidate < value || (candidate == value && bestIndex[lane] < result))
            {
                value = candidate;
                result = bestIndex[lane];
            }
        }

        return result;
    }
}
