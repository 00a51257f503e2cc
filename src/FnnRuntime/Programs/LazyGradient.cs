using FeedbackNN.Cpu;

namespace FeedbackNN;

/// <summary>
/// The gradient of a matrix of weights, which need not be stored where a program changes the weights on its tiles: for a batch of a few samples its operands are small, and writing it is
/// a quarter of the step. A copy of the operands is kept instead, from which it can be computed with the same bits.
/// </summary>
/// <param name="storage">The net's gradients.</param>
/// <param name="start">Where it begins in them, in floats.</param>
internal sealed unsafe class LazyGradient(GradientStorage storage, long start) : IDisposable
{
    // Fewer elements stay in the first-level cache.
    private const nint Fewest = 16_384;

    // Of elements that aren't stored, for one that is copied.
    private const nint FewestForOneCopied = 8;

    private NativeBuffer? _operands;
    private MatrixProductArguments _product;
    private bool _isMissing;

    /// <summary>Where it begins, in floats.</summary>
    public long Start => start;

    /// <summary>The product that computes it is about to run.</summary>
    /// <param name="product">As the program has it.</param>
    /// <param name="isUsedUp">Its tiles change the parameter.</param>
    /// <returns>The product to run: without a result where the gradient will be missing.</returns>
    public MatrixProductArguments Begin(in MatrixProductArguments product, bool isUsedUp)
    {
        _isMissing = isUsedUp && !storage.IsSeen && IsWorthIt(product);
        if (!_isMissing) return product;
        _product = Keep(product);
        return _product with { Result = null };
    }

    /// <summary>Computes it if it is missing.</summary>
    public void Complete()
    {
        if (_isMissing) MatrixProduct.RunAlone(_product);
        _isMissing = false;
    }

    public void Dispose() => _operands?.Dispose();

    private static bool IsWorthIt(in MatrixProductArguments a) =>
        a.M * a.N >= Math.Max(Fewest, FewestForOneCopied * a.K * (a.M + a.N)) && MatrixProduct.TakesOuter(a);

    // Row k of either matrix behind row k - 1.
    private MatrixProductArguments Keep(in MatrixProductArguments a)
    {
        var bytes = a.K * (a.M + a.N) * sizeof(float);
        if (_operands is null || _operands.ByteLength < bytes)
        {
            _operands?.Dispose();
            _operands = new NativeBuffer(bytes);
        }

        var left = (float*)_operands.Pointer;
        var right = left + (a.K * a.M);
        for (nint k = 0; k < a.K; k++)
        {
            for (nint m = 0; m < a.M; m++) left[(k * a.M) + m] = a.Left[(m * a.LeftRow) + (k * a.LeftColumn)];
            Buffer.MemoryCopy(a.Right + (k * a.RightColumn), right + (k * a.N), a.N * sizeof(float), a.N * sizeof(float));
        }

        return a with { Left = left, LeftRow = 1, LeftColumn = a.M, Right = right, RightColumn = a.N };
    }
}
