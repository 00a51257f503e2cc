using System.Runtime.CompilerServices;
using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>
/// The matrix product on tensor cores of CUDA, for operands of tf32, bf16 and f16: what <see cref="MatrixProductKernels"/> computes, which is their portable twin, with sums in another order. Two tiles of each operand are in
/// shared memory: while warps multiply one, the other is filled, so that there is one barrier for each.
/// </summary>
/// <remarks>docs/gpu.md has the registers and what the instructions are. It has not run on a device.</remarks>
internal static class TensorProductKernels
{
    private const int Warp = 32;

    // Where columns lie: of the tile that is multiplied and of the next, for each operand.
    private const int Columns = 2 * TensorPlaces.Depth;

    public static void Tiled<TTile, TPlaces, TFormat, TLeft, TRight, TKernel>(
        ArrayView<float> left, ArrayView<float> right, long leftAddress, long rightAddress, ProductSizes sizes, TPlaces places, TKernel epilogue)
        where TTile : struct, ITensorTile
        where TPlaces : struct, IProductPlaces
        where TFormat : struct, ITensorFormat
        where TLeft : struct, IOperandLie
        where TRight : struct, IOperandLie
        where TKernel : struct, IElementKernel
    {
        // The one allocation that instructions name: where rows and columns lie, then the tiles, which are half of the finished square in the end.
        var shared = SharedMemory.Allocate<Four<float>>(TablesOf<TTile>() + Math.Max(4 * QuadsOf<TTile, TFormat>(), TTile.Side * TTile.Side / 8));
        var rows = shared.Cast<int>();
        var columns = rows.SubView(2 * TTile.Side);
        var thread = Group.IdxX;
        var lane = thread & (Warp - 1);
        var half = thread >> (5 + TTile.WarpBits);
        var warpColumn = thread & (((1 << TTile.WarpBits) - 1) << 5);
        // As in the portable kernel.
        var squares = (sizes.M + TTile.Side - 1) >> TTile.SideBits;
        var batch = Grid.IdxX / squares;
        var firstRow = (Grid.IdxX - (batch * squares)) * TTile.Side;
        var firstColumn = Grid.IdxY * TTile.Side;

        if (thread < TTile.Side)
        {
            rows[thread] = (batch * sizes.LeftBatch) + places.LeftRow(Math.Min(firstRow + thread, TLeft.Last(sizes.M)));
            rows[TTile.Side + thread] = (batch * sizes.RightBatch) + places.RightRow(Math.Min(firstColumn + thread, TRight.Last(sizes.N)));
        }
        if (thread < Columns) columns[thread] = places.LeftColumn(thread);
        else if (thread < 2 * Columns) columns[thread] = places.RightColumn(thread - Columns);
        Group.Barrier();
        var (leftRow, secondLeftRow) = (rows[TLeft.Row<TTile>(thread)], rows[TLeft.Row<TTile>(thread + TTile.Threads)]);
        var (rightRow, secondRightRow) = (rows[TTile.Side + TRight.Row<TTile>(thread)], rows[TTile.Side + TRight.Row<TTile>(thread + TTile.Threads)]);
        var (nextLeft, secondLeft, nextRight, secondRight) = (default(Four<float>), default(Four<float>), default(Four<float>), default(Four<float>));
        Fetch<TTile, TFormat, TLeft>(PlaceOf<TTile, TFormat>(0), left, leftAddress, leftRow, secondLeftRow, columns, sizes.K, thread, ref nextLeft, ref secondLeft);
        Fetch<TTile, TFormat, TRight>(PlaceOf<TTile, TFormat>(1), right, rightAddress, rightRow, secondRightRow, columns.SubView(Columns), sizes.K, thread, ref nextRight, ref secondRight);
        TensorSums.Clear();
        // Which of both: 0 or 1.
        var present = 0;
        for (var rest = sizes.K; rest > 0; rest -= TensorPlaces.Depth)
        {
            var leftPlace = PlaceOf<TTile, TFormat>(present * 2);
            var rightPlace = PlaceOf<TTile, TFormat>((present * 2) + 1);
            Keep<TTile, TFormat, TLeft>(leftPlace, nextLeft, secondLeft, thread);
            Keep<TTile, TFormat, TRight>(rightPlace, nextRight, secondRight, thread);
            if (TensorOperand.IsCopied<TFormat, TLeft>() || TensorOperand.IsCopied<TFormat, TRight>()) TensorOperand.WaitForCopies();
            // This tile is whole, and the one before is no longer read.
            Group.Barrier();
            var next = 1 - present;
            var nextPlace = PlaceOf<TTile, TFormat>(next * 2);
            Fetch<TTile, TFormat, TLeft>(nextPlace, left, leftAddress, leftRow, secondLeftRow, columns.SubView(next * TensorPlaces.Depth), rest - TensorPlaces.Depth, thread, ref nextLeft, ref secondLeft);
            nextPlace = PlaceOf<TTile, TFormat>((next * 2) + 1);
            Fetch<TTile, TFormat, TRight>(
                nextPlace, right, rightAddress, rightRow, secondRightRow, columns.SubView(Columns + (next * TensorPlaces.Depth)), rest - TensorPlaces.Depth, thread, ref nextRight, ref secondRight);

            // In the place of these columns, those of the tile behind the next.
            var behind = sizes.K - rest + Columns + (thread & (TensorPlaces.Depth - 1));
            if (thread < TensorPlaces.Depth) columns[(present * TensorPlaces.Depth) + thread] = places.LeftColumn(behind);
            else if (thread < 2 * TensorPlaces.Depth) columns[(present * TensorPlaces.Depth) + TensorPlaces.Depth + thread] = places.RightColumn(behind);
            for (var step = 0; step < TensorPlaces.Depth * TFormat.ElementBytes / TensorPlaces.StepBytes; step++)
            {
                var row = half * (TTile.Side / 2);
                TFormat.LoadRight(
                    TensorOperand.Right<TTile, TFormat, TRight>(rightPlace, warpColumn, step, lane), TensorOperand.Right<TTile, TFormat, TRight>(rightPlace, warpColumn + TensorPlaces.Rows, step, lane),
                    TensorOperand.IsTurned<TFormat, TRight>(), !TensorOperand.IsCopied<TFormat, TRight>());
                Multiply<TTile, TFormat, TLeft>(0, leftPlace, row, step, lane);
                Multiply<TTile, TFormat, TLeft>(1, leftPlace, row, step, lane);
                if (TTile.Side == 128)
                {
                    Multiply<TTile, TFormat, TLeft>(2, leftPlace, row, step, lane);
                    Multiply<TTile, TFormat, TLeft>(3, leftPlace, row, step, lane);
                }
            }
            present = next;
        }

        var finished = shared.SubView(TablesOf<TTile>()).Cast<float>();
        var finishedPlace = PlaceOf<TTile, TFormat>(0);
        for (var pass = 0; pass < 2; pass++)
        {
            Group.Barrier();
            if (half == pass)
            {
                TensorSums.Store(0, finishedPlace, TTile.Side, warpColumn, lane);
                TensorSums.Store(1, finishedPlace, TTile.Side, warpColumn, lane);
                if (TTile.Side == 128)
                {
                    TensorSums.Store(2, finishedPlace, TTile.Side, warpColumn, lane);
                    TensorSums.Store(3, finishedPlace, TTile.Side, warpColumn, lane);
                }
            }
            Group.Barrier();
            for (var element = thread; element < TTile.Side * TTile.Side / 2; element += TTile.Threads)
            {
                var rowOfHalf = element >> TTile.SideBits;
                var columnOfSquare = element & (TTile.Side - 1);
                var row = firstRow + (pass * (TTile.Side / 2)) + rowOfHalf;
                var column = firstColumn + columnOfSquare;
                if (row < sizes.M && column < sizes.N) epilogue.Run((batch * sizes.M) + row, column, finished[TensorPlaces.Finished(rowOfHalf, columnOfSquare, TTile.Side)]);
            }
        }
    }

    // Two quads of a thread begin to come: into registers, or by themselves.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch<TTile, TFormat, TLie>(int place, ArrayView<float> operand, long address, int row, int secondRow, ArrayView<int> columns, int rest, int thread, ref Four<float> first, ref Four<float> second)
        where TTile : struct, ITensorTile
        where TFormat : struct, ITensorFormat
        where TLie : struct, IOperandLie
    {
        if (TensorOperand.IsCopied<TFormat, TLie>())
        {
            TensorOperand.Copy<TTile, TFormat, TLie>(place, address, row, columns, rest, thread);
            TensorOperand.Copy<TTile, TFormat, TLie>(place, address, secondRow, columns, rest, thread + TTile.Threads);
            return;
        }
        first = TLie.Load<TTile>(operand, row, columns, rest, thread);
        second = TLie.Load<TTile>(operand, secondRow, columns, rest, thread + TTile.Threads);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep<TTile, TFormat, TLie>(int place, Four<float> first, Four<float> second, int thread)
        where TTile : struct, ITensorTile
        where TFormat : struct, ITensorFormat
        where TLie : struct, IOperandLie
    {
        if (TensorOperand.IsCopied<TFormat, TLie>()) return;
        TLie.StoreForTensors<TTile, TFormat>(place, first, thread);
        TLie.StoreForTensors<TTile, TFormat>(place, second, thread + TTile.Threads);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply<TTile, TFormat, TLie>(int index, int place, int row, int step, int lane)
        where TTile : struct, ITensorTile
        where TFormat : struct, ITensorFormat
        where TLie : struct, IOperandLie =>
        TFormat.Multiply(
            index, TensorOperand.Left<TTile, TFormat, TLie>(place, row + (index * TensorPlaces.Rows), step, lane), TensorOperand.IsTurned<TFormat, TLie>(), !TensorOperand.IsCopied<TFormat, TLie>());

    // Quads of shared memory for where rows and columns lie.
    private static int TablesOf<TTile>() where TTile : struct, ITensorTile => ((2 * TTile.Side) + (2 * Columns)) / 4;

    // Quads of an operand's tile.
    private static int QuadsOf<TTile, TFormat>()
        where TTile : struct, ITensorTile
        where TFormat : struct, ITensorFormat =>
        TTile.Side * TensorPlaces.Depth * TFormat.ElementBytes / 16;

    // The byte of shared memory of a tile: of the left operand, of the right one, and the same again.
    private static int PlaceOf<TTile, TFormat>(int tile)
        where TTile : struct, ITensorTile
        where TFormat : struct, ITensorFormat =>
        16 * (TablesOf<TTile>() + (tile * QuadsOf<TTile, TFormat>()));
}
