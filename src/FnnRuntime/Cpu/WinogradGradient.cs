namespace FeedbackNN.Cpu;

/// <summary>
/// Gradients of a convolution's weights, windows of 3 x 3 that move by one, by Winograd's F(2 x 2, 3 x 3): sums over all patches of transformed patches times transformed gradients of results, in sixteen planes, where the sums
/// as they stand take 36 multiplications a patch. As in <see cref="MatrixProduct"/>, sums along samples are cut into parts, which are added as a tree.
/// </summary>
internal static unsafe class WinogradGradient
{
    // Sums of a plane are read and written once for each block. 64 to 112 were alike, 28 took a tenth longer.
    private const nint PatchesOfBlock = 112;

    // Floats of all parts' sums together: four megabytes.
    private const nint LargestParts = 1_048_576;
    private const nint FewestPatchesOfPart = 32;

    /// <summary>Whether a product is such a gradient, and large enough: one matrix is what the convolution read, the other the gradients of its results.</summary>
    public static bool Suits(in MatrixProductArguments a, out WinogradImages left, out WinogradImages right)
    {
        (left, right) = (default, default);
        if (a.Batch != 1) return false;
        if (WinogradImages.TryRead(a.Left, a.LeftColumns, a.K, a.LeftRows, a.M, out left))
        {
            return left.TryReadResults(a.Right, MatrixAxes.Of(a.RightColumns, a.K, a.RightColumn), MatrixAxes.Of(a.RightRows, a.N, a.RightRow), out right);
        }

        return WinogradImages.TryRead(a.Right, a.RightColumns, a.K, a.RightRows, a.N, out right)
            && right.TryReadResults(a.Left, MatrixAxes.Of(a.LeftColumns, a.K, a.LeftColumn), MatrixAxes.Of(a.LeftRows, a.M, a.LeftRow), out left);
    }

    public static void Run<TTile>(WorkerPool pool, in MatrixProductArguments a, in WinogradImages left, in WinogradImages right, in TTile epilogue)
        where TTile : struct, ITileKernel
    {
        var pieces = left.PiecesOf(PatchesOfBlock);
        var length = (WinogradTransforms.Planes * left.Channels * right.Channels) + Simd.Lanes;
        var parts = MatrixProduct.MostParts;
        while (parts > 1 && (parts * length > LargestParts || pieces.Count < parts || left.Patches < parts * FewestPatchesOfPart)) parts /= 2;
        using var scratch = Scratch.Borrow((parts * length) + (a.Result != null ? 0 : a.M * a.N));
        var rowBlocks = Math.Clamp(MatrixProduct.Divide(pool.Threads, parts), 1, left.Channels / Simd.Lanes);
        pool.For(new PartKernel(left, right, pieces, parts, rowBlocks, scratch.Pointer, length), parts * rowBlocks, 1);
        pool.For(new SumKernel<TTile>(a, left, right, parts, scratch.Pointer, length, epilogue), left.Channels, Math.Max(1, 16384 / (parts * right.Channels * WinogradTransforms.Planes)));
    }

    // Some rows of one part.
    private readonly struct PartKernel(WinogradImages left, WinogradImages right, WinogradImages.Pieces pieces, nint parts, nint rowBlocks, float* sums, nint length) : IRangeKernel
    {
        private nint RightPlane => Plane(right.Channels);

        public void Run(nint begin, nint end)
        {
            using var scratch = Scratch.Borrow(WinogradTransforms.Planes * (Plane(left.Channels) + RightPlane));
            for (var unit = begin; unit < end; unit++)
            {
                nint part = unit / rowBlocks, rowBlock = unit % rowBlocks, vectors = left.Channels / Simd.Lanes;
                nint firstRow = vectors * rowBlock / rowBlocks * Simd.Lanes, rows = (vectors * (rowBlock + 1) / rowBlocks * Simd.Lanes) - firstRow;
                nint first = pieces.Count * part / parts, last = pieces.Count * (part + 1) / parts;
                var to = sums + (part * length) + (firstRow * right.Channels);
                for (var piece = first; piece < last; piece += pieces.InBlock) RunBlock(piece, Math.Min(last, piece + pieces.InBlock), firstRow, rows, scratch.Pointer, to, piece > first);
            }
        }

        // Planes begin in different sets of the caches.
        private nint Plane(nint channels) => (pieces.PatchesInBlock * channels) + Simd.Lanes;

        private void RunBlock(nint firstPiece, nint endPiece, nint firstRow, nint rows, float* ofLeft, float* to, bool goesOn)
        {
            var (leftPlane, columns) = (Plane(rows), right.Channels);
            var ofRight = ofLeft + (WinogradTransforms.Planes * leftPlane);
            nint count = 0;
            for (var index = firstPiece; index < endPiece; index++)
            {
                var piece = pieces[index];
                left.Transform(piece, firstRow, rows, ofLeft + (count * rows), leftPlane);
                right.Transform(piece, 0, columns, ofRight + (count * columns), RightPlane);
                count += piece.Length;
            }

            for (nint plane = 0; plane < WinogradTransforms.Planes; plane++)
            {
                MatrixTile.RunAll(rows, columns, count, ofLeft + (plane * leftPlane), 1, rows, ofRight + (plane * RightPlane), columns, MatrixTile.Columns, to + (plane * left.Channels * columns), columns, goesOn);
            }
        }
    }

    // Adds the parts of some rows and hands the gradients on: rows are channels of the results, with nine columns for each of the images' channels, or the other way round.
    private readonly struct SumKernel<TTile>(MatrixProductArguments a, WinogradImages left, WinogradImages right, nint parts, float* sums, nint length, TTile epilogue) : IRangeKernel
        where TTile : struct, ITileKernel
    {
        public void Run(nint begin, nint end)
        {
            var to = a.Result != null ? a.Result : sums + (parts * length);
            var (rows, columns) = (left.Channels, right.Channels);
            var (row, weight) = left.AreResults ? (a.N, columns) : (columns, rows * columns);
            var isReversed = left.IsReversed || right.IsReversed;
            for (var channel = begin; channel < end; channel++)
            {
                var first = to + (channel * row);
                WinogradTransforms.WeightGradients(sums + (channel * columns), rows * columns, parts, length, columns, isReversed ? first + (8 * weight) : first, isReversed ? -weight : weight);
            }

            for (nint first = begin; first < a.M; first += rows) epilogue.Run(to + (first * a.N), a.N, first, end - begin, 0, a.N);
        }
    }
}
