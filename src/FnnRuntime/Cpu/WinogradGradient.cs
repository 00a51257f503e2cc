using System.Runtime.CompilerServices;

namespace FeedbackNN.Cpu;

/// <summary>
/// Gradients of a convolution's weights, windows of 3 x 3 that move by one, by Winograd's F(2 x 2, 3 x 3): sums over all patches of transformed patches times transformed gradients of results, in sixteen planes, where the sums
/// as they stand take 36 multiplications a patch. As in <see cref="MatrixProduct"/>, sums along samples are cut into parts, which are added as a tree.
/// </summary>
internal static unsafe class WinogradGradient
{
    // Sums of a plane are read and written once for each block. 64 to 112 were alike, 28 took a tenth longer.
    private const nint PatchesOfBlock = 112;

    private const nint MostParts = 8;

    // Floats of all parts' sums together: four megabytes.
    private const nint LargestParts = 1_048_576;
    private const nint FewestPatchesOfPart = 32;

    /// <summary>Whether a product is such a gradient, and large enough.</summary>
    /// <param name="a">The product.</param>
    /// <param name="images">What the convolution read.</param>
    /// <param name="results">The gradients of what it gave.</param>
    /// <param name="isLeft">Whether the images are the left matrix.</param>
    public static bool Suits(in MatrixProductArguments a, out WinogradImages images, out WinogradImages results, out bool isLeft)
    {
        (images, results, isLeft) = (default, default, false);
        if (a.Batch != 1) return false;
        isLeft = WinogradImages.TryRead(a.Left, a.LeftColumns, a.K, a.LeftRows, a.M, out images);
        if (isLeft) return images.TryReadResults(a.Right, MatrixAxes.Of(a.RightColumns, a.K, a.RightColumn), MatrixAxes.Of(a.RightRows, a.N, a.RightRow), out results);
        return WinogradImages.TryRead(a.Right, a.RightColumns, a.K, a.RightRows, a.N, out images)
            && images.TryReadResults(a.Left, MatrixAxes.Of(a.LeftColumns, a.K, a.LeftColumn), MatrixAxes.Of(a.LeftRows, a.M, a.LeftRow), out results);
    }

    public static void Run<TTile>(WorkerPool pool, in MatrixProductArguments a, in WinogradImages images, in WinogradImages results, bool isLeft, in TTile epilogue)
        where TTile : struct, ITileKernel
    {
        nint rows = isLeft ? images.Channels : results.Channels, columns = isLeft ? results.Channels : images.Channels;
        var pieces = images.PiecesOf(PatchesOfBlock);
        var length = (WinogradTransforms.Planes * rows * columns) + Simd.Lanes;
        var parts = MostParts;
        while (parts > 1 && (parts * length > LargestParts || pieces.Count < parts || images.Patches < parts * FewestPatchesOfPart)) parts /= 2;
        using var scratch = Scratch.Borrow((parts * length) + (a.Result != null ? 0 : a.M * a.N));
        var rowBlocks = Math.Clamp((pool.Threads + parts - 1) / parts, 1, rows / Simd.Lanes);
        pool.For(new PartKernel(images, results, isLeft, pieces, parts, rowBlocks, scratch.Pointer, length), parts * rowBlocks, 1);
        var sums = new SumKernel<TTile>(a, isLeft, images.IsReversed, rows, columns, parts, scratch.Pointer, length, epilogue);
        pool.For(sums, rows, Math.Max(1, 16384 / (parts * columns * WinogradTransforms.Planes)));
    }

    // Some rows of one part.
    private readonly struct PartKernel(WinogradImages images, WinogradImages results, bool isLeft, WinogradImages.Pieces pieces, nint parts, nint rowBlocks, float* sums, nint length) : IRangeKernel
    {
        private nint Rows => isLeft ? images.Channels : results.Channels;

        private nint Columns => isLeft ? results.Channels : images.Channels;

        private nint RightPlane => (pieces.PatchesInBlock * Columns) + Simd.Lanes;

        public void Run(nint begin, nint end)
        {
            using var scratch = Scratch.Borrow(WinogradTransforms.Planes * (LeftPlane(Rows) + RightPlane));
            for (var unit = begin; unit < end; unit++)
            {
                nint part = unit / rowBlocks, rowBlock = unit % rowBlocks, vectors = Rows / Simd.Lanes;
                nint firstRow = vectors * rowBlock / rowBlocks * Simd.Lanes, rows = (vectors * (rowBlock + 1) / rowBlocks * Simd.Lanes) - firstRow;
                nint first = pieces.Count * part / parts, last = pieces.Count * (part + 1) / parts;
                var to = sums + (part * length) + (firstRow * Columns);
                for (var piece = first; piece < last; piece += pieces.InBlock) RunBlock(piece, Math.Min(last, piece + pieces.InBlock), firstRow, rows, scratch.Pointer, to, piece > first);
            }
        }

        // Planes begin in different sets of the caches.
        private nint LeftPlane(nint rows) => (pieces.PatchesInBlock * rows) + Simd.Lanes;

        private void RunBlock(nint firstPiece, nint endPiece, nint firstRow, nint rows, float* left, float* to, bool goesOn)
        {
            var right = left + (WinogradTransforms.Planes * LeftPlane(rows));
            nint count = 0;
            for (var index = firstPiece; index < endPiece; index++)
            {
                var piece = pieces[index];
                if (isLeft) images.TransformWindows(piece, firstRow, rows, left + (count * rows), LeftPlane(rows));
                else images.TransformWindows(piece, 0, Columns, right + (count * Columns), RightPlane);
                if (isLeft) results.TransformGradients(piece, 0, Columns, right + (count * Columns), RightPlane);
                else results.TransformGradients(piece, firstRow, rows, left + (count * rows), LeftPlane(rows));
                count += piece.Length;
            }

            for (nint plane = 0; plane < WinogradTransforms.Planes; plane++)
            {
                Multiply(left + (plane * LeftPlane(rows)), right + (plane * RightPlane), count, rows, to + (plane * Rows * Columns), goesOn);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Multiply(float* left, float* right, nint count, nint rows, float* to, bool goesOn)
        {
            var tiles = (rows + MatrixTile.MaximumRows - 1) / MatrixTile.MaximumRows;
            for (nint tile = 0; tile < tiles; tile++)
            {
                nint row = rows * tile / tiles, height = (rows * (tile + 1) / tiles) - row;
                for (nint column = 0; column < Columns; column += MatrixTile.Columns)
                {
                    MatrixTile.Run(height, Math.Min(MatrixTile.Columns, Columns - column), count, left + row, 1, rows, right + column, Columns, to + (row * Columns) + column, Columns, goesOn);
                }
            }
        }
    }

    // Adds the parts of some rows and hands the gradients on.
    private readonly struct SumKernel<TTile>(MatrixProductArguments a, bool isLeft, bool isReversed, nint rows, nint columns, nint parts, float* sums, nint length, TTile epilogue) : IRangeKernel
        where TTile : struct, ITileKernel
    {
        public void Run(nint begin, nint end)
        {
            var to = a.Result != null ? a.Result : sums + (parts * length);
            var weight = isLeft ? rows * columns : columns;
            for (var row = begin; row < end; row++)
            {
                var first = to + (isLeft ? row * columns : row * 9 * columns);
                WinogradTransforms.WeightGradients(sums + (row * columns), rows * columns, parts, length, columns, isReversed ? first + (8 * weight) : first, isReversed ? -weight : weight);
            }

            if (!isLeft)
            {
                epilogue.Run(to + (begin * a.N), a.N, begin, end - begin, 0, a.N);
                return;
            }

            for (nint place = 0; place < 9; place++)
            {
                var row = (place * rows) + begin;
                epilogue.Run(to + (row * a.N), a.N, row, end - begin, 0, a.N);
            }
        }
    }
}
