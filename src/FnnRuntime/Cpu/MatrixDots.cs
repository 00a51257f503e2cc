using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <summary>
/// Products with few rows whose matrices both lie along k, such as a layer's with a batch of one: packing the right matrix would cost
/// more than the product, so each element is a dot product along k, several at a time.
/// </summary>
internal static unsafe class MatrixDots
{
    /// <summary>From more rows on packing pays.</summary>
    public const nint MaximumRows = 6;

    private const nint ColumnsOfTile = 4;
    private const nint ColumnsOfBlock = 64;
    private const nint Grain = 65_536;

    public static void Run<TTile>(WorkerPool pool, in MatrixProductArguments a, in TTile epilogue)
        where TTile : struct, ITileKernel
    {
        // Blocks of columns of one product of the batch after the other.
        var blocks = (a.N + ColumnsOfBlock - 1) / ColumnsOfBlock;
        var work = a.M * Math.Min(a.N, ColumnsOfBlock) * a.K;
        pool.For(new Kernel<TTile>(a, epilogue, blocks), a.Batch * blocks, Math.Max(1, Grain / 2 / work));
    }

    private readonly struct Kernel<TTile>(MatrixProductArguments a, TTile epilogue, nint blocks) : IRangeKernel
        where TTile : struct, ITileKernel
    {
        [SkipLocalsInit]
        public void Run(nint begin, nint end)
        {
            var tile = stackalloc float[(int)((MaximumRows * ColumnsOfBlock) + Simd.Lanes)];
            for (var unit = begin; unit < end; unit++)
            {
                var (batch, block) = (unit / blocks, unit % blocks);
                var column = block * ColumnsOfBlock;
                var columns = Math.Min(ColumnsOfBlock, a.N - column);
                var left = a.Left + (batch * a.LeftBatch);
                var right = a.Right + (batch * a.RightBatch) + (column * a.RightRow);
                for (nint row = 0; row < a.M; row += 3)
                {
                    var rows = Math.Min(3, a.M - row);
                    Columns(rows, a.K, left + (row * a.LeftRow), a.LeftRow, right, a.RightRow, columns, tile + (row * ColumnsOfBlock));
                }

                if (a.Result != null)
                {
                    var result = a.Result + (batch * a.M * a.N) + column;
                    for (nint row = 0; row < a.M; row++)
                    {
                        for (nint c = 0; c < columns; c += Simd.Lanes) Simd.Store(result + (row * a.N) + c, Simd.Load(tile + (row * ColumnsOfBlock) + c), columns - c);
                    }
                }

                epilogue.Run(tile, ColumnsOfBlock, batch * a.M, a.M, column, columns);
            }
        }
    }

    // The order in which an element is summed up is the same in both: which columns share a call doesn't matter.
    private static void Columns(nint rows, nint depth, float* left, nint leftRow, float* right, nint rightRow, nint columns, float* tile)
    {
        nint c = 0;
        for (; c + ColumnsOfTile <= columns; c += ColumnsOfTile, right += ColumnsOfTile * rightRow) Four(rows, depth, left, leftRow, right, rightRow, tile + c);
        for (; c < columns; c++, right += rightRow)
        {
            for (nint r = 0; r < rows; r++) tile[(r * ColumnsOfBlock) + c] = One(depth, left + (r * leftRow), right);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(nint rows, nint depth, float* left, nint leftRow, float* right, nint rightRow, float* tile)
    {
        float* a0 = left, a1 = rows > 1 ? left + leftRow : left, a2 = rows > 2 ? a1 + leftRow : left;
        float* b0 = right, b1 = right + rightRow, b2 = b1 + rightRow, b3 = b2 + rightRow;
        Vector512<float> s00 = default, s01 = default, s02 = default, s03 = default;
        Vector512<float> s10 = default, s11 = default, s12 = default, s13 = default;
        Vector512<float> s20 = default, s21 = default, s22 = default, s23 = default;
        nint k = 0;
        var whole = depth & ~(nint)(Simd.Lanes - 1);
        if (rows == 1)
        {
            for (; k < whole; k += Simd.Lanes)
            {
                var x = Vector512.Load(a0 + k);
                s00 = Vector512.FusedMultiplyAdd(x, Vector512.Load(b0 + k), s00);
                s01 = Vector512.FusedMultiplyAdd(x, Vector512.Load(b1 + k), s01);
                s02 = Vector512.FusedMultiplyAdd(x, Vector512.Load(b2 + k), s02);
                s03 = Vector512.FusedMultiplyAdd(x, Vector512.Load(b3 + k), s03);
            }
        }
        else
        {
            for (; k < whole; k += Simd.Lanes)
            {
                Vector512<float> y0 = Vector512.Load(b0 + k), y1 = Vector512.Load(b1 + k), y2 = Vector512.Load(b2 + k), y3 = Vector512.Load(b3 + k);
                var x = Vector512.Load(a0 + k);
                s00 = Vector512.FusedMultiplyAdd(x, y0, s00);
                s01 = Vector512.FusedMultiplyAdd(x, y1, s01);
                s02 = Vector512.FusedMultiplyAdd(x, y2, s02);
                s03 = Vector512.FusedMultiplyAdd(x, y3, s03);
                x = Vector512.Load(a1 + k);
                s10 = Vector512.FusedMultiplyAdd(x, y0, s10);
                s11 = Vector512.FusedMultiplyAdd(x, y1, s11);
                s12 = Vector512.FusedMultiplyAdd(x, y2, s12);
                s13 = Vector512.FusedMultiplyAdd(x, y3, s13);
                x = Vector512.Load(a2 + k);
                s20 = Vector512.FusedMultiplyAdd(x, y0, s20);
                s21 = Vector512.FusedMultiplyAdd(x, y1, s21);
                s22 = Vector512.FusedMultiplyAdd(x, y2, s22);
                s23 = Vector512.FusedMultiplyAdd(x, y3, s23);
            }
        }

        Finish(a0, b0, b1, b2, b3, s00, s01, s02, s03, whole, depth).Store(tile);
        if (rows > 1) Finish(a1, b0, b1, b2, b3, s10, s11, s12, s13, whole, depth).Store(tile + ColumnsOfBlock);
        if (rows > 2) Finish(a2, b0, b1, b2, b3, s20, s21, s22, s23, whole, depth).Store(tile + (2 * ColumnsOfBlock));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Finish(
        float* a, float* b0, float* b1, float* b2, float* b3, Vector512<float> s0, Vector512<float> s1, Vector512<float> s2, Vector512<float> s3, nint whole, nint depth) =>
        Vector128.Create(WithTail(s0, a, b0, whole, depth), WithTail(s1, a, b1, whole, depth), WithTail(s2, a, b2, whole, depth), WithTail(s3, a, b3, whole, depth));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float One(nint depth, float* a, float* b)
    {
        Vector512<float> s = default;
        var whole = depth & ~(nint)(Simd.Lanes - 1);
        for (nint k = 0; k < whole; k += Simd.Lanes) s = Vector512.FusedMultiplyAdd(Vector512.Load(a + k), Vector512.Load(b + k), s);
        return WithTail(s, a, b, whole, depth);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float WithTail(Vector512<float> sum, float* a, float* b, nint whole, nint depth)
    {
        if (whole < depth)
        {
            var remaining = depth - whole;
            sum = Vector512.FusedMultiplyAdd(Simd.Keep(Vector512.Load(a + whole), remaining, 0), Simd.Keep(Vector512.Load(b + whole), remaining, 0), sum);
        }

        return Simd.Sum(sum);
    }
}
