using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FeedbackNN.Cpu;

/// <summary>
/// What printed loops need to go through memory sixteen lanes at a time: loads, stores and reductions that know how many elements
/// remain. "remaining" of 16 or more means a full vector. .NET lowers all of it to what the machine has.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static unsafe partial class Simd
{
    /// <summary>Lanes of a vector of 32-bit elements.</summary>
    public const int Lanes = 16;

    // As many as a first-level cache has ways: rows are often a power of two apart. Sixteen took up to 40% longer.
    private const nint RowsOfTranspose = 8;

    private const nint CacheLine = 64;

    private static Vector512<int> LaneIndex
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    }

    /// <summary>Sixteen elements from <paramref name="p"/> on. Reads over the end of a row by up to 15 elements: memory has that slack.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* p) => Vector512.Load(p);

    /// <inheritdoc cref="Load(float*)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load(int* p) => Vector512.Load(p);

    /// <summary>Writes the first <paramref name="remaining"/> lanes and touches nothing behind them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* p, Vector512<float> v, nint remaining)
    {
        if (remaining >= Lanes) v.Store(p);
        else if (Avx512F.IsSupported) Avx512F.MaskStore(p, FirstLanes(remaining).AsSingle(), v);
        else StoreLanes((int*)p, v.AsInt32(), remaining);
    }

    /// <inheritdoc cref="Store(float*, Vector512{float}, nint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(int* p, Vector512<int> v, nint remaining)
    {
        if (remaining >= Lanes) v.Store(p);
        else if (Avx512F.IsSupported) Avx512F.MaskStore(p, FirstLanes(remaining), v);
        else StoreLanes(p, v, remaining);
    }

    /// <summary>The vector with the lanes from <paramref name="remaining"/> on replaced by <paramref name="identity"/>, so that a reduction doesn't see them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Keep(Vector512<float> v, nint remaining, float identity) =>
        remaining >= Lanes ? v : Vector512.ConditionalSelect(FirstLanes(remaining).AsSingle(), v, Vector512.Create(identity));

    /// <inheritdoc cref="Keep(Vector512{float}, nint, float)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Keep(Vector512<int> v, nint remaining, int identity) =>
        remaining >= Lanes ? v : Vector512.ConditionalSelect(FirstLanes(remaining), v, Vector512.Create(identity));

    /// <summary>Asks for the cache lines of <paramref name="count"/> elements from <paramref name="p"/> on, into the second-level cache. Nothing is read, whatever lies there.</summary>
    /// <remarks>
    /// The first-level cache has some two dozen lines on their way at most, and a tile's own loads wait behind what is asked into it: a product of 2048 x 128 x 512 with operands from memory took 5% longer that way,
    /// with a third matrix to read 15%.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch<T>(T* p, nint count)
        where T : unmanaged
    {
        if (!Sse.IsSupported) return;
        var end = (byte*)(p + count);
        for (var line = (byte*)((nint)p & ~(CacheLine - 1)); line < end; line += CacheLine) Sse.Prefetch1(line);
    }

    /// <summary>start, start + 1, … start + 15, modulo 2^32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Index(nint start) => Vector512.Create((int)start) + LaneIndex;

    /// <summary>p[0], p[stride], p[2 * stride], …: as many as remain, and no other element is read. The lanes behind them are 0.</summary>
    public static Vector512<float> LoadStrided(float* p, nint stride, nint remaining) => LoadStrided((int*)p, stride, remaining).AsSingle();

    /// <inheritdoc cref="LoadStrided(float*, nint, nint)"/>
    public static Vector512<int> LoadStrided(int* p, nint stride, nint remaining)
    {
        var lanes = stackalloc int[Lanes];
        var count = Math.Min(remaining, Lanes);
        for (nint i = 0; i < count; i++, p += stride) lanes[i] = *p;
        return Vector512.Load(lanes);
    }

    /// <summary>p[0], p[stride], p[2 * stride], … = the lanes, as many as remain.</summary>
    public static void StoreStrided(float* p, nint stride, Vector512<float> v, nint remaining) => StoreStrided((int*)p, stride, v.AsInt32(), remaining);

    /// <inheritdoc cref="StoreStrided(float*, nint, Vector512{float}, nint)"/>
    public static void StoreStrided(int* p, nint stride, Vector512<int> v, nint remaining)
    {
        var lanes = stackalloc int[Lanes];
        v.Store(lanes);
        var count = Math.Min(remaining, Lanes);
        for (nint i = 0; i < count; i++, p += stride) *p = lanes[i];
    }

    /// <summary>
    /// <c>to[r * toRow + c * toColumn] = from[r * fromRow + c * fromColumn]</c>: a copy of what lies across memory. A few rows at a time, along which most often neighbours are read, so that no cache line is fetched again
    /// for each of its elements.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose<T>(T* from, nint fromRow, nint fromColumn, T* to, nint toRow, nint toColumn, nint rows, nint columns)
        where T : unmanaged
    {
        for (; rows > 0; rows -= RowsOfTranspose, from += RowsOfTranspose * fromRow, to += RowsOfTranspose * toRow)
        {
            var count = Math.Min(rows, RowsOfTranspose);
            T* first = from, written = to;
            for (var left = columns; left > 0; left--, first += fromColumn, written += toColumn)
            {
                T* p = first, q = written;
                nint row = 0;
                for (; row + 4 <= count; row += 4, p += 4 * fromRow, q += 4 * toRow)
                {
                    var (a, b, c, d) = (p[0], p[fromRow], p[2 * fromRow], p[3 * fromRow]);
                    q[0] = a;
                    q[toRow] = b;
                    q[2 * toRow] = c;
                    q[3 * toRow] = d;
                }

                for (; row < count; row++, p += fromRow, q += toRow) *q = *p;
            }
        }
    }

    /// <summary><paramref name="a"/> where the mask's lane is all ones, <paramref name="b"/> where it is zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Select(Vector512<int> mask, Vector512<float> a, Vector512<float> b) =>
        Vector512.ConditionalSelect(mask.AsSingle(), a, b);

    /// <inheritdoc cref="Select(Vector512{int}, Vector512{float}, Vector512{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Select(Vector512<int> mask, Vector512<int> a, Vector512<int> b) => Vector512.ConditionalSelect(mask, a, b);

    /// <summary>The integers as floats, rounded to nearest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ToFloat(Vector512<int> v) => Vector512.ConvertToSingle(v);

    /// <summary>Towards zero; out of range saturates and NaN is 0, as in a cast.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ToInt(Vector512<float> v) => Vector512.ConvertToInt32(v);

    /// <summary>1 where the mask is set, 0 elsewhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MaskToFloat(Vector512<int> mask) => mask.AsSingle() & Vector512.Create(1f);

    /// <summary>1 where the mask is set, 0 elsewhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MaskToInt(Vector512<int> mask) => mask & Vector512.Create(1);

    /// <summary>A mask from booleans, one a lane; the lanes behind those that remain are not set. Reads over the end of a row by up to 15 elements: memory has that slack.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadMask(bool* p, nint remaining)
    {
        // Any byte but 0 is true.
        var isFalse = Vector128.Equals(Vector128.Load((byte*)p), Vector128<byte>.Zero);
        var mask = ~Lengthened(isFalse.AsSByte());
        return remaining >= Lanes ? mask : mask & FirstLanes(remaining);
    }

    /// <summary>p[0], p[stride], p[2 * stride], … as a mask: as many as remain, and no other element is read. The lanes behind them are not set.</summary>
    public static Vector512<int> LoadMask(bool* p, nint stride, nint remaining)
    {
        var lanes = stackalloc int[Lanes];
        var count = Math.Min(remaining, Lanes);
        for (nint i = 0; i < count; i++, p += stride) lanes[i] = *p ? -1 : 0;
        return Vector512.Load(lanes);
    }

    /// <summary>Writes a mask as booleans, as many as remain.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask(bool* p, Vector512<int> mask, nint remaining)
    {
        var bytes = Shortened(mask) & Vector128.Create((sbyte)1);
        if (remaining >= Lanes) bytes.Store((sbyte*)p);
        else StoreBytes((sbyte*)p, bytes, remaining);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreBytes(sbyte* p, Vector128<sbyte> bytes, nint remaining)
    {
        for (var i = 0; i < remaining; i++) p[i] = bytes[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Lengthened(Vector128<sbyte> bytes)
    {
        if (Avx512F.IsSupported) return Avx512F.ConvertToVector512Int32(bytes);
        var (lower, upper) = Vector128.Widen(bytes);
        return Vector512.Create(Vector256.Create(Vector128.WidenLower(lower), Vector128.WidenUpper(lower)), Vector256.Create(Vector128.WidenLower(upper), Vector128.WidenUpper(upper)));
    }

    // The lowest byte of each lane.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> Shortened(Vector512<int> lanes)
    {
        if (Avx512F.IsSupported) return Avx512F.ConvertToVector128SByte(lanes);
        var (lower, upper) = (lanes.GetLower(), lanes.GetUpper());
        return Vector128.Narrow(Vector128.Narrow(lower.GetLower(), lower.GetUpper()), Vector128.Narrow(upper.GetLower(), upper.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<int> FirstLanes(nint remaining) => Vector512.LessThan(LaneIndex, Vector512.Create((int)remaining));

    // Eight lanes, four, two, one: as many stores as the number has bits, instead of one for each lane.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreLanes(int* p, Vector512<int> v, nint remaining)
    {
        var half = v.GetLower();
        if (remaining >= 8)
        {
            half.Store(p);
            half = v.GetUpper();
            p += 8;
        }

        var quarter = half.GetLower();
        if ((remaining & 4) != 0)
        {
            quarter.Store(p);
            quarter = half.GetUpper();
            p += 4;
        }

        var pair = quarter.GetLower();
        if ((remaining & 2) != 0)
        {
            pair.Store(p);
            pair = quarter.GetUpper();
            p += 2;
        }

        if ((remaining & 1) != 0) *p = pair.ToScalar();
    }
}
