using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <summary>
/// The transforms of Winograd's F(2 x 2, 3 x 3): sums and differences of neighbours, for sixteen channels (or as many as a vector has) at a time. What is transformed has 16 planes, of which plane 4 r + s belongs to
/// row r and column s of a patch.
/// </summary>
/// <remarks>With y = A^T ((G g G^T) · (B^T d B)) A, as in Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2015, section 4.1; the gradient's transforms are the transposes of these.</remarks>
internal static unsafe class WinogradTransforms
{
    /// <summary>Patches are so many numbers high and wide.</summary>
    public const int Planes = 16;

    /// <summary><c>B^T d B</c> of patches of 4 x 4 side by side, two columns further each.</summary>
    /// <param name="rows">Where the four rows of the first patch begin.</param>
    /// <param name="column">From one column to the next.</param>
    /// <param name="lastColumn">The last column there is from the first one on; it stands for those behind it, whose numbers go only where no result is made of them.</param>
    /// <param name="patches">Number of patches.</param>
    /// <param name="channels">A multiple of sixteen.</param>
    /// <param name="to">Plane 0 of the first patch.</param>
    /// <param name="patch">From one patch to the next.</param>
    /// <param name="plane">From one plane to the next.</param>
    public static void Patches(float** rows, nint column, nint lastColumn, nint patches, nint channels, float* to, nint patch, nint plane)
    {
        if (Vector512.IsHardwareAccelerated) Patches<OneOf512>(rows, column, lastColumn, patches, channels, to, patch, plane);
        else if (Vector256.IsHardwareAccelerated) Patches<OneOf256>(rows, column, lastColumn, patches, channels, to, patch, plane);
        else Patches<OneOf128>(rows, column, lastColumn, patches, channels, to, patch, plane);
    }

    /// <summary><c>A^T m A</c>: results of 2 x 2.</summary>
    /// <param name="from">Plane 0 of the first patch.</param>
    /// <param name="patch">From one patch to the next.</param>
    /// <param name="plane">From one plane to the next.</param>
    /// <param name="patches">Number of patches.</param>
    /// <param name="columns">How many columns the results have: two for each patch, or one less.</param>
    /// <param name="channels">A multiple of sixteen.</param>
    /// <param name="first">The first row of results.</param>
    /// <param name="second">The second one; null where there is none.</param>
    /// <param name="column">From one column of results to the next.</param>
    public static void Results(float* from, nint patch, nint plane, nint patches, nint columns, nint channels, float* first, float* second, nint column)
    {
        if (Vector512.IsHardwareAccelerated) Results<OneOf512>(from, patch, plane, patches, columns, channels, first, second, column);
        else if (Vector256.IsHardwareAccelerated) Results<OneOf256>(from, patch, plane, patches, columns, channels, first, second, column);
        else Results<OneOf128>(from, patch, plane, patches, columns, channels, first, second, column);
    }

    /// <summary><c>A y A^T</c> of gradients of results, 2 x 2 each, with the opposite sign in row 3 and column 3; what is not there counts as 0.</summary>
    /// <param name="first">The first row of results.</param>
    /// <param name="second">The second one; null where there is none.</param>
    /// <param name="column">From one column of results to the next.</param>
    /// <param name="columns">How many columns there are: two for each patch, or one less.</param>
    /// <param name="patches">Number of patches.</param>
    /// <param name="channels">A multiple of sixteen.</param>
    /// <param name="to">Plane 0 of the first patch.</param>
    /// <param name="patch">From one patch to the next.</param>
    /// <param name="plane">From one plane to the next.</param>
    public static void Gradients(float* first, float* second, nint column, nint columns, nint patches, nint channels, float* to, nint patch, nint plane)
    {
        if (Vector512.IsHardwareAccelerated) Gradients<OneOf512>(first, second, column, columns, patches, channels, to, patch, plane);
        else if (Vector256.IsHardwareAccelerated) Gradients<OneOf256>(first, second, column, columns, patches, channels, to, patch, plane);
        else Gradients<OneOf128>(first, second, column, columns, patches, channels, to, patch, plane);
    }

    /// <summary><c>G g G^T</c> of weights, 3 x 3 each, for a number of channels.</summary>
    /// <param name="from">The first weights.</param>
    /// <param name="weight">From one of the nine to the next.</param>
    /// <param name="count">A multiple of sixteen.</param>
    /// <param name="to">Plane 0.</param>
    /// <param name="plane">From one plane to the next.</param>
    public static void Weights(float* from, nint weight, nint count, float* to, nint plane)
    {
        if (Vector512.IsHardwareAccelerated) Weights<OneOf512>(from, weight, count, to, plane);
        else if (Vector256.IsHardwareAccelerated) Weights<OneOf256>(from, weight, count, to, plane);
        else Weights<OneOf128>(from, weight, count, to, plane);
    }

    /// <summary><c>G^T u G</c> of sums over patches, which lie in parts that are added as a tree: gradients of weights, 3 x 3 each. As with <see cref="Gradients"/>, row 3 and column 3 have the opposite sign.</summary>
    /// <param name="from">Plane 0 of the first part.</param>
    /// <param name="plane">From one plane to the next.</param>
    /// <param name="parts">1, 2, 4 or 8.</param>
    /// <param name="part">From one part to the next.</param>
    /// <param name="count">A multiple of sixteen.</param>
    /// <param name="to">The first gradients.</param>
    /// <param name="weight">From one of the nine to the next.</param>
    public static void WeightGradients(float* from, nint plane, nint parts, nint part, nint count, float* to, nint weight)
    {
        if (Vector512.IsHardwareAccelerated) WeightGradients<OneOf512>(from, plane, parts, part, count, to, weight);
        else if (Vector256.IsHardwareAccelerated) WeightGradients<OneOf256>(from, plane, parts, part, count, to, weight);
        else WeightGradients<OneOf128>(from, plane, parts, part, count, to, weight);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Patches<T>(float** rows, nint column, nint lastColumn, nint patches, nint channels, float* to, nint patch, nint plane)
        where T : unmanaged, ILanes<T>
    {
        float* first = rows[0], second = rows[1], third = rows[2], fourth = rows[3];
        for (nint c = 0; c < channels; c += sizeof(T) / sizeof(float))
        {
            // Two columns of a patch are the first two of the next.
            nint at = c, next = c + column;
            T d0 = T.Read(first + at), d1 = T.Read(second + at), d2 = T.Read(third + at), d3 = T.Read(fourth + at);
            T a0 = d0 - d2, a1 = d1 + d2, a2 = d2 - d1, a3 = d1 - d3;
            d0 = T.Read(first + next);
            d1 = T.Read(second + next);
            d2 = T.Read(third + next);
            d3 = T.Read(fourth + next);
            T b0 = d0 - d2, b1 = d1 + d2, b2 = d2 - d1, b3 = d1 - d3;
            var q = to + c;
            for (nint p = 0; p < patches; p++, q += patch)
            {
                at = c + (((2 * p) + 2) * column);
                next = c + (Math.Min((2 * p) + 3, lastColumn) * column);
                d0 = T.Read(first + at);
                d1 = T.Read(second + at);
                d2 = T.Read(third + at);
                d3 = T.Read(fourth + at);
                T c0 = d0 - d2, c1 = d1 + d2, c2 = d2 - d1, c3 = d1 - d3;
                d0 = T.Read(first + next);
                d1 = T.Read(second + next);
                d2 = T.Read(third + next);
                d3 = T.Read(fourth + next);
                var z = q;
                (a0 - c0).Store(z);
                (b0 + c0).Store(z += plane);
                (c0 - b0).Store(z += plane);
                a0 = c0;
                c0 = d0 - d2;
                (b0 - c0).Store(z += plane);
                b0 = c0;
                (a1 - c1).Store(z += plane);
                (b1 + c1).Store(z += plane);
                (c1 - b1).Store(z += plane);
                a1 = c1;
                c1 = d1 + d2;
                (b1 - c1).Store(z += plane);
                b1 = c1;
                (a2 - c2).Store(z += plane);
                (b2 + c2).Store(z += plane);
                (c2 - b2).Store(z += plane);
                a2 = c2;
                c2 = d2 - d1;
                (b2 - c2).Store(z += plane);
                b2 = c2;
                (a3 - c3).Store(z += plane);
                (b3 + c3).Store(z += plane);
                (c3 - b3).Store(z += plane);
                a3 = c3;
                c3 = d1 - d3;
                (b3 - c3).Store(z += plane);
                b3 = c3;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Results<T>(float* from, nint patch, nint plane, nint patches, nint columns, nint channels, float* first, float* second, nint column)
        where T : unmanaged, ILanes<T>
    {
        for (nint p = 0; p < patches; p++, from += patch)
        {
            var hasRight = (2 * p) + 1 < columns;
            for (nint c = 0; c < channels; c += sizeof(T) / sizeof(float))
            {
                var z = from + c;
                T m0 = T.Read(z), m1 = T.Read(z + (4 * plane)), m2 = T.Read(z + (8 * plane)), m3 = T.Read(z + (12 * plane));
                T a0 = m0 + m1 + m2, b0 = m1 - m2 - m3;
                z += plane;
                m0 = T.Read(z);
                m1 = T.Read(z + (4 * plane));
                m2 = T.Read(z + (8 * plane));
                m3 = T.Read(z + (12 * plane));
                T a1 = m0 + m1 + m2, b1 = m1 - m2 - m3;
                z += plane;
                m0 = T.Read(z);
                m1 = T.Read(z + (4 * plane));
                m2 = T.Read(z + (8 * plane));
                m3 = T.Read(z + (12 * plane));
                T a2 = m0 + m1 + m2, b2 = m1 - m2 - m3;
                z += plane;
                m0 = T.Read(z);
                m1 = T.Read(z + (4 * plane));
                m2 = T.Read(z + (8 * plane));
                m3 = T.Read(z + (12 * plane));
                T a3 = m0 + m1 + m2, b3 = m1 - m2 - m3;
                var y = first + (2 * p * column) + c;
                (a0 + a1 + a2).Store(y);
                if (hasRight) (a1 - a2 - a3).Store(y + column);
                if (second == null) continue;
                y = second + (2 * p * column) + c;
                (b0 + b1 + b2).Store(y);
                if (hasRight) (b1 - b2 - b3).Store(y + column);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gradients<T>(float* first, float* second, nint column, nint columns, nint patches, nint channels, float* to, nint patch, nint plane)
        where T : unmanaged, ILanes<T>
    {
        for (nint p = 0; p < patches; p++, to += patch)
        {
            var hasRight = (2 * p) + 1 < columns;
            for (nint c = 0; c < channels; c += sizeof(T) / sizeof(float))
            {
                var y = first + (2 * p * column) + c;
                T left0 = T.Read(y), right0 = hasRight ? T.Read(y + column) : default;
                y = second == null ? y : second + (2 * p * column) + c;
                T left3 = second == null ? default : T.Read(y), right3 = hasRight && second != null ? T.Read(y + column) : default;
                T left1 = left0 + left3, left2 = left0 - left3, right1 = right0 + right3, right2 = right0 - right3;
                var z = to + c;
                left0.Store(z);
                (left0 + right0).Store(z += plane);
                (left0 - right0).Store(z += plane);
                right0.Store(z += plane);
                left1.Store(z += plane);
                (left1 + right1).Store(z += plane);
                (left1 - right1).Store(z += plane);
                right1.Store(z += plane);
                left2.Store(z += plane);
                (left2 + right2).Store(z += plane);
                (left2 - right2).Store(z += plane);
                right2.Store(z += plane);
                left3.Store(z += plane);
                (left3 + right3).Store(z += plane);
                (left3 - right3).Store(z += plane);
                right3.Store(z += plane);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weights<T>(float* from, nint weight, nint count, float* to, nint plane)
        where T : unmanaged, ILanes<T>
    {
        for (nint i = 0; i < count; i += sizeof(T) / sizeof(float))
        {
            // Columns first, then a row of the planes at a time.
            for (nint row = 0; row < 4; row++)
            {
                var z = to + i + (4 * row * plane);
                T g0 = OfColumn<T>(from + i, weight, row), g1 = OfColumn<T>(from + i + weight, weight, row), g2 = OfColumn<T>(from + i + (2 * weight), weight, row);
                var outer = g0 + g2;
                g0.Store(z);
                T.Half(outer + g1).Store(z + plane);
                T.Half(outer - g1).Store(z + (2 * plane));
                g2.Store(z + (3 * plane));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T OfColumn<T>(float* from, nint weight, nint row)
        where T : unmanaged, ILanes<T>
    {
        T g0 = T.Read(from), g1 = T.Read(from + (3 * weight)), g2 = T.Read(from + (6 * weight));
        return row == 0 ? g0 : row == 1 ? T.Half(g0 + g2 + g1) : row == 2 ? T.Half(g0 + g2 - g1) : g2;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WeightGradients<T>(float* from, nint plane, nint parts, nint part, nint count, float* to, nint weight)
        where T : unmanaged, ILanes<T>
    {
        for (nint i = 0; i < count; i += sizeof(T) / sizeof(float))
        {
            for (nint row = 0; row < 3; row++)
            {
                T u0 = OfPlanes<T>(from + i, plane, parts, part, row), u1 = OfPlanes<T>(from + i + plane, plane, parts, part, row);
                T u2 = OfPlanes<T>(from + i + (2 * plane), plane, parts, part, row), u3 = OfPlanes<T>(from + i + (3 * plane), plane, parts, part, row);
                var z = to + i + (3 * row * weight);
                var middle = T.Half(u1 + u2);
                (u0 + middle).Store(z);
                T.Half(u1 - u2).Store(z + weight);
                (middle - u3).Store(z + (2 * weight));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T OfPlanes<T>(float* from, nint plane, nint parts, nint part, nint row)
        where T : unmanaged, ILanes<T>
    {
        T u1 = Sum<T>(from + (4 * plane), parts, part), u2 = Sum<T>(from + (8 * plane), parts, part);
        if (row == 1) return T.Half(u1 - u2);
        var middle = T.Half(u1 + u2);
        return row == 0 ? Sum<T>(from, parts, part) + middle : middle - Sum<T>(from + (12 * plane), parts, part);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Sum<T>(float* from, nint parts, nint part)
        where T : unmanaged, ILanes<T>
    {
        if (parts == 1) return T.Read(from);
        var sum = T.Read(from) + T.Read(from + part);
        if (parts > 2) sum += T.Read(from + (2 * part)) + T.Read(from + (3 * part));
        if (parts > 4) sum += T.Read(from + (4 * part)) + T.Read(from + (5 * part)) + (T.Read(from + (6 * part)) + T.Read(from + (7 * part)));
        return sum;
    }
}
