using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <content>The float64 twin, for gradient checks and models in float64: simple, vectorised over the result's columns.</content>
public static unsafe partial class MatrixProduct
{
    /// <summary>Computes the product into <see cref="MatrixProductArguments64.Result"/>.</summary>
    public static void Run(WorkerPool pool, in MatrixProductArguments64 a)
    {
        if (a.Batch <= 0 || a.M <= 0 || a.N <= 0) return;
        var work = Math.Max(1, a.N * Math.Max(1, a.K));
        pool.For(new RowsOfDoubles(a), a.Batch * a.M, Math.Max(1, 65536 / work));
    }

    private readonly struct RowsOfDoubles(MatrixProductArguments64 a) : IRangeKernel
    {
        public void Run(nint begin, nint end)
        {
            for (var row = begin; row < end; row++)
            {
                var (batch, m) = (row / a.M, row % a.M);
                var left = a.Left + (batch * a.LeftBatch) + (m * a.LeftRow);
                var right = a.Right + (batch * a.RightBatch);
                var result = a.Result + (row * a.N);
                if (a.RightRow == 1) RowByColumns(left, right, result);
                else RowByDots(left, right, result);
            }
        }

        private void RowByColumns(double* left, double* right, double* result)
        {
            nint n = 0;
            for (; n + 32 <= a.N; n += 32)
            {
                Vector512<double> s0 = default, s1 = default, s2 = default, s3 = default;
                for (nint k = 0; k < a.K; k++)
                {
                    var x = Vector512.Create(left[k * a.LeftColumn]);
                    var p = right + n + (k * a.RightColumn);
                    s0 = Vector512.FusedMultiplyAdd(x, Vector512.Load(p), s0);
                    s1 = Vector512.FusedMultiplyAdd(x, Vector512.Load(p + 8), s1);
                    s2 = Vector512.FusedMultiplyAdd(x, Vector512.Load(p + 16), s2);
                    s3 = Vector512.FusedMultiplyAdd(x, Vector512.Load(p + 24), s3);
                }

                s0.Store(result + n);
                s1.Store(result + n + 8);
                s2.Store(result + n + 16);
                s3.Store(result + n + 24);
            }

            for (; n < a.N; n++)
            {
                var sum = 0.0;
                for (nint k = 0; k < a.K; k++) sum = Math.FusedMultiplyAdd(left[k * a.LeftColumn], right[n + (k * a.RightColumn)], sum);
                result[n] = sum;
            }
        }

        private void RowByDots(double* left, double* right, double* result)
        {
            var isContiguous = a.LeftColumn == 1 && a.RightColumn == 1;
            for (nint n = 0; n < a.N; n++)
            {
                var p = right + (n * a.RightRow);
                var sum = 0.0;
                nint k = 0;
                if (isContiguous)
                {
                    Vector512<double> s0 = default, s1 = default;
                    for (; k + 16 <= a.K; k += 16)
                    {
                        s0 = Vector512.FusedMultiplyAdd(Vector512.Load(left + k), Vector512.Load(p + k), s0);
                        s1 = Vector512.FusedMultiplyAdd(Vector512.Load(left + k + 8), Vector512.Load(p + k + 8), s1);
                    }

                    sum = Vector512.Sum(s0 + s1);
                }

                for (; k < a.K; k++) sum = Math.FusedMultiplyAdd(left[k * a.LeftColumn], p[k * a.RightColumn], sum);
                result[n] = sum;
            }
        }
    }
}
