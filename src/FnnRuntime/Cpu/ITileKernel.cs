using System.ComponentModel;

namespace FeedbackNN.Cpu;

/// <summary>
/// What happens to the elements of a matrix product while they are still in the cache: bias, activation, the store itself. Called
/// with finished tiles, each element of the product in exactly one of them.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe interface ITileKernel
{
    /// <summary>Takes one finished tile. Up to 15 elements past the end of each row may be read, and they mean nothing.</summary>
    /// <param name="tile">Element (r, c) of the product is <c>tile[(r - row) * stride + (c - column)]</c>.</param>
    /// <param name="stride">Elements from one row of the tile to the next.</param>
    /// <param name="row">First row of the tile; in a batched product rows count on over the batch: index * M + m.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="column">First column.</param>
    /// <param name="columns">Number of columns.</param>
    void Run(float* tile, nint stride, nint row, nint rows, nint column, nint columns);

    /// <summary>
    /// Asks for the memory that <see cref="Run"/> will read and write of a tile, as the tile's sums begin: so it is in the cache when they are done. Nothing is read, and nothing changes.
    /// </summary>
    /// <param name="row">First row of the tile.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="column">First column.</param>
    /// <param name="columns">Number of columns.</param>
    void Prefetch(nint row, nint rows, nint column, nint columns);
}
