using System.Runtime.CompilerServices;
using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>A square of a product's result that one group computes, and how its operands come to it.</summary>
internal interface ITileGeometry
{
    /// <summary>Rows and columns.</summary>
    static abstract int Side { get; }

    /// <summary>The power of two that <see cref="Side"/> is.</summary>
    static abstract int SideBits { get; }

    /// <summary>Columns of the operands that are in shared memory at a time.</summary>
    static abstract int Depth { get; }

    /// <summary>Four numbers of an operand's columns are read by a reader; so many of them read all.</summary>
    static abstract int Readers { get; }
}

/// <summary>A square whose sums are added up by multiply-adds: which of its elements are whose, and the sums of one thread. A thread is a reader of each operand.</summary>
/// <remarks>
/// Eight neighbouring threads lie along x and four along y, so that a warp reads 4 of the left operand's quads and 8 of the right one's in one column: 12 x 16 bytes for its multiply-adds.
/// </remarks>
internal interface IProductTile : ITileGeometry
{
    /// <summary>The finished square goes through shared memory in so many parts.</summary>
    static abstract int Passes { get; }

    /// <summary>Which quads of columns are this thread's.</summary>
    static abstract int X(int thread);

    /// <summary>Which quads of rows are this thread's.</summary>
    static abstract int Y(int thread);

    /// <summary>A thread's <see cref="Y"/> without its lowest bits, so many, is the part in which its rows are.</summary>
    static abstract int PassBits { get; }

    /// <summary>The square's row of a part's row.</summary>
    static abstract int RowOf(int pass, int row);

    /// <inheritdoc cref="Sums4x4.Add"/>
    void Add(ArrayView<Four<float>> left, ArrayView<Four<float>> right, int place);

    /// <inheritdoc cref="Sums4x4.Store"/>
    void Store(ArrayView<Four<float>> part, int x, int y);
}

/// <summary>What all squares have in common.</summary>
internal static class ProductTile
{
    /// <summary>
    /// Where an element of an operand's tile lies. Rows are moved by an amount that four columns share, so that the threads that write all columns of a few rows meet different banks. Quads of rows stay
    /// together.
    /// </summary>
    public static int Place<TTile>(int row, int column) where TTile : struct, ITileGeometry => (column * TTile.Side) + (row ^ (column >> 2 << (TTile.Depth == 8 ? 4 : 3)));
}

/// <summary>128 x 128 by 256 threads: 8 x 8 sums a thread, rows and columns in two halves of four.</summary>
[LaunchBounds(256, 2)]
internal struct LargeTile : IProductTile
{
    private Sums8x8 _sums;

    public static int Side => 128;

    public static int SideBits => 7;

    public static int Readers => 256;

    public static int Depth => 8;

    public static int Passes => 4;

    public static int X(int thread) => (thread & 7) | ((thread >> 2) & 8);

    public static int Y(int thread) => ((thread >> 3) & 3) | ((thread >> 4) & 12);

    public static int PassBits => 2;

    // 16 rows of each half.
    public static int RowOf(int pass, int row) => (pass * 16) + (row & 15) + ((row & 16) << 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ArrayView<Four<float>> left, ArrayView<Four<float>> right, int place) => _sums.Add(left, right, place);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ArrayView<Four<float>> part, int x, int y) => _sums.Store(part, x, y);
}

/// <summary>64 x 64 by 256 threads: 4 x 4 sums a thread.</summary>
internal struct MediumTile : IProductTile
{
    private Sums4x4 _sums;

    public static int Side => 64;

    public static int SideBits => 6;

    public static int Readers => 256;

    public static int Depth => 16;

    public static int Passes => 2;

    public static int X(int thread) => (thread & 7) | ((thread >> 2) & 8);

    public static int Y(int thread) => ((thread >> 3) & 3) | ((thread >> 4) & 12);

    public static int PassBits => 3;

    public static int RowOf(int pass, int row) => (pass * 32) + row;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ArrayView<Four<float>> left, ArrayView<Four<float>> right, int place) => _sums.Add(left, right, place);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ArrayView<Four<float>> part, int x, int y) => _sums.Store(part, Side / 4, x, y);
}

/// <summary>32 x 32 by 64 threads: 4 x 4 sums a thread, for products that have too few large squares to keep a device busy.</summary>
internal struct SmallTile : IProductTile
{
    private Sums4x4 _sums;

    public static int Side => 32;

    public static int SideBits => 5;

    public static int Readers => 64;

    public static int Depth => 8;

    public static int Passes => 1;

    public static int X(int thread) => thread & 7;

    public static int Y(int thread) => thread >> 3;

    public static int PassBits => 3;

    public static int RowOf(int pass, int row) => row;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ArrayView<Four<float>> left, ArrayView<Four<float>> right, int place) => _sums.Add(left, right, place);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ArrayView<Four<float>> part, int x, int y) => _sums.Store(part, Side / 4, x, y);
}
