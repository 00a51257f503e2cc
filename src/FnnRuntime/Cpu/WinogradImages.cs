namespace FeedbackNN.Cpu;

/// <summary>
/// Images whose channels come last, cut into patches: what windows of 3 x 3 that move by one read of them (patches of 4 x 4 that overlap by two), or the results of such windows (2 x 2 each). Patches are transformed a few
/// at a time, neighbours in a row of them.
/// </summary>
internal readonly unsafe struct WinogradImages
{
    // With fewer channels the transforms take what the products save: 64 images of 28 x 28 x 16 took as long either way.
    private const nint FewestChannels = 32;

    // With fewer results the transforms of the weights do (one image of 14 x 14 x 256 half as long again, two a fourth less).
    private const nint FewestResults = 512;

    private readonly float* _first;
    private readonly nint _image, _row, _column;

    private WinogradImages(float* first, nint image, nint row, nint column, nint images, nint rows, nint columns, nint channels)
    {
        _first = first;
        (_image, _row, _column) = (image, row, column);
        (Images, Rows, Columns, Channels) = (images, rows, columns, channels);
    }

    public nint Images { get; }

    /// <summary>Rows of results in an image.</summary>
    public nint Rows { get; }

    /// <summary>Columns of results in an image.</summary>
    public nint Columns { get; }

    public nint Channels { get; }

    /// <summary>Whether these are the results of windows instead of what windows read.</summary>
    public bool AreResults { get; private init; }

    /// <summary>Whether windows are read from their last number to their first, as where a convolution's gradient goes back to its image.</summary>
    public bool IsReversed { get; private init; }

    public nint PatchRows => (Rows + 1) / 2;

    public nint PatchColumns => (Columns + 1) / 2;

    public nint Patches => Images * PatchRows * PatchColumns;

    /// <summary>Whether there are enough channels, and whole vectors of them.</summary>
    public static bool SuitsChannels(nint channels) => channels >= FewestChannels && channels % Simd.Lanes == 0;

    /// <summary>Whether a matrix is what windows of 3 x 3 that move by one read of images, and enough of it that transforms pay.</summary>
    /// <param name="matrix">Its first element.</param>
    /// <param name="places">The axes of where windows are.</param>
    /// <param name="count">How many windows there are.</param>
    /// <param name="windows">The axes of a window.</param>
    /// <param name="length">How many numbers a window has.</param>
    /// <param name="images">The images.</param>
    public static bool TryRead(float* matrix, MatrixAxes* places, nint count, MatrixAxes* windows, nint length, out WinogradImages images)
    {
        images = default;
        if (places == null || windows == null || places->Count < 2 || count < FewestResults || length % 9 != 0 || !SuitsChannels(length / 9)) return false;
        nint rows = places->LengthBeforeRun, columns = places->RunLength, outer = count / (rows * columns);
        var strides = stackalloc nint[6];
        if (!places->TrySplit([outer, rows, columns], new Span<nint>(strides, 3)) || !windows->TrySplit([3, 3, length / 9], new Span<nint>(strides + 3, 3))) return false;
        nint row = strides[1], column = strides[2];
        var isReversed = strides[3] == -row && strides[4] == -column;
        if ((!isReversed && (strides[3] != row || strides[4] != column)) || strides[5] != 1) return false;
        var first = isReversed ? matrix - (2 * (row + column)) : matrix;
        images = new WinogradImages(first, strides[0], row, column, outer, rows, columns, length / 9) { IsReversed = isReversed };

        // Of the patches at an edge half may be beyond it: three quarters of all is what the products save.
        return 3 * rows * columns >= 8 * images.PatchRows * images.PatchColumns;
    }

    /// <summary>Whether another matrix has what belongs to the results of the windows of these images, its channels side by side.</summary>
    public bool TryReadResults(float* matrix, in MatrixAxes places, in MatrixAxes channels, out WinogradImages results)
    {
        results = default;
        var strides = stackalloc nint[3];
        if (channels.Count != 1 || channels.RunStride != 1 || !SuitsChannels(channels.RunLength) || !places.TrySplit([Images, Rows, Columns], new Span<nint>(strides, 3))) return false;
        results = new WinogradImages(matrix, strides[0], strides[1], strides[2], Images, Rows, Columns, channels.RunLength) { AreResults = true };
        return true;
    }

    /// <summary>The patches of all images in pieces of a row of them, so many pieces together as have no more than <paramref name="most"/> patches.</summary>
    public Pieces PiecesOf(nint most)
    {
        var ofRow = MatrixProduct.Divide(PatchColumns, most);
        return new Pieces(this, ofRow, Math.Max(1, most / MatrixProduct.Divide(PatchColumns, ofRow)));
    }

    /// <summary>Transforms some channels of a piece: of what windows read, or of the gradients of their results.</summary>
    public void Transform(in Piece piece, nint firstChannel, nint channels, float* to, nint plane)
    {
        var first = _first + (piece.Image * _image) + (2 * piece.FirstColumn * _column) + firstChannel;
        if (AreResults)
        {
            first += 2 * piece.Row * _row;
            WinogradTransforms.Gradients(first, (2 * piece.Row) + 1 < Rows ? first + _row : null, _column, Columns - (2 * piece.FirstColumn), piece.Length, channels, to, channels, plane);
            return;
        }

        var rows = stackalloc float*[4];
        for (nint r = 0; r < 4; r++) rows[r] = first + (Math.Min((2 * piece.Row) + r, Rows + 1) * _row);
        WinogradTransforms.Patches(rows, _column, Columns + 1 - (2 * piece.FirstColumn), piece.Length, channels, to, channels, plane);
    }

    /// <summary>Neighbouring patches of one row of them.</summary>
    public readonly record struct Piece(nint Image, nint Row, nint FirstColumn, nint Length);

    /// <summary>All pieces, image by image and row by row.</summary>
    /// <param name="images">The images.</param>
    /// <param name="ofRow">Pieces that a row of patches is cut into.</param>
    /// <param name="inBlock">Pieces that are computed together.</param>
    public readonly struct Pieces(WinogradImages images, nint ofRow, nint inBlock)
    {
        public nint InBlock => inBlock;

        public nint Count => images.Images * images.PatchRows * ofRow;

        public nint PatchesInBlock => inBlock * MatrixProduct.Divide(images.PatchColumns, ofRow);

        public Piece this[nint index]
        {
            get
            {
                var (rest, part) = Math.DivRem(index, ofRow);
                var (image, row) = Math.DivRem(rest, images.PatchRows);
                var first = images.PatchColumns * part / ofRow;
                return new Piece(image, row, first, (images.PatchColumns * (part + 1) / ofRow) - first);
            }
        }
    }
}
