using FeedbackNN.Cpu;

namespace FeedbackNN.Runtime.Tests.Cpu;

/// <summary>One matrix product with random matrices in a given layout, and its value computed plainly in float64.</summary>
internal sealed unsafe class ProductCase : IDisposable
{
    private readonly GuardedMemory<float> _left;
    private readonly GuardedMemory<float> _right;

    /// <param name="leftLayout">'r' rows contiguous, 'c' columns contiguous, 's' neither, 'b' the same matrix for the whole batch.</param>
    public ProductCase(nint batch, nint m, nint n, nint k, char leftLayout, char rightLayout, int seed)
    {
        Name = $"batch {batch}, {m} x {k} x {n}, {leftLayout}{rightLayout}";
        var (leftBatch, leftRow, leftColumn, leftLength) = Strides(batch, m, k, leftLayout);
        var (rightBatch, rightRow, rightColumn, rightLength) = Strides(batch, n, k, rightLayout);
        _left = new GuardedMemory<float>(leftLength);
        _right = new GuardedMemory<float>(rightLength);
        var random = new Random(seed);
        foreach (ref var x in _left.Span) x = random.NextSingle() - 0.5f;
        foreach (ref var x in _right.Span) x = random.NextSingle() - 0.5f;
        Result = new GuardedMemory<float>(batch * m * n);
        Arguments = new MatrixProductArguments
        {
            Batch = batch, M = m, N = n, K = k,
            Left = _left.Pointer, LeftBatch = leftBatch, LeftRow = leftRow, LeftColumn = leftColumn,
            Right = _right.Pointer, RightBatch = rightBatch, RightRow = rightRow, RightColumn = rightColumn,
            Result = Result.Pointer,
        };
    }

    public string Name { get; }

    public MatrixProductArguments Arguments { get; }

    public GuardedMemory<float> Result { get; }

    public double[] Expected()
    {
        var a = Arguments;
        var expected = new double[a.Batch * a.M * a.N];
        for (nint b = 0; b < a.Batch; b++)
        {
            for (nint m = 0; m < a.M; m++)
            {
                for (nint n = 0; n < a.N; n++)
                {
                    var sum = 0.0;
                    for (nint k = 0; k < a.K; k++)
                    {
                        sum += (double)a.Left[(b * a.LeftBatch) + (m * a.LeftRow) + (k * a.LeftColumn)] * a.Right[(b * a.RightBatch) + (n * a.RightRow) + (k * a.RightColumn)];
                    }

                    expected[(((b * a.M) + m) * a.N) + n] = sum;
                }
            }
        }

        return expected;
    }

    public void AssertClose(double[] expected, ReadOnlySpan<float> actual)
    {
        // Rounding of a sum of k products of numbers below 1/2.
        var tolerance = 1e-6 + (Arguments.K * 3e-8);
        for (var i = 0; i < expected.Length; i++)
        {
            if (!(Math.Abs(expected[i] - actual[i]) <= tolerance)) Assert.Fail($"{Name}: element {i} is {actual[i]} but should be {expected[i]}");
        }
    }

    public void Dispose()
    {
        _left.Dispose();
        _right.Dispose();
        Result.Dispose();
    }

    private static (nint Batch, nint Row, nint Column, nint Length) Strides(nint batch, nint rows, nint depth, char layout) => layout switch
    {
        'r' => (rows * depth, depth, 1, batch * rows * depth),
        'c' => (rows * depth, 1, rows, batch * rows * depth),
        's' => ((rows * depth * 2) + 3, (depth * 2) + 1, 2, (batch * ((rows * depth * 2) + 3)) + rows),
        _ => (0, depth, 1, rows * depth),
    };
}
