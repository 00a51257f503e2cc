namespace FeedbackNN.Cpu;

/// <summary>
/// Convolutions with windows of 3 x 3 that move by one, by Winograd's F(2 x 2, 3 x 3): of transformed patches of 4 x 4, results of 2 x 2 take 16 multiplications a channel where the sums as they stand take 36. The products of
/// the sixteen planes are computed a few patches at a time, so that what is transformed stays in the second-level cache.
/// </summary>
internal static unsafe class WinogradProduct
{
    // Four tiles of 512 bits: 16 to 112 were alike. The transformed weights, which may come from the third-level cache, are read once for each block.
    private const nint PatchesOfBlock = 56;

    /// <summary>Whether a product is such a convolution, and large enough.</summary>
    /// <param name="a">The product.</param>
    /// <param name="images">What the windows read.</param>
    /// <param name="strides">How far the weights move along a window's rows, its columns and the channels.</param>
    public static bool Suits(in MatrixProductArguments a, out WinogradImages images, out (nint Row, nint Column, nint Channel) strides)
    {
        (images, strides) = (default, default);
        if (a.Batch != 1 || !WinogradImages.SuitsChannels(a.N) || !WinogradImages.TryRead(a.Left, a.LeftRows, a.M, a.LeftColumns, a.K, out images)) return false;
        var found = stackalloc nint[3];
        if (!MatrixAxes.Of(a.RightColumns, a.K, a.RightColumn).TrySplit([3, 3, images.Channels], new Span<nint>(found, 3))) return false;
        strides = (found[0], found[1], found[2]);
        return true;
    }

    public static void Run<TTile>(WorkerPool pool, in MatrixProductArguments a, in WinogradImages images, (nint Row, nint Column, nint Channel) strides, in TTile epilogue)
        where TTile : struct, ITileKernel
    {
        var rows = MatrixAxes.Of(a.RightRows, a.N, a.RightRow);
        nint slivers = MatrixProduct.Divide(a.N, MatrixTile.Columns), channels = images.Channels;
        using var scratch = Scratch.Borrow(slivers * WinogradTransforms.Planes * channels * MatrixTile.Columns);
        pool.For(new WeightKernel(a, &rows, strides, images.IsReversed, scratch.Pointer), slivers * (channels / Simd.Lanes), 8);
        var pieces = images.PiecesOf(PatchesOfBlock);
        pool.For(new BlockKernel<TTile>(a, images, pieces, scratch.Pointer, epilogue), pieces.Count, pieces.InBlock);
    }

    // Transforms the weights of sixteen channels for one sliver of results: sliver by sliver, plane by plane, as tiles read them.
    private readonly struct WeightKernel(MatrixProductArguments a, MatrixAxes* rows, (nint Row, nint Column, nint Channel) strides, bool isReversed, float* to) : IRangeKernel
    {
        public void Run(nint begin, nint end)
        {
            nint channels = a.K / 9, blocks = channels / Simd.Lanes, block = Simd.Lanes * MatrixTile.Columns;

            // Packing writes as much again behind each of the nine.
            using var scratch = Scratch.Borrow(9 * 2 * block);
            var columns = new MatrixAxes([Simd.Lanes, strides.Channel]);
            for (var unit = begin; unit < end; unit++)
            {
                var (sliver, channel) = (unit / blocks, unit % blocks * Simd.Lanes);
                var column = sliver * MatrixTile.Columns;
                for (nint weight = 0; weight < 9; weight++)
                {
                    var from = a.Right + (weight / 3 * strides.Row) + (weight % 3 * strides.Column) + (channel * strides.Channel);
                    var place = isReversed ? 8 - weight : weight;
                    MatrixPacking.Pack(from, rows, column, Math.Min(MatrixTile.Columns, a.N - column), &columns, 0, Simd.Lanes, MatrixTile.Columns, scratch.Pointer + (place * 2 * block));
                }

                var first = to + (((sliver * WinogradTransforms.Planes * channels) + channel) * MatrixTile.Columns);
                WinogradTransforms.Weights(scratch.Pointer, 2 * block, block, first, channels * MatrixTile.Columns);
            }
        }
    }

    private readonly struct BlockKernel<TTile>(MatrixProductArguments a, WinogradImages images, WinogradImages.Pieces pieces, float* weights, TTile epilogue) : IRangeKernel
        where TTile : struct, ITileKernel
    {
        // Planes begin in different sets of the caches.
        private nint PatchPlane => (pieces.PatchesInBlock * images.Channels) + Simd.Lanes;

        private nint ProductPlane => (pieces.PatchesInBlock * Width) + Simd.Lanes;

        // Slivers of results are computed together so far as their products take no more room than the patches: for each of them the patches of a plane are read again.
        private nint Width => Math.Min(Math.Max(1, images.Channels / MatrixTile.Columns) * MatrixTile.Columns, a.N);

        public void Run(nint begin, nint end)
        {
            using var scratch = Scratch.Borrow((WinogradTransforms.Planes * (PatchPlane + ProductPlane)) + (a.Result != null ? 0 : 2 * images.Columns * Width));
            for (var piece = begin; piece < end; piece += pieces.InBlock) RunBlock(piece, Math.Min(end, piece + pieces.InBlock), scratch.Pointer);
        }

        private void RunBlock(nint firstPiece, nint endPiece, float* patches)
        {
            var products = patches + (WinogradTransforms.Planes * PatchPlane);
            nint count = 0, sliver = images.Channels * MatrixTile.Columns;
            for (var index = firstPiece; index < endPiece; index++)
            {
                var piece = pieces[index];
                images.Transform(piece, 0, images.Channels, patches + (count * images.Channels), PatchPlane);
                count += piece.Length;
            }

            for (nint column = 0; column < a.N; column += Width)
            {
                var columns = Math.Min(Width, a.N - column);
                for (nint plane = 0; plane < WinogradTransforms.Planes; plane++)
                {
                    var right = weights + (((column / MatrixTile.Columns * WinogradTransforms.Planes) + plane) * sliver);
                    MatrixTile.RunAll(count, columns, images.Channels, patches + (plane * PatchPlane), images.Channels, 1, right, MatrixTile.Columns, WinogradTransforms.Planes * sliver, products + (plane * ProductPlane), Width, false);
                }

                nint written = 0;
                for (var index = firstPiece; index < endPiece; index++)
                {
                    var piece = pieces[index];
                    WriteResults(piece, products + (written * Width), products + (WinogradTransforms.Planes * ProductPlane), column, columns);
                    written += piece.Length;
                }
            }
        }

        // Two rows of results; they lie in `local` where nobody keeps them.
        private void WriteResults(in WinogradImages.Piece piece, float* products, float* local, nint column, nint columns)
        {
            var length = Math.Min(2 * piece.Length, images.Columns - (2 * piece.FirstColumn));
            var row = (((piece.Image * images.Rows) + (2 * piece.Row)) * images.Columns) + (2 * piece.FirstColumn);
            var hasSecond = (2 * piece.Row) + 1 < images.Rows;
            var isKept = a.Result != null;
            var stride = isKept ? a.N : Width;
            var first = isKept ? a.Result + (row * a.N) + column : local;
            var second = !hasSecond ? null : first + ((isKept ? images.Columns : length) * stride);
            WinogradTransforms.Results(products, Width, ProductPlane, piece.Length, length, columns, first, second, stride);
            epilogue.Run(first, stride, row, length, column, columns);
            if (hasSecond) epilogue.Run(second, stride, row + images.Columns, length, column, columns);
        }
    }
}
