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
        var shared = SharedMemory.Allocate<FourFloats>(Threads);
        var thread = Group.IdxX;
        var lane = thread & (Lanes - 1);
        var firstRow = Grid.IdxY * Rows;
        var perMatrix = (sizes.N + Columns - 1) / Columns;
        var batch = Grid.IdxX / perMatrix;
        var column = ((Grid.IdxX - (batch * perMatrix)) * Columns) + (thread >> 5);
        var (leftQuads, rightQuads) = (left.Cast<FourFloats>(), right.Cast<FourFloats>());
        // What lies beyond the last is computed as the last, and dropped.
        var leftPlace = batch * sizes.LeftBatch;
        var a = leftPlace + (Math.Min(firstRow, sizes.M - 1) * sizes.LeftRow);
        var b = leftPlace + (Math.Min(firstRow + 1, sizes.M - 1) * sizes.LeftRow);
        var c = leftPlace + (Math.Min(firstRow + 2, sizes.M - 1) * sizes.LeftRow);
        var d = leftPlace + (Math.Min(firstRow + 3, sizes.M - 1) * sizes.LeftRow);
        var rightPlace = (batch * sizes.RightBatch) + (Math.Min(column, sizes.N - 1) * sizes.RightRow);
        var sums = default(FourFloats);
        for (var k = 4 * lane; k < sizes.K; k += 4 * Lanes)
        {
            var factors = Rounded<TOperands>(rightQuads[(rightPlace + k) >> 2]);
            sums.A += Product(Rounded<TOperands>(leftQuads[(a + k) >> 2]), factors);
            sums.B += Product(Rounded<TOperands>(leftQuads[(b + k) >> 2]), factors);
            sums.C += Product(Rounded<TOperands>(leftQuads[(c + k) >> 2]), factors);
            sums.D += Product(Rounded<TOperands>(leftQuads[(d + k) >> 2]), factors);
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

    private static FourFloats Rounded<TOperands>(FourFloats values) where TOperands : struct, IOperandFormat =>
        new() { A = TOperands.Round(values.A), B = TOperands.Round(values.B), C = TOperands.Round(values.C), D = TOperands.Round(values.D) };

    private static float Product(FourFloats a, FourFloats b) => (a.A * b.A) + (a.B * b.B) + (a.C * b.C) + (a.D * b.D);
}
