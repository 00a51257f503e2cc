using System.Runtime.CompilerServices;

namespace FeedbackNN.Cpu;

/// <summary>
/// Products of a few hundred multiply-adds, such as those of a net with eight neurons: planning blocks and packing would take longer than
/// plain loops.
/// </summary>
internal static unsafe class MatrixSmall
{
    private const nint MostWork = 512;
    private const nint MostColumns = 32;

    /// <summary>Whether the product is small enough.</summary>
    public static bool Suits(in MatrixProductArguments a) => a.N <= MostColumns && a.Batch * a.M * a.N * a.K <= MostWork && a.Batch * a.M <= MostWork;

    /// <summary>Computes the product a row at a time and hands it on.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TTile>(in MatrixProductArguments a, in TTile epilogue)
        where TTile : struct, ITileKernel
    {
        var tile = stackalloc float[(int)MostColumns + Simd.Lanes];
        for (nint batch = 0; batch < a.Batch; batch++)
        {
            for (nint m = 0; m < a.M; m++)
            {
                var left = a.Left + (batch * a.LeftBatch) + (m * a.LeftRow);
                var right = a.Right + (batch * a.RightBatch);
                for (nint n = 0; n < a.N; n++, right += a.RightRow)
                {
                    var sum = 0f;
                    for (nint k = 0; k < a.K; k++) sum = MathF.FusedMultiplyAdd(left[k * a.LeftColumn], right[k * a.RightColumn], sum);
                    tile[n] = sum;
                }

                var row = (batch * a.M) + m;
                if (a.Result != null) Unsafe.CopyBlockUnaligned(a.Result + (row * a.N), tile, (uint)(a.N * sizeof(float)));
                Unsafe.AsRef(in epilogue).Run(tile, MostColumns, row, 1, 0, a.N);
            }
        }
    }
}
