using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <summary>Products of small blocks that lie in the first two levels of the cache, tile by tile, and how blocks are packed for them.</summary>
internal static unsafe class AttentionBlocks
{
    /// <summary>Floats that packing so many rows takes.</summary>
    public static nint PackedLength(nint rows, nint width) => (Tiles(rows, MatrixTile.Columns) * MatrixTile.Columns * width) + Simd.Lanes;

    /// <summary>The number rounded up to whole tiles of columns.</summary>
    public static nint Padded(nint columns) => Tiles(columns, MatrixTile.Columns) * MatrixTile.Columns;

    /// <summary>How many tiles of at most so many cover a length.</summary>
    public static nint Tiles(nint length, nint most) => (length + most - 1) / most;

    /// <summary>Packs rows so that <see cref="MultiplyTransposed"/> can multiply by them.</summary>
    public static void Pack(float* from, nint stride, nint rows, nint width, float* to)
    {
        for (nint row = 0; row < rows; row += MatrixTile.Columns, to += MatrixTile.Columns * width)
        {
            MatrixPacking.Pack(from + (row * stride), stride, 1, width, Math.Min(MatrixTile.Columns, rows - row), MatrixTile.Columns, to);
        }
    }

    /// <summary><c>c[r, j] = Σ_k a[r, k] * b[j, k]</c> for at most a tile of rows and so many packed rows of b; c has room for whole tiles.</summary>
    public static void MultiplyTransposed(nint rows, nint columns, nint depth, float* a, nint aRow, float* packed, float* c, nint cRow)
    {
        for (nint column = 0; column < columns; column += MatrixTile.Columns)
        {
            MatrixTile.Run(rows, Math.Min(MatrixTile.Columns, columns - column), depth, a, aRow, 1, packed + (column * depth), MatrixTile.Columns, c + column, cRow, accumulate: false);
        }
    }

    /// <summary>
    /// <c>c[r, j] = Σ_k a[r * aRow + k * aColumn] * b[k, j]</c> for at most a tile of rows, or adds to it; nothing beside the columns of c is touched.
    /// </summary>
    [SkipLocalsInit]
    public static void Multiply(nint rows, nint columns, nint depth, float* a, nint aRow, nint aColumn, float* b, nint bRow, float* c, nint cRow, bool adds)
    {
        var memory = stackalloc float[TileSums.LocalLength];
        var local = TileSums.Aligned(memory);
        for (nint column = 0; column < columns; column += MatrixTile.Columns)
        {
            var width = Math.Min(MatrixTile.Columns, columns - column);
            var sums = new TileSums(c + column, cRow, rows, width, local, goesOn: adds);
            MatrixTile.Run(rows, width, depth, a, aRow, aColumn, b + column, bRow, sums.Start, sums.Stride, accumulate: adds);
            sums.Keep();
        }
    }

    /// <summary><c>to[i] += from[i]</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(float* from, float* to, nint count)
    {
        for (nint i = 0; i < count; i += Simd.Lanes) Simd.Store(to + i, Simd.Load(to + i) + Simd.Load(from + i), count - i);
    }

    /// <summary>Sets rows to 0.</summary>
    public static void Clear(float* rows, nint stride, nint count, nint width)
    {
        for (nint row = 0; row < count; row++) Unsafe.InitBlockUnaligned(rows + (row * stride), 0, checked((uint)(width * sizeof(float))));
    }

    /// <summary>Σ a[i] b[i].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Dot(float* a, float* b, nint count)
    {
        Vector512<float> sum = default;
        for (nint i = 0; i < count; i += Simd.Lanes) sum = Vector512.FusedMultiplyAdd(Simd.Keep(Simd.Load(a + i), count - i, 0), Simd.Keep(Simd.Load(b + i), count - i, 0), sum);
        return Simd.Sum(sum);
    }
}
