using System.Runtime.CompilerServices;
using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>
/// What one group of an attention's kernels computes with: 64 rows by 32 columns of weights (rows are queries and columns keys, or the other way round), whose products with
/// something of the columns are added up, 64 elements of each row. Operands come 16 elements of each row at a time into shared memory, rounded to the operands' format once.
/// A thread has 4 x 4 of the weights, and 8 x 4 of the sums.
/// </summary>
/// <remarks>
/// Tiles lie such that threads that run together touch all banks: a line for each of the 16 elements (or each column of the weights), four neighbouring rows in one
/// access, exchanged with others by the line's number (<c>^</c>), because lines are written across.
/// </remarks>
internal readonly struct AttentionTiles<T, TMath>
    where T : unmanaged
    where TMath : struct, IAttentionArithmetic<T>
{
    public const int Threads = 128;
    public const int Rows = 64;
    public const int Columns = 32;
    public const int Elements = 64;
    private const int Depth = 16;
    private const int RowFours = Rows / 4;
    private const int ColumnFours = Columns / 4;

    private readonly ArrayView<Four<T>> _left, _right, _weights;

    /// <summary>Once a kernel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public AttentionTiles(ArrayView<Four<T>> left, ArrayView<Four<T>> right, ArrayView<Four<T>> weights)
    {
        _left = left;
        _right = right;
        _weights = weights;
    }

    /// <summary>Of the thread's weights the column, in fours.</summary>
    public static int Column
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Group.IdxX & (ColumnFours - 1);
    }

    /// <summary>Of the thread's weights the row, in fours.</summary>
    public static int Row
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Group.IdxX >> 3;
    }

    /// <summary>Of the thread's sums the element, in fours.</summary>
    public static int Element
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Group.IdxX & 15;
    }

    /// <summary>Of the thread's sums the row, in eights.</summary>
    public static int SumRow
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Group.IdxX >> 4;
    }

    /// <summary>Of what is read of operands the row; the next is half of the tile's rows further.</summary>
    public static int ReadRow
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Group.IdxX >> 2;
    }

    /// <summary>The rows of a tile by its columns. All threads must call it; a barrier is its first deed.</summary>
    /// <param name="left">Has the rows.</param>
    /// <param name="row0">Where <see cref="ReadRow"/> begins; -1 for none.</param>
    /// <param name="row1">Where the one half a tile further begins.</param>
    /// <param name="right">Has the columns.</param>
    /// <param name="column">Where the column <see cref="ReadRow"/> begins.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public AttentionWeights<T> Product(AttentionOperand<T> left, int row0, int row1, AttentionOperand<T> right, int column)
    {
        var product = default(AttentionWeights<T>);
        var four = Group.IdxX & 3;
        for (var start = 0; start < left.Width; start += Depth)
        {
            var element = start + (4 * four);
            var (a0, a1, b) = (left.Read(row0, element), left.Read(row1, element), right.Read(column, element));
            Group.Barrier();
            Across(_left.Cast<T>(), Rows, four, ReadRow, a0);
            Across(_left.Cast<T>(), Rows, four, ReadRow + (Rows / 2), a1);
            Across(_right.Cast<T>(), Columns, four, ReadRow, b);
            Group.Barrier();
            for (var k = 0; k < Depth; k++)
            {
                var exchange = (k >> 2) * 2;
                product = product.Plus<TMath>(_left[(k * RowFours) + (Row ^ exchange)], _right[(k * ColumnFours) + (Column ^ exchange)]);
            }
        }
        return product;
    }

    /// <summary>Keeps the thread's weights for the group's sums, rounded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Keep(AttentionWeights<T> weights)
    {
        var place = (4 * Column * RowFours) + (Row ^ Column);
        _weights[place] = Rounded(new(weights.R0.X, weights.R1.X, weights.R2.X, weights.R3.X));
        _weights[place + RowFours] = Rounded(new(weights.R0.Y, weights.R1.Y, weights.R2.Y, weights.R3.Y));
        _weights[place + (2 * RowFours)] = Rounded(new(weights.R0.Z, weights.R1.Z, weights.R2.Z, weights.R3.Z));
        _weights[place + (3 * RowFours)] = Rounded(new(weights.R0.W, weights.R1.W, weights.R2.W, weights.R3.W));
    }

    /// <summary>Adds the products of the weights that were kept with what belongs to their columns. All threads must call it, behind a barrier.</summary>
    /// <param name="sums">So far.</param>
    /// <param name="operand">What belongs to the columns.</param>
    /// <param name="sample">Of the operand.</param>
    /// <param name="index">Its head, or group of heads.</param>
    /// <param name="first">The position of the first column.</param>
    /// <param name="end">The first position that isn't there.</param>
    /// <param name="firstElement">Of the elements.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public AttentionSums<T> Accumulate(AttentionSums<T> sums, AttentionOperand<T> operand, int sample, int index, int first, int end, int firstElement)
    {
        var element = firstElement + (4 * Element);
        for (var piece = 0; piece < Columns && first + piece < end; piece += Depth)
        {
            var (position0, position1) = (first + piece + SumRow, first + piece + SumRow + (Depth / 2));
            var b0 = operand.Read(position0 < end ? operand.Row(sample, index, position0) : -1, element);
            var b1 = operand.Read(position1 < end ? operand.Row(sample, index, position1) : -1, element);
            if (piece > 0) Group.Barrier();
            _left[Group.IdxX] = Rounded(b0);
            _left[Group.IdxX + Threads] = Rounded(b1);
            Group.Barrier();
            for (var k = 0; k < Depth; k++)
            {
                var exchange = (piece + k) >> 2;
                var line = (piece + k) * RowFours;
                sums = sums.Plus<TMath>(_weights[line + ((2 * SumRow) ^ exchange)], _weights[line + (((2 * SumRow) + 1) ^ exchange)], _left[(k * RowFours) + Element]);
            }
        }
        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Across(ArrayView<T> tile, int line, int four, int place, Four<T> elements)
    {
        var to = (4 * four * line) + (place ^ (8 * four));
        tile[to] = TMath.Operand(elements.X);
        tile[to + line] = TMath.Operand(elements.Y);
        tile[to + (2 * line)] = TMath.Operand(elements.Z);
        tile[to + (3 * line)] = TMath.Operand(elements.W);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Four<T> Rounded(Four<T> x) => new(TMath.Operand(x.X), TMath.Operand(x.Y), TMath.Operand(x.Z), TMath.Operand(x.W));
}

/// <summary>A thread's weights: four rows of four columns.</summary>
internal struct AttentionWeights<T> where T : unmanaged
{
    public Four<T> R0, R1, R2, R3;

    /// <summary>With the products of four rows' numbers and four columns' added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly AttentionWeights<T> Plus<TMath>(Four<T> rows, Four<T> columns) where TMath : struct, IAttentionArithmetic<T> => new()
    {
        R0 = AttentionSums<T>.Plus<TMath>(R0, rows.X, columns),
        R1 = AttentionSums<T>.Plus<TMath>(R1, rows.Y, columns),
        R2 = AttentionSums<T>.Plus<TMath>(R2, rows.Z, columns),
        R3 = AttentionSums<T>.Plus<TMath>(R3, rows.W, columns),
    };
}

/// <summary>A thread's sums: eight rows of four elements.</summary>
internal struct AttentionSums<T> where T : unmanaged
{
    public Four<T> R0, R1, R2, R3, R4, R5, R6, R7;

    /// <summary>With the products of eight rows' weights and four elements added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly AttentionSums<T> Plus<TMath>(Four<T> first, Four<T> last, Four<T> elements) where TMath : struct, IAttentionArithmetic<T> => new()
    {
        R0 = Plus<TMath>(R0, first.X, elements),
        R1 = Plus<TMath>(R1, first.Y, elements),
        R2 = Plus<TMath>(R2, first.Z, elements),
        R3 = Plus<TMath>(R3, first.W, elements),
        R4 = Plus<TMath>(R4, last.X, elements),
        R5 = Plus<TMath>(R5, last.Y, elements),
        R6 = Plus<TMath>(R6, last.Z, elements),
        R7 = Plus<TMath>(R7, last.W, elements),
    };

    /// <summary>Each row times a number of its own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly AttentionSums<T> Times<TMath>(Four<T> first, Four<T> last) where TMath : struct, IAttentionArithmetic<T> => new()
    {
        R0 = Times<TMath>(R0, first.X),
        R1 = Times<TMath>(R1, first.Y),
        R2 = Times<TMath>(R2, first.Z),
        R3 = Times<TMath>(R3, first.W),
        R4 = Times<TMath>(R4, last.X),
        R5 = Times<TMath>(R5, last.Y),
        R6 = Times<TMath>(R6, last.Z),
        R7 = Times<TMath>(R7, last.W),
    };

    /// <summary>Each row by a number of its own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly AttentionSums<T> Over<TMath>(Four<T> first, Four<T> last) where TMath : struct, IAttentionArithmetic<T> => new()
    {
        R0 = Over<TMath>(R0, first.X),
        R1 = Over<TMath>(R1, first.Y),
        R2 = Over<TMath>(R2, first.Z),
        R3 = Over<TMath>(R3, first.W),
        R4 = Over<TMath>(R4, last.X),
        R5 = Over<TMath>(R5, last.Y),
        R6 = Over<TMath>(R6, last.Z),
        R7 = Over<TMath>(R7, last.W),
    };

    /// <summary>Writes the rows that are there.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="sample">Of the result.</param>
    /// <param name="index">Its head, or group of heads.</param>
    /// <param name="first">The position of the first of the eight rows.</param>
    /// <param name="end">The first position that isn't there.</param>
    /// <param name="element">The first of the four elements.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Write(AttentionOperand<T> to, int sample, int index, int first, int end, int element)
    {
        if (first < end) to.Write(to.Row(sample, index, first), element, R0);
        if (first + 1 < end) to.Write(to.Row(sample, index, first + 1), element, R1);
        if (first + 2 < end) to.Write(to.Row(sample, index, first + 2), element, R2);
        if (first + 3 < end) to.Write(to.Row(sample, index, first + 3), element, R3);
        if (first + 4 < end) to.Write(to.Row(sample, index, first + 4), element, R4);
        if (first + 5 < end) to.Write(to.Row(sample, index, first + 5), element, R5);
        if (first + 6 < end) to.Write(to.Row(sample, index, first + 6), element, R6);
        if (first + 7 < end) to.Write(to.Row(sample, index, first + 7), element, R7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Four<T> Plus<TMath>(Four<T> sum, T factor, Four<T> x) where TMath : struct, IAttentionArithmetic<T> => new(
        TMath.Add(sum.X, TMath.Multiply(factor, x.X)), TMath.Add(sum.Y, TMath.Multiply(factor, x.Y)), TMath.Add(sum.Z, TMath.Multiply(factor, x.Z)), TMath.Add(sum.W, TMath.Multiply(factor, x.W)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Four<T> Times<TMath>(Four<T> x, T factor) where TMath : struct, IAttentionArithmetic<T> => new(TMath.Multiply(x.X, factor), TMath.Multiply(x.Y, factor), TMath.Multiply(x.Z, factor), TMath.Multiply(x.W, factor));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Four<T> Over<TMath>(Four<T> x, T divisor) where TMath : struct, IAttentionArithmetic<T> => new(TMath.Divide(x.X, divisor), TMath.Divide(x.Y, divisor), TMath.Divide(x.Z, divisor), TMath.Divide(x.W, divisor));
}
