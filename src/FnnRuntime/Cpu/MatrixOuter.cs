using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <summary>
/// Products with short sums, such as the gradient of a layer's weights for a batch of a few: sums of outer products, which writing the result
/// bounds. Rows of the result are written straight through; nothing is packed.
/// </summary>
/// <remarks>Rows are shared out in order, so that a thread writes the part of a gradient whose parameters it updates and reads.</remarks>
internal static unsafe class MatrixOuter
{
    private const nint LongestSum = 8;
    private const nint RowsAtOnce = 4;

    // Columns of a tile on the stack, where the product isn't kept.
    private const nint ColumnsOfTile = 512;

    // Results with fewer elements take a thread less time than waking another one.
    private const nint FewestToShare = 16_384;

    /// <summary>Whether this way suits the product: short sums, and a right matrix that lies along its columns.</summary>
    public static bool Suits(in MatrixProductArguments a) => a is { K: > 0 and <= LongestSum, RightRow: 1, N: >= 2 * Simd.Lanes };

    /// <summary>Computes the product and hands it on, a few rows at a time.</summary>
    public static void Run<TTile>(WorkerPool pool, in MatrixProductArguments a, in TTile epilogue)
        where TTile : struct, ITileKernel
    {
        var blocks = BlocksOf(a);
        var units = a.Batch * blocks;
        pool.For(new Kernel<TTile>(a, epilogue, blocks), units, a.Batch * a.M * a.N < FewestToShare ? units : 1);
    }

    /// <summary>The same on this thread alone.</summary>
    public static void RunAlone<TTile>(in MatrixProductArguments a, in TTile epilogue)
        where TTile : struct, ITileKernel
    {
        var blocks = BlocksOf(a);
        new Kernel<TTile>(a, epilogue, blocks).Run(0, a.Batch * blocks);
    }

    private static nint BlocksOf(in MatrixProductArguments a) => (a.M + RowsAtOnce - 1) / RowsAtOnce;

    private readonly struct Kernel<TTile>(MatrixProductArguments a, TTile epilogue, nint blocks) : IRangeKernel
        where TTile : struct, ITileKernel
    {
        [SkipLocalsInit]
        public void Run(nint begin, nint end)
        {
            // From a cache line's beginning on: a vector across two of them takes twice the time.
            var stack = stackalloc float[(int)((RowsAtOnce * ColumnsOfTile) + (2 * Simd.Lanes))];
            var local = TileSums.Aligned(stack);
            for (var unit = begin; unit < end; unit++)
            {
                var (batch, block) = (unit / blocks, unit % blocks);
                var row = block * RowsAtOnce;
                var rows = Math.Min(RowsAtOnce, a.M - row);
                var left = a.Left + (batch * a.LeftBatch) + (row * a.LeftRow);
                var right = a.Right + (batch * a.RightBatch);
                var firstRow = (batch * a.M) + row;
                var width = a.Result == null ? ColumnsOfTile : a.N;
                for (nint column = 0; column < a.N; column += width)
                {
                    var columns = Math.Min(width, a.N - column);
                    var tile = a.Result == null ? local : a.Result + (firstRow * a.N);
                    var stride = a.Result == null ? ColumnsOfTile : a.N;
                    Rows(a, rows, left, right + column, columns, tile, stride);
                    epilogue.Run(tile, stride, firstRow, rows, column, columns);
                }
            }
        }
    }

    // The last rows stand in for those that are missing: they are computed again and written to the same place.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows(in MatrixProductArguments a, nint rows, float* left, float* right, nint columns, float* tile, nint stride)
    {
        nint depth = a.K, rightColumn = a.RightColumn;
        nint second = Math.Min(1, rows - 1), third = Math.Min(2, rows - 1), fourth = Math.Min(3, rows - 1);
        float* t0 = tile, t1 = tile + (second * stride), t2 = tile + (third * stride), t3 = tile + (fourth * stride);
        // Side by side: one address less for each row.
        var quads = stackalloc float[(int)(LongestSum * RowsAtOnce)];
        for (nint k = 0; k < depth; k++)
        {
            var (quad, column) = (k * RowsAtOnce, k * a.LeftColumn);
            quads[quad] = left[column];
            quads[quad + 1] = left[column + (second * a.LeftRow)];
            quads[quad + 2] = left[column + (third * a.LeftRow)];
            quads[quad + 3] = left[column + (fourth * a.LeftRow)];
        }

        for (nint c = 0; c < columns; c += Simd.Lanes)
        {
            float* from = right + c, l = quads;
            var b = Simd.Load(from);
            Vector512<float> s0 = b * l[0], s1 = b * l[1], s2 = b * l[2], s3 = b * l[3];
            for (nint k = 1; k < depth; k++)
            {
                from += rightColumn;
                l += RowsAtOnce;
                b = Simd.Load(from);
                s0 = Vector512.FusedMultiplyAdd(b, Vector512.Create(l[0]), s0);
                s1 = Vector512.FusedMultiplyAdd(b, Vector512.Create(l[1]), s1);
                s2 = Vector512.FusedMultiplyAdd(b, Vector512.Create(l[2]), s2);
                s3 = Vector512.FusedMultiplyAdd(b, Vector512.Create(l[3]), s3);
            }

            var remaining = columns - c;
            if (remaining >= Simd.Lanes)
            {
                s0.Store(t0 + c);
                s1.Store(t1 + c);
                s2.Store(t2 + c);
                s3.Store(t3 + c);
            }
            else
            {
                Simd.Store(t0 + c, s0, remaining);
                Simd.Store(t1 + c, s1, remaining);
                Simd.Store(t2 + c, s2, remaining);
                Simd.Store(t3 + c, s3, remaining);
            }
        }
    }
}
