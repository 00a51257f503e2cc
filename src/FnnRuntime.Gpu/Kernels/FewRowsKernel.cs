using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>
/// Products of few rows, such as a step of generating text: 32 threads add up one column of the result, of four rows at a time, so that the right matrix, which is most of what is read, is read once for
/// them, in whole lines. Their sums are added in the order of a tree.
/// </summary>
/// <remarks>Memory is the floor: 16 bytes of the right matrix are good for 16 multiply-adds. Numbers of both operands that are multiplied lie side by side (<see cref="QuadsOfColumns"/>).</remarks>
internal static class FewRowsKernel
{
    /// <summary>More rows are for tiles.</summary>
    public const int MostRows = 8;

    /// <summary>Of the result, for a group.</summary>
    public const int Columns = 4;

    /// <summary>Rows of the result, for a group.</summary>
    public const int Rows = 4;

    public const int Threads = Columns * Lanes;
    private const int Lanes = 32;

    public static void FewRows<TOperands, TKernel>(ArrayView<float> left, ArrayView<float> right, ProductSizes sizes, TKernel epilogue)
        where TOperands : struct, IOperandFormat
        where TKernel : struct, IElementKernel
    {
        var shared = SharedMemory.Allocate<Four<float>>(Threads);
        var thread = Group.IdxX;
        var lane = thread & (Lanes - 1);
        var firstRow = Grid.IdxY * Rows;
        var perMatrix = (sizes.N + Columns - 1) / Columns;
        var batch = Grid.IdxX / perMatrix;
        var column = ((Grid.IdxX - (batch * perMatrix)) * Columns) + (thread >> 5);
        var (leftQuads, rightQuads) = (left.Cast<Four<float>>(), right.Cast<Four<float>>());
        // What lies beyond the last is computed as the last, and dropped.
        var leftPlace = batch * sizes.LeftBatch;
        var a = leftPlace + (Math.Min(firstRow, sizes.M - 1) * sizes.LeftRow);
        var b = leftPlace + (Math.Min(firstRow + 1, sizes.M - 1) * sizes.LeftRow);
        var c = leftPlace + (Math.Min(firstRow + 2, sizes.M - 1) * sizes.LeftRow);
        var d = leftPlace + (Math.Min(firstRow + 3, sizes.M - 1) * sizes.LeftRow);
        var rightPlace = (batch * sizes.RightBatch) + (Math.Min(column, sizes.N - 1) * sizes.RightRow);
        var sums = default(Four<float>);
        for (var k = 4 * lane; k < sizes.K; k += 4 * Lanes)
        {
            var factors = Rounded<TOperands>(rightQuads[(rightPlace + k) >> 2]);
            sums.X += Product(Rounded<TOperands>(leftQuads[(a + k) >> 2]), factors);
            sums.Y += Product(Rounded<TOperands>(leftQuads[(b + k) >> 2]), factors);
            sums.Z += Product(Rounded<TOperands>(leftQuads[(c + k) >> 2]), factors);
            sums.W += Product(Rounded<TOperands>(leftQuads[(d + k) >> 2]), factors);
        }
        shared[thread] = sums;
        for (var step = Lanes / 2; step > 0; step >>= 1)
        {
            Group.Barrier();
            if (lane < step)
            {
                sums.Add(1, shared[thread + step]);
                shared[thread] = sums;
            }
        }
        Group.Barrier();
        var row = firstRow + lane;
        if (lane < Rows && row < sizes.M && column < sizes.N) epilogue.Run((batch * sizes.M) + row, column, shared.Cast<float>()[(4 * (thread - lane)) + lane]);
    }

    private static Four<float> Rounded<TOperands>(Four<float> values) where TOperands : struct, IOperandFormat =>
        new(TOperands.Round(values.X), TOperands.Round(values.Y), TOperands.Round(values.Z), TOperands.Round(values.W));

    private static float Product(Four<float> a, Four<float> b) => (a.X * b.X) + (a.Y * b.Y) + (a.Z * b.Z) + (a.W * b.W);
}
