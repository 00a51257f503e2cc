using System.Runtime.CompilerServices;
using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>How the numbers of an operand lie side by side: the types of the same names say what follows from it.</summary>
internal enum OperandLie
{
    QuadsOfColumns,
    QuadsOfRows,
    SinglesOfColumns,
    SinglesOfRows,
}

/// <summary>Which of them an operand has.</summary>
internal static class OperandLies
{
    /// <param name="rows">The axes of its rows.</param>
    /// <param name="rowCount">How many rows there are.</param>
    /// <param name="columns">The axes of its columns.</param>
    /// <param name="columnCount">How many columns there are.</param>
    /// <param name="batch">From one matrix to the next.</param>
    /// <param name="first">Where its first element lies.</param>
    public static OperandLie Of(OperandAxes rows, int rowCount, OperandAxes columns, int columnCount, int batch, long first)
    {
        var areAligned = first % 4 == 0 && batch % 4 == 0;
        if (areAligned && columns.AreQuads(columnCount) && rows.AreMultiplesOfFour) return OperandLie.QuadsOfColumns;
        if (areAligned && rows.AreQuads(rowCount) && columns.AreMultiplesOfFour) return OperandLie.QuadsOfRows;
        return columns.AreNeighbours ? OperandLie.SinglesOfColumns : OperandLie.SinglesOfRows;
    }
}

/// <summary>
/// Which threads read what of an operand, by how its numbers lie side by side: who reads what: a thread reads four numbers at a time, keeps them while the tile before is multiplied, then rounds them and writes them into
/// the operand's tile. Rows beyond the operand's last are read as its last, because nobody asks for their products; columns beyond the last are 0.
/// </summary>
internal interface IOperandLie
{
    /// <summary>The last row that a thread may begin to read at, of an operand of so many rows.</summary>
    static abstract int Last(int rows);

    /// <summary>The tile's row whose place <see cref="Load"/> wants: the row that is read, or the first of four.</summary>
    static abstract int Row<TTile>(int reader) where TTile : struct, ITileGeometry;

    /// <summary>Reads four numbers.</summary>
    /// <param name="operand">The operand.</param>
    /// <param name="row">Where the row lies.</param>
    /// <param name="columns">Where the tile's columns lie.</param>
    /// <param name="rest">Columns from the tile's first to the operand's last.</param>
    /// <param name="reader">Of the tile's.</param>
    static abstract Four<float> Load<TTile>(ArrayView<float> operand, int row, ArrayView<int> columns, int rest, int reader) where TTile : struct, ITileGeometry;

    /// <summary>Rounds them and writes them into the tile.</summary>
    static abstract void Store<TTile, TOperands>(ArrayView<Four<float>> tile, Four<float> values, int reader) where TTile : struct, ITileGeometry where TOperands : struct, IOperandFormat;

    /// <summary>The rows of a tile for tensor cores lie side by side, as those of the operand do, where numbers have 16 bits.</summary>
    static abstract bool IsOfRows { get; }

    /// <summary>So many bytes at a time are copied to such a tile by themselves, where numbers have 32 bits; 0 where they are not, because what a reader reads at once are numbers of four rows.</summary>
    static abstract int CopiedBytes { get; }

    /// <summary>The first column of a reader.</summary>
    static abstract int Column<TTile>(int reader) where TTile : struct, ITileGeometry;

    /// <summary>From one of a reader's columns to the next; 0 where it has one.</summary>
    static abstract int Step<TTile>() where TTile : struct, ITileGeometry;

    /// <summary>Rounds them and writes them into a tile for tensor cores.</summary>
    /// <param name="place">The tile's byte of shared memory.</param>
    /// <param name="values">The numbers.</param>
    /// <param name="reader">Of the tile's.</param>
    static abstract void StoreForTensors<TTile, TFormat>(int place, Four<float> values, int reader) where TTile : struct, ITileGeometry where TFormat : struct, ITensorFormat;
}

/// <summary>Four neighbouring columns lie side by side, at a multiple of 16 bytes: one access. Neighbouring threads read what lies behind, then the next rows.</summary>
internal readonly struct QuadsOfColumns : IOperandLie
{
    public static bool IsOfRows => false;

    public static int CopiedBytes => 16;

    public static int Last(int rows) => rows - 1;

    public static int Column<TTile>(int reader) where TTile : struct, ITileGeometry => (reader & ((TTile.Depth / 4) - 1)) * 4;

    public static int Step<TTile>() where TTile : struct, ITileGeometry => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Row<TTile>(int reader) where TTile : struct, ITileGeometry => reader >> (TTile.Depth == 8 ? 1 : 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<float> Load<TTile>(ArrayView<float> operand, int row, ArrayView<int> columns, int rest, int reader) where TTile : struct, ITileGeometry
    {
        var column = Column<TTile>(reader);
        var values = default(Four<float>);
        if (column < rest) values = operand.Cast<Four<float>>()[(row + columns[column]) >> 2];
        return values;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TTile, TOperands>(ArrayView<Four<float>> tile, Four<float> values, int reader) where TTile : struct, ITileGeometry where TOperands : struct, IOperandFormat =>
        Singles.Store<TTile, TOperands>(tile.Cast<float>(), values, Row<TTile>(reader), Column<TTile>(reader), 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreForTensors<TTile, TFormat>(int place, Four<float> values, int reader) where TTile : struct, ITileGeometry where TFormat : struct, ITensorFormat =>
        TensorOperand.StoreColumns<TFormat>(place, values, Row<TTile>(reader), Column<TTile>(reader));
}

/// <summary>Four neighbouring rows lie side by side, at a multiple of 16 bytes: one access, and one into the tile. Neighbouring threads read the rows behind.</summary>
internal readonly struct QuadsOfRows : IOperandLie
{
    public static bool IsOfRows => true;

    public static int CopiedBytes => 0;

    public static int Last(int rows) => rows - 4;

    public static int Step<TTile>() where TTile : struct, ITileGeometry => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Row<TTile>(int reader) where TTile : struct, ITileGeometry => (reader & ((TTile.Side / 4) - 1)) * 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<float> Load<TTile>(ArrayView<float> operand, int row, ArrayView<int> columns, int rest, int reader) where TTile : struct, ITileGeometry
    {
        var column = Column<TTile>(reader);
        var values = default(Four<float>);
        if (column < rest) values = operand.Cast<Four<float>>()[(row + columns[column]) >> 2];
        return values;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TTile, TOperands>(ArrayView<Four<float>> tile, Four<float> values, int reader) where TTile : struct, ITileGeometry where TOperands : struct, IOperandFormat
    {
        values.X = TOperands.Round(values.X);
        values.Y = TOperands.Round(values.Y);
        values.Z = TOperands.Round(values.Z);
        values.W = TOperands.Round(values.W);
        tile[ProductTile.Place<TTile>(Row<TTile>(reader), Column<TTile>(reader)) >> 2] = values;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreForTensors<TTile, TFormat>(int place, Four<float> values, int reader) where TTile : struct, ITileGeometry where TFormat : struct, ITensorFormat =>
        TensorOperand.StoreRows<TTile, TFormat>(place, values, Row<TTile>(reader), Column<TTile>(reader));

    public static int Column<TTile>(int reader) where TTile : struct, ITileGeometry => reader >> (TTile.SideBits - 2);
}

/// <summary>Columns lie side by side: one number an access, by the same threads as in <see cref="QuadsOfColumns"/>. Neighbouring threads read the columns behind, then the next rows.</summary>
internal readonly struct SinglesOfColumns : IOperandLie
{
    public static bool IsOfRows => false;

    public static int CopiedBytes => 4;

    public static int Last(int rows) => rows - 1;

    public static int Column<TTile>(int reader) where TTile : struct, ITileGeometry => QuadsOfColumns.Column<TTile>(reader);

    public static int Step<TTile>() where TTile : struct, ITileGeometry => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Row<TTile>(int reader) where TTile : struct, ITileGeometry => QuadsOfColumns.Row<TTile>(reader);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<float> Load<TTile>(ArrayView<float> operand, int row, ArrayView<int> columns, int rest, int reader) where TTile : struct, ITileGeometry =>
        Singles.Load(operand, row, columns, rest, Column<TTile>(reader), 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TTile, TOperands>(ArrayView<Four<float>> tile, Four<float> values, int reader) where TTile : struct, ITileGeometry where TOperands : struct, IOperandFormat =>
        QuadsOfColumns.Store<TTile, TOperands>(tile, values, reader);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreForTensors<TTile, TFormat>(int place, Four<float> values, int reader) where TTile : struct, ITileGeometry where TFormat : struct, ITensorFormat =>
        QuadsOfColumns.StoreForTensors<TTile, TFormat>(place, values, reader);
}

/// <summary>Rows lie side by side, or neither rows nor columns do: one number an access, neighbouring rows by neighbouring threads.</summary>
internal readonly struct SinglesOfRows : IOperandLie
{
    public static bool IsOfRows => true;

    public static int CopiedBytes => 4;

    public static int Last(int rows) => rows - 1;

    public static int Step<TTile>() where TTile : struct, ITileGeometry => TTile.Readers / TTile.Side;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Row<TTile>(int reader) where TTile : struct, ITileGeometry => reader & (TTile.Side - 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<float> Load<TTile>(ArrayView<float> operand, int row, ArrayView<int> columns, int rest, int reader) where TTile : struct, ITileGeometry =>
        Singles.Load(operand, row, columns, rest, Column<TTile>(reader), Step<TTile>());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TTile, TOperands>(ArrayView<Four<float>> tile, Four<float> values, int reader) where TTile : struct, ITileGeometry where TOperands : struct, IOperandFormat =>
        Singles.Store<TTile, TOperands>(tile.Cast<float>(), values, Row<TTile>(reader), Column<TTile>(reader), Step<TTile>());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreForTensors<TTile, TFormat>(int place, Four<float> values, int reader) where TTile : struct, ITileGeometry where TFormat : struct, ITensorFormat
    {
        var (row, column, step) = (Row<TTile>(reader), Column<TTile>(reader), Step<TTile>());
        TensorOperand.StoreOne<TTile, TFormat>(place, values.X, row, column);
        TensorOperand.StoreOne<TTile, TFormat>(place, values.Y, row, column + step);
        TensorOperand.StoreOne<TTile, TFormat>(place, values.Z, row, column + (2 * step));
        TensorOperand.StoreOne<TTile, TFormat>(place, values.W, row, column + (3 * step));
    }

    public static int Column<TTile>(int reader) where TTile : struct, ITileGeometry => reader >> TTile.SideBits;
}

/// <summary>Four numbers of one row.</summary>
internal static class Singles
{
    /// <summary>Reads them one by one.</summary>
    /// <param name="operand">The operand.</param>
    /// <param name="row">Where the row lies.</param>
    /// <param name="columns">Where the tile's columns lie.</param>
    /// <param name="rest">Columns from the tile's first to the operand's last.</param>
    /// <param name="column">The first one.</param>
    /// <param name="step">From one to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<float> Load(ArrayView<float> operand, int row, ArrayView<int> columns, int rest, int column, int step)
    {
        var values = default(Four<float>);
        if (column < rest) values.X = operand[row + columns[column]];
        if (column + step < rest) values.Y = operand[row + columns[column + step]];
        if (column + (2 * step) < rest) values.Z = operand[row + columns[column + (2 * step)]];
        if (column + (3 * step) < rest) values.W = operand[row + columns[column + (3 * step)]];
        return values;
    }

    /// <summary>Rounds them and writes them into four columns of the tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TTile, TOperands>(ArrayView<float> tile, Four<float> values, int row, int column, int step) where TTile : struct, ITileGeometry where TOperands : struct, IOperandFormat
    {
        tile[ProductTile.Place<TTile>(row, column)] = TOperands.Round(values.X);
        tile[ProductTile.Place<TTile>(row, column + step)] = TOperands.Round(values.Y);
        tile[ProductTile.Place<TTile>(row, column + (2 * step))] = TOperands.Round(values.Z);
        tile[ProductTile.Place<TTile>(row, column + (3 * step))] = TOperands.Round(values.W);
    }
}
