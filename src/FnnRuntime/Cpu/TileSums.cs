namespace FeedbackNN.Cpu;

/// <summary>
/// Where the sums of a <see cref="MatrixTile"/> are while they are computed. Tiles whose columns are whole vectors go straight to where sums are kept; others,
/// and those that nobody keeps, through a tile on the stack, so that nothing beside them is touched.
/// </summary>
internal readonly unsafe struct TileSums
{
    private readonly float* _kept, _local;
    private readonly nint _keptStride, _rows, _columns;

    /// <param name="kept">Where the sums are kept; null where they are not.</param>
    /// <param name="keptStride">From one row there to the next.</param>
    /// <param name="rows">Rows of the tile.</param>
    /// <param name="columns">Columns of the tile.</param>
    /// <param name="local">A tile on the stack: <see cref="LocalLength"/> floats, <see cref="Aligned"/>.</param>
    /// <param name="goesOn">Sums go on from those that are kept.</param>
    public TileSums(float* kept, nint keptStride, nint rows, nint columns, float* local, bool goesOn)
    {
        var isStraight = kept != null && columns % MatrixTile.ColumnsAtOnce == 0;
        Start = isStraight ? kept : local;
        Stride = isStraight ? keptStride : columns > MatrixTile.Columns ? MatrixTile.WideColumns : MatrixTile.Columns;
        _kept = isStraight ? null : kept;
        _local = local;
        (_keptStride, _rows, _columns) = (keptStride, rows, columns);
        if (_kept != null && goesOn) Copy(_kept, keptStride, local, Stride, rows, columns);
    }

    /// <summary>Floats that a tile on the stack takes, with room to align it.</summary>
    public static int LocalLength => Math.Max(MatrixTile.MaximumRows * MatrixTile.Columns, MatrixTile.MaximumWideRows * MatrixTile.WideColumns) + 32;

    /// <summary>The first sum.</summary>
    public float* Start { get; }

    /// <summary>From one row to the next.</summary>
    public nint Stride { get; }

    /// <summary>The first address of whole cache lines.</summary>
    public static float* Aligned(float* memory) => (float*)(((nint)memory + 63) & ~63);

    /// <summary>Asks for the memory where sums go.</summary>
    public void Prefetch()
    {
        if (_kept != null || Start == _local) return;
        for (nint r = 0; r < _rows; r++) Simd.Prefetch(Start + (r * Stride), _columns);
    }

    /// <summary>The tile is done: its sums go where they are kept, unless they are there.</summary>
    public void Keep()
    {
        if (_kept != null) Copy(Start, Stride, _kept, _keptStride, _rows, _columns);
    }

    private static void Copy(float* from, nint fromStride, float* to, nint toStride, nint rows, nint columns)
    {
        for (nint r = 0; r < rows; r++, from += fromStride, to += toStride)
        {
            for (nint c = 0; c < columns; c += Simd.Lanes) Simd.Store(to + c, Simd.Load(from + c), columns - c);
        }
    }
}
