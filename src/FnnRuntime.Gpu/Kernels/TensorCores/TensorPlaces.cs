namespace FeedbackNN.Gpu;

/// <summary>
/// Where what tensor cores multiply lies in shared memory, and which lane of a warp has which element: arithmetic of integers and nothing else, so that a test computes a product by it as the instructions are said to (PTX ISA, "Matrix fragments").
/// </summary>
/// <remarks>
/// A chunk is 16 bytes, which is what a lane names to <c>ldmatrix</c>: eight lanes name the rows of a matrix of 8 x 16 bytes. Chunks are exchanged within a line so that those eight, and those that a warp writes at once, are in different banks.
/// Bytes, not elements, because 32 bytes of a row are what an instruction multiplies in every format: 16 numbers of 16 bits, or 8 of tf32.
/// </remarks>
internal static class TensorPlaces
{
    /// <summary>Columns of the operands in a tile.</summary>
    public const int Depth = 16;

    /// <summary>What an instruction multiplies of a row.</summary>
    public const int StepBytes = 32;

    /// <summary>Rows of the result of an instruction.</summary>
    public const int Rows = 16;

    /// <summary>Columns of the result of an instruction.</summary>
    public const int Columns = 8;

    private const int ChunkBytes = 16;

    /// <summary>The byte of an element in a tile whose columns lie side by side, row after row.</summary>
    /// <param name="row">Of the tile.</param>
    /// <param name="column">Of the tile.</param>
    /// <param name="elementBytes">2 or 4.</param>
    public static int Straight(int row, int column, int elementBytes)
    {
        var moved = elementBytes == 2 ? (row >> 2) & 1 : ((row >> 1) ^ (row >> 3)) & 3;
        var place = column * elementBytes;
        return (row * Depth * elementBytes) + (((place >> 4) ^ moved) * ChunkBytes) + (place & 15);
    }

    /// <summary>The byte of an element of 2 bytes in a tile whose rows lie side by side, column after column; it is turned when it is read.</summary>
    /// <param name="row">Of the tile.</param>
    /// <param name="column">Of the tile.</param>
    /// <param name="side">Rows of the tile.</param>
    public static int Turned(int row, int column, int side) => (column * side * 2) + (((row >> 3) ^ (column & 7)) * ChunkBytes) + ((row & 7) * 2);

    /// <summary>The row of the left tile that a lane names of four matrices: the upper and the lower eight rows, then the same of the second half of the columns.</summary>
    public static int LeftRow(int lane) => (lane & 7) + (lane & 8);

    /// <summary>The chunk of an instruction's columns that a lane names with <see cref="LeftRow"/>.</summary>
    public static int LeftChunk(int lane) => lane >> 4;

    /// <summary>The first of the eight rows of a turned left tile that a lane names.</summary>
    public static int TurnedLeftRow(int lane) => lane & 8;

    /// <summary>The column of them.</summary>
    public static int TurnedLeftColumn(int lane) => (lane & 7) + ((lane >> 4) * 8);

    /// <summary>The row of the right tile that a lane names of four matrices: both halves of the columns of eight rows, then of the next eight.</summary>
    public static int RightRow(int lane) => (lane & 7) + ((lane >> 4) * 8);

    /// <summary>The chunk that it names with <see cref="RightRow"/>.</summary>
    public static int RightChunk(int lane) => (lane >> 3) & 1;

    /// <summary>The first of the eight rows of a turned right tile that a lane names.</summary>
    public static int TurnedRightRow(int lane) => (lane >> 4) * 8;

    /// <summary>The column of them.</summary>
    public static int TurnedRightColumn(int lane) => (lane & 7) + (lane & 8);

    /// <summary>The first column of a chunk of an instruction's columns.</summary>
    public static int Column(int step, int chunk, int elementBytes) => ((step * StepBytes) + (chunk * ChunkBytes)) / elementBytes;

    /// <summary>The row of a lane's first two sums of an instruction; the other two are eight rows below.</summary>
    public static int SumRow(int lane) => lane >> 2;

    /// <summary>The column of a lane's first sum; the second is beside it.</summary>
    public static int SumColumn(int lane) => 2 * (lane & 3);

    /// <summary>Where an element of the finished square lies: pairs of columns stay together.</summary>
    public static int Finished(int row, int column, int side) => (row * side) + (column ^ ((row & 3) << 3));
}
