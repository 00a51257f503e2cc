using System.ComponentModel;

namespace FeedbackNN.Cpu;

/// <summary>Products of matrices in any layout. Bits don't depend on the number of threads.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static unsafe partial class MatrixProduct
{
    /// <summary>Computes the product into <see cref="MatrixProductArguments.Result"/>.</summary>
    public static void Run(WorkerPool pool, in MatrixProductArguments a) => Run(pool, a, default(NoEpilogue));

    /// <summary>
    /// Computes the product and hands every element to the epilogue exactly once, complete. The product itself is stored only where
    /// <see cref="MatrixProductArguments.Result"/> isn't null.
    /// </summary>
    public static void Run<TTile>(WorkerPool pool, in MatrixProductArguments a, in TTile epilogue)
        where TTile : struct, ITileKernel =>
        pool.For(new Rows<TTile>(a, epilogue), a.Batch * a.M, 4);

    private readonly struct NoEpilogue : ITileKernel
    {
        public void Run(float* tile, nint stride, nint row, nint rows, nint column, nint columns)
        {
        }
    }

    private readonly struct Rows<TTile>(MatrixProductArguments a, TTile epilogue) : IRangeKernel
        where TTile : struct, ITileKernel
    {
        public void Run(nint begin, nint end)
        {
            var tile = stackalloc float[64];
            for (var row = begin; row < end; row++)
            {
                var (b, m) = (row / a.M, row % a.M);
                for (nint n0 = 0; n0 < a.N; n0 += 32)
                {
                    var columns = Math.Min(32, a.N - n0);
                    for (nint n = n0; n < n0 + columns; n++)
                    {
                        var left = a.Left + (b * a.LeftBatch) + (m * a.LeftRow);
                        var right = a.Right + (b * a.RightBatch) + (n * a.RightRow);
                        var sum = 0f;
                        for (nint k = 0; k < a.K; k++) sum = MathF.FusedMultiplyAdd(left[k * a.LeftColumn], right[k * a.RightColumn], sum);
                        tile[n - n0] = sum;
                        if (a.Result != null) a.Result[(row * a.N) + n] = sum;
                    }

                    epilogue.Run(tile, 32, row, 1, n0, columns);
                }
            }
        }
    }
}
