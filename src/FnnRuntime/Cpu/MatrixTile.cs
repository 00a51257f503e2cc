using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace FeedbackNN.Cpu;

/// <summary>
/// The innermost loop of a matrix product: a tile of a few rows and columns whose sums stay in registers while k runs. Each step loads the
/// columns of the right matrix and broadcasts one number of the left one for each row.
/// </summary>
/// <remarks>
/// The tile's shape follows the machine's registers. 32 of 512 bits: 14 x 32, 28 sums, two vectors of columns and a broadcast number, and for large products 9 x 48, 27 sums and three
/// vectors of columns, with 1.9 operations a multiply-add where 14 x 32 has 2 (alone on a core both reach the peak); 16 of 256 bits: 6 x 16, 12 sums; 32 of 128 bits (ARM): 6 x 16, 24 sums;
/// 16 of 128 bits: 2 x 16, 8 sums. The sums hide the latency of the multiply-add (4 cycles, 2 a cycle) and leave the load ports free. The loop is written once: the type arguments, whose sizes are the number of rows and whose fields are the vectors
/// of a row, are constants to the compiler, which drops what a smaller tile doesn't need. An element is summed up in the order of k whatever
/// the shape, so its bits don't depend on it. With 6 x 16 tiles on Zen 3 whole products, packing included, reach 84 to 93% of the peak with one thread.
/// </remarks>
internal static unsafe class MatrixTile
{
    // A step of all rows takes about 14 cycles, as long as the second-level cache; 6, 12 and 24 steps were alike.
    private const int StepsAhead = 8;

    private static readonly nint[] Kernels = MakeKernels(), WideKernels = MakeWideKernels();

    /// <summary>The most rows a tile has.</summary>
    public static int MaximumRows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.IsHardwareAccelerated ? 14 : Vector256.IsHardwareAccelerated || AdvSimd.IsSupported ? 6 : 2;
    }

    /// <summary>The columns of a full tile.</summary>
    public static int Columns
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.IsHardwareAccelerated ? 32 : 16;
    }

    /// <summary>The columns of a wide tile, of three vectors; where there is none, those of a full one.</summary>
    public static int WideColumns
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.IsHardwareAccelerated ? 48 : Columns;
    }

    /// <summary>The most rows a wide tile has.</summary>
    public static int MaximumWideRows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.IsHardwareAccelerated ? 9 : MaximumRows;
    }

    /// <summary>Columns are computed by this many at once: nothing that means nothing stands behind a multiple of them.</summary>
    public static int ColumnsAtOnce
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Columns / 2;
    }

    /// <summary>
    /// <c>c[r * cRow + j] = Σ_k a[r * aRow + k * aColumn] * b[k * bColumn + j]</c> for the columns j of a tile, rounded up to a multiple of <see cref="ColumnsAtOnce"/>: at most <see cref="MaximumRows"/> by
    /// <see cref="Columns"/>, or <see cref="MaximumWideRows"/> by <see cref="WideColumns"/>. When <paramref name="accumulate"/>, sums go on from what is in c: a sum that is cut along k has the bits of one that isn't.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run(nint rows, nint columns, nint depth, float* a, nint aRow, nint aColumn, float* b, nint bColumn, float* c, nint cRow, bool accumulate)
    {
        nint start = 0;
        RunStretches(rows, columns, depth, &start, 1, a, aRow, aColumn, b, bColumn, c, cRow, accumulate);
    }

    /// <summary>
    /// The same for rows of the left matrix that are stretches: the first <paramref name="depth"/> numbers of a row begin at <c>a[starts[0] + r * aRow]</c>, the next as many at <c>a[starts[1] + r * aRow]</c>,
    /// and so on; in the right matrix all lie behind each other. So a window of an image is read where it lies.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RunStretches(nint rows, nint columns, nint depth, nint* starts, nint stretches, float* a, nint aRow, nint aColumn, float* b, nint bColumn, float* c, nint cRow, bool accumulate)
    {
        var kernel = columns > Columns ? WideKernels[rows] : Kernels[(rows * 2) + (columns > ColumnsAtOnce ? 1 : 0)];
        ((delegate*<nint, nint*, nint*, float*, nint, nint, float*, nint, float*, nint, bool, void>)kernel)(depth, starts, starts + stretches, a, aRow, aColumn, b, bColumn, c, cRow, accumulate);
    }

    /// <summary>
    /// The product of as many rows and columns as there are, in even tiles: sliver by sliver of the right matrix, whose next <see cref="Columns"/> columns lie <paramref name="bSliver"/> further. All of it is
    /// read where it lies, and the result has whole vectors.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RunAll(nint rows, nint columns, nint depth, float* a, nint aRow, nint aColumn, float* b, nint bColumn, nint bSliver, float* c, nint cRow, bool accumulate)
    {
        var tiles = (rows + MaximumRows - 1) / MaximumRows;
        for (nint column = 0; column < columns; column += Columns, b += bSliver)
        {
            for (nint tile = 0; tile < tiles; tile++)
            {
                nint row = rows * tile / tiles, height = (rows * (tile + 1) / tiles) - row;
                Run(height, Math.Min(Columns, columns - column), depth, a + (row * aRow), aRow, aColumn, b, bColumn, c + (row * cRow) + column, cRow, accumulate);
            }
        }
    }

    private static nint[] MakeKernels()
    {
        if (Vector512.IsHardwareAccelerated) return Table<OneOf512, Two<OneOf512, Vector512<float>>, Vector512<float>>();
        return Vector256.IsHardwareAccelerated ? Table<OneOf256, Two<OneOf256, Vector256<float>>, Vector256<float>>() : Table<Two<OneOf128, Vector128<float>>, Two<Two<OneOf128, Vector128<float>>, Vector128<float>>, Vector128<float>>();
    }

    // By the number of rows: the kernel for half a tile's columns, and for all. A kernel is compiled when it is first called.
    private static nint[] Table<THalf, TFull, TVector>()
        where THalf : unmanaged, IVectors<THalf, TVector>
        where TFull : unmanaged, IVectors<TFull, TVector>
    {
        delegate*<nint, nint*, nint*, float*, nint, nint, float*, nint, float*, nint, bool, void>* kernels = stackalloc delegate*<nint, nint*, nint*, float*, nint, nint, float*, nint, float*, nint, bool, void>[]
        {
            null, null,
            &Multiply<RowCount1, THalf, TVector>, &Multiply<RowCount1, TFull, TVector>,
            &Multiply<RowCount2, THalf, TVector>, &Multiply<RowCount2, TFull, TVector>,
            &Multiply<RowCount3, THalf, TVector>, &Multiply<RowCount3, TFull, TVector>,
            &Multiply<RowCount4, THalf, TVector>, &Multiply<RowCount4, TFull, TVector>,
            &Multiply<RowCount5, THalf, TVector>, &Multiply<RowCount5, TFull, TVector>,
            &Multiply<RowCount6, THalf, TVector>, &Multiply<RowCount6, TFull, TVector>,
            &Multiply<RowCount7, THalf, TVector>, &Multiply<RowCount7, TFull, TVector>,
            &Multiply<RowCount8, THalf, TVector>, &Multiply<RowCount8, TFull, TVector>,
            &Multiply<RowCount9, THalf, TVector>, &Multiply<RowCount9, TFull, TVector>,
            &Multiply<RowCount10, THalf, TVector>, &Multiply<RowCount10, TFull, TVector>,
            &Multiply<RowCount11, THalf, TVector>, &Multiply<RowCount11, TFull, TVector>,
            &Multiply<RowCount12, THalf, TVector>, &Multiply<RowCount12, TFull, TVector>,
            &Multiply<RowCount13, THalf, TVector>, &Multiply<RowCount13, TFull, TVector>,
            &Multiply<RowCount14, THalf, TVector>, &Multiply<RowCount14, TFull, TVector>,
        };
        return new ReadOnlySpan<nint>(kernels, 30).ToArray();
    }

    private static nint[] MakeWideKernels() => Vector512.IsHardwareAccelerated ? WideTable<Three<OneOf512, Vector512<float>>, Vector512<float>>() : [];

    // By the number of rows.
    private static nint[] WideTable<TWide, TVector>()
        where TWide : unmanaged, IVectors<TWide, TVector>
    {
        delegate*<nint, nint*, nint*, float*, nint, nint, float*, nint, float*, nint, bool, void>* kernels = stackalloc delegate*<nint, nint*, nint*, float*, nint, nint, float*, nint, float*, nint, bool, void>[]
        {
            null, &Multiply<RowCount1, TWide, TVector>, &Multiply<RowCount2, TWide, TVector>, &Multiply<RowCount3, TWide, TVector>, &Multiply<RowCount4, TWide, TVector>,
            &Multiply<RowCount5, TWide, TVector>, &Multiply<RowCount6, TWide, TVector>, &Multiply<RowCount7, TWide, TVector>, &Multiply<RowCount8, TWide, TVector>, &Multiply<RowCount9, TWide, TVector>,
        };
        return new ReadOnlySpan<nint>(kernels, 10).ToArray();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TRows, TColumns, TVector>(nint depth, nint* starts, nint* end, float* a, nint aRow, nint aColumn, float* b, nint bColumn, float* c, nint cRow, bool accumulate)
        where TRows : unmanaged
        where TColumns : unmanaged, IVectors<TColumns, TVector>
    {
        TColumns s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default;
        TColumns s7 = default, s8 = default, s9 = default, sA = default, sB = default, sC = default, sD = default, y = default;

        if (accumulate)
        {
            var p = c;
            s0.Load(p);
            if (sizeof(TRows) > 1) s1.Load(p += cRow);
            if (sizeof(TRows) > 2) s2.Load(p += cRow);
            if (sizeof(TRows) > 3) s3.Load(p += cRow);
            if (sizeof(TRows) > 4) s4.Load(p += cRow);
            if (sizeof(TRows) > 5) s5.Load(p += cRow);
            if (sizeof(TRows) > 6) s6.Load(p += cRow);
            if (sizeof(TRows) > 7) s7.Load(p += cRow);
            if (sizeof(TRows) > 8) s8.Load(p += cRow);
            if (sizeof(TRows) > 9) s9.Load(p += cRow);
            if (sizeof(TRows) > 10) sA.Load(p += cRow);
            if (sizeof(TRows) > 11) sB.Load(p += cRow);
            if (sizeof(TRows) > 12) sC.Load(p += cRow);
            if (sizeof(TRows) > 13) sD.Load(p += cRow);
        }

        // Three rows share a pointer: row, row + 1 and row + 2 are addressed as p, p + aRow and p + 2 aRow. Steps are in bytes, which are added as they are: on a core that is shared with another program
        // what counts is how many operations there are beside the multiply-adds.
        nint twoRows = 2 * aRow, aStep = aColumn * sizeof(float), bStep = bColumn * sizeof(float);
        var later = b + (StepsAhead * bColumn);
        for (; starts != end; starts++)
        {
            float* p0 = a + *starts, p1 = p0 + (3 * aRow), p2 = p0 + (6 * aRow), p3 = p0 + (9 * aRow), p4 = p0 + (12 * aRow);
            var steps = depth;
            while (steps != 0)
            {
                y.Load(b);
                // A sliver of the right matrix is larger than the first-level cache: columns of a later step are on their way meanwhile. Few rows have no room for it beside their loads.
                if (Sse.IsSupported && sizeof(TRows) > 6)
                {
                    Sse.Prefetch0(later);
                    if (sizeof(TColumns) > 64) Sse.Prefetch0(later + 16);
                    if (sizeof(TColumns) > 128) Sse.Prefetch0(later + 32);
                    later = (float*)((byte*)later + bStep);
                }

                s0.Add(TColumns.Broadcast(p0), y);
                if (sizeof(TRows) > 1) s1.Add(TColumns.Broadcast(p0 + aRow), y);
                if (sizeof(TRows) > 2) s2.Add(TColumns.Broadcast(p0 + twoRows), y);
                if (sizeof(TRows) > 3) s3.Add(TColumns.Broadcast(p1), y);
                if (sizeof(TRows) > 4) s4.Add(TColumns.Broadcast(p1 + aRow), y);
                if (sizeof(TRows) > 5) s5.Add(TColumns.Broadcast(p1 + twoRows), y);
                if (sizeof(TRows) > 6) s6.Add(TColumns.Broadcast(p2), y);
                if (sizeof(TRows) > 7) s7.Add(TColumns.Broadcast(p2 + aRow), y);
                if (sizeof(TRows) > 8) s8.Add(TColumns.Broadcast(p2 + twoRows), y);
                if (sizeof(TRows) > 9) s9.Add(TColumns.Broadcast(p3), y);
                if (sizeof(TRows) > 10) sA.Add(TColumns.Broadcast(p3 + aRow), y);
                if (sizeof(TRows) > 11) sB.Add(TColumns.Broadcast(p3 + twoRows), y);
                if (sizeof(TRows) > 12) sC.Add(TColumns.Broadcast(p4), y);
                if (sizeof(TRows) > 13) sD.Add(TColumns.Broadcast(p4 + aRow), y);
                p0 = (float*)((byte*)p0 + aStep);
                if (sizeof(TRows) > 3) p1 = (float*)((byte*)p1 + aStep);
                if (sizeof(TRows) > 6) p2 = (float*)((byte*)p2 + aStep);
                if (sizeof(TRows) > 9) p3 = (float*)((byte*)p3 + aStep);
                if (sizeof(TRows) > 12) p4 = (float*)((byte*)p4 + aStep);
                b = (float*)((byte*)b + bStep);
                steps--;
            }
        }

        s0.Store(c);
        if (sizeof(TRows) > 1) s1.Store(c += cRow);
        if (sizeof(TRows) > 2) s2.Store(c += cRow);
        if (sizeof(TRows) > 3) s3.Store(c += cRow);
        if (sizeof(TRows) > 4) s4.Store(c += cRow);
        if (sizeof(TRows) > 5) s5.Store(c += cRow);
        if (sizeof(TRows) > 6) s6.Store(c += cRow);
        if (sizeof(TRows) > 7) s7.Store(c += cRow);
        if (sizeof(TRows) > 8) s8.Store(c += cRow);
        if (sizeof(TRows) > 9) s9.Store(c += cRow);
        if (sizeof(TRows) > 10) sA.Store(c += cRow);
        if (sizeof(TRows) > 11) sB.Store(c += cRow);
        if (sizeof(TRows) > 12) sC.Store(c += cRow);
        if (sizeof(TRows) > 13) sD.Store(c += cRow);
    }
}
